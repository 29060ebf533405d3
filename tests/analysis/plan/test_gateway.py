"""LiteLLM's configurations: the parts as they should be, YAML that any parser reads, keys where they belong, the hook."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from analysis.replay.test_campaign import task_id

from suffice_analysis.plan.folder import make_plan, write_plan
from suffice_analysis.plan.gateway import (
    FILES,
    baseline_params,
    candidate_params,
    gateway_config,
    render_yaml,
)
from suffice_analysis.plan.hook import MOVED_BY, Hook, task_group
from suffice_analysis.plan.subject import read_subject
from suffice_analysis.replay.candidates import Candidate
from suffice_store import Store

BASELINE = {"model": "gpt-6.1-sol", "provider": "openai", "server_address": "api.openai.com"}
CANDIDATE = asdict(
    Candidate(model="tiny", url="http://gpu:8000/v1", input_usd_per_mtok=0.06, output_usd_per_mtok=0.14, key_env="BOX")
)


@pytest.mark.parametrize(("step", "weights"), [("5 percent", [95, 5]), ("50 percent", [50, 50]), ("full", [2, 98])])
def test_the_group_of_the_task_is_shared_by_weight(step: str, weights: list[int]) -> None:
    config = gateway_config(step, "t_1", BASELINE, CANDIDATE)
    group = [each for each in config["model_list"] if each["model_name"] == task_group("t_1")]
    assert [each["litellm_params"]["weight"] for each in group] == weights
    assert [each["litellm_params"]["model"] for each in group] == ["openai/gpt-6.1-sol", "openai/tiny"]
    assert config["router_settings"]["fallbacks"] == [{task_group("t_1"): ["gpt-6.1-sol"]}]


def test_in_the_shadow_the_baseline_answers_and_the_candidate_is_asked_too() -> None:
    config = gateway_config("shadow", "t_1", BASELINE, CANDIDATE)
    (member,) = [each for each in config["model_list"] if each["model_name"] == task_group("t_1")]
    assert member["litellm_params"]["model"] == "openai/gpt-6.1-sol"
    assert member["litellm_params"]["silent_model"] in [each["model_name"] for each in config["model_list"]]


def test_today_is_what_there_was() -> None:
    assert gateway_config("today", "t_1", BASELINE, CANDIDATE) == {
        "model_list": [
            {
                "model_name": "gpt-6.1-sol",
                "litellm_params": {"model": "openai/gpt-6.1-sol", "api_key": "os.environ/OPENAI_API_KEY"},
            }
        ]
    }


def test_keys_stand_by_name_and_a_vendors_goes_to_the_vendor_alone() -> None:
    assert candidate_params(CANDIDATE)["api_key"] == "os.environ/BOX"
    assert candidate_params(CANDIDATE | {"key_env": ""})["api_key"] == "none"
    assert (
        candidate_params(CANDIDATE | {"key_env": "", "url": "https://api.openai.com/v1"})["api_key"]
        == "os.environ/OPENAI_API_KEY"
    )
    anthropic = candidate_params(CANDIDATE | {"format": "anthropic", "url": "https://api.anthropic.com", "key_env": ""})
    assert (anthropic["model"], anthropic["api_key"]) == ("anthropic/tiny", "os.environ/ANTHROPIC_API_KEY")
    assert "api_base" not in anthropic
    own = baseline_params({"model": "m", "provider": "unknown", "server_address": "llm.example.com"})
    assert own["api_base"] == "https://llm.example.com/v1"


@pytest.mark.parametrize(
    "value",
    [
        gateway_config("full", "t_1", BASELINE, CANDIDATE),
        {"a": [], "b": {}, "c": [[1, 2], {"no": None}], "1": "x: y # z", "y": 6e-08, "é": "“ü”"},
    ],
)
def test_the_yaml_is_read_back(value: Any) -> None:
    assert yaml.safe_load(render_yaml(value)) == value


class Loopback(Hook):
    """Instead of LiteLLM's router: notes what it is asked."""

    async def ask(self, **request: Any) -> Any:
        self.asked = request
        return {"choices": [{"message": {"content": "from the baseline"}}]}


@pytest.fixture
def hook(store: Store, tmp_path: Path) -> Loopback:
    write_plan(
        store,
        "default",
        make_plan(store, "default", read_subject(store, "default", task_id(store, "classification")), examples=10),
        tmp_path / "plan",
    )
    return Loopback(tmp_path / "plan")


def request(text: str = "Ticket about billing: word1 word2", **more: Any) -> dict[str, Any]:
    system = "You classify tickets of our shop. Answer with one category and nothing else: billing, shipping, returns, other."
    messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    return {"model": "gpt-6.1-sol", "messages": messages, "temperature": 0} | more


def before(hook: Hook, data: dict[str, Any]) -> dict[str, Any]:
    moved: dict[str, Any] = asyncio.run(hook.async_pre_call_hook(None, None, data, "completion"))
    return moved


def after(hook: Hook, data: dict[str, Any], answer: str) -> Any:
    response = {"choices": [{"message": {"content": answer}}]}
    got = asyncio.run(hook.async_post_call_success_hook(data, None, response))
    return got["choices"][0]["message"]["content"]


def test_the_tasks_requests_are_moved_and_no_others(hook: Loopback) -> None:
    assert before(hook, request())["model"] == task_group(hook.task_id)
    for other in (
        request(stream=True),
        request(n=2),
        request(model="another"),
        request() | {"messages": [{"role": "user", "content": "Tell me a joke"}]},
        {"model": "gpt-6.1-sol", "messages": 3},
    ):
        assert before(hook, dict(other))["model"] == other["model"]
    assert hook.moved == 1


def test_an_answer_out_of_form_is_asked_of_the_baseline_with_the_same_request(hook: Loopback) -> None:
    data = before(hook, request())
    assert after(hook, data, "shipping") == "shipping"
    assert (
        after(hook, data, "I am not quite sure about it, but it may be a question of billing or of shipping")
        == "from the baseline"
    )
    assert hook.asked == {name: request()[name] for name in ("messages", "temperature")} | {"model": "gpt-6.1-sol"}
    assert hook.sent_back == 1


def test_answers_of_other_requests_are_not_looked_at(hook: Loopback) -> None:
    assert after(hook, request(), "whatever") == "whatever"
    assert after(hook, {"metadata": None}, "whatever") == "whatever"
    assert hook.sent_back == 0


def test_a_fault_in_the_hook_loses_no_answer(hook: Loopback) -> None:
    data = {"metadata": {MOVED_BY: "gpt-6.1-sol"}}
    assert asyncio.run(hook.async_post_call_success_hook(data, None, {"choices": []})) == {"choices": []}


def test_the_folders_module_is_what_litellm_documents(hook: Loopback, tmp_path: Path) -> None:
    written = (tmp_path / "plan" / "suffice_hook.py").read_text()
    compile(written, "suffice_hook.py", "exec")
    loaded = yaml.safe_load((tmp_path / "plan" / FILES["full"]).read_text())
    assert loaded["litellm_settings"]["callbacks"] == ["suffice_hook.handler"]
    assert "handler = Handler(" in written
    for name in ("async_pre_call_hook", "async_post_call_success_hook", "ask"):  # LiteLLM asks vars(type(handler))
        assert re.search(rf"^    (?:async def )?{name}\b", written, re.MULTILINE)
    assert json.loads((tmp_path / "plan" / "plan.json").read_text())["task_id"] == hook.task_id
