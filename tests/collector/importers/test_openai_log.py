"""The neutral call log, line by line."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from collector.importers.examples import json_lines, logged

from suffice.wire.call import Call, Usage
from suffice_collector.importers import openai_log
from suffice_collector.importers.contract import Context, Read, Skipped
from suffice_store.records import CallRecord, OutcomeRecord


def read(content: bytes, **context: Any) -> list[Read]:
    return list(openai_log.read(io.BytesIO(content), Context(**context)))


def read_call(**fields: Any) -> CallRecord:
    (record,) = read(json_lines([logged(**fields)]))
    assert isinstance(record, CallRecord)
    return record


def test_a_whole_record() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    response = logged()["response"] | {"usage": usage, "id": "chatcmpl-1"}
    record = read_call(response=response, service="shop", trace_id="t1", timestamp=1_700_000_000, workload_id="faq")
    assert record == CallRecord(
        call=Call(
            wire_format="openai.chat",
            operation="chat",
            provider="openai",
            request_model="gpt-4o",
            response_model="gpt-4o-2024-08-06",
            input_messages=[{"role": "user", "parts": [{"type": "text", "content": "Question 1?"}]}],
            output_messages=[
                {"role": "assistant", "parts": [{"type": "text", "content": "Yes."}], "finish_reason": "stop"}
            ],
            usage=Usage(9, 2, raw=usage),
            response_id="chatcmpl-1",
            finish_reasons=["stop"],
        ),
        call_id=record.call_id,
        external_id="log-1",
        trace_id="t1",
        run_id="t1",
        service="shop",
        started_ns=1_700_000_000_000_000_000,
        source="import",
        dialect="openai-log",
        attributes={"workload_id": "faq"},
    )


def test_what_the_log_does_not_say_stays_unknown_and_tokens_are_estimates() -> None:
    record = read_call()
    assert (record.started_ns, record.ended_ns, record.service, record.run_id) == (None, None, None, None)
    assert record.call.usage == Usage(10, 2, source="estimated")
    (served,) = read(json_lines([logged()]), service="shop")
    assert isinstance(served, CallRecord)
    assert served.service == "shop"


def test_data_flywheels_shape() -> None:
    line = {"timestamp": 1_700_000_000, "client_id": "shop", "workload_id": "faq"} | logged(id=None)
    (record,) = read(json_lines([line]))
    assert isinstance(record, CallRecord)
    assert (record.service, record.external_id, record.task_name) == ("shop", None, None)
    assert record.attributes == {"workload_id": "faq"}


def test_the_maker_is_told_by_the_models_name() -> None:
    request = logged()["request"] | {"model": "claude-3-5-sonnet", "user": "ann"}
    record = read_call(request=request, response={})
    assert (record.call.provider, record.user_id, record.call.completeness) == ("anthropic", "ann", "partial")
    assert record.call.usage is None


def test_an_error_is_an_error() -> None:
    call = read_call(response={"error": {"message": "slow down", "code": "rate_limit"}}).call
    assert (call.completeness, call.error_type, call.error_message) == ("error", "rate_limit", "slow down")


def test_an_outcome_follows_its_call() -> None:
    record, outcome = read(json_lines([logged(outcome={"ok": True, "score": 0.5})]), now_ns=7)
    assert isinstance(record, CallRecord)
    assert outcome == OutcomeRecord("default", "call", record.call_id, True, 0.5, None, "openai-log", 7)


def test_broken_lines_are_numbered_and_stop_nothing() -> None:
    good = json.dumps(logged()).encode()
    content = b"\n".join(
        [good[:40], b"", b"[1]", b'{"request": {"prompt": "x"}}', b"\xff\xfe\x00", b"[" * 500 + b"]" * 500, good]
    )
    assert read(content)[:-1] == [
        Skipped(1, "not JSON"),
        Skipped(3, "not a JSON object"),
        Skipped(4, "no request with messages"),
        Skipped(5, "not JSON"),
        Skipped(6, "not JSON"),
    ]
    assert isinstance(read(content)[-1], CallRecord)


def test_ids_come_from_the_log_with_the_request() -> None:
    """Two logs may both count from 1; a log written again with a late outcome tells of the same calls."""
    one = read_call(id=1)
    assert one.external_id == "1"
    assert read_call(id=1, outcome=None, note="later").call_id == one.call_id
    assert read_call(id="1", number=2).call_id != one.call_id
    assert read_call(id=2).call_id != one.call_id


def test_without_an_id_equal_lines_are_calls_of_their_own() -> None:
    line = logged(id=None)
    again = dict(reversed(line.items()))
    records = read(json_lines([line, again, logged(2, id=None)]))
    ids = [each.call_id for each in records if isinstance(each, CallRecord)]
    assert len(set(ids)) == 3
    assert [each.call_id for each in read(json_lines([again, line])) if isinstance(each, CallRecord)] == ids[:2]


def test_json_that_the_fast_parser_refuses_is_read_all_the_same() -> None:
    line = json.dumps(logged(id=None, score=float("nan"))).replace("Yes.", r"Yes \ud83d.")
    (record,) = read(line.encode())
    assert isinstance(record, CallRecord)
    assert record.call.output_messages[0]["parts"] == [{"type": "text", "content": "Yes \ufffd."}]


def test_large_unknown_fields_are_left_out() -> None:
    assert read_call(trace="x" * 3000, note={"a": 1}).attributes == {"note": {"a": 1}}


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (json_lines([logged()]), True),
        (b"\xef\xbb\xbf" + json_lines([logged()]), True),
        (b"{broken\n" + json_lines([logged()]), True),
        (json_lines([logged()])[:-20], True),
        (json_lines([{"request": {"prompt": "x"}}]), False),
        (b'{"messages": []}\n', False),
        (b"", False),
    ],
)
def test_recognises(head: bytes, known: bool) -> None:
    assert openai_log.recognises(head, "x") is known
