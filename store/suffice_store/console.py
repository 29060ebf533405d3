"""What every command of ``suffice`` shares: the options, the exit codes, and numbers as people read them.

A command module holds a Typer app and ``main(argv) -> int``, which is ``run_app(app, argv)``:

    app = typer.Typer()

    @app.command()
    def tasks(db: DbOption = None, server: ServerOption = None, as_json: JsonOption = False) -> None: ...

    def main(argv: list[str]) -> int:
        return run_app(app, argv, "suffice tasks")
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.main import get_command

from suffice.errors import UsageError
from suffice_store.rounding import LEAST_USD, estimated_usd, estimated_usd_range, percent_digits, tell_apart, usd_digits

DbOption = Annotated[
    str | None,
    typer.Option(
        "--db", metavar="PATH", help="Database file or SQLAlchemy URL. Default: SUFFICE_DB or ./suffice.duckdb."
    ),
]
ServerOption = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="A running collector. Default: SUFFICE_ENDPOINT."),
]
ProjectOption = Annotated[str, typer.Option("--project", metavar="NAME", help="The project to look at.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]

DEFAULT_PROJECT = "default"
_USAGE = 2
_INTERRUPTED = 130  # Typer's own exit code for Ctrl-C; ours is said by suffice.cli
UNKNOWN = "–"
_VALUE_NAMES = {"Path": "FILE", "int": "N", "float": "N"}


def run_app(app: typer.Typer, argv: Sequence[str], name: str = "suffice") -> int:
    """Run a Typer app and return its exit code.

    A usage error becomes ``UsageError`` (exit code 2) with one line; ``SufficeError`` passes through,
    so that ``suffice.cli`` prints its one line.
    """
    command = get_command(app)
    _name_values(command)
    if not argv and getattr(command, "commands", None):  # 'suffice db': which ones there are is the answer
        command.main(args=["--help"], prog_name=name, standalone_mode=False)
        return _USAGE
    try:
        code = command.main(args=list(argv), prog_name=name, standalone_mode=False)
    except Exception as error:
        # Typer carries its own copy of click: its usage errors are known by what they offer.
        if getattr(error, "exit_code", None) == _USAGE and hasattr(error, "format_message"):
            asked = getattr(getattr(error, "ctx", None), "command_path", name)  # 'suffice db retention'
            raise UsageError(f"{one_line(error.format_message())} '{asked} --help' shows the options") from None
        if type(error).__name__ == "Abort":
            raise KeyboardInterrupt from None
        raise
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def out() -> Console:
    """The console for results. Made anew, so that it follows a redirected ``sys.stdout``; a pipe is never wrapped."""
    terminal = sys.stdout.isatty()
    return Console(file=sys.stdout, highlight=False, soft_wrap=not terminal, width=None if terminal else 500)


def err() -> Console:
    """The console for progress and notes, so that ``--json`` and pipes stay clean."""
    return Console(file=sys.stderr, highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on stdout. Decimals become strings, times and dates ISO."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_json_value) + "\n")


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[str] = (), wide: str | None = None
) -> None:
    """A table for people: headings as they are, the columns named in ``right`` aligned right.

    With ``wide`` only that column gives way on a narrow terminal; the others keep their width.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    aligned = set(right)
    for column in columns:
        numeric = column in aligned
        kept = numeric or (wide is not None and column != wide)
        table.add_column(column, justify="right" if numeric else "left", no_wrap=kept, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # Text: a cell is never read as markup
    out().print(table)


def one_line(text: str) -> str:
    """``text`` without line breaks, ending in a full stop or its own mark."""
    line = " ".join(text.split())
    return line if line.endswith((".", "!", "?")) else f"{line}."


def format_count(value: float | None) -> str:
    """``12,345``; unknown is a dash, never 0."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def format_usd(value: Decimal | float | None) -> str:
    """``$12,340``, ``$412.80``, ``$0.50``; under ten cents two significant digits, ``$0.0042``; unknown is a dash, never $0."""
    return UNKNOWN if value is None else _usd(float(value))


def format_usd_estimate(value: Decimal | float | None) -> str:
    """An estimate that stands alone, in three digits: ``$7,200``, ``$413``, ``$9.61``; what was counted is ``format_usd``'s."""
    return UNKNOWN if value is None else estimated_usd(float(value))


def format_usd_range(
    value: Decimal | float | None, low: Decimal | float | None, high: Decimal | float | None
) -> tuple[str, str, str]:
    """An estimate and its ends, with the digits that the interval leaves them: ``$7,200``, ``$6,100``, ``$8,000``."""
    if value is None or low is None or high is None:
        return format_usd_estimate(value), format_usd_estimate(low), format_usd_estimate(high)
    return estimated_usd_range(float(value), float(low), float(high))


def format_usd_interval(
    value: Decimal | float | None, low: Decimal | float | None, high: Decimal | float | None, suffix: str = ""
) -> str:
    """``$0.151 ($0.144 to $0.154)``, with ``suffix`` behind the value; the value alone where its ends are not known."""
    said, left, right = format_usd_range(value, low, high)
    return f"{said}{suffix}" if low is None or high is None else f"{said}{suffix} ({left} to {right})"


def _usd(value: float) -> str:
    size = abs(value)
    sign = "-" if value < 0 else ""
    if size == 0:
        return "$0"
    return f"{sign}<${LEAST_USD:f}" if size < LEAST_USD else f"{sign}${usd_digits(size)}"


def format_share(value: float | None) -> str:
    """A share of 1 as a percentage: ``42 %``, and ``0.4 %`` below one."""
    return UNKNOWN if value is None else f"{percent_digits(value)} %"


def format_interval(low: float | None, high: float | None) -> str:
    """``31–58 %``; ``38.7–39.2 %`` where both ends would read the same."""
    if low is None or high is None:
        return UNKNOWN
    left, right = tell_apart([low, high], _percent)
    return f"{left}–{right} %"


def format_share_interval(value: float, low: float, high: float) -> str:
    """``42 % (31–58 %)``; ``39.1 % (38.7–39.5 %)`` where an end would read as the value does."""
    if low == high:  # a bound that was counted has no interval
        return format_share(value)
    said, left, right = tell_apart([value, low, high], _percent)
    return f"{said} % ({left}–{right} %)"


def _percent(share: float, digits: int) -> str:
    return percent_digits(share, digits) if digits else f"{share * 100:.0f}"


def format_ms(value: float | None) -> str:
    """A duration in milliseconds as ``420 ms``, ``3.2 s`` or ``2 min 5 s``."""
    if value is None:
        return UNKNOWN
    if value < 1000:
        return f"{value:.0f} ms"
    if value < 60_000:
        return f"{value / 1000:.1f} s"
    minutes, seconds = divmod(round(value / 1000), 60)
    return f"{minutes} min {seconds} s"


def format_time(ns: int | None) -> str:
    """Unix nanoseconds as ``2026-11-23 21:17:05`` UTC."""
    if ns is None:
        return UNKNOWN
    return datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S")


def format_bytes(size: int | None) -> str:
    """``1.5 MB``, in powers of 1000."""
    if size is None:
        return UNKNOWN
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def _name_values(command: Any) -> None:
    """Help that says ``FILE`` where Typer would say ``<list[Path]>``, and nothing beside a flag."""
    for each in getattr(command, "commands", {}).values():
        _name_values(each)
    for param in [
        *command.params,
        command.get_help_option(command.make_context(command.name, [], resilient_parsing=True)),
    ]:
        if param.param_type_name == "argument":
            param.display_type_rich = lambda ctx: None
        elif getattr(param, "is_flag", False):
            param.metavar = ""
        elif param.metavar is None:
            param.metavar = _VALUE_NAMES.get(param.bare_type(), "TEXT")


def _json_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no JSON form")
