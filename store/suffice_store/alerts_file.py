"""Where alerts go, and from when on something is worth one: a TOML file (``--alerts`` or ``SUFFICE_ALERTS``). docs/alerts.md.

[events]
spend_jump_factor = 2.0       # times the median of the seven days before
spend_jump_usd = 10           # and at least so much more
evidence_days = 90            # after which a proof is old

[[webhook]]
name = "ops"
url = "https://hooks.example.com/suffice"
secret_env = "SUFFICE_WEBHOOK_SECRET"     # holds whsec_...
events = ["spend_jump", "collector_losing"]   # left out: all
projects = ["shop"]                       # left out: all

[[email]]
name = "finops"
host = "smtp.example.com"
to = ["finops@example.com"]
from = "suffice@example.com"
user = "suffice"
password_env = "SUFFICE_SMTP_PASSWORD"

Secrets stand in the environment and not in the file, so that the file can be shared.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from suffice.errors import SufficeError
from suffice.webhooks import sign
from suffice_store.alerts import KINDS
from suffice_store.replaying import is_loopback

ENV = "SUFFICE_ALERTS"
TLS = ("starttls", "tls", "none")
PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True)
class Channel:
    """What both kinds of channel have. ``events`` and ``projects``: None is all."""

    name: str
    events: frozenset[str] | None = None
    projects: frozenset[str] | None = None

    def wants(self, kind: str, project: str) -> bool:
        """Whether an alert goes there. What is about the collector itself (project "") goes to every project's."""
        of_project = self.projects is None or project == "" or project in self.projects
        return kind == "test" or ((self.events is None or kind in self.events) and of_project)


@dataclass(frozen=True, slots=True)
class Webhook(Channel):
    """An address that is sent signed JSON. ``secret``: as in the environment, ``whsec_...``."""

    url: str = ""
    secret: str = field(default="", repr=False)
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Email(Channel):
    """A mail server and who gets the mail."""

    host: str = ""
    port: int = 587
    tls: str = "starttls"
    sender: str = ""
    to: tuple[str, ...] = ()
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on something is worth an alert."""

    spend_jump_factor: float = 2.0
    spend_jump_usd: float = 10.0
    evidence_days: float = 90.0


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """The file. Without one: no channel, the usual thresholds; alerts are raised and shown all the same."""

    channels: tuple[Webhook | Email, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)


def read_alert_settings(path: str | None = None, environ: Mapping[str, str] | None = None) -> AlertSettings:
    """The file named, else by ``SUFFICE_ALERTS``, else none. Raises SufficeError saying what is wrong with it."""
    env = os.environ if environ is None else environ
    name = path or env.get(ENV) or ""
    if not name:
        return AlertSettings()
    try:
        text = Path(name).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SufficeError(f"the file of alerts {name} can't be read: {getattr(error, 'strerror', error)}") from None
    return parse_alert_settings(text, name, env)


def parse_alert_settings(text: str, name: str, environ: Mapping[str, str]) -> AlertSettings:
    """``name`` is what errors call the file. Raises SufficeError."""
    try:
        stated = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SufficeError(f"{name} is not TOML: {str(error).splitlines()[0]}") from None
    _known(stated, {"events", "webhook", "email"}, name)
    hooks = [_webhook(each, f"{name}, webhook {n}", environ) for n, each in _numbered(stated, "webhook", name)]
    mails = [_email(each, f"{name}, email {n}", environ) for n, each in _numbered(stated, "email", name)]
    names = [each.name for each in (*hooks, *mails)]
    if twice := next((each for each in names if names.count(each) > 1), None):
        raise SufficeError(f"{name}: two channels are named '{twice}'")
    return AlertSettings((*hooks, *mails), _thresholds(stated.get("events", {}), f"{name}, events"))


def _webhook(stated: Mapping[str, Any], where: str, environ: Mapping[str, str]) -> Webhook:
    _known(stated, {"name", "url", "secret_env", "events", "projects", "allow_private"}, where)
    url = _text(stated, "url", where)
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname or address.username or address.password:
        raise SufficeError(f"{where}: 'url' must be an https address without a name and password in it")
    private = stated.get("allow_private", False)
    if not isinstance(private, bool):
        raise SufficeError(f"{where}: 'allow_private' must be true or false")
    if address.scheme == "http" and not private and not is_loopback(address.hostname):
        raise SufficeError(
            f"{where}: 'url' must begin with https:// (http:// goes to this machine, or with allow_private = true)"
        )
    secret = _from_environment(stated, "secret_env", where, environ)
    if not secret:
        raise SufficeError(f"{where}: 'secret_env' must name the variable that holds the secret")
    try:
        sign(secret, "", 0, b"")
    except SufficeError as wrong:
        raise SufficeError(f"{where}: {wrong}") from None
    return Webhook(*_common(stated, where), url=url, secret=secret, allow_private=private)


def _email(stated: Mapping[str, Any], where: str, environ: Mapping[str, str]) -> Email:
    known = {"name", "host", "port", "tls", "from", "to", "user", "password_env", "events", "projects"}
    _known(stated, known, where)
    tls = stated.get("tls", "starttls")
    if tls not in TLS:
        raise SufficeError(f"{where}: 'tls' must be one of {', '.join(TLS)}, not '{tls}'")
    port = stated.get("port", PORTS[tls])
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65_536:
        raise SufficeError(f"{where}: 'port' must be a port, not '{port}'")
    to, sender = _texts(stated, "to", where), _text(stated, "from", where)
    if not to or not all("@" in each and "\n" not in each for each in (*to, sender)):
        raise SufficeError(f"{where}: 'to' and 'from' must be e-mail addresses")
    user, password = stated.get("user"), _from_environment(stated, "password_env", where, environ)
    host = _text(stated, "host", where)
    if password and tls == "none" and not is_loopback(host):
        raise SufficeError(f"{where}: a password is not sent without TLS: leave 'tls' at starttls")
    return Email(
        *_common(stated, where),
        host=host,
        port=port,
        tls=tls,
        sender=sender,
        to=tuple(to),
        user=user,
        password=password,
    )


def _common(stated: Mapping[str, Any], where: str) -> tuple[str, frozenset[str] | None, frozenset[str] | None]:
    events = _texts(stated, "events", where) if "events" in stated else None
    if events is not None and (wrong := sorted(set(events) - set(KINDS))):
        raise SufficeError(f"{where}: there is no event '{wrong[0]}'; there are {', '.join(KINDS)}")
    projects = _texts(stated, "projects", where) if "projects" in stated else None
    chosen = (None if each is None else frozenset(each) for each in (events, projects))
    return _text(stated, "name", where), *chosen  # type: ignore[return-value]


def _thresholds(stated: Any, where: str) -> Thresholds:
    if not isinstance(stated, dict):
        raise SufficeError(f"{where}: write [events]")
    _known(stated, set(Thresholds.__dataclass_fields__), where)
    for key, value in stated.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**9:
            raise SufficeError(f"{where}: '{key}' must be a number over 0, not '{value}'")
    return Thresholds(**{key: float(value) for key, value in stated.items()})


def _known(stated: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(set(stated) - known):
        raise SufficeError(f"{where}: there is no '{unknown[0]}'; there are {', '.join(sorted(known))}")


def _numbered(stated: Mapping[str, Any], key: str, name: str) -> list[tuple[int, Mapping[str, Any]]]:
    entries = stated.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise SufficeError(f"{name}: write [[{key}]], with two brackets")
    return list(enumerate(entries, 1))


def _text(stated: Mapping[str, Any], key: str, where: str) -> str:
    value = stated.get(key)
    if not isinstance(value, str) or not value:
        raise SufficeError(f"{where}: '{key}' is needed, a text")
    return value


def _texts(stated: Mapping[str, Any], key: str, where: str) -> list[str]:
    value = stated.get(key)
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise SufficeError(f"{where}: '{key}' must be a list of texts")
    return value


def _from_environment(stated: Mapping[str, Any], key: str, where: str, environ: Mapping[str, str]) -> str | None:
    if key not in stated:
        return None
    variable = _text(stated, key, where)
    if not (value := environ.get(variable)):
        raise SufficeError(f"{where}: the environment variable {variable} that '{key}' names is not set")
    return value
