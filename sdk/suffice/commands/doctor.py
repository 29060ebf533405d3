"""``suffice doctor``: what would be patched, whether the collector answers, what waits in the spool.

Prints one line a finding, or one JSON document. Exit code 1 if calls would not be delivered now.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.util import find_spec

from suffice.collector import Collector, UnreachableError
from suffice.config import Settings, read_settings
from suffice.errors import UsageError
from suffice.spool import read_spool
from suffice.transports import TRANSPORTS
from suffice.wire.registry import FORMATS

# Clients of models that go past every HTTP library we patch; found here means: some calls are not seen.
_PAST_US = {"websockets": "realtime APIs over WebSocket", "grpc": "gRPC clients (Vertex, xAI)"}


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
    findings = examine(settings)
    failed = any(finding.ok is False for finding in findings)
    if given.json:
        print(json.dumps({"ok": not failed, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        for finding in findings:
            mark = {True: "ok", False: "!!", None: "  "}[finding.ok]
            print(f"{mark} {finding.name:<10} {finding.text}")
    return 1 if failed else 0


def examine(settings: Settings) -> list[Finding]:
    """Every finding, in the order they are shown."""
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
        except UnreachableError as error:
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


def _host_environment() -> list[Finding]:
    names = sorted(name for name in os.environ if name.startswith("OTEL_"))
    return [Finding("host", None, f"{', '.join(names)}: left to the host, not used here")] if names else []


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
