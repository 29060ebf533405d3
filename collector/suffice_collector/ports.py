"""Listening sockets, and who holds a port that is taken (Linux: /proc/net/tcp; elsewhere unknown)."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from suffice.errors import SufficeError

BACKLOG = 2048
_LISTEN = "0A"


def bind(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """A bound socket, not yet listening. ``port`` 0 takes a free one.

    Raises SufficeError with one line that names the holder and what to do.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise SufficeError(f"--host {host} is no address of this machine: try 127.0.0.1") from None
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)  # two sockets may bind with SO_REUSEADDR; only one may listen
    except OSError as error:
        sock.close()
        raise SufficeError(_reason(error, host, port, option)) from None
    return sock


def holder_of(port: int) -> tuple[int, str] | None:
    """The process that listens on a TCP port, as (pid, command); None where that can't be seen."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            for descriptor in (process / "fd").iterdir():
                if str(descriptor.readlink()) in inodes:
                    return int(process.name), _command(process)
        except OSError:
            continue  # gone, or another user's
    return None


def _reason(error: OSError, host: str, port: int, option: str) -> str:
    if error.errno == errno.EADDRINUSE:
        holder = holder_of(port)
        by = f"by pid {holder[0]} ({holder[1]})" if holder else "by another process"
        return f"port {port} is taken {by}: stop it, or choose another port with {option} {_next(port)}"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights: choose one above 1023 with {option} {_next(port)}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host {host} is no address of this machine: try 127.0.0.1"
    return f"cannot listen on {host}:{port}: {error.strerror}"


def _next(port: int) -> int:
    return port + 10 if 1023 < port <= 65525 else 4328


def _listening_inodes(port: int) -> set[str]:
    inodes: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            if columns[3] == _LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{columns[9]}]")
    return inodes


def _command(process: Path) -> str:
    words = (process / "cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ").strip()
    return words if len(words) <= 120 else words[:117] + "..."
