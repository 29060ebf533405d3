"""How long a page of the dashboard takes in a real browser, over a real collector that holds a million calls.

    python benchmarks/dashboard.py [--file FILE] [--calls 50000] [--copies 20] [--rounds 3] [--pages overview,calls]

FILE is made by ``million.py`` where it is not there yet. For each page, in milliseconds from the beginning of the navigation,
the median of the rounds: *first* is when its heading stands there (on Overview with the sentences), *all* is when nothing changes
any more. *Cold*: dashboard and browser were just started; *warm*: the same page once more. *Filter*: from choosing a service to the
last change. Then the memory of collector and dashboard, with their children. The collector goes on through all of it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "dashboard"), str(ROOT / "tests")]  # this file has the name of that folder

import browser  # noqa: E402
from million import make  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

from suffice_store import open_store  # noqa: E402

FILTERED = ("overview", "runs", "calls")
SERVICE = "service-1"
WATCH = """
window.seen = {first: null, last: 0};
new MutationObserver(() => {
  seen.last = performance.now();
  if (seen.first === null && document.querySelector('[data-testid=stMain] h1')) seen.first = seen.last;
}).observe(document, {subtree: true, childList: true, characterData: true});
"""


def main() -> None:
    """Print the table."""
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = options.file or folder / "million.duckdb"
        if not file.exists():
            make(file, options.calls, options.copies)
        collector = f"http://127.0.0.1:{browser.free_port()}"
        arguments = ["collector", "--db", str(file), "--port", collector.rsplit(":", 1)[1], "--grpc-port", "0"]
        with browser.running(arguments, f"{collector}/healthz", folder / "collector.log") as process:
            paths = pages(collector)
            time.sleep(5)  # the totals are added up
            chosen = options.pages.split(",") if options.pages else list(paths)
            print(f"{'':10} {'cold first':>10} {'all':>8} {'warm first':>10} {'all':>8} {'filter':>8}")
            for page in chosen:
                rounds = [look(collector, paths[page], folder, page in FILTERED) for _ in range(options.rounds)]
                found = [statistics.median(column) for column in zip(*rounds, strict=True)]
                print(
                    f"{page:10} {found[0]:10,.0f} {found[1]:8,.0f} {found[2]:10,.0f} {found[3]:8,.0f} {found[4]:8,.0f}",
                    flush=True,
                )
            print(f"collector {memory_mb(process.pid):,.0f} MB")
            with dashboard(collector, folder) as (address, pid), browser.chromium() as driver:
                for path in paths.values():
                    browser.open_settled(driver, address + path)
                print(f"dashboard {memory_mb(pid):,.0f} MB after every page")


def pages(collector: str) -> dict[str, str]:
    """The path of each page by its name: of a task, a run and a call that are there."""
    with open_store(server=collector) as store:
        (call,) = store.read("calls", limit=1).to_pylist()
        task = store.read("tasks").to_pylist()[0]["task_id"]
    single = {
        "task": f"/task?task_id={task}",
        "run": f"/runs?run_id={call['run_id']}",
        "call": f"/calls?call_id={call['call_id']}",
    }
    names = ("tasks", "savings", "decisions", "runs", "calls", "replay", "quality", "health", "settings")
    return {"overview": "/", **{name: f"/{name}" for name in names}, **single, "search": "/calls?search=question+777"}


@contextmanager
def dashboard(collector: str, folder: Path) -> Iterator[tuple[str, int]]:
    """A dashboard of its own: its address and process id."""
    address = f"http://127.0.0.1:{browser.free_port()}"
    arguments = ["dashboard", "--server", collector, "--port", address.rsplit(":", 1)[1], "--no-browser"]
    with browser.running(arguments, f"{address}/_stcore/health", folder / "dashboard.log") as process:
        yield address, process.pid


def look(collector: str, path: str, folder: Path, filtered: bool) -> tuple[float, float, float, float, float]:
    """Milliseconds: cold first and all, warm first and all, a filter's change (not a number where there is none)."""
    with dashboard(collector, folder) as (address, _), browser.chromium() as driver:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        cold, warm = opened(driver, address + path), opened(driver, address + path)
        return (*cold, *warm, choose_service(driver) if filtered else float("nan"))


def opened(driver: Any, url: str) -> tuple[float, float]:
    browser.open_settled(driver, url)
    first, last = driver.execute_script("return [seen.first, seen.last]")
    return first, last


def choose_service(driver: Any) -> float:
    box = driver.find_element(By.CSS_SELECTOR, ".st-key-service input")
    box.click()
    box.send_keys(SERVICE)
    time.sleep(0.5)
    begun = driver.execute_script("return performance.now()")
    box.send_keys(Keys.ENTER)
    time.sleep(0.2)
    browser.wait_settled(driver)
    assert f"service={SERVICE}" in driver.current_url
    return float(driver.execute_script("return seen.last")) - float(begun)


def memory_mb(pid: int) -> float:
    """Resident memory of a process and its children, in MB."""
    total, left = 0.0, [pid]
    while left:
        each = left.pop()
        try:
            status = Path(f"/proc/{each}/status").read_text()
            left += [int(child) for child in Path(f"/proc/{each}/task/{each}/children").read_text().split()]
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024
    return total


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, help="a database, kept; made where it is not there")
    parser.add_argument("--calls", type=int, default=50_000)
    parser.add_argument("--copies", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", default="", help="only these, by comma")
    return parser.parse_args()


if __name__ == "__main__":
    main()
