"""The real exports posted raw to a real collector, traces and logs, in file order and reversed: what its reads count."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from collector.dialects.recordings import variants
from collector.processes import Process, running_collector, wait_until


@pytest.mark.parametrize("order", ["file order", "reversed"])
def test_counted_tokens_are_what_was_billed(shared_data: Path, tmp_path: Path, order: str) -> None:
    recorded = variants(shared_data)
    of_call = {
        call.call_id: variant.name
        for variant in recorded
        for request in variant.requests
        for call in request.records().calls
    }
    with running_collector(tmp_path) as collector:
        for variant in recorded:
            for request in variant.requests if order == "file order" else reversed(variant.requests):
                headers = {"Content-Type": request.content_type}
                if request.gzip:
                    headers["Content-Encoding"] = "gzip"
                answer = collector.client.post(request.path, content=request.body, headers=headers)
                assert answer.status_code == 200, (variant.name, answer.text)
        wait_until(lambda: _told(collector) == len(of_call), "every telling to be stored")
        counted = Counter[str]()
        for row in collector.rows("calls", limit=10_000, environment="all"):
            counted[of_call[row["call_id"]]] += row["input_tokens"] or 0
    assert counted == {variant.name: variant.expected_tokens() for variant in recorded}


def _told(collector: Process) -> int:
    """Calls stored, counted or not."""
    return sum(row["rows"] for row in collector.rows("info") if row["table_name"] == "calls")
