"""Encodings and limits of request bodies, and answers in the sender's own content type."""

from __future__ import annotations

import gzip
import json

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from suffice_collector.bodies import BodyTooLargeError, export_error, export_response, inflate, media_type
from suffice_collector.otlp import MalformedBodyError


def test_gzip_of_one_and_of_several_members() -> None:
    assert inflate(gzip.compress(b"one")) == b"one"
    assert inflate(gzip.compress(b"one") + gzip.compress(b"two")) == b"onetwo"
    assert inflate(b"") == b""


@pytest.mark.parametrize("body", [b"plain text", gzip.compress(b"x" * 1000)[:-9], gzip.compress(b"x") + b"trailing"])
def test_what_is_not_whole_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        inflate(body)


def test_a_bomb_is_refused_at_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    assert len(bomb) < 20_000
    with pytest.raises(BodyTooLargeError, match="1000 bytes"):
        inflate(bomb, limit=1000)
    assert len(inflate(bomb, limit=10_000_000)) == 10_000_000


def test_a_bomb_in_many_members_is_refused_too() -> None:
    with pytest.raises(BodyTooLargeError):
        inflate(gzip.compress(b"\0" * 600) * 2, limit=1000)


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, ""), ("application/json", "application/json"), ("Application/JSON; charset=utf-8", "application/json")],
)
def test_media_type(header: str | None, expected: str) -> None:
    assert media_type(header) == expected


class TestAnswers:
    def test_full_success_leaves_partial_success_unset(self) -> None:
        assert export_response("application/json").body == b"{}"
        answer = ExportTraceServiceResponse.FromString(bytes(export_response("application/x-protobuf").body))
        assert not answer.HasField("partial_success")

    def test_partial_success_counts_and_says_why(self) -> None:
        body = json.loads(bytes(export_response("application/json", 2, "bad ids").body))
        assert body == {"partialSuccess": {"rejectedSpans": "2", "errorMessage": "bad ids"}}
        answer = ExportTraceServiceResponse.FromString(
            bytes(export_response("application/x-protobuf", 2, "bad ids").body)
        )
        assert (answer.partial_success.rejected_spans, answer.partial_success.error_message) == (2, "bad ids")

    def test_errors_are_google_rpc_status_in_the_requests_type(self) -> None:
        refused = export_error("application/x-protobuf", 400, "no")
        assert refused.headers["content-type"] == "application/x-protobuf"
        assert Status.FromString(bytes(refused.body)) == Status(code=3, message="no")
        busy = export_error("application/json", 503, "later", {"Retry-After": "1"})
        assert json.loads(bytes(busy.body)) == {"code": 14, "message": "later"}
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
