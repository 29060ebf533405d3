"""``--candidates auto``: the vendor's small tier by the key that is there already, and whatever serves models on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2

from suffice.errors import UsageError
from suffice_analysis import data
from suffice_analysis.replay.candidates import KEY_ENV, Candidate, check_key, parse_line, read_candidates

LOCAL_PORTS = {11434: "Ollama", 8000: "vLLM", 8080: "llama.cpp", 1234: "LM Studio"}
MOST_LOCAL = 4  # models of one server
WAIT_S = 1.0
_VENDORS = {
    "openai": ("openai", "https://api.openai.com/v1", "OPENAI_BASE_URL"),
    "anthropic": ("anthropic", "https://api.anthropic.com", "ANTHROPIC_BASE_URL"),
    "gcp.gemini": ("gemini", "https://generativelanguage.googleapis.com", "GOOGLE_GEMINI_BASE_URL"),
}
Row = Mapping[str, Any]


def find_candidates(text: str, providers: Sequence[str]) -> list[Candidate]:
    """``auto``, a file, or lines with commas between. ``providers``: those of the recorded calls. Raises UsageError."""
    if text != "auto":
        path = Path(text)
        is_path = path.suffix == ".toml" or ("#" not in text and "/" in text and "://" not in text)
        named = read_candidates(path) if path.is_file() or is_path else map(parse_line, map(str.strip, text.split(",")))
        return [check_key(each) for each in named]
    found = [*vendor_tiers(providers), *local_models()]
    if not found:
        keys = ", ".join(KEY_ENV[form] for form, _, _ in _VENDORS.values())
        ports = ", ".join(map(str, LOCAL_PORTS))
        raise UsageError(
            f"no candidate was found: no key of a recorded vendor is set ({keys}) and nothing serves models on port "
            f"{ports}; name one: --candidates http://HOST:PORT/v1#MODEL"
        )
    return found


def vendor_tiers(providers: Sequence[str]) -> list[Candidate]:
    """The small tier of each vendor in use whose key is set."""
    found = []
    for row in data.rows("small_tiers.csv"):
        vendor = _VENDORS.get(row["provider"])
        if vendor is None or row["provider"] not in providers or not os.environ.get(KEY_ENV[vendor[0]]):
            continue
        found.append(
            Candidate(
                model=row["model"],
                url=os.environ.get(vendor[2]) or vendor[1],
                format=vendor[0],
                key_env=KEY_ENV[vendor[0]],  # also where the base URL is the user's own
                input_usd_per_mtok=float(row["input_usd_per_mtok"]),
                output_usd_per_mtok=float(row["output_usd_per_mtok"]),
                context_tokens=int(row["context_tokens"]),
                tools=row["tools"] == "yes",
            )
        )
    return found


def local_models(ports: Sequence[int] = tuple(LOCAL_PORTS)) -> list[Candidate]:
    """What ``/v1/models`` lists on this machine's usual ports."""
    found: list[Candidate] = []
    with httpx2.Client(timeout=WAIT_S, trust_env=False) as client:
        for port in ports:
            url = f"http://127.0.0.1:{port}/v1"
            found += [Candidate(model=name, url=url) for name in _models(client, url)[:MOST_LOCAL]]
    return found


def _models(client: httpx2.Client, url: str) -> list[str]:
    try:
        listed = client.get(f"{url}/models").json()["data"]
        return [each["id"] for each in listed if isinstance(each, dict) and isinstance(each.get("id"), str)]
    except (httpx2.HTTPError, ValueError, KeyError, TypeError):
        return []
