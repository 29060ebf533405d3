"""The contract of every command: exit codes, one line for an error, numbers as people read them."""

from __future__ import annotations

import json
import sys
from decimal import Decimal

import pytest
import typer
from rich.console import Console

from suffice.errors import SufficeError, UsageError
from suffice_store import console

app = typer.Typer()


@app.command()
def show(count: int = 1, fail: bool = False, code: int = 0) -> None:
    if fail:
        raise SufficeError("the disk is full: free some space")
    if code:
        raise typer.Exit(code)
    print(f"{count} shown")


def test_a_command_that_ends_well_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert console.run_app(app, ["--count", "3"]) == 0
    assert capsys.readouterr().out == "3 shown\n"


def test_an_exit_code_of_its_own_is_kept() -> None:
    assert console.run_app(app, ["--code", "1"]) == 1


@pytest.mark.parametrize(
    ("argv", "named"),
    [(["--count", "many"], "--count"), (["--nosuch"], "--nosuch"), (["surplus"], "surplus")],
)
def test_a_wrong_call_is_a_usage_error_in_one_line(argv: list[str], named: str) -> None:
    with pytest.raises(UsageError) as raised:
        console.run_app(app, argv, "suffice show")
    assert named in str(raised.value)
    assert "'suffice show --help'" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_usage_error_points_to_the_help_of_its_own_command() -> None:
    group = typer.Typer()
    group.command("one")(lambda number: None)
    group.command("two")(lambda: None)
    with pytest.raises(UsageError, match=r"'suffice group one --help' shows the options"):
        console.run_app(group, ["one"], "suffice group")


def test_help_is_not_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert console.run_app(app, ["--help"]) == 0
    assert "--count" in capsys.readouterr().out


def test_an_interrupt_stays_one_for_the_caller_to_word() -> None:
    waiting = typer.Typer()

    @waiting.command()
    def wait() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        console.run_app(waiting, [])


def test_an_error_for_people_passes_through() -> None:
    with pytest.raises(SufficeError, match="free some space"):
        console.run_app(app, ["--fail"])


def test_json_is_one_document_with_exact_money(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"paid_usd": Decimal("0.000001"), "name": "Übersicht"})
    assert json.loads(capsys.readouterr().out) == {"paid_usd": "0.000001", "name": "Übersicht"}


def test_a_table_holds_every_cell(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_table(["task", "calls"], [["extract [x]", "12"], ["route", "3"]], right=["calls"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [["task", "calls"], ["extract", "[x]", "12"], ["route", "3"]]


def test_only_the_wide_column_gives_way(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Console(file=sys.stdout, width=30, highlight=False)
    monkeypatch.setattr(console, "out", lambda: narrow)
    console.print_table(["task", "verdict"], [["a name of many words here", "stays on today's"]], wide="task")
    assert [line.split("  ")[-1].strip() for line in capsys.readouterr().out.splitlines()][1] == "stays on today's"


def test_a_table_into_a_pipe_is_not_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_table(["model", "source"], [["m" * 90, "s" * 90]])
    assert capsys.readouterr().out.splitlines()[1].rstrip() == "m" * 90 + "  " + "s" * 90


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "$0"),
        (Decimal("0.0042"), "$0.0042"),
        (0.00000123, "$0.0000012"),
        (0.05, "$0.05"),
        (0.0994, "$0.099"),
        (0.0999, "$0.10"),
        (0.5, "$0.50"),
        (12.345, "$12.35"),
        (-3, "-$3.00"),
        (1234.5, "$1,234.50"),
        (9_999.999, "$10,000"),
        (12_340.4, "$12,340"),
    ],
)
def test_format_usd(value: Decimal | float | None, text: str) -> None:
    assert console.format_usd(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0, "0 %"), (0.004, "0.4 %"), (0.42, "42 %"), (1.0, "100 %")]
)
def test_format_share(value: float | None, text: str) -> None:
    assert console.format_share(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (12.4, "12 ms"), (3200, "3.2 s"), (125_000, "2 min 5 s")])
def test_format_ms(value: float | None, text: str) -> None:
    assert console.format_ms(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (999, "999 B"), (1_500_000, "1.5 MB"), (2 * 10**12, "2.0 TB")]
)
def test_format_bytes(value: int | None, text: str) -> None:
    assert console.format_bytes(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        ((0.42, 0.31, 0.58), "42 % (31–58 %)"),
        ((0.391, 0.387, 0.395), "39.1 % (38.7–39.5 %)"),
        ((0.434, 0.43, 0.44), "43.4 % (43.0–44.0 %)"),
        ((0.39123, 0.3911, 0.39134), "39.12 % (39.11–39.13 %)"),
        ((0.39, 0.39, 0.39), "39 %"),
        ((0.39, 0.39 + 1e-15, 0.39), "39 % (39–39 %)"),
        ((0.9996, 0.98, 0.9998), "99.96 % (98.00–99.98 %)"),
        ((1.0, 0.98, 1.0), "100 % (98–100 %)"),
    ],
)
def test_an_end_never_reads_as_the_value_does_unless_it_is(share: tuple[float, float, float], text: str) -> None:
    assert console.format_share_interval(*share) == text
    assert console.format_interval(0.387, 0.392) == "38.7–39.2 %"


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ((0.151, 0.144, 0.154), "$0.151 a month ($0.144 to $0.154)"),
        ((0.065, 0.062, 0.066), "$0.065 a month ($0.062 to $0.066)"),
        ((0.0652, 0.0649, 0.0663), "$0.0652 a month ($0.0649 to $0.0663)"),
        ((12_340.4, 12_339.6, 12_500), "$12,300 a month ($12,300 to $12,500)"),
        ((7_201.06, 6_100.22, 8_002.13), "$7,200 a month ($6,100 to $8,000)"),
        ((0.041, 0.04, 0.046), "$0.041 a month ($0.040 to $0.046)"),
        ((5.001, 4.999, 5.003), "$5.00 a month ($5.00 to $5.00)"),
        ((-0.151, -0.154, 0), "-$0.15 a month (-$0.15 to $0.00)"),
        ((3.2, None, None), "$3.20 a month"),
    ],
)
def test_money_with_its_ends(usd: tuple[float, float | None, float | None], text: str) -> None:
    assert console.format_usd_interval(*usd, suffix=" a month") == text


@pytest.mark.parametrize(
    ("usd", "exact", "estimate"),
    [(7_201.06, "$7,201.06", "$7,200"), (41.284, "$41.28", "$41.30"), (0.0247, "$0.025", "$0.025"), (0, "$0", "$0"), (None, "–", "–")],
)  # fmt: skip
def test_what_was_counted_keeps_its_cents_and_an_estimate_does_not(
    usd: float | None, exact: str, estimate: str
) -> None:
    assert (console.format_usd(usd), console.format_usd_estimate(usd)) == (exact, estimate)


def test_formats_of_what_is_not_known() -> None:
    assert console.format_count(None) == console.format_interval(None, 0.5) == console.format_time(None) == "–"
    assert console.format_count(12345) == "12,345"
    assert console.format_interval(0.31, 0.584) == "31–58 %"
    assert console.format_time(1_795_555_025_000_000_000) == "2026-11-24 21:17:05"
