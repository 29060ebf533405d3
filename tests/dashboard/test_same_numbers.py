"""The same numbers to the cent: on the pages, in every export, from ``suffice.Client`` and for an assistant."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pypdfium2
import pytest
from analysis.report.spreadsheet import read_workbook
from analysis.report.test_formats import words_of
from analysis.traffic import DAY_NS, START_NS, Traffic, by_instructions, shop_traffic
from dashboard.conftest import Open, shown

import suffice
from suffice_analysis import answers_for_agents, pipeline
from suffice_analysis.replay.candidates import Candidate
from suffice_analysis.report.formats import FORMATS
from suffice_analysis.report.model import read_report
from suffice_analysis.report.wording import ALTERNATIVE_NAMES
from suffice_analysis.savings.effort import once_range, once_words, range_of
from suffice_analysis.savings.payback import months_words, span_words
from suffice_store.arrow_schema import arrow_schema
from suffice_store.file_store import FileStore
from suffice_store.rounding import about

CENT = 0.005
TIMES = 4_600  # tokens, so that every amount has cents and both steps bring back what they cost


ENDS = ("saving_usd", "saving_low_usd", "saving_high_usd")
TRIO = re.compile(r"([-−]?)\$([\d,.]+\d)[^$]{1,60}?([-−]?)\$([\d,.]+\d)(?:–| to )([-−]?)\$([\d,.]+\d)")


def estimates(text: str) -> list[tuple[str, ...]]:
    """Every amount that stands before its interval, and its ends, as they are written, the sign the same."""
    plain = re.sub(r"<[^>]+>", " ", text)
    found = TRIO.finditer(" ".join(plain.split()))
    return [tuple(f"{'-' if m[i] else ''}{m[i + 1].replace(',', '')}" for i in (1, 3, 5)) for m in found]


def stated(text: str, row: dict[str, Any]) -> tuple[str, ...]:
    """The estimate that a text states for the saving of this row: every number of it near, as finely as the interval is wide."""
    width = row["saving_high_usd"] - row["saving_low_usd"]
    near = [
        told
        for told in estimates(text)
        if all(abs(float(said) - row[name]) <= max(0.15 * width, CENT) for said, name in zip(told, ENDS, strict=True))
    ]
    assert near, (row["alternative"], [row[name] for name in ENDS])
    return near[0]


def money(usd: Any) -> str:
    return f"${abs(float(usd)):,.2f}"


def prove_labels(store: FileStore, traffic: Traffic) -> None:
    """Every fourth call, a ticket's label, replayed with a model of known price, and all as good as recorded."""
    labels = traffic.calls[::4]
    house = Candidate("house-8b", "http://house/v1", input_usd_per_mtok=0.05, output_usd_per_mtok=0.1)
    template = json.loads(traffic.messages[labels[0]["input_hashes"][0]]["content"])["parts"][0]["content"]
    same = {
        "project": "default",
        "campaign_id": "c",
        "task_id": "t",
        "candidate": "house-8b",
        "variant": "as_is",
        "recorded_ns": 1,
    }
    campaign = {
        "model": "house-8b", "wire_format": "openai.chat", "host": "house", "design": "fixed", "status": "proven", "reason": "",
        "bar": 0.95, "wanted": len(labels), "seed": 0, "template": template, "started_ns": 1,
        "settings": json.dumps({"candidate": house.as_json()}),
    }  # fmt: skip
    told = {"stratum": "", "verdict": "pass", "judge": "label", "score": 1.0, "masked": False, "attempts": 1}
    replays = [
        same | told | {"call_id": call["call_id"], "position": place, "cluster": call["run_id"]}
        for place, call in enumerate(labels)
    ]
    rows = {"replay_campaigns": [same | campaign], "replays": replays}
    store.append({name: pa.Table.from_pylist(each, schema=arrow_schema(name)) for name, each in rows.items()})


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty days of four tasks, one of them proven, analysed: some thousands of dollars a month."""
    path = tmp_path_factory.mktemp("same") / "calls.duckdb"
    traffic = shop_traffic(480)
    for number, row in enumerate(traffic.calls):
        row["started_ns"] = START_NS + number * 20 * DAY_NS // 479
        row["input_tokens"], row["output_tokens"] = row["input_tokens"] * TIMES, row["output_tokens"] * TIMES
    with FileStore(str(path)) as store:
        traffic.fill(store)
        prove_labels(store, traffic)
        pipeline.analyze(store, find=by_instructions)
    return path


@pytest.fixture(scope="module")
def told(database: Path) -> dict[str, Any]:
    """What ``suffice.Client`` says: every other place is held against it."""
    with suffice.Client(db=str(database)) as client:
        return {
            "overview": client.overview(),
            "tasks": {row["task_id"]: row for row in client.tasks()},
            "savings": [row for row in client.savings(task_id="") if row["paid_usd"] is not None],
            "task_savings": [row for row in client.savings() if row["task_id"]],
            "shares": {row["measure"]: row for row in client.estimates(task_id="")},
        }


@pytest.fixture(scope="module")
def store(database: Path, told: dict[str, Any]) -> Iterator[FileStore]:
    with FileStore(str(database)) as opened:
        yield opened


@pytest.fixture(scope="module")
def exports(store: FileStore) -> dict[str, Any]:
    report = read_report(store)
    return {ending: render(report) for ending, render in FORMATS.items()}


def test_the_client_says_money_with_cents(told: dict[str, Any]) -> None:
    """Else the comparisons below would compare little."""
    amounts = [
        told["overview"]["paid_usd"],
        *(row["saving_usd"] for row in told["savings"]),
        *(row["paid_usd"] for row in told["tasks"].values()),
    ]
    assert [usd for usd in amounts if not 1 < abs(float(usd)) < 10_000 and usd != 0] == []
    assert len({money(usd) for usd in amounts}) >= 8


def test_what_a_person_reads(told: dict[str, Any], exports: dict[str, Any], open_page: Open, store: FileStore) -> None:
    pages = pypdfium2.PdfDocument(exports[".pdf"])
    texts = {
        ".html": " ".join(words_of(exports[".html"]).text),
        ".md": exports[".md"],
        ".pdf": " ".join(page.get_textpage().get_text_bounded() for page in pages),
    }
    for where, text in texts.items():
        assert money(told["overview"]["paid_usd"]) in text, where
    page = shown(open_page(store, "views/savings.py"))
    compared = 0
    for row in told["savings"]:
        if not row["saving_usd"] or row["saving_low_usd"] == row["saving_high_usd"]:
            continue
        everywhere = {where: stated(text, row) for where, text in (texts | {"page": page}).items()}
        assert len(set(everywhere.values())) == 1, everywhere  # rounded alike, with as many decimals at both ends
        (said,) = set(everywhere.values())
        assert len({len(number.partition(".")[2]) for number in said}) == 1
        compared += 1
    assert compared >= 2
    assert money(told["overview"]["paid_usd"]) in shown(open_page(store))
    tasks = shown(open_page(store, "views/tasks.py"))
    for row in told["tasks"].values():
        assert money(row["paid_usd"]) in tasks
        share = row["replaceability"], row["replaceability_low"], row["replaceability_high"]
        if None not in share and share[2] - share[1] <= 0.4:
            low, high = (f"{100 * each:.0f}" for each in share[1:])
            assert f"({low}–{high})" in tasks
            assert f"({low}–{high} %)" in texts[".md"]


def test_what_a_program_reads(told: dict[str, Any], exports: dict[str, Any], store: FileStore) -> None:
    document = json.loads(exports[".json"])
    lines = {row["task_id"]: row for row in csv.DictReader(io.StringIO(exports[".csv"]))}
    assert document["coverage"]["paid_usd"] == pytest.approx(float(told["overview"]["paid_usd"]), abs=CENT)
    assert float(lines[""]["paid_usd"]) == pytest.approx(float(told["overview"]["paid_usd"]), abs=CENT)
    in_json = {("", row["alternative"]): row for row in document["savings"]}
    in_json |= {
        (task["task_id"], row["alternative"]): row for task in document["tasks"] for row in task["alternatives"]
    }
    rows = [*told["savings"], *told["task_savings"]]
    assert len(rows) == len(in_json)
    for row in rows:
        other = in_json[row["task_id"], row["alternative"]]
        for name in ("paid_usd", "projected_usd", "saving_usd", "saving_low_usd", "saving_high_usd"):
            assert other[name] == (None if row[name] is None else pytest.approx(row[name], abs=CENT))
            if name.startswith("saving"):
                cell = lines[row["task_id"]][f"{row['alternative']}_{name}"]
                assert (float(cell) if cell else None) == other[name]
    for task in document["tasks"]:
        assert task["paid_usd"] == pytest.approx(float(told["tasks"][task["task_id"]]["paid_usd"]), abs=CENT)
    for measure, row in told["shares"].items():
        assert document["shares"][measure]["value"] == pytest.approx(row["value"], abs=1e-6)


def test_the_workbook_works_out_the_same(told: dict[str, Any], exports: dict[str, Any]) -> None:
    """From its formulas, not from the values stored beside them."""
    book = read_workbook(exports[".xlsx"])
    names = {name: key for key, name in ALTERNATIVE_NAMES.items()}
    cells = {
        names[value]: [book.work_out((sheet, row, column)) for column in (2, 3, 4)]
        for (sheet, row, first), value in list(book.values.items())
        if sheet == "Summary" and first == 1 and value in names
    }
    assert set(cells) == {row["alternative"] for row in told["savings"]}
    for row in told["savings"]:
        expected = [row["paid_usd"], row["projected_usd"], row["saving_usd"]]
        assert cells[row["alternative"]] == pytest.approx(expected, abs=CENT)


def test_an_assistant_is_told_the_same(told: dict[str, Any], store: FileStore) -> None:
    answer = answers_for_agents.savings(store, "default")
    said = {row["alternative"]: row for row in answer["alternatives"]}
    for row in told["savings"]:
        for name in ("paid_usd", "projected_usd", "saving_usd"):
            assert float(said[row["alternative"]][name]) == pytest.approx(row[name], abs=CENT)


def test_what_is_spent_once_is_the_same_everywhere_and_of_the_proven_task_only_its_integration(
    told: dict[str, Any], exports: dict[str, Any], open_page: Open, store: FileStore
) -> None:
    (proven,) = [task_id for task_id, row in told["tasks"].items() if row["verdict"] == "proven"]
    once = {(r["task_id"], r["alternative"]): r["one_off_usd"] for r in [*told["savings"], *told["task_savings"]]}
    assert once[proven, "hosted_slm"] == 24 * 100
    document = json.loads(exports[".json"])
    (step,) = [step for step in document["steps"] if step["task_id"] == proven]
    assert (step["model"], step["one_off_usd"]) == ("house-8b", 2400)
    rows = [*document["savings"], *(row for task in document["tasks"] for row in task["alternatives"])]
    for row in rows:
        usd = once[row["task_id"], row["alternative"]]
        assert row["one_off_usd"] == (None if usd is None else pytest.approx(usd, abs=CENT))
    book = read_workbook(exports[".xlsx"])
    for row in book.rows("Savings", 4):
        name = next((key for key, words in ALTERNATIVE_NAMES.items() if words == row["alternative"]), None)
        if name is not None:
            assert row["spent once"] == pytest.approx(once["", name] or 0.0, abs=CENT)
    words = " ".join(words_of(exports[".html"]).text)
    markdown = exports[".md"]
    pdf = " ".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(exports[".pdf"]))
    every = {(r["task_id"], r["alternative"]): r for r in [*told["savings"], *told["task_savings"]]}
    said_of = {key: once_words(row["one_off_usd"], *(range_of(row) or (None, None))) for key, row in every.items()}
    assert re.fullmatch(r"\$2,400 \(\$[\d,]+–\$[\d,]+\)", said_of[proven, "hosted_slm"])
    for text in (words, markdown, " ".join(pdf.split())):
        assert f"{said_of[proven, 'hosted_slm']} once" in text
    page = shown(open_page(store, "views/savings.py"))
    for name in ALTERNATIVE_NAMES:
        usd = once["", name]
        if usd is not None:
            for text in (words, page):
                assert f"Set-up costs about {said_of['', name]} once" in text
    overview = shown(open_page(store))
    first = document["steps"][0]  # its effort stands on Overview too, and when its volume pays for it
    said, _, ends = said_of[first["task_id"], first["alternative"]].partition(" ")
    assert f'<b>about {said}</b><div class="sub">{ends.strip("()")}</div>' in overview
    back = span_words(first["payback_days"], first["payback_days_low"], first["payback_days_high"])
    figure, _, ends = back.removesuffix(")").partition(" (")
    assert f'<b>{figure}</b><div class="sub">{ends}, at {about(first["calls"])} calls a month</div>' in overview
    assert f"back after {back} at today's {about(first['calls'])} calls a month" in words
    total = document["steps_sum"]
    assert len(document["steps"]) > 1
    once_of = once_range(total["one_off_usd"], total["one_off_low_usd"], total["one_off_high_usd"])
    assert f"<b>about {once_of[0]}</b>" in overview.split("together</b>")[1]
    back = months_words(total["payback_days"]) if total["payback_days"] is not None else "not in 5 years"
    assert f"<b>{back}</b>" in overview.split("together</b>")[1]
    assert back in words
    said = {r["alternative"]: r["one_off_usd"] for r in answers_for_agents.savings(store, "default")["alternatives"]}
    assert said == {name: once["", name] for name in ALTERNATIVE_NAMES}
