"""One line per task and alternative, worked out by formulas from the assumptions' cells.

The formulas are those of ``savings/alternatives.py``, ``fleet.py`` and ``one_off.py``; test_xlsx.py works them out by an evaluator and
by LibreOffice, as they stand and with changed assumptions, and compares them with the analysis.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from suffice.errors import SufficeError
from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.report.model import Report
from suffice_analysis.report.sheets.book import Book
from suffice_analysis.report.wording import ALTERNATIVE_NAMES, Row
from suffice_analysis.savings.alternatives import ALTERNATIVES, LENGTHS
from suffice_analysis.savings.one_off import HOURS, PEAK_FLOPS
from suffice_analysis.savings.own_gpus import SELF_HOSTED

SHEET = "Workings"
FIRST = 4  # row of the first line, from 0
_SLM = ("hosted_slm", "self_hosted_slm")
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One task, or a slice that counts by itself, under one alternative: the row of savings, its details, what it was worked out from."""

    task_id: str
    task: str  # its name
    row: Row
    details: Values
    parted: bool = False  # a task that counts by its slices: itself in no total
    beyond_usd: float = 0.0  # what it saves beyond the best before it, where it counts

    @property
    def name(self) -> str:
        return str(self.row["alternative"])

    @property
    def given(self) -> Values:
        found: Values = self.details["workings"]
        return found


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what an input is, or a formula (None: this alternative has none) and what it gives as analysed."""

    key: str
    head: str
    style: str
    now: Callable[[Line], Any]
    formula: Callable[[Line], str | None] | None = None


def lines(report: Report) -> list[Line]:
    """What can be worked out. Raises SufficeError for an analysis made before it was kept how."""
    found: list[Line] = []
    names: dict[str, str] = {}
    for task in report.tasks:
        parted = any(each.get("counted_apart") for each in task.slices)
        names |= {each["slice_id"]: f"{task.row['name']}: {each['name']}" for each in task.slices}
        for row in task.alternatives:
            details = json.loads(row.get("details") or "{}")
            if "parts" in details and "workings" not in details:
                raise SufficeError("this analysis was made by an older version, without what formulas need: run 'suffice analyze' first")  # fmt: skip
            if "parts" in details:
                found.append(Line(task.row["task_id"], task.row["name"], row, details, parted))
    for total in report.totals:
        same = {name: total[name] for name in ("alternative", "assumptions")}
        slices = json.loads(total.get("details") or "{}").get("slices", ())
        found += [
            Line(row["task_id"], names[row["task_id"]], same | row, row["details"])
            for row in slices
            if "parts" in row["details"]
        ]
    return [replace(line, beyond_usd=_beyond(line, [found[n] for n in earlier(found, line)])) for line in found]


def earlier(found: Sequence[Line], line: Line) -> list[int]:
    """The places of the same task's alternatives before it."""
    before = ALTERNATIVES[: ALTERNATIVES.index(line.name)]
    return [n for n, other in enumerate(found) if other.task_id == line.task_id and other.name in before]


def _beyond(line: Line, before: Sequence[Line]) -> float:
    if not counts(line):
        return 0.0
    usd: float = line.row["saving_usd"] - max([0.0, *(other.row["saving_usd"] for other in before if counts(other))])
    return usd if line.name == SELF_HOSTED else max(0.0, usd)


def _beyond_formula(line: Line) -> str:
    """``savings/marginal.py``: a fleet is taken whole, with its losses."""
    usd = "{saves}-MAX(0,{before})"
    return f"IF({{counts}}=1,{usd if line.name == SELF_HOSTED else f'MAX(0,{usd})'},0)"


def _given(key: str) -> Callable[[Line], Any]:
    return lambda line: line.given.get(key)


def _flag(key: str) -> Callable[[Line], Any]:
    return lambda line: None if key not in line.given else int(line.given[key])


def on_gpu(line: Line) -> bool:
    """Whether the fleet is sized for it."""
    return bool(line.given.get("on_gpu")) and not line.parted


def _part(*keys: str) -> Callable[[Line], float]:
    return lambda line: float(sum(line.details["parts"].get(key, 0.0) for key in keys))


def _once(key: str) -> Callable[[Line], float]:
    return lambda line: float(line.details["one_off"].get(key, 0.0))


def _only(*names: str, formula: str) -> Callable[[Line], str | None]:
    return lambda line: formula if line.name in names else None


def _acceptable(line: Line) -> str:
    if line.name == "caching_batch":
        return "1"
    if line.name != "small_tier" or line.given.get("measured"):
        return "{share}"
    kept = "MIN(MAX({share},0.000001),0.999999)"
    return f"1/(1+EXP(-LN({kept}/(1-{kept}))-small_tier_shift))"


def _caught(line: Line) -> str:
    if "caught_share" in line.given:
        return "{caught_share}"
    return "caught_checkable" if line.given["checkable"] else "caught_free_text"


def _model_cost(line: Line) -> str | None:
    if line.name == "caching_batch":
        saved = (
            "({unused}*cache_hit_share*{input}*({input_price}-{read_price})"
            "-{repeated}*(1-{repeated})*{input}*({write_price}-{input_price}))/1000000*{factor}"
        )
        return f"({{paid}}-MIN({{paid}},MAX(0,{saved})))*volume*today_price"
    if line.name == "self_hosted_slm":
        return None
    longer, dearer = "small_tier_answer_length", ""
    if line.name == "hosted_slm":
        longer, dearer = "slm_answer_length", "*hosted_price_factor"
    tokens = f"({{input}}*{{input_price}}+{{output}}*{longer}*{{output_price}})/1000000"
    return f"{tokens}*{{factor}}{dearer}*other_prices*volume"


def _gpu_seconds(line: Line) -> str | None:
    """Linear between the lengths, as ``numpy.interp``: flat beyond them."""
    if line.name != "self_hosted_slm":
        return None
    keys = [f"{{seconds_{place}}}" for place in range(len(LENGTHS))]
    steps = [
        f"({after}-{before})*(MIN(MAX(slm_answer_length,{low:g}),{high:g})-{low:g})/{high - low:g}"
        for before, after, low, high in zip(keys, keys[1:], LENGTHS, LENGTHS[1:], strict=False)
    ]
    return f"({'+'.join([keys[0], *steps])})/throughput_at_latency*volume"


def _of_fleet(line: Line, what: str) -> str | None:
    """One that the GPUs are not sized for would share with them."""
    if line.name != "self_hosted_slm":
        return None
    if on_gpu(line):
        return f"{{gpu_seconds}}*{what}"
    return f"{{gpu_seconds}}*{what}*IF(fleet_seconds>0,fleet_seconds/(fleet_seconds+{{gpu_seconds}}),1)"


def _counts(line: Line) -> str:
    if line.parted:
        return "0"
    if line.name == "self_hosted_slm":
        return f"IF(AND({{seen}}>={CLAIM_CALLS},{{movable}}=1),1,0)"
    movable = "" if line.name == "caching_batch" else ",{movable}=1"
    return f"IF(AND({{seen}}>={CLAIM_CALLS}{movable},{{saves}}>0),1,0)"


def set_up_usd(row: Row) -> float:
    """What one's own GPUs take to set up, once for all tasks; 0 for other alternatives."""
    if row["alternative"] != "self_hosted_slm":
        return 0.0
    values = {each["name"]: each["value"] for each in json.loads(row["assumptions"])}
    return float(values["self_host_hours"] * values["engineer_usd_per_hour"])


def counts(line: Line) -> bool:
    """Whether it is among those that the total moves, as analysed (``stack.py``)."""
    if line.parted:
        return False
    enough = line.given["seen_calls"] >= CLAIM_CALLS
    if line.name == "self_hosted_slm":
        return enough and bool(line.given["movable"])
    return enough and bool(line.row["pays"]) and (line.name == "caching_batch" or bool(line.given["movable"]))


def _unless_proven(formula: str) -> str:
    return f"IF({{proven}}=1,0,{formula})"


_TUNING = (
    f"6*{{params}}*1000000000*MIN({{seen}},tuning_examples)*({{input}}+{{output}})/{{calls}}*tuning_epochs*tuning_runs"
    f"/({PEAK_FLOPS:.0f}*tuning_flops_share)/3600*gpu_usd_per_hour*(1+gpu_overhead)"
)
_LABELS = (
    Column("task_id", "task id", "plain", lambda line: line.task_id),
    Column("task", "task", "plain", lambda line: line.task),
    Column("alternative", "alternative", "plain", lambda line: ALTERNATIVE_NAMES[line.name]),
    Column("model", "model", "plain", lambda line: line.row["model"]),
)
_RESULTS = (
    Column("counts", "in the total", "count", counts, _counts),
    Column("now", "costs today", "usd", lambda line: line.row["paid_usd"], lambda line: "{paid}*volume*today_price"),
    Column("acceptable", "acceptable answers", "share", lambda line: 1 - line.details["wrong"] / line.details["calls"], _acceptable),
    Column("wrong", "more wrong answers", "number", lambda line: line.details["wrong"], lambda line: "(1-{acceptable})*{calls}*volume"),
    Column("caught", "of them caught", "number", lambda line: line.row["caught"],
           lambda line: "{wrong}*" + _caught(line)),
    Column("silent", "not caught", "number", lambda line: line.row["extra_wrong"], lambda line: "{wrong}-{caught}"),
    Column("model_usd", "model's tokens", "usd", _part("tokens", "today"), _model_cost),
    Column("gpu_seconds", "GPU seconds", "number", lambda line: line.details.get("gpu", {}).get("busy_seconds"), _gpu_seconds),
    Column("gpu_usd", "GPUs", "usd", _part("gpu"), lambda line: _of_fleet(line, "gpu_usd_per_second")),
    Column("upkeep_usd", "upkeep", "usd", _part("upkeep"), lambda line: _of_fleet(line, "upkeep_usd_per_second")),
    Column("again_usd", "asked again", "usd", _part("escalation"), lambda line: "{caught}*{paid}*today_price/{calls}"),
    Column("judge_usd", "judged", "usd", _part("judge"), lambda line: None if line.name == "caching_batch" else "judged_share*{now}"),
    Column("costs", "would cost", "usd", lambda line: line.row["projected_usd"],
           lambda line: "{model_usd}+{gpu_usd}+{upkeep_usd}+{again_usd}+{judge_usd}"),
    Column("saves", "saves", "usd", lambda line: line.row["saving_usd"], lambda line: "{now}-{costs}"),
    Column("beyond", "beyond the best before, in the total", "usd", lambda line: line.beyond_usd, _beyond_formula),
    Column("low", "as analysed: low", "usd", lambda line: line.row["saving_low_usd"]),
    Column("high", "as analysed: high", "usd", lambda line: line.row["saving_high_usd"]),
    Column("engineering_usd", "once: engineering", "usd", lambda line: _once("engineering")(line) - set_up_usd(line.row),
           lambda line: f"{HOURS[line.name]}*engineer_usd_per_hour"),
    Column("replay_usd", "once: replay", "usd", _once("replay"),
           lambda line: None if line.name == "caching_batch" else _unless_proven("replayed_calls*{paid}/{calls}*today_price")),
    Column("tuning_usd", "once: fine-tuning", "usd", _once("fine_tuning"), _only(*_SLM, formula=_unless_proven(_TUNING))),
    Column("once_usd", "once: all", "usd", lambda line: sum(line.details["one_off"].values()) - set_up_usd(line.row), lambda line: "{engineering_usd}+{replay_usd}+{tuning_usd}"),
)  # fmt: skip
_GIVEN = (
    Column("seen", "calls recorded", "count", _given("seen_calls")),
    Column("calls", "calls", "number", _given("calls")),
    Column("paid", "paid", "usd", lambda line: line.row["paid_usd"]),
    Column("input", "input tokens", "count", _given("input_tokens")),
    Column("output", "output tokens", "count", _given("output_tokens")),
    Column("movable", "may move (1)", "count", _flag("movable")),
    Column("proven", "proven as it is (1)", "count", _flag("proven")),
    Column("caught_share", "caught, as replays failed", "share", _given("caught_share")),
    Column("share", "an SLM's acceptable answers", "share", lambda line: None if line.name == "caching_batch" else line.given["share"]),
    Column("input_price", "USD per million tokens in", "number", _given("input_price")),
    Column("output_price", "USD per million tokens out", "number", _given("output_price")),
    Column("factor", "contract's part of it", "number", _given("price_factor")),
    Column("read_price", "USD per million cached", "number", _given("read_price")),
    Column("write_price", "USD per million written to the cache", "number", _given("write_price")),
    Column("unused", "input a cache could serve yet", "share", _given("unused")),
    Column("repeated", "input repeated", "share", _given("repeated")),
    Column("params", "parameters, 10^9", "number", _given("params_b")),
    Column("on_gpu", "on the GPUs (1)", "count", lambda line: int(on_gpu(line)) if "on_gpu" in line.given else None),
    *(Column(f"seconds_{place}", f"GPU seconds at {length:g} × the answer", "number",
             lambda line, place=place: line.given["seconds"][place] if "seconds" in line.given else None)  # type: ignore[misc]
      for place, length in enumerate(LENGTHS)),
)  # fmt: skip
COLUMNS: tuple[Column, ...] = (*_LABELS, *_RESULTS, *_GIVEN)
_PLACE = {column.key: place for place, column in enumerate(COLUMNS)}


def cells(key: str, count: int) -> str:
    """A column's cells of all lines, for a formula on another sheet."""
    letter = xl_col_to_name(_PLACE[key], col_abs=True)
    return f"{SHEET}!{letter}${FIRST + 1}:{letter}${FIRST + max(count, 1)}"


def _cells_of(number: int) -> dict[str, str]:
    """By key the cells of a line."""
    return {key: f"{xl_col_to_name(place, col_abs=True)}{FIRST + number + 1}" for key, place in _PLACE.items()}


def write_workings(book: Book, found: list[Line], basis_words: str) -> None:
    """The sheet."""
    sheet = book.sheet(SHEET, [14, 34, 26, 26, *([13] * (len(COLUMNS) - 4))], pages=4)
    book.text(sheet, 0, 0, "Workings", "title")
    words = f"Each task under each alternative, {basis_words}; formulas from the assumptions, then what was recorded."
    book.text(sheet, 1, 0, words, "plain")
    book.heads(sheet, FIRST - 1, [column.head for column in COLUMNS], numbers=range(len(_LABELS), len(COLUMNS)))
    sheet.freeze_panes(FIRST, 2)
    for number, line in enumerate(found):
        row = FIRST + number
        names = _cells_of(number)
        pairs = [_cells_of(place) for place in earlier(found, line)]
        names["before"] = ",".join(f"{each['counts']}*{each['saves']}" for each in pairs) or "0"
        for place, column in enumerate(COLUMNS):
            text = column.formula(line) if column.formula else None
            if text is not None:
                book.formula(sheet, row, place, "=" + text.format(**names), column.style, column.now(line))
            elif column.formula is None:
                book.value(sheet, row, place, column.now(line), column.style)
    if found:
        sheet.autofilter(FIRST - 1, 0, FIRST + len(found) - 1, len(COLUMNS) - 1)
