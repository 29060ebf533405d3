from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from suffice.cli import main as suffice
from suffice_dashboard import launch
from suffice_dashboard.settings import read_settings, same_key
from suffice_dashboard.theme import style_sheet, theme_options


def test_streamlit_is_started_quiet_and_telling_nobody() -> None:
    arguments = launch.Launch(server="http://127.0.0.1:9", port=27_100).arguments()
    assert arguments[:2] == ["run", str(launch.SERVE)]
    for wanted in (
        "--browser.gatherUsageStats=false", "--server.headless=true", "--server.address=127.0.0.1", "--server.port=27100",
        "--client.showErrorDetails=none", "--client.toolbarMode=minimal",
    ):  # fmt: skip
        assert wanted in arguments


def test_both_themes_are_set_by_flags() -> None:
    options = theme_options()
    assert any(option.startswith("--theme.light.backgroundColor=#FFFFFF") for option in options)
    assert any(option.startswith("--theme.dark.backgroundColor=#0E141B") for option in options)


def test_the_style_sheet_loads_nothing_from_elsewhere() -> None:
    sheet = style_sheet().replace("http://www.w3.org/2000/svg", "")  # the name of what a picture is written in
    assert "http" not in sheet
    assert sheet.count("url(") == sheet.count('url("data:image/svg+xml,') == 1, "the watermark, inside the sheet itself"
    assert "@import" not in sheet


@pytest.mark.parametrize(("host", "inside"), [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("10.0.0.4", False), ("box.local", False)])  # fmt: skip
def test_loopback(host: str, inside: bool) -> None:
    assert launch.is_loopback(host) is inside


def test_the_pages_ask_for_the_key_only_beyond_loopback() -> None:
    assert launch.Launch(server="http://c:4318").environment() == {"SUFFICE_ENDPOINT": "http://c:4318"}
    assert launch.Launch(host="0.0.0.0").environment() == {"SUFFICE_DASHBOARD_ASK_KEY": "1"}


def test_the_address_for_a_browser() -> None:
    assert launch.Launch(host="0.0.0.0", port=9).url == "http://127.0.0.1:9"
    assert launch.Launch(host="::1", port=9).url == "http://[::1]:9"


def test_beyond_loopback_without_a_key_is_refused_with_the_line_that_mends_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert suffice(["dashboard", "--host", "0.0.0.0", "--no-browser"]) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "SUFFICE_KEY=" in line


def test_a_taken_port_names_its_holder(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert suffice(["dashboard", "--port", str(port), "--no-browser"]) == 1
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert f"port {port} is taken by" in line
    assert f"(process {os.getpid()})" in line or not Path("/proc/net/tcp").exists()
    assert f"--port {port + 1}" in line


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().server == "http://127.0.0.1:4318"
    monkeypatch.setenv("SUFFICE_ENDPOINT", "http://c:1")
    monkeypatch.setenv("SUFFICE_KEY", "k")
    monkeypatch.setenv("SUFFICE_PROJECT", "p")
    settings = read_settings()
    assert (settings.server, settings.key, settings.project, settings.ask_key) == ("http://c:1", "k", "p", False)


def test_same_key() -> None:
    assert same_key("ключ", "ключ")
    assert not same_key("", "k")
