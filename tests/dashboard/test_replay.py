"""The Replay page on campaigns that were really run: results, answers side by side, marks; one started and one stopped from it."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from analysis.replay.endpoint import serving
from analysis.traffic import by_instructions, shop_traffic
from collector.processes import running_collector, wait_until
from dashboard.conftest import Open, shown

from suffice.errors import SufficeError
from suffice_analysis import pipeline
from suffice_analysis.replay.budget import Budget, Limits
from suffice_analysis.replay.campaign import Order, open_campaign
from suffice_analysis.replay.candidates import Candidate
from suffice_dashboard import replaying, replays
from suffice_dashboard.settings import Settings
from suffice_store import Store, open_store
from suffice_store.file_store import FileStore

pytestmark = pytest.mark.xdist_group("replay")
PAGE = "views/replay.py"


def label_of(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"]).split()[2].strip(":")


def labels_task(store: Store) -> dict[str, Any]:
    return next(t for t in store.read("tasks").to_pylist() if t["kind"] == "classification")


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Traffic with its analysis, nothing replayed."""
    path = tmp_path_factory.mktemp("replay") / "calls.duckdb"
    with open_store(str(path)) as store:
        shop_traffic(240).fill(store)
        pipeline.analyze(store, find=by_instructions)
    return path


@pytest.fixture(scope="module")
def replayed(analysed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Beside it one candidate that answers rightly, and one that always says billing; each asked 20 calls."""
    path = Path(shutil.copy(analysed, tmp_path_factory.mktemp("replayed") / "calls.duckdb"))
    with open_store(str(path)) as store:
        for name, answer in (("right", label_of), ("billing-only", lambda body: "billing")):
            with serving(lambda body, _, answer=answer: answer(body)) as endpoint:
                candidate = Candidate(
                    model=name, url=endpoint.url, input_usd_per_mtok=1.0, output_usd_per_mtok=10.0, timeout_s=5
                )
                order = Order(labels_task(store)["task_id"], candidate, wanted=20)
                open_campaign(store, "default", order).run(Budget(Limits()))
    return path


@pytest.fixture
def store(replayed: Path, tmp_path: Path) -> Iterator[FileStore]:
    with FileStore(str(shutil.copy(replayed, tmp_path / "calls.duckdb"))) as opened:
        yield opened


def drawn(app: Any) -> str:
    assert not app.exception
    return shown(app).replace(' class="sf-figure"', "")


def test_more_answers_than_a_task_has_calls_are_said_to_be_so() -> None:
    rows = [
        {"call_id": str(n), "verdict": "pass" if n < 94 else "fail", "failure": None if n < 94 else "wrong"}
        for n in range(100)
    ]
    result = SimpleNamespace(
        task_id="t", candidate="m", variant="as_is", counts=SimpleNamespace(passed=94, judged=100, n=100, unjudged=0, unavailable=0, lost=0, expected_passes=None),
        rows=rows, ceiling=None, value=0.94, low=0.9, high=0.97, status="open", bar=0.95, reopened="", needed=7414, usd_per_call=None,
        latency_ms=lambda share: None,
    )  # fmt: skip
    said = replays.results_table([result], {"t": "Triage"}, calls={"t": 100})
    assert "about 7,414 more answers; it has 100 calls" in said
    assert '<a href="task?task_id=t"' in said
    assert "it has" not in replays.results_table([result], {"t": "Triage"}, calls={"t": 9000})


def test_results_stand_side_by_side(open_page: Open, store: FileStore) -> None:
    text = drawn(open_page(store, PAGE))
    assert "40 answers of small models to the calls of 1 task, for $0.008" in text
    assert "<b>1 refuted, 1 open</b>" in text.replace("</b>, <b>", ", ")
    assert "20 of 20" in text
    wrong = sum(row["verdict"] == "fail" for row in store.read("replays", candidate="billing-only").to_pylist())
    assert 0 < wrong < 20
    assert f"{20 - wrong} of 20" in text
    assert f"{wrong} wrong" in text
    assert '<span class="one">billing-only</span>' in text  # not broken at its hyphen


def test_nothing_replayed_says_how_to_begin(open_page: Open, analysed: Path, tmp_path: Path) -> None:
    with FileStore(str(shutil.copy(analysed, tmp_path / "calls.duckdb"))) as plain:
        app = open_page(plain, PAGE)
        assert "Nothing was replayed yet" in drawn(app)
        app.text_input[0].set_value("nonsense")
        app.button[0].click().run()
        assert "'nonsense' is no candidate" in app.error[0].value
        assert replaying.started() == []


def test_a_failure_is_read_beside_the_recorded_answer_and_marked(open_page: Open, store: FileStore) -> None:
    task = labels_task(store)
    app = open_page(store, PAGE, task_id=task["task_id"], candidate="billing-only", variant="as_is")
    text = drawn(app)
    failed = [row for row in store.read("replays", candidate="billing-only").to_pylist() if row["verdict"] == "fail"]
    assert f"1 of {len(failed)}: <b>worse</b> (wrong), by the label judge" in text
    recorded, given = text.index(">Recorded<"), text.index(">Candidate</div>")
    assert recorded < given
    assert "billing" in text[given:]
    assert f"right alone was as good in {len(failed)}, billing-only alone in 0" in text
    app.button(key="mark-good").click().run()
    (said,) = store.read("replay_marks").to_pylist()
    assert (said["ok"], said["verdict"], said["judge"], said["source"]) == (True, "fail", "label", "dashboard")
    text = drawn(app)
    assert f"1 of {len(failed) - 1}: <b>worse</b>" in text  # the marked one left the list, the next took its place
    assert "label 0 of 1" in text
    app.button(key="mark-next").click().run()
    assert f"2 of {len(failed) - 1}: <b>worse</b>" in drawn(app)


def test_marks_count_in_the_next_analysis(store: FileStore) -> None:
    for row in store.read("replays", candidate="right").to_pylist()[:10]:
        given = {"target": "call", "target_id": row["replay_call_id"], "source": "test"}
        store.command("record_outcome", ok=False, label="as good", **given)
        store.command("record_outcome", ok=True, label="correct", **given)  # another figure
    pipeline.analyze(store, find=by_instructions)
    row = next(e for e in store.read("estimates", measure="replaceability").to_pylist() if e["candidate"] == "right")
    assert (row["n"], json.loads(row["details"])["passed"]) == (20, 10)
    assert (row["value"], row["low"]) == (
        0.0,
        0.0,
    )  # ten of ten of its passes were worse, so the other ten count for nothing


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_campaign_is_started_watched_and_stopped(analysed: Path, tmp_path: Path) -> None:
    """The real command against a real collector: what was answered before the stop is kept, nothing is sent after it."""
    go_on = threading.Event()

    def answer(body: dict[str, Any], _: int) -> str:
        if len(endpoint.requests) > 8:
            go_on.wait(20)
        return label_of(body)

    db = Path(shutil.copy(analysed, tmp_path / "calls.duckdb"))
    with open_store(str(db)) as opened:
        task = labels_task(opened)
    with serving(answer) as endpoint, running_collector(tmp_path) as collector:
        settings = Settings(f"http://127.0.0.1:{collector.port}", "default", None, ask_key=False)
        given = {"variant": "as_is", "n": None, "budget_usd": 1.0}
        usual = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as where the dashboard was started in the background
        begun = replaying.start(settings, task, f"{endpoint.url}#tiny", **given)  # type: ignore[arg-type]
        signal.signal(signal.SIGINT, usual)
        try:
            wait_until(lambda: len(endpoint.requests) > 8 or not begun.runs, "requests")
            assert begun.runs, begun.said()
            with pytest.raises(SufficeError, match="is no candidate"):
                replaying.start(settings, task, "tiny", **given)  # type: ignore[arg-type]
            begun.stop()
            time.sleep(0.5)  # the interrupt is taken before there is more to count
            go_on.set()
            wait_until(lambda: not begun.runs, "its end")
        finally:
            begun.process.kill()
            begun.log.close()
            replaying.started().clear()
        sent = len(endpoint.requests)
        rows = collector.rows("replays", task_id=task["task_id"])
        assert 8 <= sum(row["verdict"] == "pass" for row in rows) <= sent
        (campaign,) = collector.rows("replay_campaigns")
        assert (campaign["status"], campaign["reason"]) == ("stopped", "interrupted")


def test_the_noise_ceiling_stands_beside_the_results(open_page: Open, store: FileStore) -> None:
    """The recorded model, asked again, calls one ticket in five something else."""
    text = drawn(open_page(store, PAGE))
    assert "Noise ceiling" not in text
    asked = iter(range(1000))
    with serving(lambda body, _: "other" if next(asked) % 5 == 0 else label_of(body), model="gpt-6.1-sol") as endpoint:
        again = Candidate(model="gpt-6.1-sol", url=endpoint.url, name="baseline", parallel=1, timeout_s=5)
        order = Order(labels_task(store)["task_id"], again, wanted=30)
        open_campaign(store, "default", order).run(Budget(Limits()))
    text = drawn(open_page(store, PAGE))
    assert "Noise ceiling" in text
    assert "n = 30" in text
    assert "are corrected for it" in text
    assert "that the recorded model reaches" in text
    text = drawn(open_page(store, PAGE, task_id=labels_task(store)["task_id"]))
    assert "The baseline agrees with itself in 8" in text


def test_a_mark_that_contradicts_a_judge_widens_what_it_says_of_the_rest(open_page: Open, store: FileStore) -> None:
    row = next(row for row in store.read("replays", candidate="right").to_pylist() if row["verdict"] == "pass")
    assert "widened" not in drawn(open_page(store, PAGE)).replace("widens", "")
    store.command(
        "record_outcome", target="call", target_id=row["replay_call_id"], ok=False, label="as good", source="t"
    )
    assert "widened by its judge&#x27;s errors" in drawn(open_page(store, PAGE))
