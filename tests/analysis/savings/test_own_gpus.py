"""The volume from which own GPUs pay: whole ones and their upkeep, worked by hand and against the analysis itself."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from analysis.cases import make_case

from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.effort import gpus_words, pays_from_calls
from suffice_analysis.savings.own_gpus import OwnGpus, own_gpus, shared
from suffice_analysis.savings.stack import savings_rows

PER_1000 = Basis("per_1000_calls", 0.1, None, 1.0)


def row(basis: Basis = PER_1000) -> dict[str, Any]:
    rows = savings_rows([make_case()], basis, total_paid=40.0, seed=0)
    return next(r for r in rows if (r["task_id"], r["alternative"]) == ("t_1", "self_hosted_slm"))


def test_one_gpu_and_its_upkeep_are_paid_however_few_the_calls() -> None:
    """5 USD per 1,000 calls have to bring 4,000 of the GPU, 800 of upkeep and 200 for the set-up: 1,000 times as many calls."""
    assert OwnGpus(5.0, 4_000.0, 800.0, 2_000.0).from_volume(200.0) == pytest.approx(1_000.0)


def test_from_there_on_every_further_gpu_pays_from_its_first_call() -> None:
    """A GPU brings 5,000 and costs 4,000. With 4 full ones 3,200 are left, the fifth takes them below 200 again: from 4,200 on
    5 x 4,200 - 5 x 4,000 - 800 = 200, and the sixth begins at 25,000 - 24,000 - 800 = 200."""
    assert OwnGpus(5.0, 4_000.0, 800.0, 1_000.0).from_volume(200.0) == pytest.approx(4_200.0)


@pytest.mark.parametrize("gpus", [OwnGpus(5.0, 4_000.0, 800.0, 800.0), OwnGpus(-1.0, 4_000.0, 800.0, math.inf)])
def test_a_gpu_that_full_brings_no_more_than_it_costs_never_pays(gpus: OwnGpus) -> None:
    assert gpus.from_volume(0.0) is None


def test_several_share_gpus_and_upkeep() -> None:
    both = shared([OwnGpus(5.0, 4_000.0, 800.0, 2_000.0), OwnGpus(3.0, 4_000.0, 800.0, 2_000.0)], others_usd=2.0)
    assert both == OwnGpus(10.0, 4_000.0, 800.0, 1_000.0)


def test_the_volume_covers_the_gpu_the_upkeep_and_the_set_up() -> None:
    """3.89 USD per 1,000 calls at 20 % busy hide that one H100 costs 4.29 x 1.4 x 730.5 = 4,387 a month and 8 hours of upkeep 800."""
    found, one = row(), own_gpus(row())
    assert one is not None
    assert one.gpu_usd_per_month == pytest.approx(4.29 * 1.4 * 730.5)
    assert one.upkeep_usd_per_month == 800.0
    parts = json.loads(found["details"])["parts"]
    assert one.margin_usd == pytest.approx(found["saving_usd"] + parts["gpu"])
    calls = pays_from_calls(found, 1_000.0)
    assert calls is not None
    needed = calls / 1_000 * one.margin_usd - 4.29 * 1.4 * 730.5 - 800
    assert needed == pytest.approx(
        found["one_off_usd"] / 28.03, rel=0.01
    )  # 28 months at today's prices (docs/savings.md)


def test_the_analysis_of_that_volume_says_so_itself() -> None:
    """At a fifth of a GPU's time busy, as five times the mean at peaks leaves it."""
    calls = pays_from_calls(row(), 1_000.0)
    assert calls is not None
    for times, back in ((1.01, True), (0.99, False)):
        month = Basis("month", times * calls / 10_000, 30.0, 5.0)  # 10,000 calls were observed
        found = row(month)
        assert (found["payback_days"] is not None) is back
        own = json.loads(found["details"])["calls"]
        assert pays_from_calls(found, own) == pytest.approx(calls, rel=1e-6)  # told of a month as of 1,000 calls


def test_the_upkeep_is_told_where_it_counts() -> None:
    names = [each["name"] for each in json.loads(row()["assumptions"])]
    assert names.count("self_host_upkeep_hours") == 1
    assert gpus_words(row()) == "at least one GPU at $4,390 monthly and its upkeep at $800 counted"


def test_of_an_older_analysis_it_is_not_known() -> None:
    older = [each for each in json.loads(row()["assumptions"]) if each["name"] != "self_host_upkeep_hours"]
    found = row() | {"assumptions": json.dumps(older)}
    assert own_gpus(found) is None
    assert pays_from_calls(found, 1_000.0) is None
    assert gpus_words(found) == ""
