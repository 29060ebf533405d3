"""``suffice replay`` and ``suffice prove`` as a person types them, against a real endpoint on loopback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from analysis.replay.endpoint import serving
from analysis.replay.test_campaign import label_of
from analysis.traffic import by_instructions, shop_traffic

from suffice.cli import main
from suffice_analysis import pipeline
from suffice_store import open_store

pytestmark = pytest.mark.xdist_group("replay")


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replayed") / "calls.duckdb"
    with open_store(str(path)) as store:
        shop_traffic(480).fill(store)
        pipeline.analyze(store, find=by_instructions)
    return path


@pytest.fixture
def database(analysed: Path, tmp_path: Path) -> str:
    return str(shutil.copy(analysed, tmp_path / "calls.duckdb"))


def classification(database: str) -> str:
    with open_store(database) as store:
        return next(str(t["task_id"]) for t in store.read("tasks").to_pylist() if t["kind"] == "classification")


def test_replay_asks_so_many_calls_and_says_what_came(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    task = classification(database)
    with serving(lambda body, _: label_of(body)) as endpoint:
        wanted = ["replay", "--db", database, "--task", task, "--candidate", f"{endpoint.url}#tiny", "--no-analyze"]
        assert main([*wanted, "--n", "10", "--json"]) == 0
        (told,) = json.loads(capsys.readouterr().out)
        assert (told["task_id"], told["passed"], told["failed"], told["status"]) == (task, 10, 0, "open")
        assert len(endpoint.requests) == 10
        assert main([*wanted, "--n", "12"]) == 0
        assert "2 calls, 220 tokens" in capsys.readouterr().out  # what was answered before is not asked again
        assert len(endpoint.requests) == 12


def test_prove_settles_what_it_can_within_its_calls(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(lambda body, _: "no") as endpoint:
        wanted = [
            "prove",
            "--db",
            database,
            "--budget",
            "1",
            "--candidates",
            f"{endpoint.url}#tiny",
            "--max-calls",
            "40",
        ]
        assert main(wanted) == 1
        assert "--yes" in capsys.readouterr().err  # nobody is there to ask
        assert endpoint.requests == []
        assert main([*wanted, "--yes", "--json", "--no-analyze"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["calls"] == len(endpoint.requests) <= 40
    assert told["campaigns"]
    assert all(each["status"] in ("refuted", "open") for each in told["campaigns"])


def test_a_candidate_without_a_price_is_unpriced_and_never_free(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(lambda body, _: "no") as endpoint:
        here = ["--candidates", f"{endpoint.url}#tiny", "--max-calls", "8", "--yes", "--no-analyze"]
        assert main(["prove", "--db", database, "--budget", "1", *here]) == 0
        told = capsys.readouterr()
        assert main(["prove", "--db", database, "--budget", "1", *here, "--json"]) == 0
        as_json = json.loads(capsys.readouterr().out)
    assert "$0" not in told.out.replace("$0.", "")  # what is at stake has cents
    assert "unpriced" in told.out.splitlines()[1]
    assert told.out.splitlines()[-1] == "8 calls, 880 tokens, unpriced"
    assert "unpriced: tiny: --budget can't hold what has no price; --max-calls, --max-tokens" in told.err
    assert (as_json["usd"], as_json["unpriced_calls"]) == (None, 8)


def test_a_host_elsewhere_without_a_price_needs_another_limit(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = ["prove", "--db", database, "--budget", "1", "--yes", "--candidates", "http://models.example.com/v1#q"]
    assert main(elsewhere) == 2
    said = capsys.readouterr().err
    assert "no price is known of q at models.example.com, so --budget can't hold: give input_usd_per_mtok" in said
    assert main([*elsewhere, "--max-calls", "5"]) == 1  # bound, and not allowed to have recorded content
    assert "may not be sent to models.example.com" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["prove", "replay"])
def test_nothing_that_answers_is_one_line(database: str, capsys: pytest.CaptureFixture[str], command: str) -> None:
    how = ["--budget", "1", "--yes", "--candidates", "http://127.0.0.1:9/v1#q"]
    if command == "replay":
        how = ["--task", classification(database), "--candidate", "http://127.0.0.1:9/v1#q"]
    assert main([command, "--db", database, *how]) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.removeprefix("suffice: ") == "nothing answers at http://127.0.0.1:9/v1 (Connection refused)"


@pytest.mark.parametrize("command", ["prove", "replay"])
def test_an_endpoint_without_one_answer_fails(database: str, capsys: pytest.CaptureFixture[str], command: str) -> None:
    with serving(lambda body, _: 404) as endpoint:
        how = ["--budget", "1", "--yes", "--candidates", f"{endpoint.url}#q"]
        if command == "replay":
            how = ["--task", classification(database), "--candidate", f"{endpoint.url}#q"]
        assert main([command, "--db", database, *how]) == 1
    assert "the endpoint did not answer 20 times in a row: status 404" in capsys.readouterr().err.replace("24 ", "20 ")


def test_earlier_answers_do_not_hide_that_none_came_now(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    broken: list[bool] = []
    with serving(lambda body, _: 404 if broken else label_of(body)) as endpoint:
        asked = ["replay", "--db", database, "--task", classification(database), "--candidate", f"{endpoint.url}#q"]
        assert main([*asked, "--max-calls", "4", "--no-analyze"]) == 0
        broken.append(True)
        assert main([*asked, "--no-analyze"]) == 1
    assert "times in a row: status 404" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "--task T --candidate C"),
        (["--task", "nothing like it", "--candidate", "http://127.0.0.1:9/v1#m"], "name one by its id"),
        (["--task", "x", "--candidate", "http://127.0.0.1:9/v1#m", "--until", "never"], "--until"),
        (["--task", "x", "--candidate", "http://127.0.0.1:9/v1#m", "--until", "proven", "--n", "3"], "--until"),
    ],
)
def test_what_cannot_be_replayed_is_a_usage_error(
    database: str, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    assert main(["replay", "--db", database, *arguments]) == 2
    assert reason in capsys.readouterr().err


def test_a_host_elsewhere_must_be_allowed_first(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = ["replay", "--db", database, "--task", classification(database), "--candidate"]
    assert main([*elsewhere, "https://models.example.com/v1#m", "--n", "1"]) == 1
    assert "models.example.com" in capsys.readouterr().err
    with open_store(database) as store:
        assert store.read("replays").num_rows == 0
