"""The examples of docs/savings.md, recomputed: the page can't say what the code does not do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from analysis.cases import make_case

from suffice_analysis.savings import self_host
from suffice_analysis.savings.alternatives import Case
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.runs import Dependence, all_acceptable
from suffice_analysis.savings.stack import Around, savings_rows
from suffice_analysis.savings.terms import Floor, Terms

PAGE = (Path(__file__).resolve().parents[3] / "docs/savings.md").read_text(encoding="utf-8")
MONTH = Basis("month", 100.0, 30.0, 3.0)


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def example() -> Case:
    case = make_case(repeated=0.5, streamed_calls=1)
    assert case.replaceability is not None
    certain = replace(case.replaceability.estimate, value=0.9, low=0.9, high=0.9)
    return replace(case, replaceability=replace(case.replaceability, estimate=certain, draws=np.full(4000, 0.9)))


def rows(case: Case, around: Around | None = None) -> dict[str, dict[str, Any]]:
    found = savings_rows([case], MONTH, total_paid=40.0, seed=0, around=around)
    return {r["alternative"]: r | {"details": json.loads(r["details"])} for r in found if r["task_id"] == ""}


@pytest.fixture(scope="module")
def computed() -> dict[str, float]:
    found = rows(example())
    hosted, tier = found["hosted_slm"], found["small_tier"]
    contract = {
        "name": "c",
        "provider": "openai",
        "model": "",
        "discount": Decimal(0),
        "valid_from_day": 0,
        "valid_to_day": None,
    }
    held = Around(Terms([contract], {"c": Floor("c", date(2027, 3, 31), 120, 0.0)}, 150))
    # Escalations and the judge are still paid to the vendor, inside the commitment: nothing of the reduction is cash.
    under = rows(example(), held)["hosted_slm"]["details"]["floor"]["cash_usd"]
    whole = {
        rho: all_acceptable([{"a": 6}], {"a": np.full(4000, 0.9)}, Dependence(rho, np.full(200, rho), 99))
        for rho in (0.0, 0.3, 0.7)
    }
    return {
        "paid": hosted["paid_usd"],
        "hosted: tokens": hosted["details"]["parts"]["tokens"],
        "hosted: escalation": hosted["details"]["parts"]["escalation"],
        "hosted: judge": hosted["details"]["parts"]["judge"],
        "hosted: saving": hosted["saving_usd"],
        "hosted: break-even of a silent wrong answer": hosted["break_even_wrong_usd"],
        "small tier: tokens": tier["details"]["parts"]["tokens"],
        "small tier: escalation": tier["details"]["parts"]["escalation"],
        "small tier: saving": tier["saving_usd"],
        "caching, half of the input repeated": found["caching_batch"]["saving_usd"],
        "beyond caching: the small tier": tier["marginal_usd"],
        "beyond the small tier: hosted": hosted["marginal_usd"],
        "once: engineering": hosted["details"]["one_off"]["engineering"],
        "once: replay": hosted["details"]["one_off"]["replay"],
        "once: fine-tuning": hosted["details"]["one_off"]["fine_tuning"],
        "under a commitment that holds all of it": under,
        "today's model halves its price": hosted["details"]["falling"]["today_halves_usd"],
        "every price halves": hosted["details"]["falling"]["all_halve_usd"],
        "payback, days": hosted["payback_days"],
        "runs of 6 calls all acceptable, independent": whole[0.0]["value"] if whole[0.0] else 0.0,
        "the same at ρ = 0.3": whole[0.3]["value"] if whole[0.3] else 0.0,
        "the same at ρ = 0.7": whole[0.7]["value"] if whole[0.7] else 0.0,
    }


def test_every_line_worked_by_hand_is_what_the_code_gives(computed: dict[str, float]) -> None:
    section = PAGE.split("## Worked by hand")[1].split("1,000 requests on one H100")[0]
    lines = {m[0]: m[1] for m in re.findall(r"^\| ([^|]+?) \| [^|]+ \| ([−\d.,]+) \|$", section, flags=re.M)}
    assert set(lines) == set(computed)
    for name, text in lines.items():
        digits = len(text.partition(".")[2])
        assert computed[name] == pytest.approx(number(text), abs=0.51 * 10**-digits), name


def test_the_break_even_table_within_one_percent() -> None:
    lines = re.findall(r"^\| (\d+)/(\d+) \|(.+)\|$", PAGE, flags=re.M)
    assert len(lines) == 5
    for into, out, cells in lines:
        full, fifth, twentieth, large, large_even, small, small_even = map(number, cells.split("|"))
        seconds = self_host.gpu_seconds(float(into), float(out))
        costs = [self_host.usd_per_1000_requests(seconds, 4.29, u) for u in (1.0, 0.2, 0.05)]
        assert costs == pytest.approx([full, fifth, twentieth], rel=0.01)
        evens = [self_host.break_even_requests_per_hour(4.29, usd / 1000) for usd in (large, small)]
        assert evens == pytest.approx([large_even, small_even], rel=0.01)
