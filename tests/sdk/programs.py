"""Whole programs, run in processes of their own against the provider and the sink of these tests."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

ASK = """
import json, os, urllib.request
import httpx2
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
def ask(times=1):
    with httpx2.Client() as client:
        for _ in range(times):
            client.post(os.environ["PROVIDER"] + "/v1/chat/completions", json=BODY).raise_for_status()
"""


class Programs:
    """Starts a command, or a script that has ``ask(times)``, recorded to the sink."""

    def __init__(self, provider_url: str, sink_url: str, folder: Path) -> None:
        self.folder = folder
        self.spool = folder / "spool"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PROVIDER": provider_url,
            "SUFFICE_ENDPOINT": sink_url,
            "SUFFICE_SPOOL": str(self.spool),
        }

    def __call__(self, command: list[str] | str, check: bool = True, **environment: str) -> Any:
        """Run to its end."""
        return subprocess.run(
            self._command(command),
            env=self._environment | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=check,
            cwd=self.folder,
        )

    def start(self, command: list[str] | str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command(command),
            env=self._environment | environment,
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.folder,
        )

    def _command(self, command: list[str] | str) -> list[str]:
        if not isinstance(command, str):
            return command
        script = self.folder / "app.py"
        script.write_text(ASK + textwrap.dedent(command))
        return [sys.executable, str(script)]
