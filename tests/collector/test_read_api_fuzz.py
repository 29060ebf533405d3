"""Schemathesis over the read API's own OpenAPI document, with a key of project b: no 5xx, and nothing of project a.

Values are made after the document, good and bad; half of them are replaced by ids, names and markers of project a, since
chance alone would never ask for those. ``SUFFICE_FUZZ_REQUESTS`` sets how many (10,000 is the full run).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from collector.tenants import MARKERS, Served, tenants
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from suffice_collector.openapi import describe

REQUESTS = int(os.environ.get("SUFFICE_FUZZ_REQUESTS", "250"))
KEYS = ("b-admin", "b-auditor", "b-analyst", "b-reader", "b-ingest")
REASON = {"X-Suffice-Reason": "fuzz"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with tenants(tmp_path_factory.mktemp("fuzz")) as running:
        yield running


def operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(describe())
    return [found.ok() for found in schema.get_all_operations()]


def strategies() -> Iterator[Any]:
    """Good values for everything; bad ones for reads (a command's arguments may be any JSON, of which none is bad)."""
    for operation in operations():
        yield operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        if "/read/" in operation.path:
            yield operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


CASES = st.one_of(list(strategies()))


def test_the_document_names_every_read_and_command() -> None:
    paths = {op.path for op in operations()}
    assert {"/api/v1/read/overview", "/api/v1/commands/decide", "/api/v1/health", "/api/v1/audit"} <= paths
    assert len(paths) > 40


def test_no_server_error_and_nothing_of_another_project(served: Served) -> None:
    seen: Counter[int] = Counter()
    session = requests.Session()
    session.trust_env = False
    stolen = st.sampled_from([*told_to_b(served), "a", "*", ""])
    before = stored_of_a(served)

    @seed(20261125)
    @settings(
        max_examples=REQUESTS,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(case=CASES, key=st.sampled_from(KEYS), steal=st.booleans(), data=st.data())
    def ask(case: Any, key: str, steal: bool, data: st.DataObject) -> None:
        if steal:
            steal_into(case, lambda: data.draw(stolen))
        asked = repr((case.query, case.body, case.headers)).encode()
        secret_key = served.keys[key]
        answer = case.call(
            base_url=served.url, headers={"Authorization": f"Bearer {secret_key}", **REASON}, session=session
        )
        seen[answer.status_code] += 1
        assert answer.status_code < 500, (case.path, asked, answer.text)
        body = answer.content
        for secret in secrets_of_a(served):
            assert secret not in body, (case.path, asked, answer.text[:2000])

    with session:
        ask()
    assert seen.total() >= REQUESTS * 0.9
    assert seen[200] > REQUESTS * 0.1, seen
    assert seen[403] > 0, seen
    assert stored_of_a(served) == before
    print(dict(seen))


CALLS = 12


def told_to_b(served: Served) -> list[str]:
    """Ids of a that b knows and asks with; an answer may repeat them."""
    return [*served.ids["a"][:4], *(each for each in served.ids["a"][CALLS:] if each != MARKERS["a"])]


def secrets_of_a(served: Served) -> list[bytes]:
    """What b never said itself: the marker in every text of a, and the other calls' ids."""
    return [MARKERS["a"].encode(), *(each.encode() for each in served.ids["a"][4:CALLS])]


def stored_of_a(served: Served) -> list[dict[str, Any]]:
    rows = served.rows("admin", "info")
    return [row for row in rows if row["project"] == "a"]


def steal_into(case: Any, draw: Any) -> None:
    """Ids of project a in place of what was made, in the query and in the body."""
    for values in (case.query, case.body):
        if isinstance(values, dict):
            for name in list(values):
                if name in (
                    "project",
                    "call_id",
                    "run_id",
                    "task_id",
                    "analysis_id",
                    "search",
                    "target_id",
                    "duplicate_of",
                    "key_id",
                ):
                    values[name] = draw()


def test_the_search_for_secrets_can_find_them(served: Served) -> None:
    """The control: with a's own key the same look at an answer does find what is a's."""
    body = served.get("a-admin", "/api/v1/read/analysis_calls").content
    assert any(secret in body for secret in secrets_of_a(served))
