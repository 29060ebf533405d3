"""What has yet to be spent once before a task runs on something else: replay, fine-tuning, an engineer's hours.

Fine-tuning is counted for every SLM, needed or not, because nobody knows before the replay. Of a model that is proven as it is
neither is counted: that replay is paid for, whatever is decided, and nothing is left to be tuned. Its integration and its checks
(in the engineer's hours, and each month 2 % of the moved calls judged) are still to come. GPU hours of fine-tuning are
6 x parameters x tokens of the examples x epochs (the usual count of FLOPs of a training step; LoRA needs about two thirds of it),
over what of the GPU's peak is reached.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from suffice_analysis.savings.alternatives import Case, Number
from suffice_analysis.savings.assumptions import Scenario

PEAK_FLOPS = 989e12  # H100 SXM, dense BF16, by NVIDIA's data sheet
HOURS = {
    "caching_batch": "caching_hours",
    "small_tier": "small_tier_hours",
    "hosted_slm": "slm_hours",
    "self_hosted_slm": "slm_hours",
}


def one_off(name: str, case: Case, scenario: Scenario) -> Mapping[str, Number]:
    """USD by what they are for, of one task; what a fleet of GPUs takes is :func:`fleet_set_up`."""
    engineering = scenario[HOURS[name]] * scenario["engineer_usd_per_hour"]
    return {"engineering": engineering, **({} if case.proven(name) else until_proven(name, case, scenario))}


def until_proven(name: str, case: Case, scenario: Scenario) -> Mapping[str, Number]:
    """USD of what it takes to know that the model suffices; nothing of today's own."""
    if name == "caching_batch":
        return {}
    costs = {"replay": replay_usd(case, scenario)}
    if name != "small_tier":
        model = case.own if name == "self_hosted_slm" else case.candidate
        params = model.params_b if model else 8.0
        costs["fine_tuning"] = fine_tuning_usd(case, scenario, params)
    return costs


def fleet_set_up(scenario: Scenario) -> Number:
    """USD, once for all tasks that share the GPUs."""
    return scenario["self_host_hours"] * scenario["engineer_usd_per_hour"]


def replay_usd(case: Case, scenario: Scenario) -> Number:
    """USD for the judge; a small model's own answers cost a hundredth of it and are left out."""
    calls = max(case.calls, 1)
    return scenario["replayed_calls"] * (case.paid or 0.0) / calls * scenario["today_price"]


def fine_tuning_usd(case: Case, scenario: Scenario, params_b: float) -> Number:
    """USD of GPU time for all runs until one is kept."""
    hourly = scenario["gpu_usd_per_hour"] * (1 + scenario["gpu_overhead"])
    return tuning_hours(case, scenario, params_b) * hourly


def tuning_hours(case: Case, scenario: Scenario, params_b: float) -> Number:
    """GPU hours of all runs."""
    calls = max(case.calls, 1)
    examples = np.minimum(case.profile.calls, scenario["tuning_examples"])
    tokens = examples * (case.input_tokens + case.output_tokens) / calls * scenario["tuning_epochs"]
    flops = 6 * params_b * 1e9 * tokens * scenario["tuning_runs"]
    return flops / (PEAK_FLOPS * scenario["tuning_flops_share"]) / 3600
