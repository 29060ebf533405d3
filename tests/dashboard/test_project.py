"""The project stands in the address of every page and in every link, so that an address shows the same thing to everybody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from dashboard import browser, fleet
from dashboard.conftest import Open, shown
from selenium.webdriver.common.by import By

from suffice_dashboard import pieces
from suffice_store.file_store import FileStore


def test_a_page_shows_the_project_of_its_address(open_page: Open, fleet_store: FileStore) -> None:
    assert "Waiting for the first call" in shown(open_page(fleet_store, project="none-yet"))
    assert "on 2,000 calls" in shown(open_page(fleet_store, project="default"))


def test_an_address_without_a_project_gets_the_one_of_this_dashboard(
    open_page: Open, fleet_store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert open_page(fleet_store).query_params["project"] == "default"
    monkeypatch.setenv("SUFFICE_PROJECT", "shop")
    app = open_page(fleet_store)
    assert app.query_params["project"] == "shop"
    assert "Project shop" in shown(app)


def test_links_name_the_project_where_it_is_another(
    open_page: Open, fleet_store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "project=" not in shown(open_page(fleet_store))
    monkeypatch.setenv("SUFFICE_PROJECT", "shop")
    text = shown(open_page(fleet_store, project="default"))
    links = [part.split('"', 1)[0] for part in text.split('href="')[1:]]
    assert links
    assert [link for link in links if "project=default" not in link] == []


def test_outside_of_a_page_a_link_is_what_it_says() -> None:
    assert pieces.link("calls?run=<1>", "x") == '<a href="calls?run=&lt;1&gt;" target="_self">x</a>'


@pytest.fixture(scope="module")
def two_projects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard where the fleet is in its own project, and three calls in ``shop``."""
    folder = tmp_path_factory.mktemp("two")
    with FileStore(str(folder / "two.duckdb")) as store:
        store.append(fleet.as_arrow(fleet.fleet_tables()))
        few = fleet.as_arrow(fleet.traffic())["calls"].slice(0, 3)
        place = few.schema.get_field_index("project")
        shop = few.column(place).cast("string").combine_chunks().fill_null("")
        assert set(shop.to_pylist()) == {"default"}
        store.append({"calls": few.set_column(place, "project", [["shop"] * 3])})
    with browser.dashboard_over(folder / "two.duckdb", folder) as address:
        yield address


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.xdist_group("browser")
@pytest.mark.skipif(browser.chromium_path() is None, reason="needs chromium and chromedriver on the PATH")
def test_the_address_reproduces_the_view(two_projects: str) -> None:
    with browser.chromium() as driver:
        browser.open_settled(driver, f"{two_projects}/")
        assert driver.current_url == f"{two_projects}/?project=default"
        assert driver.execute_script("return history.length") == FRESH + 1, "one step back leads out of the page"
        browser.open_settled(driver, f"{two_projects}/calls?project=shop")
        assert rows(driver) == 3
        link = driver.find_element(By.CSS_SELECTOR, "table.sf a")
        driver.get(link.get_attribute("href"))
        browser.wait_settled(driver)
        assert "project=shop" in driver.current_url
        assert "Conversation" in driver.find_element(By.CSS_SELECTOR, '[data-testid="stMain"]').text
        for page in ("Runs", "Calls"):
            menu = driver.find_element(By.XPATH, f"//*[@data-testid='stSidebarNav']//a[contains(., '{page}')]")
            driver.execute_script("arguments[0].click()", menu)
            time.sleep(0.5)
            browser.wait_settled(driver)
        assert driver.current_url.endswith("/calls?project=shop")
        assert rows(driver) == 3
        shown_here = driver.current_url
    with browser.chromium() as other:
        browser.open_settled(other, shown_here)
        assert rows(other) == 3


FRESH = 1  # what a new window shows counts as one


def rows(driver: Any) -> int:
    return len(driver.find_elements(By.CSS_SELECTOR, "table.sf tbody tr"))
