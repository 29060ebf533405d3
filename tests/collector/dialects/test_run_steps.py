"""Tools and agents of every recorded dialect are steps of their run, in order, each under the step it belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest
from collector.dialects.recordings import Variant, variants

from suffice_collector.duplicates import DuplicateFinder
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore
from suffice_store.reads.steps import step_of

# variant -> (agents, tools) in the run of its weather agent
AGENTIC = {
    "google-adk": (2, 1), "langfuse-lc": (1, 1), "ms-agent-framework": (1, 1), "openinference-langchain-only": (1, 1),
    "openinference-openai-agents": (2, 1), "openllmetry-langchain+openai": (2, 1), "pydantic-ai-v6": (1, 1),
    "pydantic-ai1x-v1-attributes": (1, 1), "strands-default": (1, 1), "vercel-ai-legacy": (1, 1),
    "vercel-ai-otel": (1, 1), "claude-code-traces-beta": (1, 0),
}  # fmt: skip


@pytest.fixture(scope="module")
def recorded(shared_data: Path) -> dict[str, Variant]:
    return {variant.name: variant for variant in variants(shared_data)}


@pytest.mark.parametrize("name", AGENTIC)
def test_the_agents_and_tools_of_a_run(recorded: dict[str, Variant], name: str) -> None:
    finder = DuplicateFinder()
    with FileStore(":memory:") as store:
        runs = set()
        for request in recorded[name].requests:
            records = request.records()
            finder.find(records.calls, records.spans)
            store.append(build_tables(records, 1))
            runs |= {call.run_id for call in records.calls if call.run_id}
        steps = {run: store.read("run_steps", run_id=run).to_pylist() for run in sorted(runs)}
    told = [[step["kind"] for step in of_run] for of_run in steps.values()]
    counts = {(kinds.count("agent"), kinds.count("tool")) for kinds in told}
    assert AGENTIC[name] in counts
    for of_run in steps.values():
        assert [step["started_ns"] for step in of_run] == sorted(step["started_ns"] for step in of_run)
        assert "http" not in {step["kind"] for step in of_run}


@pytest.mark.parametrize(
    ("name", "attributes", "expected"),
    [
        ("x", {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look"}, ("tool", "look")),
        ("x", {"mlflow.spanType": '"RETRIEVER"'}, ("retrieval", "x")),
        ("codex.tool_result", {"tool_name": "exec"}, ("tool", "exec")),
        ("user_prompt", {"prompt": "hi"}, ("prompt", "user_prompt")),
        ("POST", {"http.method": "POST"}, ("http", "POST")),
        ("x", {"gen_ai.operation.name": ["execute_tool"], "tool.name": 7}, ("other", "x")),
        ("x", {}, ("other", "x")),
    ],
)
def test_what_a_span_is(name: str, attributes: dict[str, object], expected: tuple[str, str]) -> None:
    assert step_of(name, attributes) == expected
