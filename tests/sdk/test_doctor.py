"""``suffice doctor`` says what is recorded and whether it arrives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sdk.local_servers import Sink

from suffice.commands import doctor
from suffice.errors import UsageError
from suffice.spool import spool_directory, write_spool


def report(capsys: Any, *arguments: str) -> tuple[int, dict[str, list[str]]]:
    code = doctor.main([*arguments, "--json"])
    found: dict[str, list[str]] = {}
    for finding in json.loads(capsys.readouterr().out)["findings"]:
        found.setdefault(finding["name"], []).append(finding["text"])
    return code, found


def test_all_is_well(sink: Sink, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    write_spool(spool_directory(), b"x", calls=3)
    sink.health |= {"version": "0.1.0", "status": "ok"}
    code, found = report(capsys, "--endpoint", sink.url)
    assert code == 0
    assert found["collector"] == [f"{sink.url} answers: suffice 0.1.0 ok"]
    assert found["formats"] == ["openai.chat, anthropic.messages"]
    assert any(line.startswith("httpx2 ") for line in found["transport"])
    assert found["spool"] == [f"3 calls wait in {spool_directory()}"]
    assert found["host"] == ["OTEL_TRACES_SAMPLER: left to the host, not used here"]


def test_nobody_answers(capsys: Any) -> None:
    code, found = report(capsys, "--endpoint", "http://127.0.0.1:1")
    assert code == 1
    assert found["collector"][0].endswith("start one with 'suffice up'")


def test_switched_off(sink: Sink, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUFFICE_DISABLED", "1")
    code, found = report(capsys, "--endpoint", sink.url)
    assert (code, found["recording"]) == (1, ["switched off by SUFFICE_DISABLED"])


def test_for_people_it_is_a_line_a_finding(sink: Sink, capsys: Any) -> None:
    assert doctor.main(["--endpoint", sink.url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok suffice")


def test_a_wrong_endpoint() -> None:
    with pytest.raises(UsageError, match="is not an address"):
        doctor.main(["--endpoint", "nowhere"])
