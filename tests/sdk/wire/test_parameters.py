"""Parameters keep numbers, switches and short words. Content, persons and credentials stay out."""

from __future__ import annotations

from suffice.wire.parameters import kept_parameters, written_parameters

NAMES = {"stop": "stop_sequences", "n": "choice.count"}


def test_what_is_kept() -> None:
    body = {
        "temperature": 0.5,
        "n": 2,
        "stop": "END",
        "logprobs": True,
        "verbosity": "low",
        "tool_choice": {"type": "any"},
    }
    kept = {"temperature": 0.5, "choice.count": 2, "stop_sequences": ["END"], "logprobs": True, "verbosity": "low"}
    kept["tool_choice"] = {"type": "any"}  # type: ignore[assignment]
    assert kept_parameters(body, NAMES, frozenset()) == kept
    assert written_parameters(kept, NAMES) == body | {"stop": ["END"]}


def test_what_is_left_out() -> None:
    body = {
        "messages": [],
        "user": "ann",
        "metadata": {"user_id": "ann"},
        "mcp_servers": [{"authorization_token": "t"}],
        "prediction": {"content": "secret text"},
        "note": "x" * 65,
        "seed": None,
    }
    assert kept_parameters(body, {}, frozenset({"messages"})) == {}
