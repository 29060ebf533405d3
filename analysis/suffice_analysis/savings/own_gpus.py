"""From which volume one's own GPUs pay: whole ones, at least one, and an engineer's hours of upkeep, however few the calls.

With u times the row's basis a month, g = the GPUs that it needs, m what is saved before them, G a GPU and U the upkeep a month, what is
saved is u m - g G - U. A GPU serves c times the basis. From u = (needed + U + g G) / m on it is enough for good where the next GPU
pays too as soon as it is begun: g >= (needed + U + G) / (c m - G). Under a full GPU's worth (c m <= G) it never is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suffice_analysis.savings.assumptions import HOURS_PER_MONTH
from suffice_analysis.savings.row_details import details_of

Row = Mapping[str, Any]
SELF_HOSTED = "self_hosted_slm"


@dataclass(frozen=True, slots=True)
class OwnGpus:
    """What a row of self-hosting would need by itself. ``margin_usd``: what it saves per basis before GPUs and upkeep."""

    margin_usd: float
    gpu_usd_per_month: float  # of one
    upkeep_usd_per_month: float
    basis_per_gpu: float  # how many times the basis one GPU serves in a month

    def from_volume(self, needed_usd_per_month: float) -> float | None:
        """Times the basis a month from which on as much is saved; None: at no volume."""
        fixed = needed_usd_per_month + self.upkeep_usd_per_month
        full = self.margin_usd * self.basis_per_gpu - self.gpu_usd_per_month
        if self.margin_usd <= 0 or full <= 0:
            return None
        gpus = max(1, math.ceil((fixed + self.gpu_usd_per_month) / full - 1e-9))
        return (fixed + gpus * self.gpu_usd_per_month) / self.margin_usd


def own_gpus(row: Row) -> OwnGpus | None:
    """Of a row of ``savings``; None where it does not state it, as of an older analysis.

    A GPU is as busy as assumed; where traffic is timed, as its peaks leave it.
    """
    details = details_of(row)
    stated = {each["name"]: float(each["value"]) for each in json.loads(row.get("assumptions") or "[]")}
    hours, rate = stated.get("self_host_upkeep_hours"), stated.get("engineer_usd_per_hour")
    if hours is None or rate is None or "gpu" not in details or row["saving_usd"] is None:
        return None
    gpu, parts = details["gpu"], details["parts"]
    busy = 1 / max(1.0, gpu["peak_factor"]) if row["basis"] == "month" else gpu["utilisation"]
    seconds = gpu["busy_seconds"]
    return OwnGpus(
        margin_usd=float(row["saving_usd"]) + parts["gpu"] + parts["upkeep"],
        gpu_usd_per_month=gpu["usd_per_hour"] * HOURS_PER_MONTH,
        upkeep_usd_per_month=hours * rate,
        basis_per_gpu=3600 * HOURS_PER_MONTH * busy / seconds if seconds > 0 else math.inf,
    )


def shared(gpus: Sequence[OwnGpus], others_usd: float = 0.0) -> OwnGpus:
    """Of several that run on the same GPUs, kept up once; ``others_usd``: what is saved beside them per basis, without a GPU."""
    return OwnGpus(
        margin_usd=sum(each.margin_usd for each in gpus) + others_usd,
        gpu_usd_per_month=max(each.gpu_usd_per_month for each in gpus),
        upkeep_usd_per_month=max(each.upkeep_usd_per_month for each in gpus),
        basis_per_gpu=1 / total if (total := sum(1 / each.basis_per_gpu for each in gpus)) > 0 else math.inf,
    )
