"""What leaves in which mode. docs/privacy.md shows the same as a table (tests/house holds it to this code)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice import semconv
from suffice.config import CaptureMode, read_settings
from suffice.privacy import Gate, gate_of
from suffice.privacy.pseudonyms import Pseudonyms
from suffice.privacy.secret import project_key
from suffice.wire.call import Call, Usage

NAMES = Pseudonyms(project_key("default", "s", None))
BOB = NAMES.name("email", "bob@example.com")


def gate(mode: CaptureMode, **more: Any) -> Gate:
    return gate_of(read_settings(capture=mode, secret="s", environ={}, **more))


GIVEN: dict[str, Any] = {
    semconv.REQUEST_MODEL: "m",
    semconv.INPUT_TOKENS: 3,
    semconv.FINISH_REASONS: ["stop"],
    semconv.SERVER_ADDRESS: "10.1.2.3",
    semconv.AGENT_NAME: "planner of bob@example.com",
    semconv.USER_ID: "bob@example.com",
    semconv.CONVERSATION_ID: "chat 7",
    semconv.RUN_ID: "d41d8cd98f00b204e9800998ecf8427e",
    semconv.TAGS: {"team": "billing", "tier": 2},
    semconv.ERROR_MESSAGE: "no key sk-abcdefghijk for bob@example.com",
    semconv.INPUT_MESSAGES: [
        {"role": "user", "parts": [{"type": "text", "content": "I am bob@example.com, sk-abcdefghijk"}]}
    ],
    semconv.PARAMETERS: {"temperature": 0.5, "tool_choice": "auto", "a": {"b": 1, "c": "words"}, "l": ["words"]},
    semconv.USAGE_RAW: {"prompt_tokens": 3, "service_tier": "text"},
    semconv.REQUEST_PREFIX + "temperature": 0.5,
    semconv.REQUEST_PREFIX + "stop_sequences": ["text"],
    "url.full": "https://u:p@h/x?key=1",
    "anything": "of bob@example.com",
    "n": 1,
}
ALWAYS: dict[str, Any] = {
    semconv.REQUEST_MODEL: "m",
    semconv.INPUT_TOKENS: 3,
    semconv.FINISH_REASONS: ["stop"],
    semconv.SERVER_ADDRESS: "10.1.2.3",
    semconv.RUN_ID: "d41d8cd98f00b204e9800998ecf8427e",
    semconv.REQUEST_PREFIX + "temperature": 0.5,
}


def written(attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        name: json.dumps(value, separators=(",", ":")) if isinstance(value, dict | list) and name in JSON else value
        for name, value in attributes.items()
    }


JSON = {semconv.TAGS, semconv.INPUT_MESSAGES, semconv.PARAMETERS, semconv.USAGE_RAW}


def test_full_keeps_everything_but_credentials() -> None:
    said = [{"role": "user", "parts": [{"type": "text", "content": "I am bob@example.com, sk-[masked]"}]}]
    assert gate("full").attributes(GIVEN) == written(
        GIVEN
        | {
            semconv.INPUT_MESSAGES: said,
            semconv.ERROR_MESSAGE: "no key sk-[masked] for bob@example.com",
            "url.full": "https://h/x?key",
        }
    )


def test_masked_names_what_is_personal() -> None:
    said = [{"role": "user", "parts": [{"type": "text", "content": f"I am {BOB}, sk-[masked]"}]}]
    assert gate("masked").attributes(GIVEN) == written(
        GIVEN
        | {
            semconv.AGENT_NAME: f"planner of {BOB}",
            semconv.USER_ID: BOB,
            semconv.ERROR_MESSAGE: f"no key sk-[masked] for {BOB}",
            semconv.INPUT_MESSAGES: said,
            "url.full": "https://h/x?key",
            "anything": f"of {BOB}",
        }
    )


def test_metrics_keeps_names_and_numbers() -> None:
    assert gate("metrics").attributes(GIVEN) == written(
        ALWAYS
        | {
            semconv.AGENT_NAME: f"planner of {BOB}",
            semconv.USER_ID: NAMES.name("user", "bob@example.com"),
            semconv.CONVERSATION_ID: NAMES.name("session", "chat 7"),
            semconv.TAGS: {"team": NAMES.name("tag", "billing"), "tier": 2},
            semconv.PARAMETERS: {"temperature": 0.5, "a": {"b": 1}},
            semconv.USAGE_RAW: {"prompt_tokens": 3},
        }
    )


def test_hashed_keeps_shapes() -> None:
    left = gate("hashed").attributes(GIVEN)
    (message,) = json.loads(left.pop(semconv.INPUT_MESSAGES))
    assert message["role"] == "user"
    assert {name: message["parts"][0][name] for name in ("type", "of", "chars", "form")} == {
        "type": "hashed", "of": "text", "chars": 36, "form": "label",
    }  # fmt: skip
    assert left == written(
        ALWAYS
        | {
            semconv.AGENT_NAME: f"planner of {BOB}",
            semconv.USER_ID: NAMES.name("user", "bob@example.com"),
            semconv.CONVERSATION_ID: NAMES.name("session", "chat 7"),
            semconv.TAGS: {"team": NAMES.name("tag", "billing"), "tier": 2},
            semconv.ERROR_MESSAGE: NAMES.name("text", GIVEN[semconv.ERROR_MESSAGE]),
            semconv.PARAMETERS: {
                "temperature": 0.5,
                "tool_choice": "auto",
                "a": {NAMES.name("name", "b"): 1, NAMES.name("name", "c"): NAMES.name("text", "words")},
                "l": [NAMES.name("text", "words")],
            },
            semconv.USAGE_RAW: {"prompt_tokens": 3},
        }
    )


@pytest.mark.parametrize("mode", ["full", "masked", "hashed", "metrics"])
def test_twice_through_the_gate_changes_nothing(mode: CaptureMode) -> None:
    once = gate(mode).attributes(GIVEN)
    assert gate(mode).attributes(once) == once


@pytest.mark.parametrize("mode", ["hashed", "metrics"])
def test_a_sentence_is_no_label(mode: CaptureMode) -> None:
    assert gate(mode).attributes({semconv.OUTCOME_LABEL: "wrong_amount"}) == {semconv.OUTCOME_LABEL: "wrong_amount"}
    hidden = gate(mode).attributes({semconv.OUTCOME_LABEL: "Bob was angry"})
    assert hidden == {semconv.OUTCOME_LABEL: NAMES.name("label", "Bob was angry")}


def test_a_call_goes_the_same_way() -> None:
    call = Call("openai.chat", "chat", "openai", "m", input_messages=GIVEN[semconv.INPUT_MESSAGES])
    call.usage = Usage(3, 4, raw=GIVEN[semconv.USAGE_RAW])
    call.parameters, call.error_message = GIVEN[semconv.PARAMETERS], GIVEN[semconv.ERROR_MESSAGE]
    call.tool_definitions = [{"type": "function", "name": "find", "parameters": {"type": "object", "properties": {"who": {"type": "string", "description": "a person"}}}}]  # fmt: skip
    for mode in ("full", "masked", "hashed", "metrics"):
        left, spoken = gate(mode).call(call), gate(mode).attributes(GIVEN)
        assert json.dumps(left.input_messages, separators=(",", ":")) == spoken.get(semconv.INPUT_MESSAGES, "[]")
        assert json.dumps(left.parameters, separators=(",", ":")) == spoken[semconv.PARAMETERS]
        assert left.usage is not None
        assert json.dumps(left.usage.raw, separators=(",", ":")) == spoken[semconv.USAGE_RAW]
        assert left.error_message == spoken.get(semconv.ERROR_MESSAGE)
        assert bool(left.tool_definitions) == (mode != "metrics")
    assert call.error_message == GIVEN[semconv.ERROR_MESSAGE]  # the app's own object is as it was


def test_nothing_is_made_for_full(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    Gate(read_settings(environ={})).attributes(GIVEN)
    assert list(tmp_path.iterdir()) == []


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())))
@pytest.mark.parametrize("mode", ["hashed", "metrics"])
def test_no_unknown_text_leaves(mode: CaptureMode, given_: dict[str, object]) -> None:
    assert gate(mode).attributes({f"x.{name}": value for name, value in given_.items()}) == {}
