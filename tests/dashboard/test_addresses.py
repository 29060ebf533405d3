"""An address without a page is said to be one; those of pages are not."""

from __future__ import annotations

import pytest
from dashboard.conftest import Open, shown

from suffice_dashboard import addresses
from suffice_store.file_store import FileStore

KNOWN = ("", "tasks", "task", "health")


@pytest.mark.parametrize(
    ("asked", "unknown"),
    [("", ""), ("tasks", ""), ("/tasks/", ""), ("task", ""), ("nowhere", "nowhere"), ("tasks/1", "tasks/1")],
)
def test_only_what_is_no_page_is_unknown(asked: str, unknown: str) -> None:
    assert addresses.unknown_page(asked, KNOWN) == unknown


def test_an_unknown_address_says_that_the_page_is_not_there(
    open_page: Open, fleet_store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "asked_page", lambda: "<b>no</b>where")
    page = shown(open_page(fleet_store))
    assert "There is no such page" in page
    assert "“&lt;b&gt;no&lt;/b&gt;where”" in page
    assert "Open the overview →" in page
    assert "You spent" not in page


def test_a_known_address_opens_its_page(
    open_page: Open, fleet_store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "asked_page", lambda: "health")
    assert "There is no such page" not in shown(open_page(fleet_store))
    monkeypatch.undo()
    assert addresses.asked_page() == ""  # outside of a page
