"""From what happened to a receiver that has it: raised once, sent at least once, tried again, given up, and shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from collector.alerting.receivers import Hook, Mailbox, receiving
from collector.processes import Process, wait_until
from free_ports import free_port
from store.synthetic import call_record

from suffice.cli import main
from suffice.webhooks import make_secret, verify
from suffice.wire.call import Usage
from suffice_collector.alerting.alerter import Alerter, deliver, is_due, raise_it, wait_s
from suffice_collector.alerting.finding import Happened
from suffice_collector.app import Collector, make_app
from suffice_collector.ingest import Ingest
from suffice_store.alerts_file import AlertSettings, Email, Webhook
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore

SECRET = make_secret(bytes(range(32)))
NS = 10**9
EVENT = Happened("evidence_aged", "t1 tiny", "Evidence aged: labels", "Ask tiny anew.", "t1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FileStore]:
    with FileStore(str(tmp_path / "s.duckdb")) as opened:
        yield opened


@pytest.fixture
def hook() -> Iterator[Hook]:
    with receiving(Hook()) as server:
        yield server


def settings(hook: Hook, **more: Any) -> AlertSettings:
    return AlertSettings((Webhook("ops", url=hook.url, secret=SECRET, **more),))


def deliveries(store: FileStore) -> list[tuple[str, str, int]]:
    rows = store.read("alert_deliveries", project="*").to_pylist()
    return [(row["channel"], row["state"], row["attempts"]) for row in rows]


def recorded_ns(store: FileStore) -> int:
    return int(store.read("alerts", project="*").to_pylist()[0]["recorded_ns"])


def test_an_event_is_raised_once_and_sent_once(store: FileStore, hook: Hook) -> None:
    ids = {raise_it(store, EVENT, "shop") for _ in range(3)}
    assert len(ids) == 1
    now = recorded_ns(store)
    assert [deliver(store, settings(hook), None, now + n) for n in range(3)] == [1, 0, 0]
    assert len(hook.got) == 1
    assert deliveries(store) == [("ops", "sent", 1)]
    assert raise_it(store, EVENT, "other") not in ids, "of another project it is another event"


def test_what_fails_is_tried_again_with_the_same_id_until_it_is_taken(store: FileStore, hook: Hook) -> None:
    raise_it(store, EVENT, "shop")
    hook.statuses = [500, 503]
    now = recorded_ns(store)
    assert deliver(store, settings(hook), None, now) == 0
    (failed,) = store.read("alert_deliveries", project="shop").to_pylist()
    assert (failed["state"], failed["reason"]) == ("failed", "127.0.0.1 answered 500: not now")
    now = failed["recorded_ns"]
    assert deliver(store, settings(hook), None, now + 29 * NS) == 0
    assert len(hook.got) == 1, "not before its time"
    assert deliver(store, settings(hook), None, now + 31 * NS) == 0
    assert deliver(store, settings(hook), None, now + 120 * NS) == 1
    assert deliveries(store) == [("ops", "sent", 3)]
    events = [verify(SECRET, headers, body) for _, headers, body in hook.got]
    assert events[0] == events[1] == events[2]
    assert len({headers["webhook-id"] for _, headers, _ in hook.got}) == 1


def test_one_that_was_cut_off_before_it_was_written_down_is_sent_again(
    store: FileStore, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_it(store, EVENT, "shop")
    now, command = recorded_ns(store), store.command

    def dying(name: str, **arguments: Any) -> Any:
        if name == "record_delivery":
            raise KeyboardInterrupt
        return command(name, **arguments)

    monkeypatch.setattr(store, "command", dying)
    with pytest.raises(KeyboardInterrupt):
        deliver(store, settings(hook), None, now)
    monkeypatch.undo()
    assert deliver(store, settings(hook), None, now) == 1
    assert len({headers["webhook-id"] for _, headers, _ in hook.got}) == 1
    assert len(hook.got) == 2


def test_waits_grow_to_an_hour_and_after_a_day_it_is_given_up(store: FileStore, hook: Hook) -> None:
    assert [wait_s(n) for n in (1, 2, 3, 7, 8, 99)] == [30, 60, 120, 1920, 3600, 3600]
    raise_it(store, EVENT, "shop")
    hook.statuses = [500, 500]
    now = recorded_ns(store)
    deliver(store, settings(hook), None, now)
    last = store.read("alert_deliveries", project="*").to_pylist()[0]
    day_later = last["recorded_ns"] + 86_400 * NS
    assert deliver(store, settings(hook), None, day_later) == 0
    assert deliveries(store) == [("ops", "given_up", 2)]
    assert not is_due({"recorded_ns": now}, {"state": "given_up", "recorded_ns": 0, "attempts": 2}, day_later * 2)
    assert not is_due({"recorded_ns": now}, None, day_later + 1), "a new channel is not told of last week"


def test_a_channel_gets_what_it_wants(store: FileStore, hook: Hook) -> None:
    raise_it(store, EVENT, "shop")
    raise_it(store, Happened("collector_losing", "letters 1", "a", "b"), "*")
    now = recorded_ns(store) + 1
    assert deliver(store, settings(hook, projects=frozenset({"other"})), None, now) == 1, "the collector is everybody's"
    assert json.loads(hook.got[0][2])["type"] == "collector_losing"
    assert deliver(store, settings(hook, events=frozenset({"evidence_aged"})), None, now) == 1
    assert json.loads(hook.got[1][2])["data"]["project"] == "shop"


def test_a_channel_that_fails_does_not_keep_another_from_its_alerts(store: FileStore, hook: Hook) -> None:
    with receiving(Mailbox()) as box:
        mails = Email(
            "finops", host="127.0.0.1", port=box.port, tls="none", sender="s@example.com", to=("a@example.com",)
        )
        dead = Webhook("dead", url="http://127.0.0.1:9", secret=SECRET)
        raise_it(store, EVENT, "shop")
        both = AlertSettings((dead, mails))
        assert deliver(store, both, "http://dash", recorded_ns(store)) == 1
        mail = message_from_bytes(box.mails[0][2].encode(), policy=default)
        assert "http://dash/task?task_id=t1" in mail.get_content()
    assert sorted(deliveries(store)) == [("dead", "failed", 1), ("finops", "sent", 1)]


def test_a_look_finds_a_jump_and_a_letter(tmp_path: Path, store: FileStore, hook: Hook) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=1, microsecond=0)
    calls = [
        call_record(100 * ago + n, started_ns=int((today - timedelta(days=ago)).timestamp()) * NS + n, usage=Usage(1_000_000, 100_000))
        for ago in range(7)
        for n in range(1 if ago else 9)
    ]  # fmt: skip
    store.append(build_tables(calls, int(today.timestamp()) * NS))
    ingest = Ingest(store, tmp_path / "journal", applied=None)
    collector = Collector(store, ingest, alerts=settings(hook), dashboard_url="http://dash")
    make_app(collector)
    thread = Alerter(collector, collector.alerts, first_s=3600)
    try:
        thread.look()
        letter = {
            "project": ["default"],
            "journal": ["otlp"],
            "position": [1],
            "reason": ["?"],
            "body": [b"x"],
            "recorded_ns": [1],
        }
        store.append({"dead_letters": pa.table(letter)})
        thread._collector_at = 0.0
        thread.look()
        thread._collector_at = thread._money_at = 0.0
        thread.look()
    finally:
        ingest.close()
    events = [json.loads(body) for _, _, body in hook.got]
    assert [each["type"] for each in events] == ["spend_jump", "collector_losing"], "each once"
    assert events[0]["data"]["details"]["usual_usd"] == 3.5
    assert events[0]["data"]["details"]["spent_usd"] == 31.5
    assert events[1]["data"]["title"] == "1 request could not be stored"


def test_a_collector_sends_what_waits_and_the_command_tests_each_channel(
    tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real process, from its option to the receiver; and ``suffice alerts`` through it."""
    db, file = tmp_path / "s.duckdb", tmp_path / "alerts.toml"
    file.write_text(f'[[webhook]]\nname = "ops"\nurl = "{hook.url}/a"\nsecret_env = "HOOK_SECRET"\n')
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with FileStore(str(db)) as opened:
        raise_it(opened, EVENT, "shop")
    port = free_port()
    running = Process(
        ["collector", "--db", str(db), "--port", str(port), "--grpc-port", "0", "--alerts", str(file)], port, tmp_path / "log",
        {"HOOK_SECRET": SECRET},
    )  # fmt: skip
    with running.running():
        server = f"http://127.0.0.1:{port}"
        wait_until(lambda: hook.got, "the alert that waited")
        assert verify(SECRET, hook.got[0][1], hook.got[0][2])["type"] == "evidence_aged"
        assert main(["alerts", "test", "--alerts", str(file), "--server", server]) == 0
        assert "ops: sent" in capsys.readouterr().out
        assert verify(SECRET, hook.got[-1][1], hook.got[-1][2])["type"] == "test"
        hook.statuses = [500]
        assert main(["alerts", "test", "--alerts", str(file), "--server", server]) == 1
        told = capsys.readouterr()
        assert ("ops: 127.0.0.1 answered 500" in told.out, "1 of 1 channels did not take it" in told.err) == (
            True,
            True,
        )
        assert main(["alerts", "list", "--server", server, "--json"]) == 0
        listed = json.loads(capsys.readouterr().out)
        assert [(each["kind"], [row["state"] for row in each["deliveries"]]) for each in listed] == [
            ("test", ["failed"]), ("test", ["sent"]), ("evidence_aged", ["sent"]),
        ]  # fmt: skip
        assert main(["alerts", "test", "--server", server]) == 1
        assert "name a file with --alerts" in capsys.readouterr().err


def test_a_file_of_alerts_that_is_wrong_keeps_the_collector_from_starting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "alerts.toml"
    file.write_text('[[webhook]]\nname = "ops"\nurl = "https://x.example"\nsecret_env = "NOT_SET_ANYWHERE"\n')
    assert main(["collector", "--db", str(tmp_path / "s.duckdb"), "--alerts", str(file)]) == 1
    assert "environment variable NOT_SET_ANYWHERE" in capsys.readouterr().err
    assert not (tmp_path / "s.duckdb").exists()
