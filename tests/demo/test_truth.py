"""The demo judged by what only the simulator knows: are the tasks found, and is each truth inside its interval?

The truths were set before any analysis ran. Nothing but the provider may read them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import adjusted_rand_score

import suffice_demo
from suffice_demo.tasks import TASKS, recognise
from suffice_demo.truth import TRUE_SHARE
from suffice_store import open_store

ROOT = Path(suffice_demo.__file__).resolve().parents[2]


def test_only_the_simulator_reads_the_truth() -> None:
    code = [
        path
        for folder in ("sdk", "store", "collector", "analysis", "dashboard", "examples")
        for path in (ROOT / folder).rglob("*.py")
    ]
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in code
        if re.search(r"\btruth\b import|import .*\btruth\b|TRUE_SHARE", path.read_text())
    }
    assert readers == {"examples/suffice_demo/truth.py", "examples/suffice_demo/provider/model.py"}


class Judged:
    """The demo's analysis beside the truth."""

    def __init__(self, database: Path) -> None:
        with open_store(str(database)) as store:
            messages = {
                r["message_hash"]: json.loads(r["content"]) for r in store.read("analysis_messages").to_pylist()
            }
            self.calls = store.read("analysis_calls").to_pylist()
            self.assigned = {r["call_id"]: r["task_id"] for r in store.read("assignments").to_pylist()}
            self.tasks = {r["task_id"]: r for r in store.read("tasks").to_pylist()}
            self.estimates = store.read("estimates", measure="replaceability").to_pylist()
            self.overall = store.read("estimates", task_id="").to_pylist()
        self.true = {call["call_id"]: _true_task(call, messages) for call in self.calls}
        self.found: defaultdict[str, Counter[str]] = defaultdict(Counter)  # true task -> its calls by found task
        for call_id, key in self.true.items():
            self.found[key][self.assigned[call_id]] += 1

        self.report = database.with_name("suffice-demo-report.html").read_text("utf-8")

    def status(self, key: str) -> str:
        """What the replay says of the found task that holds most of a true task's calls: proven, refuted or open."""
        row = self.main_row(key)
        return next(
            (
                json.loads(each["details"])["status"]
                for each in self.estimates
                if each["task_id"] == row["task_id"] and each["grade"] == "replay"
            ),
            "open",
        )

    def main_row(self, key: str) -> dict[str, Any]:
        """The found task that holds most of a true task's calls."""
        return self.tasks[self.found[key].most_common(1)[0][0]]


def _true_task(call: dict[str, Any], messages: dict[str, Any]) -> str:
    parts = [part for each in call["input_hashes"][:2] for part in messages[each]["parts"]]
    task = recognise("\n".join(str(part.get("content", "")) for part in parts))
    assert task is not None
    return task.key


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """One whole demo, as a user runs it."""
    folder = tmp_path_factory.mktemp("demo")
    subprocess.run(
        [sys.executable, "-m", "suffice", "demo", "--exit"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=550,
    )
    return Judged(folder / "suffice-demo.duckdb")


pytestmark = [pytest.mark.xdist_group("demo")]


@pytest.mark.slow
@pytest.mark.timeout(600)
class TestTheWholeDemo:
    def test_every_true_task_is_there_with_enough_calls(self, judged: Judged) -> None:
        counts = Counter(judged.true.values())
        assert set(counts) == set(TASKS)
        assert min(counts.values()) >= 120
        assert sum(counts.values()) > 4000

    def test_the_fleets_tasks_are_found(self, judged: Judged) -> None:
        ids = list(judged.true)
        found = [judged.assigned[each] or f"none {each}" for each in ids]
        assert adjusted_rand_score([judged.true[each] for each in ids], found) >= 0.9

    def test_the_truth_lies_in_the_interval_of_at_least_five_tasks_in_six(self, judged: Judged) -> None:
        outside = {
            key: (row["replaceability_low"], share, row["replaceability_high"])
            for key, share in TRUE_SHARE.items()
            if not (row := judged.main_row(key))["replaceability_low"] <= share <= row["replaceability_high"]
        }
        assert len(outside) <= len(TRUE_SHARE) / 6, outside

    def test_the_intervals_say_something(self, judged: Judged) -> None:
        """An interval from 0 to 1 would hold every truth."""
        rows = [judged.main_row(key) for key in TRUE_SHARE]
        widths = sorted(row["replaceability_high"] - row["replaceability_low"] for row in rows)
        assert widths[len(widths) // 2] < 0.7

    def test_open_conversation_is_never_expected_above_half(self, judged: Judged) -> None:
        assert judged.main_row("chat_customer")["replaceability"] <= 0.5

    def test_the_replay_proves_and_refutes_and_is_right_by_the_truth(self, judged: Judged) -> None:
        """The small model's true share decides; one at the bar itself may be called neither."""
        by_verdict: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for key, share in TRUE_SHARE.items():
            by_verdict[judged.status(key)][key] = share
        assert by_verdict["proven"]
        assert len(by_verdict["refuted"]) >= 5
        assert {key: share for key, share in by_verdict["proven"].items() if share <= 0.95} == {}
        assert {key: share for key, share in by_verdict["refuted"].items() if share >= 0.95} == {}

    def test_what_is_proven_counts_in_the_total_and_in_the_report(self, judged: Judged) -> None:
        (share,) = [row for row in judged.overall if row["measure"] == "proven_share_calls"]
        proven = [row for row in judged.tasks.values() if row["proven"]]
        assert share["grade"] == "replay"
        assert share["value"] == pytest.approx(sum(row["calls"] for row in proven) / len(judged.calls), abs=0.1)
        assert 0 < share["value"] < 0.6
        assert all(row["name"] in judged.report for row in proven)
