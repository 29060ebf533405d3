"""Every client in three environments, against a real server: exactly one call each, and all of it right."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from environments import ROOT, python_of, variables
from sdk.local_servers import serving
from sdk.matrix import speakers
from sdk.matrix.cases import ALWAYS_WITH_TOOL, ANSWER, CASES, EVERYWHERE, QUESTION, RETRYING, TOOL, Case
from sdk.matrix.drive import run_name
from sdk.matrix.table import PAGE, render_page

USAGE = {"openai.chat": (41, 7), "anthropic.messages": (36, 9), "bedrock.invoke": (36, 9), "openai.embeddings": (21, 0)}
GROUPS = {"newest": "matrix newest", "openai2": "openai 2", "openai1": "matrix openai 1"}  # a worker each
QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "HF_HUB_DISABLE_TELEMETRY": "1", "NO_COLOR": "1"}


@cache
def outcome(environment: str) -> dict[str, Any]:
    """One process for all clients of an environment: what each got and what was recorded of it."""
    python = python_of(environment)
    with serving(speakers.speakers_server()) as server:
        done = subprocess.run(
            [str(python), "-m", "sdk.matrix.drive", environment, server.url],
            env=variables(ROOT / "sdk", ROOT / "tests") | QUIET,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def in_environment(environment: str) -> Callable[[Any], Any]:
    cases = [case for case in CASES if environment in case.environments]
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group(GROUPS["newest"])
@in_environment("newest")
def test_newest(case: Case) -> None:
    check(case, outcome("newest"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group(GROUPS["openai2"])
@in_environment("openai2")
def test_openai_2(case: Case) -> None:
    check(case, outcome("openai2"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group(GROUPS["openai1"])
@in_environment("openai1")
def test_openai_1(case: Case) -> None:
    check(case, outcome("openai1"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("environment", "speak"),
    [
        pytest.param(name, speak, marks=pytest.mark.xdist_group(GROUPS[name]))
        for name, speaks in RETRYING.items()
        for speak in speaks
    ],
)
def test_a_clients_own_retries_are_attempts_of_one_call(environment: str, speak: str) -> None:
    run = outcome(environment)["runs"][f"{speak} / busy"]
    assert "error" not in run, run["error"]
    assert run["answer"] == ANSWER
    seen = [
        (call["suffice.attempt"], call["http.response.status_code"], len(call.get("suffice.retry_of") or ()))
        for call in run["calls"]
    ]
    assert seen == [(1, 503, 0), (2, 503, 1), (3, 200, 2)]


def check(case: Case, seen: dict[str, Any]) -> None:
    for way, asked_with_tool in case.runs():
        run = seen["runs"][run_name(case, way, asked_with_tool)]
        assert "error" not in run, run["error"]
        (call,) = run["calls"]
        found = {name: call.get(name) for name in EXPECTED}
        found["question"] = texts(call, "gen_ai.input.messages")[-1]
        expected = {
            "suffice.wire_format": case.wire_format,
            "suffice.completeness": "complete",
            "suffice.usage.source": "reported",
            "gen_ai.request.model": case.model,
            "suffice.attempt": 1,
            "question": QUESTION,
        }
        input_tokens, output_tokens = USAGE.get(case.wire_format, (speakers.INPUT_TOKENS, speakers.OUTPUT_TOKENS))
        expected |= {"gen_ai.usage.input_tokens": input_tokens, "gen_ai.usage.output_tokens": output_tokens}
        assert found == expected, (way, asked_with_tool)
        check_answer(case, call, run["answer"], asked_with_tool or case.name in ALWAYS_WITH_TOOL)
        assert ("gen_ai.response.time_to_first_chunk" in call) >= way.endswith("stream")


EXPECTED = (
    "suffice.wire_format",
    "suffice.completeness",
    "suffice.usage.source",
    "gen_ai.request.model",
    "suffice.attempt",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
)


def check_answer(case: Case, call: dict[str, Any], answer: str, with_tool: bool) -> None:
    if case.wire_format == "openai.embeddings":
        assert answer == "[0.5, 0.25]"
        return
    if not with_tool:
        assert (answer, texts(call, "gen_ai.output.messages")) == (ANSWER, [ANSWER])
        assert "gen_ai.tool.definitions" not in call
        return
    assert json.loads(answer) == speakers.ARGUMENTS
    (message,) = json.loads(call["gen_ai.output.messages"])
    called = [(part["name"], part["arguments"]) for part in message["parts"] if part["type"] == "tool_call"]
    assert called == [(TOOL, speakers.ARGUMENTS)]
    assert [tool["name"] for tool in json.loads(call["gen_ai.tool.definitions"])] == [TOOL]


def texts(call: dict[str, Any], name: str) -> list[str]:
    messages = json.loads(call[name])
    return [part["content"] for message in messages for part in message["parts"] if part["type"] == "text"]


def test_the_page_is_current() -> None:
    page = PAGE.read_text()
    assert page == render_page(page), "run: python tests/sdk/matrix/table.py"


def test_every_environment_has_cases_and_every_case_a_way() -> None:
    assert {name for case in CASES for name in case.environments} == set(EVERYWHERE)
    assert all(case.runs() for case in CASES)
    assert len({case.name for case in CASES}) == len(CASES)
