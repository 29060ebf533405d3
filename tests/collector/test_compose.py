"""docker-compose.yml without an engine: its commands, environment and health checks, as real processes."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from collector.compose_file import interpolate, read_compose
from collector.otlp_samples import chat_body
from collector.processes import PROTOBUF, Process, wait_until
from free_ports import free_port

ROOT = Path(__file__).resolve().parents[2]
KEY = "a-key-made-for-this-test"


@pytest.fixture(scope="module")
def services() -> Any:
    return read_compose(ROOT / "docker-compose.yml")["services"]


def test_the_key_is_required_and_explained(services: Any) -> None:
    for service in services.values():
        with pytest.raises(LookupError, match=r"SUFFICE_KEY into \.env"):
            interpolate(service["environment"]["SUFFICE_KEY"], {"SUFFICE_KEY": ""})
        assert interpolate(service["environment"]["SUFFICE_KEY"], {"SUFFICE_KEY": KEY}) == KEY
    assert (ROOT / ".env.example").read_text().splitlines()[-1] == "SUFFICE_KEY="
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()


def test_only_this_machine_reaches_it_and_the_journal_has_time_to_drain(services: Any) -> None:
    assert [port for service in services.values() for port in service["ports"]] == [
        "127.0.0.1:4318:4318",
        "127.0.0.1:8501:8501",
    ]
    assert services["collector"]["stop_grace_period"] == "60s"
    assert services["collector"]["volumes"] == ["suffice-data:/data"]
    assert services["dashboard"]["depends_on"] == {"collector": {"condition": "service_healthy"}}


@pytest.mark.slow
def test_both_services_run_as_written(services: Any, tmp_path: Path) -> None:
    if importlib.util.find_spec("suffice_dashboard.commands.dashboard") is None:
        pytest.skip("there is no dashboard yet")
    ports = {"4318": str(free_port()), "8501": str(free_port())}
    collector = start(services["collector"], ports["4318"], ports, tmp_path, "collector")
    try:
        collector.wait_healthy()
        check_health(services["collector"], ports)
        stranger = httpx2.post(
            f"http://127.0.0.1:{ports['4318']}/v1/traces", content=chat_body(1), headers=PROTOBUF, trust_env=False
        )
        assert stranger.status_code == 401
        assert collector.post(chat_body(3)).status_code == 200
        collector.wait_calls(3)
        dashboard = start(services["dashboard"], ports["8501"], ports, tmp_path, "dashboard")
        try:
            asked = wait_until(lambda: dashboard.client.get("/"), "the dashboard's question for the key")
            assert asked.status_code == 401
            page = dashboard.client.post("/", data={"key": KEY}, follow_redirects=True)
            assert page.status_code == 200
            assert "<html" in page.text
            check_health(services["dashboard"], ports)
            assert dashboard.stop() in (0, -15)
        finally:
            dashboard.close()
        assert collector.stop() == 0
        assert (tmp_path / "data" / "suffice.duckdb").exists()
    finally:
        collector.close()


def start(service: Any, port: str, ports: dict[str, str], folder: Path, name: str) -> Process:
    """The service as compose would run it: ports of our own, /data a folder, the other service on this machine."""
    (folder / "data").mkdir(exist_ok=True)
    command = [here(word, ports) for word in service["command"]]
    environment = {
        key: interpolate(value, {"SUFFICE_KEY": KEY}).replace("/data", str(folder / "data"))
        for key, value in service["environment"].items()
    }
    environment["SUFFICE_SPOOL"] = str(folder / "spool")
    return Process(command, int(port), folder / f"{name}.log", environment)


def check_health(service: Any, ports: dict[str, str]) -> None:
    kind, program, *arguments = service["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "python")
    command = [sys.executable, *(here(word, ports) for word in arguments)]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0


def here(word: str, ports: dict[str, str]) -> str:
    for inside, outside in ports.items():
        word = word.replace(inside, outside)
    return word.replace("//collector:", "//127.0.0.1:")
