"""What the dashboard process is told by its starter, through its environment."""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass

DEFAULT_SERVER = "http://127.0.0.1:4318"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the collector is, the project shown, and the key that the collector (and perhaps the person) must give."""

    server: str
    project: str
    key: str | None
    ask_key: bool  # bound beyond loopback: pages open only to who knows the key
    oidc: bool = False  # people log in, and see what their role shows


def read_settings() -> Settings:
    """From ``SUFFICE_ENDPOINT``, ``SUFFICE_PROJECT``, ``SUFFICE_KEY``, ``SUFFICE_DASHBOARD_ASK_KEY``, ``SUFFICE_DASHBOARD_OIDC``."""
    key = os.environ.get("SUFFICE_KEY") or None
    return Settings(
        server=os.environ.get("SUFFICE_ENDPOINT") or DEFAULT_SERVER,
        project=os.environ.get("SUFFICE_PROJECT") or "default",
        key=key,
        ask_key=bool(os.environ.get("SUFFICE_DASHBOARD_ASK_KEY")),
        oidc=bool(os.environ.get("SUFFICE_DASHBOARD_OIDC")),
    )


def same_key(given: str, key: str) -> bool:
    """Compare in constant time, so that answering tells nothing about how much of a guess was right."""
    return hmac.compare_digest(given.encode(), key.encode())
