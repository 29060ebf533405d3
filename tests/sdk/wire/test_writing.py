"""A call written in another format: the same conversation, or a loss that is told, or an error that says why not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sdk.wire import goldens

from suffice.wire.call import Call, Message
from suffice.wire.canonical import canonical_message
from suffice.wire.registry import FORMATS, path_of
from suffice.wire.writing import TARGETS, CannotWriteError, write_as

CHATS = {each.NAME: each for each in FORMATS if each.CHATS}
READ = {each.NAME: each for each in FORMATS}
to_every = pytest.mark.parametrize("target", sorted(CHATS))

WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "Weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
ASKED: list[Any] = [
    {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
    {"role": "user", "parts": [{"type": "text", "content": "Weather in Bern and Basel?"}]},
    {
        "role": "assistant",
        "parts": [
            {"type": "text", "content": "One moment."},
            {"type": "tool_call", "id": "a", "name": "weather", "arguments": {"city": "Bern"}},
            {"type": "tool_call", "id": "b", "name": "weather", "arguments": {"city": "Basel"}},
        ],
    },
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "a", "response": "7 degrees"}]},
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "b", "response": "8 degrees"}]},
]
CALL = Call(
    "",
    "chat",
    "openai",
    "m",
    input_messages=ASKED,
    tool_definitions=[WEATHER],  # type: ignore[list-item]
    parameters={"temperature": 0.5, "max_tokens": 9, "tool_choice": "auto"},
    response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}},
)


def read_back(call: Call, target: str) -> Call:
    written = write_as(call, target)
    body = json.loads(json.dumps(written.body))
    assert CHATS[target].matches(path_of(written.path), body)
    return CHATS[target].parse_request(body, path_of(written.path))


@to_every
def test_a_conversation_with_tools_is_the_same_in_every_format(target: str) -> None:
    read = read_back(CALL, target)
    assert turns(read) == turns(CALL)
    assert read.tool_definitions == CALL.tool_definitions
    assert read.request_model == "m"
    assert {name: read.parameters[name] for name in ("temperature", "max_tokens")} == {
        "temperature": 0.5,
        "max_tokens": 9,
    }
    assert write_as(CALL, target).lost == ()


def test_bodies_as_each_vendor_spells_them() -> None:
    """Read beside the vendors' documentation; the formats' own tests show every other field."""
    chosen = replace(CALL, parameters={"tool_choice": {"type": "tool", "name": "weather"}, "stop_sequences": ["END"]})
    assert write_as(chosen, "anthropic.messages", "claude-haiku-4-5").body == {
        "model": "claude-haiku-4-5",
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Weather in Bern and Basel?"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "One moment."},
                    {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Bern"}},
                    {"type": "tool_use", "id": "b", "name": "weather", "input": {"city": "Basel"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "a", "content": "7 degrees"},
                    {"type": "tool_result", "tool_use_id": "b", "content": "8 degrees"},
                ],
            },
        ],
        "tools": [{"name": "weather", "description": "Weather of a city.", "input_schema": WEATHER["parameters"]}],
        "output_format": {"type": "json_schema", "schema": {"type": "object"}},
        "tool_choice": {"type": "tool", "name": "weather"},
        "stop_sequences": ["END"],
        "max_tokens": 4096,
    }
    gemini = write_as(chosen, "gemini.generateContent", "gemini-2.5-flash", stream=True)
    assert gemini.path == "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert gemini.body["contents"][2] == {
        "role": "user",
        "parts": [
            {"functionResponse": {"name": "weather", "response": {"result": "7 degrees"}, "id": "a"}},
            {"functionResponse": {"name": "weather", "response": {"result": "8 degrees"}, "id": "b"}},
        ],
    }
    assert gemini.body["toolConfig"] == {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}}
    assert gemini.body["generationConfig"] == {
        "stopSequences": ["END"],
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object"},
    }


texts = st.text(min_size=1, max_size=12)
json_values = st.dictionaries(st.text(min_size=1, max_size=5), st.integers() | texts, max_size=2)


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """What an agent sends: a system's text, turns, calls with their results right after them."""
    messages: list[Message] = []
    if draw(st.booleans()):
        messages.append({"role": "system", "parts": [{"type": "text", "content": draw(texts)}]})
    for turn in range(draw(st.integers(1, 3))):
        messages.append({"role": "user", "parts": [{"type": "text", "content": draw(texts)}]})
        calls = [
            {
                "type": "tool_call",
                "id": f"c{turn}{n}",
                "name": draw(st.sampled_from("fg")),
                "arguments": draw(json_values),
            }
            for n in range(draw(st.integers(0, 2)))
        ]
        spoken = [{"type": "text", "content": draw(texts)}] if draw(st.booleans()) or not calls else []
        messages.append({"role": "assistant", "parts": [*spoken, *calls]})
        messages += [
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": call["id"], "response": draw(texts)}]}
            for call in calls
        ]
    return messages


@to_every
@given(messages=conversations(), temperature=st.floats(0, 1), stop=st.lists(texts, min_size=1, max_size=2))
@settings(max_examples=40)
def test_any_conversation_survives_in_every_format(
    target: str, messages: list[Message], temperature: float, stop: list[str]
) -> None:
    parameters = {"temperature": temperature, "max_tokens": 5, "stop_sequences": stop}
    call = Call("", "chat", "", "m", input_messages=messages, parameters=parameters)
    read = read_back(call, target)
    assert turns(read) == turns(call)
    lost = write_as(call, target).lost
    assert set(lost) == {name for name in parameters if name not in TARGETS[target].parameters}
    assert {k: v for k, v in parameters.items() if k not in lost} == read.parameters


@to_every
@pytest.mark.parametrize(
    "path", [each for each in goldens.PATHS if each.parent.name in CHATS], ids=lambda p: f"{p.parent.name}/{p.stem}"
)
def test_every_golden_request_is_written_or_refused_with_a_reason(path: Path, target: str) -> None:
    case = goldens.load(path)
    call = READ[path.parent.name].parse_request(case["request"], path_of(case["url"]))
    if reason := refusal(path, target, case["request"]):
        with pytest.raises(CannotWriteError, match=reason):
            write_as(call, target)
        return
    written = write_as(call, target)
    read = CHATS[target].parse_request(json.loads(json.dumps(written.body)), path_of(written.path))
    assert texts_of(read) == texts_of(call)
    assert calls_of(read) == calls_of(call)
    assert read.stream == call.stream


def refusal(path: Path, target: str, request: dict[str, Any]) -> str | None:
    if path.stem == "media":
        return "were not kept"
    is_kept_elsewhere = "previous_response_id" in request or "cachedContent" in request
    return "kept by the vendor" if is_kept_elsewhere and path.parent.name != target else None


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (
            [{"type": "blob", "modality": "image", "blake2b": "0" * 32, "size": 8}],
            "message 1: the bytes of its image were not kept (8 bytes, hash only)",
        ),
        ([{"type": "file", "file_id": "file-1"}], "message 1 names a file that only its own vendor has (file-1)"),
        (
            [{"type": "uri", "uri": "s3://b/a"}],
            "message 1 names a place that only its own vendor reads (s3://b/a)",
        ),
        (
            [{"type": "item_reference", "id": "msg_0"}],
            "message 1 is kept by the vendor (msg_0): only its own format reads it",
        ),
        (
            [{"type": "tool_call_response", "id": "a", "response": [{"type": "blob", "modality": "file", "size": 1}]}],
            "message 1: the bytes of its file were not kept (1 bytes, hash only)",
        ),
    ],
)
def test_what_no_body_can_hold_is_an_error_that_says_where(parts: list[Any], reason: str) -> None:
    call = Call("openai.responses", "chat", "openai", "m", input_messages=[{"role": "user", "parts": parts}])
    with pytest.raises(CannotWriteError) as refusal:
        write_as(call, "openai.chat")
    assert str(refusal.value) == reason


def test_pictures_are_refused_in_the_same_format_too() -> None:
    blob = {"type": "blob", "modality": "image", "blake2b": "0" * 32, "size": 8}
    call = Call("openai.chat", "chat", "openai", "m", input_messages=[{"role": "user", "parts": [blob]}])
    with pytest.raises(CannotWriteError, match="were not kept"):
        write_as(call, "openai.chat")


@pytest.mark.parametrize(
    ("call", "target", "reason"),
    [
        (CALL, "openai.embeddings", "no conversation can be written as 'openai.embeddings'"),
        (CALL, "openai.caht", "no conversation can be written as 'openai.caht'; these take one: openai.chat"),
        (replace(CALL, operation="embeddings"), "openai.chat", "embeddings is no conversation"),
        (
            replace(CALL, parameters={"previous_response.id": "resp_1"}),
            "openai.chat",
            r"kept by the vendor \(previous_response.id\)",
        ),
    ],
)
def test_what_is_no_conversation_is_an_error(call: Call, target: str, reason: str) -> None:
    with pytest.raises(CannotWriteError, match=reason):
        write_as(call, target)


def test_what_is_lost_is_told() -> None:
    thought: Any = {
        "role": "assistant",
        "parts": [{"type": "reasoning", "content": "hm"}, {"type": "text", "content": "Hi"}],
    }
    late: Any = {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]}
    named: Any = {"role": "user", "name": "Ann", "parts": [{"type": "text", "content": "Hi"}]}
    call = Call(
        "openai.chat",
        "chat",
        "openai",
        "m",
        input_messages=[named, thought, late],
        tool_definitions=[
            {"type": "function", "name": "f", "strict": True},
            {"type": "web_search", "name": "web_search", "parameters": {}},
        ],
        parameters={"temperature": 1.5, "logit_bias": {"1": 2}, "tool_choice": {"type": "allowed_tools"}},
        response_format={"type": "json_object"},
        service_tier="flex",
    )
    assert sorted(write_as(call, "bedrock.converse").lost) == [
        "a later message was the system's and is the user's",
        "logit_bias",
        "name of message 1",
        "reasoning in message 2",
        "response format json_object",
        "service tier",
        "temperature over 1.0",
        "tool web_search, the vendor's own",
        "tool_choice",
    ]
    assert "strict of tool f" in write_as(call, "ollama.chat").lost


def test_calls_without_ids_get_one_and_results_find_them() -> None:
    """Gemini and Cohere's first version tie a result to its call by name and order."""
    messages: list[Any] = [
        {"role": "user", "parts": [{"type": "text", "content": "Hi"}]},
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "id": None, "name": name, "arguments": {}} for name in ("f", "g", "f")],
        },
        {
            "role": "user",
            "parts": [
                {"type": "tool_call_response", "id": None, "name": name, "response": {"result": text}}
                for name, text in (("g", "2"), ("f", "1"), ("f", "3"))
            ],
        },
    ]
    call = Call("gemini.generateContent", "chat", "gcp.gemini", "m", input_messages=messages)
    written = write_as(call, "openai.chat").body["messages"]
    assert [each["id"] for each in written[1]["tool_calls"]] == ["call_1", "call_2", "call_3"]
    assert [(each["tool_call_id"], each["content"]) for each in written[2:]] == [
        ("call_2", "2"),
        ("call_1", "1"),
        ("call_3", "3"),
    ]


def turns(call: Call) -> list[Any]:
    """Canonical messages; tools' results are the user's, neighbours of one role one turn, texts before calls."""
    found: list[tuple[str, list[Any]]] = []
    for message in call.request_messages():
        role = {"tool": "user", "developer": "system"}.get(message["role"], message["role"])
        parts = canonical_message({"role": role, "parts": [unwrapped(part) for part in message["parts"]]})["parts"]
        if found and found[-1][0] == role:
            found[-1][1].extend(parts)
        else:
            found.append((role, list(parts)))
    return [
        (role, "".join(p["content"] for p in parts if p["type"] == "text"), [p for p in parts if p["type"] != "text"])
        for role, parts in found
    ]


def unwrapped(part: dict[str, Any]) -> dict[str, Any]:
    response = part.get("response")
    if isinstance(response, dict) and list(response) == ["result"]:
        return {**part, "response": response["result"]}
    return part


def texts_of(call: Call) -> str:
    parts = [part for message in call.request_messages() for part in message["parts"]]
    return "".join(part["content"] for part in parts if part["type"] in ("text", "refusal"))


def calls_of(call: Call) -> list[tuple[str, Any]]:
    parts = [part for message in call.request_messages() for part in message["parts"]]
    return [(part["name"], part["arguments"]) for part in parts if part["type"] == "tool_call"]
