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
            self.overall = store.read("estimates", task_id="").to_pylist()
        self.true = {call["call_id"]: _true_task(call, messages) for call in self.calls}
        self.found: defaultdict[str, Counter[str]] = defaultdict(Counter)  # true task -> its calls by found task
        for call_id, key in self.true.items():
            self.found[key][self.assigned[call_id]] += 1

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

    def test_nothing_is_proven_without_a_replay(self, judged: Judged) -> None:
        assert not any(row["proven"] for row in judged.tasks.values())
        proven = [row for row in judged.overall if row["measure"].startswith("proven_share")]
        assert proven
        assert {row["value"] for row in proven} == {0.0}
