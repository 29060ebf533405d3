"""Bodies for both paths: our SDK's spans as it writes them, as anybody might forge them, and what the recordings hold."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue

from suffice import otlp, semconv
from suffice.config import read_settings
from suffice.privacy import gate_of
from suffice.span import call_attributes
from suffice.wire.call import Call
from suffice.wire.exchange import Exchange

START_NS = 1_795_000_000_000_000_001
GATE = gate_of(read_settings(environ={}))
EXCHANGE = Exchange(
    "POST", "https://api.openai.com/v1/chat/completions", started_ns=START_NS, first_chunk_ns=START_NS + 7
)


def sdk_body(
    calls: Iterable[Call], *, first: int = 1, trace: bytes | None = None, service: str = "billing", at_ns: int = 0
) -> bytes:
    """What our SDK sends of these calls, whose ids count from ``first``; ``trace``: one for all, else each its own."""
    spans = []
    for number, call in enumerate(calls, start=first):
        attributes = GATE.attributes(call_attributes(call, EXCHANGE, None, "app.py:main:3"))
        started = START_NS + (at_ns or number * 1_000_000)
        own = number.to_bytes(16, "big")
        span = otlp.Span("chat", trace or own, own[8:], None, 3, started, started + 900_000, attributes)
        spans.append((otlp.Scope(semconv.SCOPE, "1"), otlp.encode_span(span)))
    encoded = otlp.encode_resource({"service.name": service})
    return b"".join(otlp.encode_batch(encoded, spans))


def value_of(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=map(value_of, value)))
    return AnyValue() if value is None else AnyValue(string_value=value)


USUAL: list[tuple[str, Any]] = [
    (semconv.OPERATION, "chat"),
    (semconv.PROVIDER, "openai"),
    (semconv.REQUEST_MODEL, "gpt-5-mini"),
    (semconv.WIRE_FORMAT, "openai.chat"),
    (semconv.USAGE_SOURCE, "reported"),
    (semconv.COMPLETENESS, "complete"),
]

_texts = st.text(max_size=12) | st.sampled_from(
    ["", " a\u2003", '"\\/\b\f\n\r\t\x01\x7f', "é😀\u2028", "x" * 300, "\u00a0\x1c ", "<|>", " " * 3, "ab" * 1100]
)
_parts = st.one_of(
    st.builds(lambda text: {"type": "text", "content": text}, _texts),
    st.builds(lambda text: {"content": text, "type": "text", "cache_control": {"a": [1, None]}}, _texts),
    st.builds(
        lambda text: {"type": "tool_call", "id": "c", "name": text, "arguments": {"n": 1.5, "t": [text]}}, _texts
    ),
    st.builds(lambda text: {"type": "tool_call_response", "id": "c", "response": text}, _texts),
    st.builds(lambda text: {"type": "reasoning", "content": text}, _texts),
    st.sampled_from([{}, {"type": "text"}, {"type": "text", "content": None}, {"type": "text", "content": ""}]),
)
_roles = st.sampled_from(["user", "assistant", "system", "developer", "model", "function", "tool", "é", 'r"', "r" * 40])
_messages = st.lists(
    st.one_of(
        st.builds(lambda role, part: {"role": role, "parts": [part]}, _roles, _parts),
        st.builds(
            lambda role, parts: {"parts": parts, "role": role, "name": "n"}, _roles, st.lists(_parts, max_size=3)
        ),
        st.sampled_from([{"role": "user"}, {"parts": []}, "text", None, {}]),
    ),
    max_size=3,
)


def _written(value: Any, how: int) -> str:
    if how == 0:
        return json.dumps(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":") if how == 1 else (" ,\n", "\t: "))


_json = st.builds(_written, _messages, st.integers(0, 2)) | st.sampled_from(
    [
        "[]", "", "null", "{}", "[1", '[{"role":"user","role":"tool","parts":[{"type":"text","content":"a"}]}]',
        '[{"role":"user","parts":[{"type":"text","content":"a","content":"b"}]}]', "[NaN]", " [ ] ", "[] x",
        r'[{"role":"user","parts":[{"type":"text","content":"\ud800"}]}]',
        r'[{"role":"user","parts":[{"type":"text","content":"\ud83d\ude00\/\u00E9\u0001\u0022"}]}]',
        r'[{"r\u006fle":"user","parts":[{"type":"text","content":"a"}]}]',
        '[{"role":"user","parts":[{"type":"text","content":"a"}],"x":1e400}]',
        '[{"role":"user","parts":[{"type":"text","content":"a"}],"x":01}]',
        '[{"role":"user","parts":[{"type":"text","content":"tab\tin it"}]}]',
    ]
)  # fmt: skip
_parts_json = st.builds(_written, st.lists(_parts | st.just("a"), max_size=2), st.integers(0, 2))
_counts = st.sampled_from([0, 1, 77, 2**31, 2**53, 2**53 + 1, 2**63 - 1, -1, 42.0, "42", True, None, [1]])
_words = st.sampled_from(["r-1", "é", 'a"b', "", "x" * 600, 5, None, ["a"], 1.5, True])

_values = st.recursive(
    st.integers(-(2**53), 2**64) | st.floats() | st.booleans() | st.none() | _texts | st.just("plain"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "prompt_tokens", "é"]), inner, max_size=3)
    ),
    max_leaves=12,
)
USAGE_TEXTS = st.builds(
    _written, st.dictionaries(st.sampled_from(["a", "b", "total_tokens", ""]), _values, max_size=4), st.integers(0, 2)
) | st.sampled_from(
    ['{"a":1,"a":2}', '{"a":{"b":1,"b":1}}', '{"a":-0}', '{"a":01}', '{"a":1}}', '{"a":1', '{"a"}', '{"a":}', '{"a":1,}',
     '{"a":[1,]}', '{"a":[}', '{"a":[1}', '{"a":1]', '{"a":tru}', "{" + '"a":{' * 9 + "}" * 10, '{"a":1}{}', '{,"a":1}',
     '{"a":1e3}', '{"a":-}', '{"a":"b"', "{" + ",".join(f'"k{n}":{n}' for n in range(40)) + "}"]
)  # fmt: skip

ATTRIBUTES = st.one_of(
    st.tuples(st.sampled_from([semconv.INPUT_MESSAGES, semconv.OUTPUT_MESSAGES]), _json),
    st.tuples(st.just(semconv.SYSTEM_INSTRUCTIONS), _parts_json | _json),
    st.tuples(
        st.sampled_from(
            [
                semconv.INPUT_TOKENS, semconv.OUTPUT_TOKENS, semconv.CACHE_READ_TOKENS, semconv.CACHE_WRITE_5M_TOKENS,
                semconv.REASONING_TOKENS, semconv.CACHE_WRITE_TOKENS, semconv.STEP, semconv.ATTEMPT, semconv.STATUS_CODE,
            ]
        ),
        _counts,
    ),
    st.tuples(
        st.sampled_from(
            [
                semconv.RESPONSE_ID, semconv.RUN_ID, semconv.CONVERSATION_ID, semconv.USER_ID, semconv.TASK_NAME,
                semconv.SERVER_ADDRESS, semconv.ERROR_MESSAGE, "session.id", "enduser.id", "custom\"key", "otel.resource",
                semconv.USAGE_SOURCE, semconv.COMPLETENESS, semconv.WIRE_FORMAT, semconv.AGENT_NAME, semconv.TAGS,
            ]
        ),
        _words,
    ),
    st.tuples(
        st.just(semconv.TIME_TO_FIRST_CHUNK), st.sampled_from([0.25, 1.0, 1e-9, 3, "x", float("nan"), float("inf")])
    ),
    st.tuples(
        st.just(semconv.USAGE_RAW),
        st.sampled_from(['{"a": 1.50}', "{}", "[1]", "{", "", '{"b":"\\u00e9"}', 3, None]) | USAGE_TEXTS,
    ),
    st.tuples(st.just(semconv.USAGE_SOURCE), st.sampled_from(["absent", "estimated", "reported", "other", ""])),
    st.tuples(
        st.just(semconv.TOOL_DEFINITIONS),
        st.sampled_from(['[{"type":"function","name":"a"}]', "[]", "", '[{"type":"function","name":"b"}, 3]']),
    ),
    st.tuples(st.just(semconv.PARAMETERS), st.sampled_from(['{"temperature": 0.5}', "{}", "[", None])),
    st.tuples(st.just(semconv.TAGS), st.sampled_from(['{"a":1,"b":{}}', "[]"])),
    st.tuples(st.just(semconv.RETRY_OF), st.just([f"{1:032x}:{1:016x}"])),
    st.tuples(st.just(semconv.FINISH_REASONS), st.sampled_from([["stop"], ["length", "x"], "stop", None])),
)  # fmt: skip

SPANS = st.fixed_dictionaries(
    {
        "trace": st.sampled_from([b"", b"t" * 16, b"u" * 16, bytes(16)]),
        "span": st.sampled_from([b"", b"", b"s" * 8, bytes(8), b"short"]),
        "parent": st.sampled_from([b"", b"s" * 8, bytes(8), b"odd"]),
        "name": st.sampled_from(["chat", "é", semconv.OUTCOME_SPAN]),
        "scope": st.sampled_from([semconv.SCOPE] * 5 + ["other"]),
        "started": st.sampled_from([START_NS, 0, 2**63, START_NS + 5]),
        "message": st.sampled_from(["", "", "", "failed"]),
        "event": st.sampled_from([False, False, False, True]),
        "attributes": st.lists(ATTRIBUTES, max_size=7),
        "usual": st.sampled_from([True, True, True, False]),
    }
)


def forged_body(spans: list[dict[str, Any]], resource: dict[str, Any]) -> bytes:
    """``spans`` as SPANS makes them; ids that are "" are the span's own."""
    request = ExportTraceServiceRequest()
    of_resource = request.resource_spans.add()
    of_resource.resource.attributes.extend(KeyValue(key=k, value=value_of(v)) for k, v in resource.items())
    for number, given in enumerate(spans, start=1):
        scope = of_resource.scope_spans.add()
        scope.scope.name = given["scope"]
        own = number.to_bytes(16, "big")
        span = scope.spans.add(
            trace_id=given["trace"] or own, span_id=given["span"] or own[8:], parent_span_id=given["parent"], kind=3,
            name=given["name"], start_time_unix_nano=given["started"], end_time_unix_nano=given["started"] + 9,
        )  # fmt: skip
        if given["message"]:
            span.status.code, span.status.message = 2, given["message"]
        if given["event"]:
            span.events.add(name="e", time_unix_nano=1)
        pairs = [*(USUAL if given["usual"] else ()), *given["attributes"]]
        span.attributes.extend(KeyValue(key=key, value=value_of(value)) for key, value in pairs)
    return request.SerializeToString()
