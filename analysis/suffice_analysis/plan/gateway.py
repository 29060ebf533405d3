"""LiteLLM configurations, one for each step, as its proxy documents them (``model_list``, ``router_settings``, ``litellm_settings``).

The app goes on asking for the baseline's name. ``hook.py`` recognises the task in a request and asks for the group of the task
instead, in which LiteLLM's own means do the rest: ``silent_model`` (traffic mirroring) for the shadow, ``weight`` under
``simple-shuffle`` for the parts, ``fallbacks`` for answers that never come. Rolling back is loading ``0-today.yaml``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from suffice_analysis.plan.hook import task_group
from suffice_analysis.plan.rollout import MOVED
from suffice_analysis.replay.candidates import Candidate

FILES = {"today": "0-today.yaml", "shadow": "1-shadow.yaml", "5 percent": "2-five-percent.yaml", "50 percent": "3-half.yaml", "full": "4-full.yaml"}  # fmt: skip
HOOK = "suffice_hook.handler"
_PREFIX = {"openai": "openai", "anthropic": "anthropic", "gemini": "gemini", "bedrock": "bedrock/converse"}
# gen_ai.provider.name -> LiteLLM's prefix and the variable that holds the key
_PROVIDERS = {
    "openai": ("openai", "OPENAI_API_KEY"), "anthropic": ("anthropic", "ANTHROPIC_API_KEY"),
    "gcp.gemini": ("gemini", "GEMINI_API_KEY"), "gcp.gen_ai": ("gemini", "GEMINI_API_KEY"), "gcp.vertex_ai": ("vertex_ai", None),
    "aws.bedrock": ("bedrock/converse", "AWS_BEARER_TOKEN_BEDROCK"), "azure.ai.openai": ("azure", "AZURE_API_KEY"),
    "mistral_ai": ("mistral", "MISTRAL_API_KEY"), "cohere": ("cohere_chat", "COHERE_API_KEY"), "groq": ("groq", "GROQ_API_KEY"),
    "deepseek": ("deepseek", "DEEPSEEK_API_KEY"), "x_ai": ("xai", "XAI_API_KEY"), "perplexity": ("perplexity", "PERPLEXITYAI_API_KEY"),
    "ollama": ("ollama_chat", None),
}  # fmt: skip
_KNOWN_HOSTS = re.compile(
    r"(?:^|\.)(?:openai|anthropic|googleapis|amazonaws|mistral|cohere|groq|deepseek|x|perplexity)\.(?:com|ai)$"
)


def candidate_group(task_id: str) -> str:
    """The candidate alone, as the shadow's target and what the hook tells the parts apart by."""
    return f"{task_group(task_id)}-candidate"


def gateway_config(
    step: str, task_id: str, baseline: Mapping[str, Any], candidate: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The configuration of a step of ``MOVED``, or of ``today``. ``baseline``: model, provider, server_address."""
    recorded = baseline_params(baseline)
    today = {"model_name": baseline["model"], "litellm_params": recorded}
    if step == "today" or candidate is None:
        return {"model_list": [today]}
    moved, group = MOVED[step], task_group(task_id)
    params = candidate_params(candidate)
    own: dict[str, Any] = {**recorded, "weight": round(100 * (1 - moved))}
    if not moved:
        own = {**recorded, "silent_model": candidate_group(task_id)}
    members = [_member(group, own, "baseline", task_id)]
    if moved:
        members.append(_member(group, {**params, "weight": round(100 * moved)}, "candidate", task_id))
    return {
        "model_list": [today, *members, _member(candidate_group(task_id), params, "candidate-alone", task_id)],
        "router_settings": {"routing_strategy": "simple-shuffle", "fallbacks": [{group: [baseline["model"]]}]},
        "litellm_settings": {"callbacks": [HOOK]},
    }


def baseline_params(baseline: Mapping[str, Any]) -> dict[str, Any]:
    """What LiteLLM asks the recorded model with."""
    known = _PROVIDERS.get(str(baseline.get("provider") or ""))
    prefix, key = known if known is not None else ("openai", "OPENAI_API_KEY")
    params: dict[str, Any] = {"model": f"{prefix}/{baseline['model']}"}
    host = str(baseline.get("server_address") or "")
    if host and not _KNOWN_HOSTS.search(host) and prefix in ("openai", "ollama_chat"):
        params["api_base"] = f"https://{host}/v1"
    if key:
        params["api_key"] = f"os.environ/{key}"
    return params


def candidate_params(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The same of the candidate, from what its campaign stored."""
    candidate = Candidate(**stored)
    params: dict[str, Any] = {
        "model": f"{_PREFIX[candidate.format]}/{candidate.model}",
        "timeout": candidate.timeout_s,
        "api_key": f"os.environ/{candidate.key_name}" if candidate.key_name else "none",  # local servers take any
    }
    if candidate.format == "openai" or not _KNOWN_HOSTS.search(candidate.host):
        params["api_base"] = candidate.url
    prices = {"input": candidate.input_usd_per_mtok, "output": candidate.output_usd_per_mtok}
    return params | {f"{name}_cost_per_token": usd / 1e6 for name, usd in prices.items() if usd is not None}


def _member(group: str, params: Mapping[str, Any], role: str, task_id: str) -> dict[str, Any]:
    return {"model_name": group, "litellm_params": dict(params), "model_info": {"id": f"{task_id}-{role}"}}


def render_yaml(value: Any, indent: int = 0) -> str:
    """YAML of what JSON can hold: its texts in quotation marks, which YAML reads as JSON does."""
    pad = " " * indent
    if isinstance(value, Mapping) and value:
        return "".join(
            f"{pad}{name if _is_plain(name) else json.dumps(name)}:{_below(each, indent)}"
            for name, each in value.items()
        )
    if isinstance(value, list) and value:
        return "".join(f"{pad}- {render_yaml(each, indent + 2).lstrip()}" for each in value)
    return f"{pad}{_scalar(value)}\n"


def _scalar(value: Any) -> str:
    """As JSON, but for small numbers: YAML 1.1 takes ``1e-06`` for a text."""
    return f"{Decimal(repr(value)):f}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _below(value: Any, indent: int) -> str:
    if isinstance(value, (Mapping, list)) and value:
        return "\n" + render_yaml(value, indent + 2)
    return f" {_scalar(value)}\n"


def _is_plain(name: str) -> bool:
    """Whether a key may stand without quotation marks: a word that YAML does not read as something else."""
    return re.fullmatch(r"[A-Za-z_]\w{2,}", name) is not None and name.lower() not in (
        "yes",
        "off",
        "true",
        "false",
        "null",
    )
