"""How a dashboard process is started: its command, its environment, its port."""

from __future__ import annotations

import ipaddress
import socket
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from suffice_dashboard.theme import theme_options

APP = Path(__file__).with_name("app.py")
SERVE = Path(__file__).with_name("serve.py")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Launch:
    """One dashboard: the collector it reads (None: the default one), where it listens, how people log in (None: nobody does)."""

    server: str | None = None
    host: str = "127.0.0.1"
    port: int = 8501
    oidc: Path | None = None

    @property
    def url(self) -> str:
        """The address for a person's browser."""
        host = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def arguments(self) -> list[str]:
        """Streamlit on our entry script: no usage statistics, no file watcher, no developer's toolbar."""
        options = {
            "server.headless": "true",
            "server.address": self.host,
            "server.port": str(self.port),
            "server.fileWatcherType": "none",
            "server.showEmailPrompt": "false",
            "browser.gatherUsageStats": "false",
            "client.toolbarMode": "minimal",
            "client.showErrorDetails": "none",
            "client.showErrorLinks": "false",
            "runner.magicEnabled": "false",
            "logger.level": "warning",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        secrets = [f"--secrets.files={self.oidc}"] if self.oidc else []
        return ["run", str(SERVE), *arguments, *secrets, *theme_options()]

    def environment(self) -> dict[str, str]:
        """What the pages need to know, as environment variables."""
        environment: dict[str, str] = {}
        if self.server:
            environment["SUFFICE_ENDPOINT"] = self.server
        if self.oidc:
            environment["SUFFICE_DASHBOARD_OIDC"] = "1"
        elif not is_loopback(self.host):
            environment["SUFFICE_DASHBOARD_ASK_KEY"] = "1"
        return environment


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def port_is_free(host: str, port: int) -> bool:
    """Whether that port can be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def holder_of(port: int) -> str:
    """Who listens on a port, as well as this system tells: ``python (process 4711)``, else ``another process``."""
    inode = _listening_inode(port)
    if inode is None:
        return "another process"
    for folder in PROC.glob("[0-9]*"):
        try:
            if any(str(fd.readlink()) == f"socket:[{inode}]" for fd in (folder / "fd").iterdir()):
                return f"{(folder / 'comm').read_text().strip()} (process {folder.name})"
        except OSError:
            continue
    return "another process"


def _listening_inode(port: int) -> str | None:
    """The socket's inode from /proc/net/tcp: local address is HEX:PORT, state 0A is LISTEN."""
    for name in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                return fields[9]
    return None


def wait_until_answers(launch: Launch, seconds: float) -> bool:
    """Whether the dashboard answers within that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{launch.url}/_stcore/health", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.15)
    return False
