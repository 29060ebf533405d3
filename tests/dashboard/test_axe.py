"""axe-core finds nothing serious on any page, light and dark, with the fleet and on an empty database; the console stays clean."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from dashboard import browser, fleet

from suffice_store.file_store import FileStore

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,  # a browser, two dashboards
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(browser.chromium_path() is None, reason="needs chromium and chromedriver on the PATH"),
]
PATHS = ("/", "/tasks", "/savings", "/decisions", "/runs", "/calls", "/quality", "/health")
RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then(found => done(found.violations.map(
  v => [v.impact, v.id, v.nodes.length, v.nodes[0].html.slice(0, 200)])));
"""


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Every page of the fleet, one task, call and run of it; of an empty database the one that all pages show, and Health."""
    full, empty = tmp_path_factory.mktemp("full"), tmp_path_factory.mktemp("empty")
    tables = fleet.fleet_tables()
    call = tables["calls"][0]
    with FileStore(str(full / "fleet.duckdb")) as store:
        store.append(fleet.as_arrow(tables))
    single = (
        f"/task?task_id={fleet.task_id(0)}",
        f"/calls?call_id={call['call_id']}",
        f"/runs?run_id={call['run_id']}",
    )
    with (
        browser.dashboard_over(full / "fleet.duckdb", full) as pages,
        browser.dashboard_over(empty / "empty.duckdb", empty) as bare,
    ):
        yield [*(pages + path for path in (*PATHS, *single)), *(bare + path for path in ("/", "/health"))]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_on_any_page(theme: str, addresses: list[str]) -> None:
    axe = (files("axe_core_python") / "axe.min.js").read_text("utf-8")
    found: dict[str, Any] = {}
    with browser.chromium(theme=theme) as driver:
        for address in addresses:
            browser.open_settled(driver, address)
            driver.execute_script(axe)
            told = driver.execute_async_script(RUN)
            serious = [each for each in told if each[0] in ("serious", "critical")]
            errors = [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
            if serious or errors:
                found[address] = (serious, errors)
    assert found == {}
