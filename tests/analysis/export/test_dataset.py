"""A dataset: who is in it and who is not, no run in two parts, nothing replayed in train, no secret anywhere."""

from __future__ import annotations

import json
import string
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from analysis.export.conftest import KEY, MAIL, REPLAYED
from hypothesis import given, settings
from hypothesis import strategies as st

from suffice.cli import main
from suffice.config import read_settings
from suffice.errors import SufficeError, UsageError
from suffice.privacy import gate_of
from suffice.wire.call import Call
from suffice_analysis.export.card import Card
from suffice_analysis.export.dataset import make_dataset, write_dataset
from suffice_analysis.export.examples import Chosen, Example, request_key
from suffice_analysis.export.formats import FORMATS, LINES
from suffice_analysis.export.splitting import SPLITS, split_examples
from suffice_analysis.plan.subject import read_subject
from suffice_store import Store

CONVERSATIONAL = ("system", "user", "assistant", "tool")


def card_of(store: Store, form: str = "trl", capture: str = "masked") -> Card:
    (task,) = store.read("tasks").to_pylist()
    return make_dataset(store, "default", read_subject(store, "default", task["task_id"]), form=form, capture=capture)


def test_what_may_be_learnt_from_and_what_not(store: Store) -> None:
    card = card_of(store)
    assert dict(card.chosen.left_out) == {
        "failed or broke off": 1,
        "cut: length": 1,
        "a refusal": 1,
        "drifted or out of form: no label of the set": 1,
        "its outcome was bad": 1,
        "asked again later": 1,
        "asked again later, and answered otherwise": 1,
    }
    assert len(card.chosen.examples) + card.chosen.left_out.total() == 129
    assert card.chosen.changed == 2  # the key and the mail


def test_no_run_stands_in_two_parts_and_nothing_replayed_in_train(store: Store) -> None:
    card = card_of(store)
    runs = [card.split.runs(name) for name in SPLITS]
    assert not runs[0] & runs[1]
    assert not (runs[0] | runs[1]) & runs[2]
    replayed = set(store.read("replays").column("call_id").to_pylist())
    assert len(replayed) == REPLAYED
    for name in ("train", "validation"):
        assert not replayed & {each.call_id for each in card.split.examples[name]}
        assert not card.chosen.replayed_keys & {each.key for each in card.split.examples[name]}
    kept = {each.call_id for each in card.chosen.examples}
    assert replayed & kept <= {each.call_id for each in card.split.examples["test"]}


def test_train_is_the_earliest(store: Store) -> None:
    parts = card_of(store).split.examples
    replayed = card_of(store).chosen.replayed_runs
    starts = {name: [e.started_ns or 0 for e in part if e.run not in replayed] for name, part in parts.items()}
    assert max(starts["train"]) <= min(starts["validation"])
    assert max(starts["validation"]) <= min(starts["test"])
    assert len(parts["train"]) > 5 * len(parts["validation"])


@pytest.mark.parametrize("form", FORMATS)
def test_no_secret_stands_in_any_file(store: Store, form: str, tmp_path: Path) -> None:
    write_dataset(card_of(store, form), tmp_path / "out")
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir())
    if form == "parquet":
        tables = [pq.read_table(path) for path in (tmp_path / "out").glob("*.parquet")]
        written += json.dumps([table.to_pylist() for table in tables], default=str).encode()
    assert KEY[8:].encode() not in written
    assert MAIL.encode() not in written
    assert b"sk-proj-" in written  # what kind of key it was stays


def test_full_keeps_personal_data_and_still_no_key(store: Store, tmp_path: Path) -> None:
    write_dataset(card_of(store, "openai", "full"), tmp_path / "out")
    written = "".join(path.read_text() for path in (tmp_path / "out").glob("*.jsonl"))
    assert MAIL in written
    assert KEY[8:] not in written


secrets = st.text(string.ascii_letters + string.digits, min_size=20, max_size=40)


@settings(max_examples=40, deadline=None)
@given(
    secret=secrets,
    before=st.text(" .,:;(\"'\n", max_size=20),
    form=st.sampled_from(sorted(LINES)),
    place=st.integers(0, 3),
)
def test_whatever_the_key_and_wherever_it_stands_it_is_masked(secret: str, before: str, form: str, place: int) -> None:
    key = f"sk-proj-{secret}"
    texts = [f"{before} {key}" if place == n else "text" for n in range(4)]
    call = Call(
        "", "chat", "openai", "m",
        input_messages=[
            {"role": "system", "parts": [{"type": "text", "content": texts[0]}]},
            {"role": "user", "parts": [{"type": "text", "content": texts[1]}]},
            {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": [texts[2]]}}]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": {"api_key": texts[2]}}]},
        ],
        output_messages=[{"role": "assistant", "parts": [{"type": "text", "content": texts[3]}]}],
    )  # fmt: skip
    masked = gate_of(read_settings(capture="full", project="p", environ={})).call(call)
    example = Example("c", "r", None, "m", "openai", None, "k", masked, masked.output_messages[0])
    assert secret not in json.dumps(LINES[form](example, "t"))


runs = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 12), st.booleans()), min_size=1, max_size=60)


@settings(max_examples=200, deadline=None)
@given(runs, st.booleans())
def test_any_runs_are_split_whole_and_apart(calls: list[tuple[int, int, bool]], timed: bool) -> None:
    empty = Call("", "chat", "openai")
    examples = [
        Example(
            f"c{n}",
            f"r{run}",
            n if timed else None,
            "m",
            "p",
            None,
            f"k{key}",
            empty,
            {"role": "assistant", "parts": []},
        )
        for n, (run, key, _) in enumerate(calls)
    ]
    replayed = [each for each, (_, _, was) in zip(examples, calls, strict=True) if was]
    keys, asked = frozenset(e.key for e in replayed), frozenset(e.run for e in replayed)
    split = split_examples(Chosen(examples, Counter(), keys, asked, 0), seed=1)
    found = [set(split.runs(name)) for name in SPLITS]
    assert found[0].isdisjoint(found[1])
    assert (found[0] | found[1]).isdisjoint(found[2])
    for name in ("train", "validation"):
        assert not {e.run for e in split.examples[name]} & asked
        assert not {e.key for e in split.examples[name]} & keys
    assert sum(map(len, split.examples.values())) + split.like_replayed == len(examples)


def test_trls_conversational_prompt_completion(store: Store, tmp_path: Path) -> None:
    """TRL 1.16: ``is_conversational`` asks for a list of messages with a role; its trainer reads ``tools`` as JSON text."""
    write_dataset(card_of(store), tmp_path / "out")
    lines = [json.loads(line) for line in (tmp_path / "out" / "train.jsonl").read_text().splitlines()]
    for line in lines:
        assert set(line) == {"prompt", "completion", "tools"}
        assert isinstance(json.loads(line["tools"]), list)
        assert [each["role"] for each in line["completion"]] == ["assistant"]
        for message in (*line["prompt"], *line["completion"]):
            assert message["role"] in CONVERSATIONAL
            assert isinstance(message["content"], str)
        assert line["completion"][0]["content"] in ("billing", "shipping", "returns", "other")


def test_openais_fine_tuning_lines_end_with_the_answer(store: Store, tmp_path: Path) -> None:
    write_dataset(card_of(store, "openai"), tmp_path / "out")
    for line in (tmp_path / "out" / "train.jsonl").read_text().splitlines():
        messages = json.loads(line)["messages"]
        assert [each["role"] for each in messages] == ["system", "user", "assistant"]


def test_the_flywheels_lines_are_what_import_reads(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = card_of(store, "flywheel")
    write_dataset(card, tmp_path / "out")
    line = json.loads((tmp_path / "out" / "train.jsonl").read_text().splitlines()[0])
    assert (line["workload_id"], line["client_id"]) == (card.subject.task["task_id"], "shop")
    assert set(line["response"]["choices"][0]["message"]) >= {"role", "content"}
    assert main(["import", str(tmp_path / "out" / "train.jsonl"), "--db", str(tmp_path / "new.duckdb"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["added"], told["skipped"]) == (len(card.split.examples["train"]), 0)


def test_the_card_says_what_the_folder_holds(store: Store, tmp_path: Path) -> None:
    card = card_of(store)
    write_dataset(card, tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text()
    told = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert text.startswith("---\nconfigs:")
    for name in SPLITS:
        assert f"| {name} | {told['examples'][name]:,} | {told['runs'][name]:,} |" in text
    for why, n in told["left_out"].items():
        assert f"| {why} | {n:,} |" in text
    assert told["analysis_id"] in text
    assert "no legal advice" in text


def test_another_format_takes_the_place_of_the_first(store: Store, tmp_path: Path) -> None:
    write_dataset(card_of(store), tmp_path / "out")
    write_dataset(card_of(store, "parquet"), tmp_path / "out")
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".parquet", ".md", ".json"}


def test_what_cannot_be_exported_is_said_in_one_line(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no format 'csv'"):
        card_of(store, "csv")
    with pytest.raises(UsageError, match="nothing can be learnt"):
        card_of(store, capture="hashed")
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SufficeError, match="holds other files"):
        write_dataset(card_of(store), tmp_path)


def test_requests_that_differ_in_case_and_spacing_are_one() -> None:
    def call(text: str) -> Call:
        return Call(
            "", "chat", "openai", input_messages=[{"role": "user", "parts": [{"type": "text", "content": text}]}]
        )

    assert request_key(call("Is it \n  late?")) == request_key(call("is it late?"))
    assert request_key(call("Is it late?")) != request_key(call("Is it early?"))
