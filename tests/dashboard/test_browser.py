"""Chromium opens every page over a real collector: nothing broken on screen, nothing red in the console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dashboard import browser, fleet
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from suffice_store import open_store
from suffice_store.file_store import FileStore

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(browser.chromium_path() is None, reason="needs chromium and chromedriver on the PATH"),
]

PATHS = ["/", "/tasks", "/task", "/savings", "/calls"]
MORE_PATHS = ("/decisions", "/runs", "/replay", "/quality", "/health", "/settings")


@pytest.fixture(scope="module")
def fleet_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard on the fleet."""
    folder = tmp_path_factory.mktemp("pages")
    with FileStore(str(folder / "fleet.duckdb")) as store:
        store.append(fleet.as_arrow(fleet.fleet_tables()))
    with browser.dashboard_over(folder / "fleet.duckdb", folder) as address:
        yield address


@pytest.fixture(scope="module")
def empty_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard on an empty database."""
    folder = tmp_path_factory.mktemp("empty")
    with browser.dashboard_over(folder / "empty.duckdb", folder) as address:
        yield address


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    """A browser for what no colour changes."""
    with browser.chromium() as chromium:
        yield chromium


@pytest.fixture(params=["light", "dark"])
def coloured(request: pytest.FixtureRequest, driver: Any) -> Iterator[Any]:
    """The same one in each colour scheme, for what is seen."""
    browser.prefer(driver, request.param)
    yield driver
    browser.prefer(driver, "light")


def seen(driver: Any, url: str) -> str:
    """The page's text, after checking that nothing is broken on it."""
    browser.open_settled(driver, url)
    assert driver.find_elements(By.CSS_SELECTOR, '[data-testid="stException"]') == []
    assert [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert driver.title == "suffice"  # the hostile prompts try to change it
    main = driver.find_element(By.CSS_SELECTOR, '[data-testid="stMain"]')
    assert driver.execute_script("return arguments[0].scrollWidth <= arguments[0].clientWidth", main), (
        "scrolls sideways"
    )
    return str(main.text)


def test_an_address_without_a_page_says_so(fleet_pages: str, driver: Any) -> None:
    text = seen(driver, f"{fleet_pages}/nowhere")
    assert "There is no such page" in text
    assert "You spent" not in text
    driver.find_element(By.LINK_TEXT, "Open the overview →").click()
    WebDriverWait(driver, 30).until(lambda page: "You spent" in page.find_element(By.TAG_NAME, "body").text)


def test_every_page_draws_the_fleet(coloured: Any, fleet_pages: str) -> None:
    driver = coloured
    call = fleet.fleet_tables()["calls"][0]
    single = (
        f"/task?task_id={fleet.task_id(0)}",
        f"/calls?call_id={call['call_id']}",
        f"/runs?run_id={call['run_id']}",
    )
    texts: dict[str, str] = {}
    faults: dict[str, list[Any]] = {}
    for path in (*PATHS, *MORE_PATHS, *single):
        texts[path] = seen(driver, fleet_pages + path)
        if path == "/settings":  # its forms are folded away
            for each in driver.find_elements(By.CSS_SELECTOR, '[data-testid="stExpander"] summary'):
                driver.execute_script("arguments[0].click()", each)
            browser.wait_settled(driver)
        faults[path] = browser.serious_faults(driver)
    assert {path: found for path, found in faults.items() if found} == {}
    assert "You spent $17.32 on 2,000 calls" in texts["/"]
    assert "12 recurring tasks" in texts["/tasks"]
    assert "Review code changes" in texts["/task"]
    assert "not to be added up" in texts["/savings"]
    assert "Request and answer" in texts["/calls"]
    assert "Everything that was sent is stored" in texts["/health"]
    assert "Without a price: in-house-70b" in texts["/settings"]


def test_every_page_draws_an_empty_database(driver: Any, empty_pages: str) -> None:
    for path in PATHS:
        assert "Waiting for the first call" in seen(driver, empty_pages + path)
    assert "Calls are kept for ever" in seen(driver, f"{empty_pages}/settings")


def test_an_empty_database_s_settings_have_no_serious_fault(coloured: Any, empty_pages: str) -> None:
    seen(coloured, f"{empty_pages}/settings")
    assert browser.serious_faults(coloured) == []


def test_from_overview_to_a_single_call_in_three_clicks(driver: Any, fleet_pages: str) -> None:
    seen(driver, f"{fleet_pages}/")
    for text in ("See the evidence →", "Examples", "Open this call →"):
        link = driver.find_element(
            By.XPATH, f"(//a[contains(., '{text}')] | //*[@role='tab'][contains(., '{text}')])[1]"
        )
        driver.execute_script("arguments[0].click()", link)
        browser.wait_settled(driver)
    assert "/calls?call_id=" in driver.current_url
    text = seen(driver, driver.current_url)
    assert "Conversation" in text
    assert "Extract invoice fields" in text, "a call of the task named first on Overview"


def test_a_hostile_prompt_is_shown_as_text(driver: Any, fleet_pages: str) -> None:
    place = next(i for i, task in enumerate(fleet.TASKS) if fleet.HOSTILE in task[0])
    assert "<script>" in seen(driver, f"{fleet_pages}/task?task_id={fleet.task_id(place)}")


def test_a_narrow_window_scrolls_only_downwards(driver: Any, fleet_pages: str) -> None:
    browser.resize(driver, 820, 1100)
    try:
        for path in (*PATHS, "/settings", f"/task?task_id={fleet.task_id(3)}"):
            seen(driver, fleet_pages + path)
    finally:
        browser.resize(driver, 1400, 900)


def test_no_table_is_cut_off_on_a_laptop(driver: Any, fleet_pages: str) -> None:
    """1280 wide: what stands behind a table's edge is not missed by who doesn't know of it."""
    browser.resize(driver, 1280, 800)
    try:
        for path in ("/tasks", "/savings", "/decisions", "/runs", "/replay", "/calls", "/quality", "/settings"):
            seen(driver, fleet_pages + path)
            tables = driver.find_elements(By.CSS_SELECTOR, ".sf-scroll")
            hidden = [
                driver.execute_script("return arguments[0].scrollWidth - arguments[0].clientWidth", t) for t in tables
            ]
            assert [pixels for pixels in hidden if pixels > 0] == [], path
    finally:
        browser.resize(driver, 1400, 900)


def test_no_request_leaves_this_machine(driver: Any, fleet_pages: str) -> None:
    seen(driver, f"{fleet_pages}/")
    asked = driver.execute_script("return performance.getEntriesByType('resource').map(r => new URL(r.name).host)")
    assert set(asked) == {Path(fleet_pages).name}


def test_the_first_call_appears_by_itself(driver: Any, empty_pages: str) -> None:
    """The last of these: from here on the database is no longer empty."""
    assert "Waiting for the first call" in seen(driver, f"{empty_pages}/")
    settings = driver.find_element(By.CSS_SELECTOR, ".sf-foot").text.splitlines()
    with open_store(server=settings[-1]) as store:
        store.append({"calls": fleet.as_arrow(fleet.traffic())["calls"].slice(0, 3)})
    WebDriverWait(driver, 60).until(
        lambda d: "3 calls" in d.find_element(By.CSS_SELECTOR, '[data-testid="stMain"]').text
    )
