"""The demo's stages: collector, provider, fleet, analysis, report, dashboard; each the real command in its own process."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from suffice.errors import SufficeError
from suffice_demo.fleet.agents import AGENTS
from suffice_demo.ports import LOOPBACK, choose_port, free_port
from suffice_demo.processes import Child
from suffice_demo.provider.model import SMALL_MODEL
from suffice_store import Store, open_store
from suffice_store.console import err
from suffice_store.holder import read_address

COLLECTOR_PORT, DASHBOARD_PORT = 4318, 8501
_DIRECT = build_opener(ProxyHandler({}))  # a proxy of the environment can't see this machine's loopback
START_S, FLEET_S, STORE_S, ANALYSIS_S = 60.0, 300.0, 60.0, 300.0
BUDGET_USD, REPLAY_S = "1", 200  # it settles what it can for about $0.10, in 10 to 20 s where nothing else runs
INPUT_USD_PER_MTOK, OUTPUT_USD_PER_MTOK = "0.10", "0.15"  # as Qwen3.5-9B hosted, of the catalogue
CANDIDATE = """[[candidate]]
name = "{model}"
model = "{model}"
url = "{url}/v1"
input_usd_per_mtok = {asked}
output_usd_per_mtok = {answered}
parallel = 8
"""


@dataclass(slots=True)
class FleetCount:
    """What the fleet's processes have told so far: calls by agent, and what became of them."""

    calls: dict[str, int] = field(default_factory=dict)
    delivered: int = 0
    lost: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, agent: str, line: str) -> None:
        """Take one line of an agent's output; other lines than ``calls`` and ``done`` are not for us."""
        word, _, rest = line.partition(" ")
        with self.lock:
            if word == "calls" and rest.isdigit():
                self.calls[agent] = int(rest)
            elif word == "done":
                told = json.loads(rest)
                self.delivered += told["delivered"]
                self.lost += told["dropped"] + told["pending"]

    @property
    def total(self) -> int:
        return sum(self.calls.values())


def start_collector(stack: ExitStack, database: Path, dashboard_port: int | None = None) -> tuple[str, Child]:
    """Its base URL, once it answers, and its process. It tells SDKs of the dashboard that will come at that port."""
    told = () if dashboard_port is None else ("--dashboard-url", f"http://{LOOPBACK}:{dashboard_port}")

    def start(port: int) -> tuple[str, Child]:
        child = Child("collector", "suffice", "collector", "--db", str(database), "--port", str(port), *told)
        return f"http://{LOOPBACK}:{port}/healthz", stack.enter_context(child)

    def its_own(child: Child) -> bool:  # another's collector may have come to that port in the same moment
        return read_address(str(database), child.pid) is not None

    port, child = _start("collector", COLLECTOR_PORT, start, its_own)
    return f"http://{LOOPBACK}:{port}", child


def start_provider(stack: ExitStack, seed: int) -> str:
    """Its base URL, as it says itself."""
    child = stack.enter_context(Child("provider", "suffice_demo.provider", "--seed", str(seed)))
    said: list[str] = []

    def ready() -> bool:
        said[:] = [line.removeprefix("ready ") for line in child.lines if line.startswith("ready ")]
        return bool(said)

    child.wait_for(ready, START_S)
    return said[0]


def run_fleet(provider: str, collector: str, calls: int, seed: int) -> FleetCount:
    """All agents at once, each in its process, until each has done its work and delivered it."""
    count = FleetCount()
    with ExitStack() as stack:
        children = [
            stack.enter_context(
                Child(
                    f"agent {agent.name}",
                    "suffice_demo.fleet",
                    *(agent.name, "--provider", provider, "--endpoint", collector),
                    *("--calls", str(calls), "--seed", str(seed)),
                    on_line=lambda line, name=agent.name: count.hear(name, line),  # type: ignore[misc]
                )
            )
            for agent in AGENTS
        ]
        with _progress() as progress:
            bar = progress.add_task("agents at work", total=calls, rate="")
            started, end = time.monotonic(), time.monotonic() + FLEET_S
            while any(child.running for child in children):
                if time.monotonic() > end:
                    raise SufficeError(f"the demo's agents were not done after {FLEET_S:.0f} s: try --calls 1000")
                time.sleep(0.1)
                rate = count.total / (time.monotonic() - started)
                progress.update(bar, completed=count.total, total=max(calls, count.total), rate=f"{rate:,.0f} calls/s")
            for child in children:
                child.wait(5)
            progress.update(bar, completed=count.total, total=count.total)
    if count.lost:
        raise SufficeError(f"{count.lost} of the demo's calls were not delivered to the collector at {collector}")
    return count


def wait_until_stored(collector: str, delivered: int) -> None:
    """Until the collector's reads show every delivered call (acknowledged is on disk, applied comes a moment later)."""
    end = time.monotonic() + STORE_S
    with open_store(server=collector) as store:
        while (stored := _stored_calls(store)) < delivered:
            if time.monotonic() > end:
                raise SufficeError(f"the collector shows {stored} of {delivered} calls after {STORE_S:.0f} s")
            time.sleep(0.1)


def analyse(collector: str) -> None:
    """``suffice analyze`` on the collector's calls."""
    _command("analysis", "analyze", "--server", collector)


def prove(collector: str, provider: str) -> str:
    """``suffice prove`` with the provider's small model, at the price of a hosted 8B. Returns its last lines: verdicts, and what was spent."""
    with open_store(server=collector) as store:  # what it answers is traffic too, of the environment replay
        price = {"input_usd_per_mtok": INPUT_USD_PER_MTOK, "output_usd_per_mtok": OUTPUT_USD_PER_MTOK}
        store.command("set_price", model=SMALL_MODEL, **price)
    with TemporaryDirectory(prefix="suffice-demo-") as folder:
        candidates = Path(folder) / "candidates.toml"
        named = CANDIDATE.format(
            model=SMALL_MODEL, url=provider, asked=INPUT_USD_PER_MTOK, answered=OUTPUT_USD_PER_MTOK
        )
        candidates.write_text(named, "utf-8")
        said = _command(
            "replay", "prove", "--server", collector, "--candidates", str(candidates), "--budget", BUDGET_USD, "--yes",
            "--max-seconds", str(REPLAY_S), timeout_s=REPLAY_S + ANALYSIS_S,
        )  # fmt: skip
    return "; ".join(said[-2:])


def write_report(collector: str, output: Path) -> None:
    """``suffice report -o FILE``."""
    _command("report", "report", "--server", collector, "-o", str(output))


def choose_dashboard_port() -> int:
    """Known before the dashboard starts, so that the collector can tell it."""
    port = choose_port(DASHBOARD_PORT)
    if port != DASHBOARD_PORT:
        _say_moved("dashboard", DASHBOARD_PORT, port)
    return port


def start_dashboard(stack: ExitStack, collector: str, usual: int) -> tuple[str, Child]:
    """Its address, once it answers, and its process. ``usual`` is taken where it is still free."""

    def start(port: int) -> tuple[str, Child]:
        child = Child("dashboard", "suffice", "dashboard", "--server", collector, "--port", str(port), "--no-browser")
        return f"http://{LOOPBACK}:{port}", stack.enter_context(child)

    port, child = _start("dashboard", usual, start)
    return f"http://{LOOPBACK}:{port}", child


def _start(
    name: str,
    usual: int,
    start: Callable[[int], tuple[str, Child]],
    its_own: Callable[[Child], bool] = lambda child: child.running,
) -> tuple[int, Child]:
    """Start on the usual port, or on a free one where that is taken, also at the last moment; wait until it answers.

    ``its_own`` tells whether what answers is the process that was started.
    """
    port = choose_port(usual)
    while True:
        if port != usual:
            _say_moved(name, usual, port)
        url, child = start(port)
        try:
            child.wait_for(lambda url=url, child=child: _answers(url) and its_own(child), START_S)  # type: ignore[misc]
        except SufficeError:
            if port != usual or not any(f"port {port} is taken" in line for line in child.lines):
                raise
            port = free_port()
        else:
            return port, child


def _say_moved(name: str, usual: int, port: int) -> None:
    err().print(f"Port {usual} is taken, so the demo's {name} listens on {port}.")


def _command(name: str, *arguments: str, timeout_s: float = ANALYSIS_S) -> list[str]:
    """Runs it to its end. Returns its last lines. Raises SufficeError."""
    with Child(name, "suffice", *arguments) as child:
        child.wait(timeout_s)
        return list(child.lines)


def _stored_calls(store: Store) -> int:
    row = store.read("overview").to_pylist()[0]
    return sum(int(row[name] or 0) for name in ("calls", "duplicate_calls", "retried_attempts"))


def _answers(url: str) -> bool:
    try:
        with _DIRECT.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        console=err(),
        transient=True,
        disable=not err().is_terminal,
    )
