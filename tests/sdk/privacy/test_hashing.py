"""Hashed content: no word of it is left, yet equal stays equal, shapes stay shapes, and grams are found by."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice import semconv
from suffice.config import read_settings
from suffice.privacy import gate_of
from suffice.privacy.hashing import Hasher
from suffice.privacy.pseudonyms import PSEUDONYM, Pseudonyms
from suffice.privacy.shingles import GRAM_BYTES, read_grams
from suffice.wire.call import Call
from suffice.wire.canonical import canonical_message

KEY = b"k" * 32
NAMES = Pseudonyms(KEY)
HASHER = Hasher(KEY, NAMES)
GATE = gate_of(read_settings(capture="hashed", secret="s", environ={}))


def text(content: str, role: str = "user") -> dict[str, Any]:
    (part,) = HASHER.message({"role": role, "parts": [{"type": "text", "content": content}]})["parts"]
    return dict(part)


def grams(content: str) -> list[bytes]:
    raw = read_grams(text(content)["grams"])
    return [raw[i : i + GRAM_BYTES] for i in range(0, len(raw), GRAM_BYTES)]


def test_equal_stays_equal_and_other_keys_differ() -> None:
    assert text("Refund order 12") == text("Refund order 12")
    assert text("Refund order 12")["digest"] != text("Refund order 13")["digest"]
    assert grams("Refund order 12") == grams("refund  ORDER 99")  # digits and case are no part of a template
    other = Hasher(b"o" * 32, Pseudonyms(b"o" * 32))
    (part,) = other.message({"role": "user", "parts": [{"type": "text", "content": "Refund order 12"}]})["parts"]
    assert not set(part.values()) & set(text("Refund order 12").values()) - {"hashed", "text", 15, "label"}


def test_grams_stand_in_order_and_are_shared_where_the_words_are() -> None:
    one, two = grams("You are a helpful agent of the shop"), grams("You are a helpful agent of the bank")
    assert len(one) == 8 + 3  # words and marks
    assert one[:7] == two[:7]
    assert one[7] != two[7]


def test_only_what_tasks_are_found_by_has_grams() -> None:
    assert "grams" in text("hello", "system")
    assert "grams" not in text("hello", "assistant")


def test_a_long_text_is_read_at_its_ends() -> None:
    assert len(read_grams(text("word " * 50_000)["grams"])) == (4000 + 3) * GRAM_BYTES


def test_a_json_answer_keeps_its_shape() -> None:
    part = text('```json\n{"label": "refund", "sure": true, "n": [1, null]}\n```', "assistant")
    name = NAMES.name
    assert part["form"] == "json"
    assert part["json"] == {
        name("name", "label"): name("text", "refund"),
        name("name", "sure"): True,
        name("name", "n"): [name("number", "1"), None],
    }


def test_tools_keep_their_names_and_links() -> None:
    call = {"type": "tool_call", "id": "call_1", "name": "find_user", "arguments": {"who": "bob", "deep": [1.5]}}
    result = {"type": "tool_call_response", "id": "call_1", "response": {"found": True}}
    (asked,) = HASHER.message({"role": "assistant", "parts": [call]})["parts"]
    (told,) = HASHER.message({"role": "tool", "parts": [result]})["parts"]
    assert asked["name"] == "find_user"
    assert asked["id"] == told["id"] == NAMES.name("id", "call_1")
    assert list(asked["arguments"].values()) == [NAMES.name("text", "bob"), [NAMES.name("number", "1.5")]]
    assert told["response"] == {NAMES.name("name", "found"): True}
    assert PSEUDONYM.fullmatch(HASHER.tool_name("a sentence, not a name"))


def test_a_schema_keeps_its_words() -> None:
    definition = {
        "type": "function",
        "name": "find_user",
        "description": "Finds a user",
        "parameters": {
            "type": "object",
            "properties": {"email": {"type": "string", "enum": ["x"], "description": "of the user"}, "type": {"type": "integer", "minimum": 3}},
            "required": ["email"],
        },
    }  # fmt: skip
    name = NAMES.name
    assert HASHER.tool(definition) == {
        "type": "function",
        "name": "find_user",
        "description": name("text", "Finds a user"),
        "parameters": {
            "type": "object",
            "properties": {
                name("name", "email"): {"type": "string", "enum": [name("text", "x")], "description": name("text", "of the user")},
                name("name", "type"): {"type": "integer", "minimum": 3},
            },
            "required": [name("name", "email")],
        },
    }  # fmt: skip


def test_a_picture_keeps_its_kind_and_another_hash() -> None:
    part = {"type": "blob", "modality": "image", "mime_type": "image/png", "blake2b": "ab" * 16, "size": 7}
    (hashed,) = HASHER.message({"role": "user", "parts": [part]})["parts"]
    assert {name: hashed[name] for name in ("modality", "mime_type", "size")} == {"modality": "image", "mime_type": "image/png", "size": 7}  # fmt: skip
    assert hashed["blake2b"] != part["blake2b"]


def test_spelled_otherwise_the_same_message_is_the_same() -> None:
    sent = {"role": "assistant", "parts": [{"type": "text", "content": "a"}, {"type": "text", "content": "b"}, {"type": "tool_call", "id": "1", "name": "f", "arguments": '{"x": 1}'}]}  # fmt: skip
    resent = {"role": "model", "parts": [{"type": "text", "content": "ab", "annotations": []}, {"type": "tool_call", "id": "1", "name": "f", "arguments": {"x": 1}}]}  # fmt: skip
    assert HASHER.message(sent) == HASHER.message(resent)


LETTERS = st.text("abcdefghijklmnopqrstuvwxyzäöüßéñ", min_size=6, max_size=14)
SENTENCES = st.lists(LETTERS, min_size=1, max_size=12).map(" ".join)
VALUES = st.recursive(SENTENCES | st.integers() | st.booleans() | st.none(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3), max_leaves=6)  # fmt: skip
PARTS = st.one_of(
    st.builds(lambda said: {"type": "text", "content": said}, SENTENCES | VALUES.map(json.dumps)),
    st.builds(lambda said: {"type": "refusal", "content": said}, SENTENCES),
    st.builds(lambda given: {"type": "tool_call", "id": "c1", "name": "find", "arguments": given}, VALUES),
    st.builds(lambda given: {"type": "tool_call_response", "id": "c1", "response": given}, VALUES),
    st.builds(lambda said: {"type": "uri", "uri": f"https://host/{said}"}, LETTERS),
    st.builds(lambda said: {"type": "thing", "what": said, "deep": [{"k": said}]}, SENTENCES),
)
MESSAGES = st.lists(st.builds(lambda role, parts: {"role": role, "parts": parts}, st.sampled_from(["system", "user", "assistant", "tool"]), st.lists(PARTS, max_size=3)), max_size=3)  # fmt: skip
OWN_WORDS = {"json_schema", "tool_choice", "stop_sequences", "short_text", "long_text", "number", "boolean", "integer", "hashed", "digest", "refusal", "system", "assistant", "arguments", "response", "schema", "string", "object", "function", "description", "parameters", "properties", "required", "tool_call", "tool_call_response"}  # fmt: skip


@given(MESSAGES, SENTENCES, VALUES, SENTENCES)
def test_no_word_of_the_content_survives(messages: Any, described: str, schema: Any, failure: str) -> None:
    call = Call("openai.chat", "chat", "openai", "m", input_messages=messages, output_messages=messages[:1])
    call.system_instructions = messages[0]["parts"] if messages else []
    call.tool_definitions = [{"type": "function", "name": "find", "description": described, "parameters": schema}]
    call.response_format = {"type": "json_schema", "json_schema": {"name": described, "schema": schema}}
    call.parameters = {
        "stop_sequences": [failure],
        "tool_choice": {"type": "function", "function": {"name": described}},
    }
    call.error_message = failure
    before = json.dumps([messages, described, schema, failure], ensure_ascii=False)
    left = GATE.call(call)
    attributes = GATE.attributes({
        semconv.INPUT_MESSAGES: messages, semconv.SYSTEM_INSTRUCTIONS: call.system_instructions, semconv.TOOL_DEFINITIONS: call.tool_definitions,
        semconv.RESPONSE_FORMAT: call.response_format, semconv.PARAMETERS: call.parameters, semconv.ERROR_MESSAGE: failure,
    })  # fmt: skip
    values = [getattr(left, each) for each in ("system_instructions", "input_messages", "output_messages", "tool_definitions", "response_format", "parameters", "error_message")]  # fmt: skip
    after = json.dumps([values, list(attributes.values())], ensure_ascii=False).casefold()
    words = {word.casefold() for word in re.findall(r"[^\W\d_]{6,}", before)}
    assert {word for word in words - OWN_WORDS if word in after and word not in repr(OWN_WORDS)} == set()


@pytest.mark.parametrize("value", [None, True, "", [], {}, [None]])
def test_nothing_stays_nothing(value: Any) -> None:
    assert HASHER.json(value) == value


def test_the_stored_form_is_canonical_already() -> None:
    hashed = HASHER.message({"role": "user", "parts": [{"type": "text", "content": "hi"}, {"type": "tool_call", "name": "f", "arguments": "{}"}]})  # fmt: skip
    assert canonical_message(hashed) == hashed
    assert HASHER.message(hashed) == hashed
