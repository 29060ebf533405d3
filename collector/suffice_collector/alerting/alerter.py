"""The thread that looks at money and collector, and sends every alert through every channel until it is taken.

At least once: a delivery is written down after it succeeded, so one that is cut off in between is sent again, with the same
id. Tried again after 30 s, 1 min, 2 min ... at most every hour, for a day; then it is given up, and that is shown too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from suffice.errors import SufficeError
from suffice_collector.alerting.finding import DAYS_BEFORE, Happened, spend_jump, trouble
from suffice_collector.alerting.message import event, mail
from suffice_collector.alerting.sending import DeliveryError, send_email, send_webhook
from suffice_collector.background import Recurring
from suffice_collector.collector import Collector
from suffice_collector.observing import look, readiness
from suffice_store.access import EVERY_PROJECT
from suffice_store.alerts_file import AlertSettings, Email, Webhook
from suffice_store.store import Store

FIRST_S, EVERY_S = 5.0, 15.0
COLLECTOR_EVERY_S = 60.0  # counts the rows of every table
MONEY_EVERY_S = 300.0  # a sum over the days of a week, for each project
FIRST_WAIT_S, LONGEST_WAIT_S = 30.0, 3600.0
GIVE_UP_S = 86_400.0
MOST_AT_ONCE = 20  # alerts sent in one look
MOST_LOOKED_AT = 10_000
NS = 10**9

Row = Mapping[str, Any]


class Alerter(Recurring):
    """``first_s`` 0 looks at once, for tests and for ``suffice alerts test``."""

    name = "alerts"

    def __init__(
        self, collector: Collector, settings: AlertSettings, *, first_s: float = FIRST_S, every_s: float = EVERY_S
    ) -> None:
        super().__init__(first_s=first_s, every_s=every_s)
        self._collector, self._settings = collector, settings
        self._before: Row | None = None
        self._collector_at = self._money_at = 0.0

    def look(self) -> float:
        """Raise what happened, send what waits."""
        now = time.monotonic()
        if now >= self._collector_at:
            self._collector_at = now + COLLECTOR_EVERY_S
            self._look_at_collector()
        if now >= self._money_at:
            self._money_at = now + MONEY_EVERY_S
            self._look_at_money()
        url = self._collector.dashboard_url
        deliver(self._collector.store, self._settings, url, time.time_ns(), stop=self._closing.is_set)
        return self.every_s

    def _look_at_collector(self) -> None:
        found = look(self._collector)
        before, self._before = self._before, found
        if before is None:  # what was so before this process began is no news
            before = found
        for each in trouble(found, before, time.time(), readiness(self._collector)):
            raise_it(self._collector.store, each, EVERY_PROJECT)

    def _look_at_money(self) -> None:
        now = datetime.now(UTC)
        start = datetime(now.year, now.month, now.day, tzinfo=UTC) - timedelta(days=DAYS_BEFORE)
        for row in self._collector.store.read("projects").to_pylist():
            days = self._collector.store.read(
                "spend", project=row["project"], by="day", since_ns=int(start.timestamp()) * NS
            ).to_pylist()
            today = next((day["key"] for day in days if (day["key"] or "").startswith(now.date().isoformat())), "")
            if jump := spend_jump(days, today, self._settings.thresholds):
                raise_it(self._collector.store, jump, row["project"])


def raise_it(store: Store, happened: Happened, project: str) -> str:
    """Store the alert unless it is there; its id."""
    answer = store.command(
        "raise_alert", project=project, kind=happened.kind, happened=happened.name, subject=happened.subject,
        title=happened.title, sentence=happened.sentence, details=happened.details,
    )  # fmt: skip
    return str(answer["alert_id"])


def deliver(
    store: Store,
    settings: AlertSettings,
    dashboard_url: str | None,
    now_ns: int,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send what is due now, the oldest first, until ``stop``; how many were taken."""
    if not settings.channels:
        return 0
    since = now_ns - int(GIVE_UP_S * NS)
    recent = {"project": EVERY_PROJECT, "limit": MOST_LOOKED_AT}
    raised = store.read("alerts", since_ns=since - int(LONGEST_WAIT_S * NS), **recent).to_pylist()
    told = {
        (row["alert_id"], row["channel"]): row
        for row in store.read("alert_deliveries", since_ns=since - int(2 * LONGEST_WAIT_S * NS), **recent).to_pylist()
    }
    waiting = [
        (alert, channel, told.get((alert["alert_id"], channel.name)))
        for alert in reversed(raised)
        for channel in settings.channels
        if channel.wants(alert["kind"], alert["project"])
    ]
    due = [each for each in waiting if is_due(each[0], each[2], now_ns)]
    return sum(try_it(store, *each, dashboard_url, now_ns) for each in due[:MOST_AT_ONCE] if not stop())


def is_due(alert: Row, last: Row | None, now_ns: int) -> bool:
    """Whether an alert is to be tried now. ``last``: what became of the last try through this channel."""
    if last is None:
        return bool(now_ns - alert["recorded_ns"] < GIVE_UP_S * NS)
    return bool(last["state"] == "failed" and now_ns - last["recorded_ns"] >= wait_s(last["attempts"]) * NS)


def wait_s(attempts: int) -> float:
    """Seconds until the next try, after so many."""
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(attempts - 1, 10)))


def try_it(
    store: Store, alert: Row, channel: Webhook | Email, last: Row | None, dashboard_url: str | None, now_ns: int
) -> bool:
    """One try through one channel, and what became of it written down."""
    attempts = (last["attempts"] if last else 0) + 1
    state, reason = "sent", ""
    try:
        send(alert, channel, dashboard_url)
    except SufficeError as error:
        over = now_ns - alert["recorded_ns"] >= GIVE_UP_S * NS
        state, reason = ("given_up" if over else "failed"), str(error)
    store.command(
        "record_delivery", project=alert["project"] or EVERY_PROJECT, alert_id=alert["alert_id"], channel=channel.name,
        state=state, attempts=attempts, reason=reason,
    )  # fmt: skip
    return state == "sent"


def send(alert: Row, channel: Webhook | Email, dashboard_url: str | None) -> None:
    """Through whichever kind of channel it is. Raises DeliveryError."""
    try:
        if isinstance(channel, Webhook):
            send_webhook(channel, alert["alert_id"], event(alert, dashboard_url))
        else:
            send_email(channel, mail(alert, channel, dashboard_url))
    except (ValueError, UnicodeError) as error:  # an address that no mail can have, for one
        raise DeliveryError(f"{channel.name} can't be sent to: {error}") from None
