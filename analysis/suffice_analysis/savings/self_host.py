"""What a request costs on one's own GPU: throughput by the request's shape, price by utilisation.

Requests a second of one GPU at full load come from published measurements at seven shapes; between them the
seconds per request are a*input + b*output, corrected by the measured ratio of the nearer shapes (inverse squared
distance in log space), so that each measured shape is met exactly. tests/analysis/savings recompute the published
break-even table within 1 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.optimize import nnls

from suffice_analysis import data
from suffice_analysis.savings.assumptions import GPU

UTILISATIONS = (0.05, 0.2, 0.5, 1.0)
REFERENCE_PARAMS_B = 8.0


@dataclass(frozen=True, slots=True)
class _Fit:
    per_input: float  # seconds per input token
    per_output: float
    points: tuple[tuple[float, float, float], ...]  # log input, log output, log(measured / fitted seconds)


@cache
def _fit(folder: str) -> _Fit:
    """Fitted once for the figures of each folder (``data.folder()``)."""
    shapes = [
        (float(r["input_tokens"]), float(r["output_tokens"]), float(r["output_tokens_per_second"]))
        for r in data.rows("throughputs.csv")
        if r["gpu"] == GPU
    ]
    seconds = np.array([out / rate for _, out, rate in shapes])
    design = np.array([[i, o] for i, o, _ in shapes]) / seconds[:, None]  # relative errors, not absolute
    (a, b), _ = nnls(design, np.ones(len(shapes)))
    points = tuple(
        (math.log(i), math.log(o), math.log(s / (a * i + b * o))) for (i, o, _), s in zip(shapes, seconds, strict=True)
    )
    return _Fit(float(a), float(b), points)


def gpu_seconds(input_tokens: float, output_tokens: float, *, params_b: float = REFERENCE_PARAMS_B) -> float:
    """Seconds of one H100 at full load that one request takes; in proportion to the active parameters."""
    fit = _fit(data.folder())
    i, o = max(input_tokens, 1.0), max(output_tokens, 1.0)
    weights = corrections = 0.0
    for log_i, log_o, correction in fit.points:
        distance = (math.log(i) - log_i) ** 2 + (math.log(o) - log_o) ** 2
        if distance < 1e-12:
            weights, corrections = 1.0, correction
            break
        weights += 1 / distance
        corrections += correction / distance
    return (fit.per_input * i + fit.per_output * o) * math.exp(corrections / weights) * params_b / REFERENCE_PARAMS_B


def usd_per_1000_requests(seconds: float, usd_per_hour: float, utilisation: float) -> float:
    """Cost of 1,000 requests on a GPU that is busy ``utilisation`` of the time. Infinite when idle."""
    return math.inf if utilisation <= 0 else 1000 * seconds * usd_per_hour / 3600 / utilisation


def break_even_requests_per_hour(usd_per_hour: float, other_usd_per_request: float) -> float:
    """Requests an hour from which one GPU is cheaper than paying ``other_usd_per_request``."""
    return math.inf if other_usd_per_request <= 0 else usd_per_hour / other_usd_per_request


def replicas_needed(busy_gpus: Any, peak_factor: float) -> Any:
    """GPUs for ``busy_gpus`` (mean load in GPUs, or draws of it) at ``peak_factor`` times the mean. At least one."""
    return np.maximum(1.0, np.ceil(busy_gpus * max(peak_factor, 1.0) - 1e-9))
