"""Settings: arguments beat ``SUFFICE_*`` variables, which beat the defaults.

Nothing of the host's ``OTEL_*`` is read (its exporter headers carry another vendor's key, its sampler
would bias what is found), with one exception: the service name falls back to ``OTEL_SERVICE_NAME``.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from suffice.spool import spool_directory

CaptureMode = Literal["full", "masked", "hashed", "metrics"]
DEFAULT_ENDPOINT = "http://127.0.0.1:4318"
_TRUE = ("1", "true", "yes", "on")


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``init()`` runs with. Sizes in bytes."""

    endpoint: str = DEFAULT_ENDPOINT  # base URL, without /v1/traces
    explicit_endpoint: bool = False  # False: who answers must first say that it is suffice
    service: str = "python"
    project: str = "default"
    environment: str | None = None
    capture: CaptureMode = "full"
    mask: tuple[re.Pattern[str], ...] = ()  # what the app wants masked beside what is found anyway
    redact: Callable[[str], str] | None = None  # the app's own word on each text, after the masks
    secret: str | None = field(default=None, repr=False)  # of pseudonyms and hashes
    key: str | None = field(default=None, repr=False)
    http_spans: bool = False
    spool: Path | None = None  # None: calls that can't be delivered are dropped (and counted)
    quiet: bool = False
    disabled: bool = False


def read_settings(
    endpoint: str | None = None,
    service: str | None = None,
    capture: str | None = None,
    *,
    mask: Iterable[str | re.Pattern[str]] | None = None,
    redact: Callable[[str], str] | None = None,
    secret: str | None = None,
    key: str | None = None,
    project: str | None = None,
    environment: str | None = None,
    http_spans: bool | None = None,
    spool: bool | str | Path | None = None,
    quiet: bool | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings in force. Raises ValueError for an endpoint, capture mode or mask that can't be meant."""
    env = os.environ if environ is None else environ
    given = endpoint or env.get("SUFFICE_ENDPOINT") or None
    base = _base_url(given) if given else DEFAULT_ENDPOINT
    return Settings(
        endpoint=base,
        explicit_endpoint=given is not None,
        service=service or env.get("SUFFICE_SERVICE") or env.get("OTEL_SERVICE_NAME") or _program_name(),
        project=project or env.get("SUFFICE_PROJECT") or "default",
        environment=environment or env.get("SUFFICE_ENVIRONMENT") or None,
        capture=_capture_mode(capture or env.get("SUFFICE_CAPTURE") or "full"),
        mask=_patterns(mask, env),
        redact=_function(redact),
        secret=secret or env.get("SUFFICE_SECRET") or None,
        key=key or env.get("SUFFICE_KEY") or None,
        http_spans=_flag(env, "SUFFICE_HTTP_SPANS") if http_spans is None else http_spans,
        spool=_spool_folder(spool, base, env),
        quiet=_flag(env, "SUFFICE_QUIET") if quiet is None else quiet,
        disabled=_flag(env, "SUFFICE_DISABLED"),
    )


def _capture_mode(mode: str) -> CaptureMode:
    for known in get_args(CaptureMode):
        if mode == known:
            return known  # type: ignore[no-any-return]
    modes = ", ".join(map(repr, get_args(CaptureMode)))
    raise ValueError(f"capture={mode!r} is not a capture mode; use one of {modes}")


def _patterns(mask: Iterable[str | re.Pattern[str]] | None, env: Mapping[str, str]) -> tuple[re.Pattern[str], ...]:
    """Regular expressions of ``mask`` and, one a line, of ``SUFFICE_MASK``."""
    if isinstance(mask, str | re.Pattern):
        mask = (mask,)
    found: list[re.Pattern[str]] = []
    for each in (*(mask or ()), *env.get("SUFFICE_MASK", "").splitlines()):
        try:
            pattern = re.compile(each)
        except (re.error, TypeError) as error:
            raise ValueError(f"mask={each!r} is not a regular expression: {error}") from error
        if not isinstance(pattern.pattern, str) or pattern.match(""):
            raise ValueError(f"mask={pattern.pattern!r} must match text, and not the empty one")
        if pattern.pattern:
            found.append(pattern)
    return tuple(found)


def _function(redact: Callable[[str], str] | None) -> Callable[[str], str] | None:
    if redact is not None and not callable(redact):
        raise ValueError(f"redact={redact!r} is not a function; give one that takes a text and returns what may leave")
    return redact


def _base_url(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"endpoint={endpoint!r} is not an address; write it like {DEFAULT_ENDPOINT}")
    return endpoint.rstrip("/").removesuffix("/v1/traces")


def _flag(env: Mapping[str, str], name: str) -> bool:
    return env.get(name, "").strip().lower() in _TRUE


def _spool_folder(spool: bool | str | Path | None, endpoint: str, env: Mapping[str, str]) -> Path | None:
    if spool is False:
        return None
    if spool is None or spool is True:
        return spool_directory(endpoint, environ=env)
    return Path(spool)


def _program_name() -> str:
    """What the process is called: the script's or module's name, so that services tell apart by themselves."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name:
        return str(spec.name).removesuffix(".__main__")
    name = Path(sys.argv[0]).name if sys.argv and sys.argv[0] not in ("", "-c", "-m") else ""
    return name.removesuffix(".py") or "python"
