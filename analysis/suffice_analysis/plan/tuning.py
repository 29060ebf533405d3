"""A LoRA recipe for TRL's ``trl sft --config``, and what a run costs by the assumptions of the savings.

The settings are those of NVIDIA's data flywheel (LoRA, rank 32, 2 epochs, learning rate 1e-4, batches of 16); QLoRA is the same with
the base model in 4 bits (T. Dettmers and others 2023, arXiv 2305.14314), for one GPU of 16 to 24 GB. Hours: 6 x parameters x tokens, over
what of the GPU's peak is reached (``savings/one_off.py``). Nothing here was trained by us: the recipe is a start, the replay decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from suffice_analysis import data
from suffice_analysis.savings.assumptions import Scenario
from suffice_analysis.savings.one_off import PEAK_FLOPS

RANK, LEARNING_RATE, BATCH = 32, 1e-4, 16
FEW = 50  # examples: with fewer distil labs' own students fell from 0.86 to 0.65 (five traces)
DEFAULT_PARAMS_B = 8.0
DRAWS = 4_000


@dataclass(frozen=True, slots=True)
class Tuning:
    """Hours and USD of all runs until one is kept: the expected figure and 5 % and 95 % of the assumptions' draws."""

    base: str
    params_b: float
    params_known: bool
    examples: int
    tokens_per_example: float
    hours: tuple[float, float, float]
    usd: tuple[float, float, float]
    max_length: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def plan_tuning(base: str, examples: int, tokens: Sequence[float], longest: float | None, *, seed: int) -> Tuning:
    """``tokens``: of each recorded call, in and out; ``longest``: those of its longest (99 %)."""
    params, known = model_size(base)
    mean = float(np.mean(tokens)) if len(tokens) else 0.0
    drawn, expected = Scenario.drawn(seed=seed, draws=DRAWS), Scenario.expected()
    hours = [_hours(each, params, examples, mean) for each in (expected, drawn)]
    usd = [h * s["gpu_usd_per_hour"] * (1 + s["gpu_overhead"]) for h, s in zip(hours, (expected, drawn), strict=True)]
    length = int(-(-max(longest or 0.0, mean, 1.0) * 1.1 // 512) * 512)
    return Tuning(base, params, known, examples, mean, _range(*hours), _range(*usd), length)


def _hours(scenario: Scenario, params_b: float, examples: int, tokens: float) -> Any:
    most = np.minimum(examples, scenario["tuning_examples"])
    flops = 6 * params_b * 1e9 * most * tokens * scenario["tuning_epochs"] * scenario["tuning_runs"]
    return flops / (PEAK_FLOPS * scenario["tuning_flops_share"]) / 3600


def _range(expected: Any, drawn: Any) -> tuple[float, float, float]:
    low, high = np.quantile(drawn, [0.05, 0.95])
    return float(expected), float(low), float(high)


def model_size(name: str) -> tuple[float, bool]:
    """Parameters in billions and whether they are known: from the catalogue, else from a name like ``qwen3-8b``."""
    wanted = name.rsplit("/", 1)[-1].lower()
    for row in data.rows("slm_catalog.csv"):
        if row["model"].rsplit("/", 1)[-1].lower() == wanted:
            return float(row["params_b"]), True
    if found := re.search(r"(?<![\d.])(\d+(?:\.\d+)?)b(?![a-z])", wanted):
        return float(found[1]), True
    return DEFAULT_PARAMS_B, False


def recipe(tuning: Tuning, task_id: str, *, seed: int) -> dict[str, Any]:
    """The configuration file. ``suffice export dataset --format trl -o dataset`` writes what it reads."""
    return {
        "model_name_or_path": tuning.base,
        "datasets": [{"path": "json", "data_files": {"train": "dataset/train.jsonl"}, "split": "train"}],
        "output_dir": f"adapter-{task_id}",
        "completion_only_loss": True,
        "max_length": tuning.max_length,
        "num_train_epochs": round(Scenario.expected()["tuning_epochs"]),
        "learning_rate": LEARNING_RATE,
        "lr_scheduler_type": "cosine",
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": BATCH,
        "gradient_checkpointing": True,
        "bf16": True,
        "use_peft": True,
        "load_in_4bit": False,
        "lora_r": RANK,
        "lora_alpha": 2 * RANK,
        "lora_dropout": 0.05,
        "lora_target_modules": "all-linear",
        "seed": seed,
        "report_to": "none",
    }
