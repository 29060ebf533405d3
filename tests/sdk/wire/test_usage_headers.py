"""Bedrock's counts in headers, for models whose bodies state none."""

from __future__ import annotations

import pytest

from suffice.wire.call import Usage
from suffice.wire.usage_headers import CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, usage_in_headers


@pytest.mark.parametrize(
    ("headers", "usage"),
    [
        ({}, None),
        ({INPUT: "many"}, None),
        ({INPUT: "٣"}, None),
        ({INPUT: "7", OUTPUT: "3"}, Usage(7, 3, raw={INPUT: 7, OUTPUT: 3})),
        (
            {INPUT: "7", OUTPUT: "3", CACHE_READ: "10", CACHE_WRITE: "5"},
            Usage(22, 3, 10, 5, raw={INPUT: 7, OUTPUT: 3, CACHE_READ: 10, CACHE_WRITE: 5}),
        ),
        ({INPUT: "7"}, Usage(7, 0, raw={INPUT: 7})),  # an embedding
    ],
)
def test_counts(headers: dict[str, str], usage: Usage | None) -> None:
    assert usage_in_headers(headers) == usage
