"""Taken as it came only where the store would write it so; and what providers really say of usage is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest
from collector.columnar.bodies import USAGE_TEXTS
from hypothesis import given, settings
from sdk.wire.recorded import recordings

from suffice_collector.columnar.as_written import DEEPEST, MOST_NAMES, find_as_written
from suffice_collector.columnar.wire import OK, SPAN_COLUMNS

pytestmark = pytest.mark.usefixtures("compiled")


def is_as_written(text: str) -> bool:
    body = np.frombuffer(b"before" + text.encode() + b"}]after", np.uint8)
    spans, slots = np.zeros((1, SPAN_COLUMNS), np.int64), np.zeros((1, 1, 2), np.int64)
    spans[0, OK], slots[0, 0] = 1, (6, len(text.encode()))
    found = np.zeros(1, np.bool_)
    find_as_written(body, spans, slots, 0, np.empty((DEEPEST, MOST_NAMES, 2), np.int64), found)
    return bool(found[0])


@given(USAGE_TEXTS)
@settings(max_examples=400)
def test_only_what_would_be_written_so(text: str) -> None:
    if is_as_written(text):
        value = orjson.loads(text)
        assert value
        assert orjson.dumps(value).decode() == text


@pytest.mark.parametrize(
    "text",
    [
        '{"prompt_tokens":700,"completion_tokens":100,"total_tokens":800}',
        '{"a":{"b":1},"c":{"b":2,"d":[]},"e":[{"b":1},{"b":2}],"f":null,"g":true,"h":"x","i":-5,"j":{}}',
    ],
)
def test_usage_as_providers_tell_it(text: str) -> None:
    assert is_as_written(text)


@pytest.mark.parametrize(
    "text",
    ["{}", "", "1", "[1]", '{"a":1,"a":1}', '{"a": 1}', '{"a":1.0}', '{"a":-0}', '{"a":"é"}', '{"a":1}}', '{"a":1]'],
)
def test_what_is_left_to_the_general_reader(text: str) -> None:
    assert not is_as_written(text)


@pytest.mark.shared
def test_recorded_usage(shared_data: Path) -> None:
    raws = [call.usage.raw for _, call in recordings(shared_data) if call is not None and call.usage and call.usage.raw]
    taken = [is_as_written(orjson.dumps(raw).decode()) for raw in raws]
    assert len(raws) > 500
    assert sum(taken) > 0.9 * len(taken)
