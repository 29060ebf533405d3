"""Health: one sentence that is true, the worries, the letters, the keys."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pytest
from dashboard.conftest import Open, shown

from suffice_dashboard.charts.health import flow_bars
from suffice_dashboard.views.health import sentence, tiles, worries
from suffice_store.file_store import FileStore

FINE: dict[str, Any] = {
    "status": "ok", "backlog_spans": 0, "lag_seconds": 0.0, "disk_free_bytes": 50 * 10**9, "disk_total_bytes": 100 * 10**9,
    "database_bytes": 3 * 10**6, "dead_letters": 0, "duplicate_calls": 4, "accepted": 1000, "rejected": 0,
    "refused": {"key": 2, "rate": 1}, "spool_files": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        ({}, "**Everything that was sent is stored**"),
        ({"backlog_spans": 90, "lag_seconds": 1.0}, "**Everything that was sent is stored**"),
        ({"backlog_spans": 9000, "lag_seconds": 12.4}, "**Storing is behind**: 9,000 spans wait, the oldest for 12 s"),
        ({"status": "replaying"}, "**The collector is catching up**"),
        ({"status": "not storing: disk full"}, "**Nothing is being stored**: not storing: disk full"),
        ({"dead_letters": 2}, "**All but 2 requests** that were taken in are stored"),
        ({"status": None}, "These pages read the file themselves"),
    ],
)
def test_the_sentence(changes: dict[str, Any], begins: str) -> None:
    assert sentence({**FINE, **changes}).startswith(begins)


def test_worries_come_only_with_a_reason() -> None:
    assert worries(FINE) == []
    said = worries({**FINE, "disk_free_bytes": 10**9, "dead_letters": 1, "rejected": 7, "spool_files": 2})
    assert [line[:24] for line in said] == [
        "**The disk is nearly ful", "What could not be stored", "7 spans were not kept si", "2 batches of apps on thi",
    ]  # fmt: skip


def test_unknown_is_a_dash() -> None:
    told = "".join(tiles({"status": "ok"}))
    assert told.count('<div class="v">unknown</div>') == 5
    assert "2 no key, 1 too often" in "".join(tiles(FINE))


def test_the_picture_holds_the_counts() -> None:
    html = flow_bars({**FINE, "accepted": 10_000, "dead_letters": 9})
    assert re.findall(r"<b>([^<]*)</b>", html) == ["10,000", "0", "0", "9"]
    assert len(re.findall(r'class="bar "', html)) == 2, "nothing is drawn of nothing"
    widths = [float(each) for each in re.findall(r'class="bar "[^>]*width:([\d.]+)%', html)]
    assert widths[1] / widths[0] == pytest.approx(0.03, abs=0.001), "nine are seen beside ten thousand"
    assert "Set aside" not in flow_bars({"accepted": 0})


def test_the_page_over_a_file_shows_letters_and_keys_escaped(empty_store: FileStore, open_page: Open) -> None:
    letter = {"project": [""], "journal": ["otlp"], "position": [1], "reason": ["<b>broken</b>"], "body": [b"xyz"]}
    empty_store.append({"dead_letters": pa.table({**letter, "recorded_ns": [1]})})
    key = empty_store.command("create_key", label="<i>ci</i>", scopes="ingest")
    app = open_page(empty_store, "views/health.py")
    assert not app.exception
    text = shown(app)
    assert "&lt;b&gt;broken&lt;/b&gt;" in text
    assert "&lt;i&gt;ci&lt;/i&gt;" in text
    assert key["key_id"] in text
    assert key["key"] not in text
    (again,) = [button for button in app.button if button.label == "Try them again"]
    again.click().run()
    assert "a running collector tries them again" in app.warning[0].value


def test_alerts_stand_there_with_what_became_of_each(open_page: Open, empty_store: FileStore) -> None:
    assert "None was raised" in shown(open_page(empty_store, "views/health.py"))
    for name in ("a", "b"):
        raised = empty_store.command(
            "raise_alert", kind="spend_jump", happened=name, title=f"<i>{name}</i> jumped", sentence="Far."
        )
    empty_store.command(
        "record_delivery", alert_id=raised["alert_id"], channel="ops", state="failed", reason="<b>500</b>"
    )
    text = shown(open_page(empty_store, "views/health.py"))
    assert "&lt;i&gt;a&lt;/i&gt; jumped" in text
    assert text.count("to nobody") == 1
    assert '<span class="sf-badge untested" title="&lt;b&gt;500&lt;/b&gt;">ops: … tried again</span>' in text
