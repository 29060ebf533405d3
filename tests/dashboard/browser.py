"""Real processes and a real browser: a collector on a file, the dashboard over it, headless Chromium on that."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

from free_ports import free_port
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

# No services of Google's, a profile of its own, and no sandbox since CI has no user namespaces.
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip

SETTLED = """
const app = document.querySelector('[data-testid=stApp]');
return !!app && app.dataset.testScriptState === 'notRunning'
  && !document.querySelector('[data-stale=true], [data-testid=stSkeleton]')
  && [...document.querySelectorAll('[data-testid=stPlotlyChart]')].every(c => c.querySelector('.main-svg'))
  && document.querySelectorAll('[data-testid=stHtml]').length > 1;
"""


def chromium_path() -> str | None:
    """Chromium, where it is installed with its driver."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found if found and shutil.which("chromedriver") else None


@contextmanager
def chromium(*, theme: str = "light", width: int = 1400, height: int = 900) -> Iterator[Any]:
    """A headless browser with a fresh profile, in a colour scheme and window size (CSS pixels)."""
    binary, driver_path = chromium_path(), shutil.which("chromedriver")
    assert binary is not None
    with tempfile.TemporaryDirectory(prefix="suffice-chromium-", ignore_cleanup_errors=True) as profile:
        options = Options()
        for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
            options.add_argument(flag)
        options.binary_location = binary
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(driver_path))
        try:
            prefer(driver, theme)
            resize(driver, width, height)
            yield driver
        finally:
            driver.quit()


def prefer(driver: Any, theme: str) -> None:
    """Set the colour scheme that pages are asked for."""
    scheme = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)


def resize(driver: Any, width: int, height: int) -> None:
    """Set the window's inside, in CSS pixels."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def open_settled(driver: Any, url: str, seconds: float = 60) -> None:
    """Open an address and wait until the page has stopped drawing."""
    driver.get(url)
    wait_settled(driver, seconds)


def wait_settled(driver: Any, seconds: float = 60) -> None:
    """Wait until two looks in a row find the page complete."""
    deadline, calm = time.monotonic() + seconds, 0
    while calm < 2:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{driver.current_url} was still drawing after {seconds:.0f} s")
        time.sleep(0.25)
        with suppress(WebDriverException):
            calm = calm + 1 if driver.execute_script(SETTLED) else 0


AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then(found => done(found.violations
  .filter(v => ['serious', 'critical'].includes(v.impact)).map(v => [v.impact, v.id, v.nodes.length, v.nodes[0].html.slice(0, 200)])));
"""


def serious_faults(driver: Any) -> list[Any]:
    """What axe-core finds serious or critical on the page that is open."""
    driver.execute_script((files("axe_core_python") / "axe.min.js").read_text("utf-8"))
    found: list[Any] = driver.execute_async_script(AXE)
    return found


@contextmanager
def running(arguments: list[str], health: str, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """``suffice`` with these arguments as a process, from its first answer at ``health`` to the end of the block."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "suffice.cli", *arguments], stdout=out, stderr=out, env={**os.environ, **environment}
        )
        try:
            _wait(process, health, log)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], health: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        with suppress(OSError), urllib.request.urlopen(health, timeout=2):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"nothing answers at {health}: {log.read_text()[-2000:]}")
        time.sleep(0.2)


@contextmanager
def dashboard_over(db: Path, folder: Path) -> Iterator[str]:
    """Collector and dashboard over a database file; gives the dashboard's address."""
    collector, pages = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
    ingest = ["collector", "--db", str(db), "--port", collector.rsplit(":", 1)[1]]
    dashboard = ["dashboard", "--server", collector, "--port", pages.rsplit(":", 1)[1], "--no-browser"]
    with (
        running(ingest, f"{collector}/healthz", folder / "collector.log"),
        running(dashboard, f"{pages}/_stcore/health", folder / "dashboard.log"),
    ):
        yield pages
