"""``suffice run -- python app.py``: any Python program, recorded, unchanged.

The program's Pythons find a ``sitecustomize`` of ours first on their path. It calls ``suffice.init()`` when
an HTTP library is imported, and hands over to the ``sitecustomize`` that would have run without it. Our
process becomes the program (``exec``), so that exit code, signals and terminal are the program's own.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from suffice.config import read_settings
from suffice.errors import SufficeError, UsageError

INJECTED = Path(__file__).parent / "inject"  # holds nothing but sitecustomize.py
_OPTIONS = ("endpoint", "service", "capture", "project", "environment")


def main(argv: list[str]) -> int:
    options, command = _split(argv)
    try:
        given = _parser().parse_args(options)
    except SystemExit as told:  # argparse has shown the help, or what was wrong
        return int(told.code or 0)
    if not command:
        raise UsageError("nothing to run; write it after --, for instance: suffice run -- python app.py")
    environment = child_environment(os.environ, {name: getattr(given, name) for name in _OPTIONS})
    if given.http_spans:
        environment["SUFFICE_HTTP_SPANS"] = "1"
    try:
        read_settings(environ=environment)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return _become(full_command(command), environment)


def full_command(command: list[str]) -> list[str]:
    """A module (``-m app``) or a script (``app.py``) is run by this Python, anything else is run as it stands."""
    if command[0] == "-m" or (command[0].endswith(".py") and Path(command[0]).is_file()):
        return [sys.executable, *command]
    return command


def child_environment(environ: Mapping[str, str], options: Mapping[str, str | None]) -> dict[str, str]:
    """The environment that makes a Python record itself."""
    environment = dict(environ)
    for name, value in options.items():
        if value is not None:
            environment[f"SUFFICE_{name.upper()}"] = value
    paths = [str(INJECTED), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return environment


def _become(command: list[str], environment: dict[str, str]) -> int:
    program = shutil.which(command[0], path=environment.get("PATH"))
    if program is None:
        raise SufficeError(f"there is no program '{command[0]}'; a script's name ends in .py, a module follows -m")
    sys.stdout.flush()
    if os.name == "nt":  # exec there returns the console before the program ends
        return subprocess.run([program, *command[1:]], env=environment, check=False).returncode
    try:
        os.execve(program, command, environment)  # noqa: S606
    except OSError as error:
        raise SufficeError(f"can't run {program}: {error.strerror}") from error


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    """Our options and the command: after ``--``, or from the first word that is not an option of ours."""
    if "--" in argv:
        at = argv.index("--")
        return argv[:at], argv[at + 1 :]
    at = 0
    while at < len(argv) and argv[at].startswith("--"):
        at += 1 if "=" in argv[at] or argv[at] in ("--http-spans", "--help") else 2
    return argv[:at], argv[at:]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="suffice run", usage="suffice run [OPTIONS] -- COMMAND...", description="run a Python program, recorded"
    )
    parser.add_argument("--endpoint", help="the collector (default: a suffice on 127.0.0.1:4318)")
    parser.add_argument("--service", help="what the program is called (default: its script's name)")
    parser.add_argument("--capture", help="full (default), or metrics: no text")
    parser.add_argument("--project", help="where the calls belong (default: default)")
    parser.add_argument("--environment", help="production, staging, ...")
    parser.add_argument("--http-spans", action="store_true", help="HTTP child spans and traceparent")
    return parser
