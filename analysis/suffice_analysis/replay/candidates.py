"""Candidates: the endpoints that may take a task over, named in a file or in one line.

One line: ``[FORMAT+]URL#MODEL``, as ``http://127.0.0.1:8000/v1#qwen3-8b`` or ``anthropic+https://api.anthropic.com#claude-haiku-5-5``.
A file (TOML) says more:

[[candidate]]
name = "qwen3-8b"                     # as reports call it; default: the model
url = "http://gpu-box:8000/v1"
model = "Qwen/Qwen3-8B"
format = "openai"                     # openai (also vLLM, llama.cpp, Ollama's /v1), anthropic, gemini, bedrock
key_env = "QWEN_KEY"                  # the environment variable that holds its key; default: the vendor's, at its own host
input_usd_per_mtok = 0.06             # or, for one's own GPU:
output_usd_per_mtok = 0.14
usd_per_hour = 4.29                   # an answer costs its seconds of it, shared by the 'parallel' ones
context_tokens = 40960
tools = true
schema = true                         # whether it holds an answer to a JSON schema
parallel = 8
requests_per_minute = 600
timeout_s = 60
stream = false
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from suffice.errors import SufficeError, UsageError
from suffice_store.price_units import PER_TOKEN, is_per_token

BASELINE = "baseline"  # the candidate that is the recorded model itself; see ceiling.py
WIRE_FORMATS = {
    "openai": "openai.chat",
    "anthropic": "anthropic.messages",
    "gemini": "gemini.generateContent",
    "bedrock": "bedrock.converse",
}
KEY_ENV = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "bedrock": "AWS_BEARER_TOKEN_BEDROCK",
}
_VENDOR_HOSTS = {
    "openai": "openai.com",
    "anthropic": "anthropic.com",
    "gemini": "googleapis.com",
    "bedrock": "amazonaws.com",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model at one endpoint. Prices in USD per million tokens; None is not known."""

    model: str
    url: str
    name: str = ""
    format: str = "openai"
    key_env: str = ""
    input_usd_per_mtok: float | None = None
    output_usd_per_mtok: float | None = None
    usd_per_hour: float | None = None
    context_tokens: int | None = None
    tools: bool = True
    schema: bool = True
    parallel: int = 4
    requests_per_minute: float | None = None
    timeout_s: float = 60.0
    stream: bool = False

    @property
    def label(self) -> str:
        """What results call it."""
        return self.name or self.model

    @property
    def host(self) -> str:
        return (urlsplit(self.url).hostname or "").lower()

    @property
    def wire_format(self) -> str:
        return WIRE_FORMATS[self.format]

    @property
    def key_name(self) -> str | None:
        """The variable that holds its key: the one named, else the vendor's at the vendor's own host and nowhere else."""
        at_vendor = f".{self.host}".endswith(f".{_VENDOR_HOSTS[self.format]}")
        return self.key_env or (KEY_ENV[self.format] if at_vendor else None)

    @property
    def key(self) -> str | None:
        """From the environment, when it is needed; never stored."""
        return os.environ.get(self.key_name) or None if self.key_name else None

    @property
    def is_priced(self) -> bool:
        by_token = self.input_usd_per_mtok is not None and self.output_usd_per_mtok is not None
        return by_token or self.usd_per_hour is not None

    def cost_usd(
        self, input_tokens: float | None, output_tokens: float | None, seconds: float | None = None
    ) -> float | None:
        """Of one answer that took ``seconds``; None where its tokens, its time or its price are not known."""
        if self.input_usd_per_mtok is None or self.output_usd_per_mtok is None:
            if self.usd_per_hour is None or seconds is None:
                return None
            return seconds * self.usd_per_hour / 3600 / self.parallel
        if input_tokens is None or output_tokens is None:
            return None
        return (input_tokens * self.input_usd_per_mtok + output_tokens * self.output_usd_per_mtok) / 1e6

    def as_json(self) -> dict[str, Any]:
        """What is stored of it: no key."""
        return asdict(self)


def parse_line(text: str) -> Candidate:
    """``[FORMAT+]URL#MODEL``, also ``baseline=...`` for the recorded model itself. Raises UsageError."""
    named, equals, rest = text.partition("=")
    if equals and named == BASELINE:
        return replace(parse_line(rest), name=BASELINE)
    address, mark, model = text.partition("#")
    form, plus, url = address.partition("+")
    if not plus or form not in WIRE_FORMATS:
        form, url = "openai", address
    if not mark or not model or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise UsageError(
            f"'{text}' is no candidate: name one of a file, or write [FORMAT+]URL#MODEL like http://127.0.0.1:8000/v1#qwen3-8b"
        )
    return Candidate(model=model, url=url, format=form)


def check_key(candidate: Candidate) -> Candidate:
    """The candidate, if the key that it names is there. Raises SufficeError naming the variable."""
    if candidate.key_name is None or candidate.key is not None:
        return candidate
    by = " that 'key_env' names" if candidate.key_env else f" that {candidate.host} wants"
    raise SufficeError(f"candidate {candidate.label}: the environment variable {candidate.key_name}{by} is not set")


def read_candidates(path: Path) -> list[Candidate]:
    """The candidates of a TOML file. Raises SufficeError saying what is wrong in it."""
    try:
        stated = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SufficeError(f"{path} can't be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SufficeError(f"{path} is not TOML: {str(error).splitlines()[0]}") from None
    entries = stated.get("candidate")
    if not isinstance(entries, list) or not entries:
        raise SufficeError(f"{path} names no candidate: write [[candidate]] with 'model' and 'url'")
    found = [_candidate(entry, f"{path}, candidate {number}") for number, entry in enumerate(entries, 1)]
    labels = [each.label for each in found]
    if double := next((each for each in labels if labels.count(each) > 1), None):
        raise SufficeError(f"{path}: two candidates are called '{double}'; give one a 'name'")
    return found


def find_candidate(name: str, file: Path | None) -> Candidate:
    """The one of that name in the file, else what the line says. Raises UsageError, SufficeError."""
    if file is not None:
        known = read_candidates(file)
        if (found := next((each for each in known if name in (each.label, each.model)), None)) is not None:
            return check_key(found)
        if "#" not in name:
            raise UsageError(f"{file} has no candidate '{name}'; it has {', '.join(each.label for each in known)}")
    return check_key(parse_line(name))


def recorded_baseline(rows: Sequence[Mapping[str, Any]]) -> Candidate:
    """The model of a task's newest calls, where they asked it. Raises UsageError where that is not recorded."""
    row = max(rows, key=lambda each: each["started_ns"] or 0)
    formats = {"openai": "openai", "anthropic": "anthropic", "gemini": "gemini", "bedrock": "bedrock"}
    form = formats.get(str(row["wire_format"] or "").partition(".")[0])
    if not row["server_address"] or form is None or not row["request_model"]:
        raise UsageError(
            f"where {row['request_model'] or 'the model'} was asked is not recorded: name it, --candidate baseline=URL#MODEL"
        )
    url = f"https://{row['server_address']}{'/v1' if form == 'openai' else ''}"
    return Candidate(model=row["request_model"], url=url, name=BASELINE, format=form)


def check_baseline(candidate: Candidate, rows: Sequence[Mapping[str, Any]]) -> Candidate:
    """The candidate, if it is a model that answered the task's calls. Raises UsageError."""
    known = sorted({str(row[name]) for row in rows for name in ("request_model", "response_model") if row[name]})
    if candidate.model not in known:
        raise UsageError(f"{candidate.model} never answered this task: the baseline is {' or '.join(known)}")
    return candidate


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "model": str, "url": str, "name": str, "format": str, "key_env": str, "input_usd_per_mtok": (int, float),
    "output_usd_per_mtok": (int, float), "usd_per_hour": (int, float), "context_tokens": int, "tools": bool, "schema": bool,
    "parallel": int, "requests_per_minute": (int, float), "timeout_s": (int, float), "stream": bool,
}  # fmt: skip


def _candidate(entry: Any, where: str) -> Candidate:
    if not isinstance(entry, dict):
        raise SufficeError(f"{where}: write [[candidate]], with two brackets")
    known = [field.name for field in fields(Candidate)]
    if unknown := sorted(set(entry) - set(known)):
        raise SufficeError(f"{where}: there is no '{unknown[0]}'; there are {', '.join(known)}")
    for needed in ("model", "url"):
        if not entry.get(needed):
            raise SufficeError(f"{where} needs a '{needed}'")
    for name, value in entry.items():
        kind = _KINDS[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise SufficeError(f"{where}: '{name}' can't be {value!r}")
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value < (1 if name == "parallel" else 0):
            raise SufficeError(f"{where}: '{name}' must not be {value}")
        if name.endswith("_usd_per_mtok") and isinstance(value, (int, float)) and is_per_token(value):
            raise SufficeError(f"{where}: '{name}' is {value}: {PER_TOKEN}")
    if entry.get("format", "openai") not in WIRE_FORMATS:
        raise SufficeError(f"{where}: 'format' must be one of {', '.join(WIRE_FORMATS)}")
    address = urlsplit(entry["url"])
    if address.scheme not in ("http", "https") or not address.hostname:
        raise SufficeError(f"{where}: '{entry['url']}' is no address like http://127.0.0.1:8000/v1")
    return Candidate(**entry)
