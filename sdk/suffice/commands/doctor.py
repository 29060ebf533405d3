"""``suffice doctor``: what is patched, which clients were seen, what was captured, dropped or failed and why, and
whether the collector answers.

Before an app is started it says what would be recorded; of apps that run, or ended within a day, it reads what they wrote
down themselves (``state``). One line a finding, or one JSON document. Exit code 1 if calls would not be delivered now, or
were lost within the last hour.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.util import find_spec
from typing import Any

from suffice.collector import Collector, NotAllowedError, UnreachableError
from suffice.config import Settings, read_settings
from suffice.errors import UsageError
from suffice.spool import read_spool
from suffice.state import read_states
from suffice.transports import TRANSPORTS
from suffice.wire.registry import FORMATS

# Clients of models that go past every HTTP library we patch; found here means: some calls are not seen.
_PAST_US = {"websockets": "realtime APIs over WebSocket", "grpc": "gRPC clients (Vertex, xAI)"}

SHOWN_PROCESSES = 8  # one page; --json has them all
SHOWN_NAMES = 6
LATELY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``ok`` None: for information."""

    name: str
    ok: bool | None
    text: str


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="suffice doctor", description="what is recorded, and does it arrive")
    parser.add_argument("--endpoint", help="the collector to ask (default: SUFFICE_ENDPOINT, or 127.0.0.1:4318)")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    try:
        given = parser.parse_args(argv)
    except SystemExit as told:  # argparse has shown the help, or what was wrong
        return int(told.code or 0)
    try:
        settings = read_settings(given.endpoint)
    except ValueError as error:
        raise UsageError(str(error)) from error
    states = read_states()
    waiting = settings.spool is not None and any(read_spool(settings.spool))
    findings = [*examine(settings), *_processes(states, time.time(), waiting=waiting)]
    failed = any(finding.ok is False for finding in findings)
    if given.json:
        said = {"ok": not failed, "findings": [asdict(finding) for finding in findings], "processes": states}
        print(json.dumps(said, indent=2))
    else:
        for finding in findings:
            mark = {True: "ok", False: "!!", None: "  "}[finding.ok]
            print(f"{mark} {finding.name:<10} {finding.text}")
    return 1 if failed else 0


def examine(settings: Settings) -> list[Finding]:
    """What holds for an app that would be started now, in the order it is shown."""
    return [
        Finding("suffice", True, f"{metadata.version('suffice')} on Python {sys.version.split()[0]}"),
        _switch(settings),
        *_transports(),
        Finding("formats", True, ", ".join(each.NAME for each in FORMATS)),
        *_unseen(),
        *_collector(settings),
        *_spool(settings),
        *_host_environment(),
    ]


def _switch(settings: Settings) -> Finding:
    if settings.disabled:
        return Finding("recording", False, "switched off by SUFFICE_DISABLED")
    key = "with a key" if settings.key else "without a key"
    text = f"capture={settings.capture}, project={settings.project}, {key}, to {settings.endpoint}"
    return Finding("recording", True, text)


def _transports() -> list[Finding]:
    installed = [(name, _version(name)) for each in TRANSPORTS for name in each.MODULES if find_spec(name) is not None]
    if not installed:
        return [Finding("transports", False, "none of the HTTP libraries that are recorded is installed here")]
    return [Finding("transport", True, f"{name} {version} is patched by init()") for name, version in installed]


def _unseen() -> list[Finding]:
    return [
        Finding("not seen", None, f"{name} is installed: {what} are not recorded")
        for name, what in _PAST_US.items()
        if find_spec(name) is not None
    ]


def _collector(settings: Settings) -> list[Finding]:
    collector = Collector(settings.endpoint, settings.key, must_be_suffice=not settings.explicit_endpoint)
    try:
        health = collector.health()
        findings = [Finding("collector", True, f"{settings.endpoint} answers: {_said(health)}")]
        try:
            row = (collector.read("overview", project=settings.project) or [{}])[0]
            findings.append(Finding("stored", True, f"{row.get('calls', 0)} calls in project {settings.project}"))
        except NotAllowedError as error:
            findings.append(Finding("stored", False, str(error)))
        except UnreachableError as error:  # another collector has no reads, and needs none
            findings.append(Finding("stored", None, str(error)))
        return findings
    except UnreachableError as error:
        return [Finding("collector", False, f"{error}; start one with 'suffice up'")]
    finally:
        collector.close()


def _said(health: dict[str, object]) -> str:
    if health.get("service") != "suffice":
        return "not suffice, but it may take OTLP"
    return f"suffice {health.get('version', '')} {health.get('status', '')}".strip()


def _spool(settings: Settings) -> list[Finding]:
    if settings.spool is None:
        return []
    waiting = list(read_spool(settings.spool))
    calls = sum(each.calls for each in waiting)
    return [Finding("spool", None, f"{calls} calls wait in {settings.spool}")]


def _processes(states: list[dict[str, Any]], now: float, *, waiting: bool = True) -> list[Finding]:
    """A line for each process that records or did so, and one for each thing that went wrong in it. ``waiting``: calls
    still lie in the spool."""
    if not states:
        return [Finding("process", None, "none has recorded here within a day")]
    findings = []
    for state in states[:SHOWN_PROCESSES]:
        name = f"{state['service']} ({state['pid']})"
        calls = state["delivered"] + state["dropped"] + state["pending"]
        what = "runs" if state["running"] else "ended" if state["ended"] else "gone without a word"
        patched = ", ".join(state["patched"]) or "nothing yet"
        counts = (
            f"{calls} calls: {state['delivered']} delivered, {state['dropped']} dropped, {state['pending']} pending"
        )
        findings.append(Finding("process", True if calls else None, f"{name} {what}; patched {patched}; {counts}"))
        if state["clients"]:
            findings.append(
                Finding("clients", None, f"{name}: {_counted(state['clients'])}; {_counted(state['formats'])}")
            )
        lost_lately = now - state["written"] < LATELY_S
        for reason, lost in state["why_dropped"].items():
            findings.append(Finding("dropped", False if lost_lately else None, f"{name}: {lost} calls: {reason}"))
        if state["pending"] and not state["running"] and not waiting:
            findings.append(Finding("pending", None, f"{name}: {state['pending']} calls waited; taken in since"))
        elif state["pending"] and state["last_problem"]:
            findings.append(Finding("pending", None, f"{name}: {state['pending']} calls wait: {state['last_problem']}"))
        if state["cut"]:
            findings.append(Finding("cut", None, f"{name}: {state['cut']} calls were too large and are shortened"))
        if state["not_calls"]:
            findings.append(Finding("no calls", None, f"{name}: {_counted(state['not_calls'])}"))
        if state["failed_in"]:
            findings.append(
                Finding(
                    "failed", False, f"{name}: {', '.join(state['failed_in'])}; its log ('suffice') has the traceback"
                )
            )
    return findings


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} ×{count}" for name, count in list(counts.items())[:SHOWN_NAMES])


def _host_environment() -> list[Finding]:
    names = sorted(name for name in os.environ if name.startswith("OTEL_"))
    return [Finding("host", None, f"{', '.join(names)}: left to the host, not used here")] if names else []


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
