"""What one row of savings was worked out from, so that a spreadsheet can work it out again (``report/sheets/workings.py``).

Amounts are per basis, as the row's. tests/analysis/report/test_xlsx.py changes assumptions in the sheet and in the analysis and
compares the two.
"""

from __future__ import annotations

from typing import Any

from suffice_analysis.savings import alternatives as alt
from suffice_analysis.savings.alternatives import Case
from suffice_analysis.savings.assumptions import Scenario
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.fleet import expected_share, on_gpu

Workings = dict[str, Any]


def workings(name: str, case: Case, basis: Basis) -> Workings:
    """The quantities, prices and shares of one task under alternative ``name``; assumptions are not among them."""
    found: Workings = {
        "calls": case.calls * basis.factor,
        "seen_calls": case.profile.calls,
        "input_tokens": case.input_tokens * basis.factor,
        "output_tokens": case.output_tokens * basis.factor,
        "movable": case.movable,
        "checkable": case.checkable,
        "share": expected_share(case),
    }
    model = case.model_of(name)
    if case.measured(model):
        found["measured"] = True
    if case.tested and name != "caching_batch":
        found["caught_share"] = float(alt.caught_share(case, Scenario.expected()))
    if case.proven(name):
        found["proven"] = True
    return found | _PARTS[name](case, basis)


def _caching(case: Case, basis: Basis) -> Workings:
    assert case.today is not None
    written = case.today.cache_write
    return {
        "input_price": case.today.input,
        "output_price": case.today.output,
        "read_price": case.today.cache_read,
        "write_price": written if written is not None and written > case.today.input else case.today.input,
        "price_factor": case.price_factor,
        "unused": case.repeated.unused,
        "repeated": case.repeated.repeated,
        "batchable": alt.batchable(case),
    }


def _small_tier(case: Case, basis: Basis) -> Workings:
    assert case.tier is not None
    price = case.tier.price
    return {"input_price": price.input, "output_price": price.output, "price_factor": case.tier_factor}


def _hosted(case: Case, basis: Basis) -> Workings:
    assert case.candidate is not None
    assert case.candidate.price is not None
    price, params = case.candidate.price, case.candidate.params_b
    return {"input_price": price.input, "output_price": price.output, "price_factor": 1.0, "params_b": params}


def _self_hosted(case: Case, basis: Basis) -> Workings:
    assert case.own is not None
    return {
        "params_b": case.own.params_b,
        "on_gpu": on_gpu(case),
        "seconds": [each * basis.factor for each in alt.seconds_by_length(case)],
    }


_PARTS = {
    "caching_batch": _caching,
    "small_tier": _small_tier,
    "hosted_slm": _hosted,
    "self_hosted_slm": _self_hosted,
}
