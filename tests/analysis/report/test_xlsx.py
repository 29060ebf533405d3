"""The workbook: every formula, worked out from the file, gives what the report says; changed assumptions give what the analysis would."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from analysis.cases import TIER, make_case, make_tested_case
from analysis.report.spreadsheet import Workbook, read_workbook
from analysis.report.test_formats import HOSTILE, make_report
from analysis.test_slice_results import agent_traffic
from analysis.traffic import Traffic, shop_traffic

from suffice.cli import main
from suffice.errors import SufficeError
from suffice_analysis.report.as_xlsx import render_xlsx
from suffice_analysis.report.model import Report, TaskPart
from suffice_analysis.report.sheets.assumptions import split_date
from suffice_analysis.report.sheets.savings import FIRST, FROM_CALLS, HEADS
from suffice_analysis.report.steps import next_steps
from suffice_analysis.report.wording import ALTERNATIVE_NAMES
from suffice_analysis.savings.alternatives import Case
from suffice_analysis.savings.assumptions import read_assumptions
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.effort import pays_from_calls
from suffice_analysis.savings.payback import months_words, needed_usd_per_month
from suffice_analysis.savings.stack import savings_rows

SHEETS = ["Summary", "Assumptions", "Tasks", "Savings", "Workings", "Evidence", "Method and caveats"]
HALF_A_CENT = 0.005
MONTH = Basis("month", 100.0, 30.0, 3.0)
PER_1000 = Basis("per_1000_calls", 0.1, None, 1.0)
CHANGES = {
    "small_tier_shift": 0.1, "small_tier_answer_length": 1.2, "slm_answer_length": 1.4, "hosted_price_factor": 1.7,
    "judged_share": 0.05, "caught_checkable": 0.75, "caught_free_text": 0.0, "cache_hit_share": 0.6,
    "engineer_usd_per_hour": 170.0, "slm_hours": 40.0, "replayed_calls": 500.0, "tuning_runs": 5.0,
    "gpu_usd_per_hour": 4.5, "gpu_overhead": 0.5, "throughput_at_latency": 0.3,
    "price_fall_per_year": 0.5,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("xlsx")


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    return make_report(folder, shop_traffic())


@pytest.fixture(scope="module")
def book(report: Report) -> Workbook:
    return read_workbook(render_xlsx(report))


def totals(book: Workbook) -> dict[str, dict[str, Any]]:
    names = {words: name for name, words in ALTERNATIVE_NAMES.items()}
    return {names[row["alternative"]]: row for row in book.rows("Savings", FIRST) if row["alternative"] in names}


def made(report: Report, basis: Basis, *tested: Case) -> Report:
    """The report of three made-up tasks (one moves, one stays, one has too few calls for a claim) and of those that were tested."""
    cases = [
        make_case(repeated=0.5),
        make_case(task_id="t_2", verdict="stays", answer_form="free_text", mean=-0.5),
        make_case(task_id="t_3", calls=80, priced_input_tokens=80_000, priced_output_tokens=16_000, runs=80),
        *tested,
    ]
    rows = savings_rows(cases, basis, total_paid=130.0, seed=0)
    tasks = []
    for case in cases:
        task_id = case.profile.task_id
        row = report.tasks[0].row | {"task_id": task_id, "name": task_id, "verdict": case.verdict}
        tasks.append(TaskPart(row, None, [], [], [r for r in rows if r["task_id"] == task_id]))
    analysis = report.analysis | {"basis": basis.name}
    return replace(report, tasks=tasks, totals=[r for r in rows if r["task_id"] == ""], analysis=analysis)


def back_after(row: dict[str, Any]) -> str:
    """The last column, whose head says of what."""
    return str(row[HEADS[-1]] if HEADS[-1] in row else row[FROM_CALLS])


def said_back_after(total: dict[str, Any]) -> str:
    """When what is spent once is back, as the report says it, from the row."""
    if not total["saving_usd"] or total["saving_usd"] <= 0:
        return "–"
    if total["basis"] != "month":
        if total["alternative"] == "self_hosted_slm":
            return f"{pays_from_calls(total, 1_000.0):,.0f}"
        return f"{needed_usd_per_month(total['one_off_usd'], fall(total)) / total['saving_usd'] * 1000:,.0f}"
    return "not in 5 years" if total["payback_days"] is None else months_words(total["payback_days"])


def fall(total: dict[str, Any]) -> float:
    return next(each["value"] for each in json.loads(total["assumptions"]) if each["name"] == "price_fall_per_year")


def assert_as_analysed(book: Workbook, report: Report) -> None:
    """Every formula gives what stands in its cell, and the totals are the report's to the cent."""
    assert len(book.formulas) > 10 * len(report.totals)
    for place in book.formulas:
        now, stated = book.work_out(place), book.values[place]
        assert now == (stated if isinstance(stated, str) else pytest.approx(stated, rel=1e-9, abs=1e-9)), place
    for total in report.totals:
        row = totals(book)[total["alternative"]]
        for head, key in (("costs today", "paid_usd"), ("would cost", "projected_usd"), ("saves", "saving_usd")):
            assert row[head] == pytest.approx(total[key], abs=HALF_A_CENT)
        assert row["beyond the best before"] == pytest.approx(total["marginal_usd"], abs=HALF_A_CENT)
        assert row["spent once"] == pytest.approx(total["one_off_usd"] or 0.0, abs=HALF_A_CENT)
        assert back_after(row) == said_back_after(total)


def test_the_sheets_and_what_is_on_them(report: Report, book: Workbook) -> None:
    assert book.sheets == SHEETS
    texts = {str(v) for (sheet, _, _), v in book.values.items() if sheet == "Summary"}
    assert {*report.headlines} <= texts
    assert {f"{n}. {step}" for n, step in enumerate(next_steps(report), 1)} <= texts
    tasks = book.rows("Tasks", 3)
    assert [row["task id"] for row in tasks] == [t.row["task_id"] for t in report.tasks]
    for row, task in zip(tasks, report.tasks, strict=True):
        assert row["paid, as recorded"] == pytest.approx(task.paid_usd, abs=HALF_A_CENT)
        assert row["saves"] == (None if task.best is None else pytest.approx(task.best["saving_usd"], abs=1e-9))
    sentences = {row["what was seen"] for row in book.rows("Evidence", 1)}
    assert sentences == {piece["sentence"] for task in report.tasks for piece in task.evidence}


def test_printed_sheets_repeat_their_heads_and_wide_ones_take_several_pages(report: Report) -> None:
    """Forty-five columns on one page could not be read, and the second page of a sheet had no heads."""
    with zipfile.ZipFile(io.BytesIO(render_xlsx(report))) as parts:
        outline = parts.read("xl/workbook.xml").decode()
        wide = {name: parts.read(f"xl/worksheets/sheet{n}.xml").decode() for n, name in enumerate(SHEETS, 1)}
    repeated = dict(re.findall(r'name="_xlnm.Print_Titles" localSheetId="(\d+)">([^<]+)<', outline))
    assert {SHEETS[int(n)] for n in repeated} == {"Assumptions", "Tasks", "Savings", "Workings", "Evidence"}
    assert "$A:$B" in repeated[str(SHEETS.index("Workings"))]
    pages = {name: re.search(r'fitToWidth="(\d+)"', xml) for name, xml in wide.items()}
    assert {name: int(found[1]) for name, found in pages.items() if found} == {"Tasks": 2, "Workings": 4}


def test_every_assumption_is_a_cell_with_its_source_and_date(report: Report, book: Workbook) -> None:
    rows = {row["name in formulas"]: row for row in book.rows("Assumptions", 4)}
    for name in ("judged_share", "slm_hours", "gpu_usd_per_hour", "caught_free_text"):
        known = read_assumptions()[name]
        assert (rows[name]["value"], rows[name]["low"], rows[name]["high"]) == (known.value, known.low, known.high)
        assert (rows[name]["source"], rows[name]["date"]) == split_date(known.source)
        assert rows[name]["date"].startswith("20")


def test_a_report_of_traffic_works_out_to_itself(report: Report, book: Workbook) -> None:
    assert_as_analysed(book, report)


@pytest.mark.parametrize("basis", [MONTH, PER_1000], ids=["month", "per 1,000"])
def test_as_analysed(report: Report, basis: Basis) -> None:
    each = made(report, basis)
    assert sum(row["saving_usd"] > 0 for row in each.totals) >= 3
    assert_as_analysed(read_workbook(render_xlsx(each)), each)


def test_a_task_that_counts_by_its_slices_is_summed_by_them(tmp_path: Path) -> None:
    """A slice that could move and one that stays: summed whole the task, the live total was twenty times the report's."""
    parted = make_report(tmp_path, agent_traffic())
    assert [row["verdict"] for row in parted.tasks[0].slices if row["counted_apart"]] == ["stays", "likely"]
    book = read_workbook(render_xlsx(parted))
    assert_as_analysed(book, parted)
    counted = {
        row["task"]: row["in the total"] for row in book.rows("Workings", 4) if row["alternative"] == "Hosted SLM"
    }
    name = parted.tasks[0].row["name"]
    assert counted == {name: 0, f"{name}: step 1": 1, f"{name}: from step 2 on": 0}
    before = totals(book)["hosted_slm"]["saves"]
    book.change("volume", 2.0)
    assert totals(book)["hosted_slm"]["saves"] == pytest.approx(2 * before)


@pytest.mark.parametrize("model", ["house-8b", TIER.price.model])
def test_a_tested_model_has_its_own_share_and_what_its_failures_show(report: Report, model: str) -> None:
    each = made(report, MONTH, make_tested_case(model, (0.05, 0.1), task_id="t_4", failures=(4, 40)))
    book = read_workbook(render_xlsx(each))
    assert_as_analysed(book, each)
    rows = {row["alternative"]: row for row in book.rows("Workings", 4) if row["task id"] == "t_4"}
    (own,) = [row for row in rows.values() if row["model"] == model]
    assert own["acceptable answers"] == pytest.approx(0.9)
    assert own["of them caught"] == pytest.approx(own["more wrong answers"] * 4.5 / 41)
    before = own["of them caught"]
    book.change("caught_checkable", 0.9)  # what is assumed where nothing was tested moves nothing here
    after = {row["model"]: row for row in book.rows("Workings", 4) if row["task id"] == "t_4"}
    assert after[model]["of them caught"] == pytest.approx(before)
    assert after["ibm-granite/granite-4.1-8b"]["of them caught"] == pytest.approx(before)


def test_of_a_proven_model_neither_replay_nor_fine_tuning_is_spent_once(report: Report) -> None:
    """By formulas: they stay nothing where their assumptions change, those of other tasks follow."""
    each = made(report, MONTH, replace(make_tested_case("house-8b", (0.05, 0.1), task_id="t_4"), verdict="proven"))
    book = read_workbook(render_xlsx(each))
    assert_as_analysed(book, each)
    told = [v for (sheet, _, _), v in book.values.items() if sheet == "Assumptions" and "not counted" in str(v)]
    assert told == ["USD, not counted: replay and fine-tuning of 1 proven task"]

    def parts(alternative: str, *kinds: str) -> list[float]:
        rows = [r for r in book.rows("Workings", 4) if (r["task id"], r["alternative"]) == ("t_4", alternative)]
        return [rows[0][f"once: {kind}"] for kind in kinds]

    before = parts("Self-hosted SLM", "replay", "fine-tuning")
    assert parts("Hosted SLM", "engineering", "replay", "fine-tuning", "all") == [2400.0, 0.0, 0.0, 2400.0]
    assert min(before) > 0
    for name in ("replayed_calls", "tuning_runs"):
        book.change(name, 2 * book.values[book.names[name]])
    assert parts("Hosted SLM", "replay", "fine-tuning", "all") == [0.0, 0.0, 2400.0]
    assert parts("Self-hosted SLM", "replay", "fine-tuning") == pytest.approx([2 * usd for usd in before])


@pytest.mark.parametrize("basis", [MONTH, PER_1000], ids=["month", "per 1,000"])
def test_changed_cells_give_what_the_analysis_gives_of_changed_assumptions(
    report: Report, basis: Basis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_workbook(render_xlsx(made(report, basis)))
    changes = CHANGES | {"self_host_upkeep_hours": 3.0} | ({} if basis is MONTH else {"assumed_utilisation": 0.4})
    lines = [f"{name},{value}" for name, value in changes.items() if name != "gpu_usd_per_hour"]
    (tmp_path / "assumptions.csv").write_text("\n".join(["name,value", *lines]) + "\n")
    (tmp_path / "gpu_prices.csv").write_text("gpu,usd_per_hour\nH100 SXM,4.5\n")
    monkeypatch.setenv("SUFFICE_FIGURES", str(tmp_path))
    after = {row["alternative"]: row for row in made(report, basis).totals}
    at_rest = {name: row["saves"] for name, row in totals(before).items()}
    for name, value in changes.items():
        before.change(name, value)
    for name, row in totals(before).items():
        assert row["saves"] == pytest.approx(after[name]["saving_usd"], rel=1e-9)
        assert row["spent once"] == pytest.approx(after[name]["one_off_usd"], rel=1e-9)
        assert back_after(row) == said_back_after(after[name])
        assert row["saves"] != pytest.approx(at_rest[name], rel=1e-3)
        if name != "caching_batch":
            assert row["more wrong answers, not caught"] == pytest.approx(after[name]["extra_wrong"], rel=1e-9)


def test_a_task_stops_counting_when_it_no_longer_pays(report: Report) -> None:
    book = read_workbook(render_xlsx(made(report, MONTH)))
    assert totals(book)["hosted_slm"]["tasks that move"] == 1
    book.change("other_prices", 1000.0)
    assert totals(book)["hosted_slm"] | {"model": ""} == totals(book)["hosted_slm"] | {
        "model": "", "tasks that move": 0, "saves": 0.0, "would cost": 13_000.0, "spent once": 0.0, "pays back after": "–",
    }  # fmt: skip


def test_texts_stay_texts_and_without_prices_nothing_is_saved(tmp_path: Path) -> None:
    traffic = Traffic()
    for i in range(12):
        traffic.call(
            [("system", f"=cmd|' /C calc'!A0 {HOSTILE}\x01"), ("user", f"+{i}")], "-1+1", request_model="unpriced-1"
        )
    hostile = make_report(tmp_path, traffic)
    book = read_workbook(render_xlsx(hostile))
    assert all("cmd" not in formula for formula in book.formulas.values())
    assert {row["saves"] for row in totals(book).values()} == {None}
    assert book.rows("Tasks", 3)[0]["task"] == hostile.tasks[0].row["name"]


def test_an_older_analysis_is_refused_in_one_line(report: Report) -> None:
    old = replace(
        report.tasks[0],
        alternatives=[r | {"details": '{"parts": {"tokens": 1.0}}'} for r in report.tasks[0].alternatives],
    )
    with pytest.raises(SufficeError, match="run 'suffice analyze' first"):
        render_xlsx(replace(report, tasks=[old]))


def test_the_command_writes_it(report: Report, folder: Path, tmp_path: Path) -> None:
    assert main(["report", "-o", str(tmp_path / "r.xlsx"), "--db", str(folder / "calls.duckdb")]) == 0
    written = read_workbook((tmp_path / "r.xlsx").read_bytes())
    assert [row["task id"] for row in written.rows("Tasks", 3)] == [t.row["task_id"] for t in report.tasks]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_works_out_the_same(report: Report, tmp_path: Path) -> None:
    """What stands in the cells is taken away first, so that nothing is left to show but what it works out."""
    each = made(report, MONTH)
    book = read_workbook(render_xlsx(each))
    emptied = tmp_path / "emptied.xlsx"
    emptied.write_bytes(without_values(render_xlsx(each)))
    (tmp_path / "out").mkdir()
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx", "--outdir",
         str(tmp_path / "out"), str(emptied)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    again = read_workbook((tmp_path / "out" / "emptied.xlsx").read_bytes())
    for place in book.formulas:
        now, stated = again.values[place], book.values[place]
        assert now == (stated if isinstance(stated, str) else pytest.approx(stated, rel=1e-9, abs=1e-9)), place
    assert len(book.formulas) > 100
    assert sum(isinstance(book.values[place], str) for place in book.formulas) == len(each.totals)  # when it is back


def without_values(file: bytes) -> bytes:
    """The same workbook with no result in any formula's cell."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.namelist():
            data = before.read(part)
            if part.startswith("xl/worksheets/sheet"):
                data = re.sub(rb"</f><v>[^<]*</v>", b"</f>", data)
            after.writestr(part, data)
    return out.getvalue()
