"""A search shows its first hits, then how many there are; whoever waits can stop it, and then it ends in the collector too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from dashboard import browser, fleet
from dashboard.conftest import Open, shown
from dashboard.slow_collector import LATE, NEVER, UNCOUNTED, SlowCollector, slow_collector
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from suffice_dashboard.searching import said, whole
from suffice_store.file_store import FileStore

CALLS = "views/calls.py"


@pytest.mark.parametrize(
    ("page", "found", "calls", "words"),
    [
        (0, 51, None, "The first 50 calls"),
        (0, 51, 1234, "50 of 1,234 calls"),
        (0, 1, 1, "1 of 1 call"),
        (0, 0, 0, "0 of 0 calls"),
        (2, 51, None, "Calls 101–150"),
        (2, 3, 103, "Calls 101–103 of 103"),
    ],
)
def test_what_is_said_of_a_page_of_hits(page: int, found: int, calls: int | None, words: str) -> None:
    assert said(page, found, calls) == words


def test_the_last_page_tells_how_many_there_are() -> None:
    assert [whole(0, 51), whole(0, 50), whole(0, 0), whole(2, 7), whole(2, 0)] == [None, 50, 0, 107, None]


def test_a_search_says_how_many_of_how_many(open_page: Open, fleet_store: FileStore) -> None:
    (row,) = fleet_store.read("search_count", search=UNCOUNTED).to_pylist()
    assert row["calls"] > 50
    assert f"50 of {row['calls']:,} calls" in shown(open_page(fleet_store, CALLS, search=UNCOUNTED))
    last = row["calls"] // 50 + 1
    text = shown(open_page(fleet_store, CALLS, search=UNCOUNTED, page=str(last)))
    assert f"Calls {50 * (last - 1) + 1:,}–{row['calls']:,} of {row['calls']:,}" in text


def test_a_search_keeps_to_the_other_filters(open_page: Open, fleet_store: FileStore) -> None:
    given = {"search": UNCOUNTED, "errors_only": True}
    (row,) = fleet_store.read("search_count", **given).to_pylist()
    text = shown(open_page(fleet_store, CALLS, search=UNCOUNTED, errors="true"))
    assert f"{min(50, row['calls'])} of {row['calls']} call" in text


def test_a_search_that_finds_nothing_says_so(open_page: Open, fleet_store: FileStore) -> None:
    text = shown(open_page(fleet_store, CALLS, search="zqxzqx"))
    assert "No call matches" in text
    assert "0 of 0 calls" in text


def test_a_list_that_is_no_search_counts_nothing(open_page: Open, fleet_store: FileStore) -> None:
    assert "The first" not in shown(open_page(fleet_store, CALLS))


@pytest.fixture(scope="module")
def slow_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, SlowCollector]]:
    """A dashboard on the fleet, over a collector that never answers some searches."""
    folder = tmp_path_factory.mktemp("slow")
    with FileStore(str(folder / "fleet.duckdb")) as store:
        store.append(fleet.as_arrow(fleet.fleet_tables()))
    collector, pages = f"http://127.0.0.1:{browser.free_port()}", f"http://127.0.0.1:{browser.free_port()}"
    ingest = ["collector", "--db", str(folder / "fleet.duckdb"), "--port", collector.rsplit(":", 1)[1]]
    with browser.running(ingest, f"{collector}/healthz", folder / "c.log"), slow_collector(collector) as (server, slow):
        dashboard = ["dashboard", "--server", server, "--port", pages.rsplit(":", 1)[1], "--no-browser"]
        with browser.running(dashboard, f"{pages}/_stcore/health", folder / "d.log"):
            yield pages, slow


def until(found: Callable[[], Any], driver: Any = None) -> Any:
    deadline = time.monotonic() + 120
    while not (value := found()):
        assert time.monotonic() < deadline, text_of(driver) if driver else "two minutes are over"
        time.sleep(0.1)
    return value


def until_shown(driver: Any, words: str) -> None:
    until(lambda: words in text_of(driver), driver)


def text_of(driver: Any) -> str:
    return str(driver.execute_script("return document.querySelector('[data-testid=stMain]')?.innerText ?? ''"))


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.xdist_group("browser")
@pytest.mark.skipif(browser.chromium_path() is None, reason="needs chromium and chromedriver on the PATH")
def test_whoever_waits_can_stop_a_search(slow_pages: tuple[str, SlowCollector]) -> None:
    pages, slow = slow_pages
    with browser.chromium() as driver:
        driver.get(f"{pages}/calls?search={NEVER}")
        until_shown(driver, "Searching …")
        assert slow.gone == []
        press(driver, "stop-calls")
        browser.wait_settled(driver)
        assert "The search was stopped." in text_of(driver)
        assert until(lambda: slow.gone) == [("calls", NEVER)]
        press(driver, "search-again")
        until(lambda: len(slow.waits) == 2)
        until(lambda: typed(driver.find_element(By.CSS_SELECTOR, ".st-key-search input"), UNCOUNTED))
        driver.switch_to.active_element.send_keys(Keys.ENTER)
        assert len(until(lambda: len(slow.gone) == 2 and slow.gone)) == 2, "a new search has ended the old one"
        until_shown(driver, "The first 50 calls, counting all …")
        assert len(driver.find_elements(By.CSS_SELECTOR, "table.sf tbody tr")) == 50, "hits stand before the count"
        press(driver, "stop-search_count")
        browser.wait_settled(driver)
        assert "The first 50 calls; counting all was stopped." in text_of(driver)
        assert len(driver.find_elements(By.CSS_SELECTOR, "table.sf tbody tr")) == 50
        assert until(lambda: len(slow.gone) == 3 and slow.gone)[-1] == ("search_count", UNCOUNTED)
        assert browser.serious_faults(driver) == []
        press(driver, "search-again")
        until(lambda: len(slow.waits) == 4)
        click(driver, "table.sf tbody a")  # Chromium keeps the page, for a Back
        assert until(lambda: len(slow.gone) == 4 and slow.gone)[-1] == ("search_count", UNCOUNTED), "its page was left"
        until_shown(driver, "Conversation")
        driver.back()
        until(lambda: "counting all …" in text_of(driver) and len(slow.waits) > 4)
        driver.get(f"{pages}/calls?search={LATE}")  # so slow that one waits for the hits, and then for the count
        until_shown(driver, "Searching …")
        until_shown(driver, "The first 50 calls, counting all …")
        until_shown(driver, "50 of ")
        assert "could not be drawn" not in text_of(driver)
    until(lambda: len(slow.gone) == len(slow.waits))
    assert slow.gone[-1] == ("search_count", UNCOUNTED), "nobody waits any more"


def typed(box: Any, text: str) -> bool:
    """Whether ``text`` stands in the box after it was typed: a box that is drawn anew meanwhile loses its selection."""
    with suppress(WebDriverException):
        box.send_keys(Keys.CONTROL, "a")
        box.send_keys(text)
        return bool(box.get_attribute("value") == text)
    return False


def press(driver: Any, key: str) -> None:
    click(driver, f".st-key-{key} button")


def click(driver: Any, selector: str) -> None:
    """What is drawn anew five times a second may be gone between looking and clicking."""

    def clicked() -> bool:
        with suppress(WebDriverException):
            driver.find_element(By.CSS_SELECTOR, selector).click()
            return True
        return False

    until(clicked)
