"""Settings: what stands there is the store's, each form does what it says, and a key sees and changes what its role permits."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from collector.tenants import Served, tenants
from dashboard import fleet
from dashboard.conftest import Open, shown
from store.conftest import serving
from streamlit.testing.v1 import AppTest

from suffice_dashboard import administration, pieces
from suffice_dashboard.views.settings import SHUT_OUT
from suffice_store import open_store
from suffice_store.access import find_key, read_keys
from suffice_store.file_store import FileStore

PAGE = "views/settings.py"


def press(app: AppTest, label: str) -> AppTest:
    (button,) = [each for each in app.button if each.label == label]
    return button.click().run()


def field(app: AppTest, kind: str, label: str):  # type: ignore[no-untyped-def]
    (found,) = [each for each in getattr(app, kind) if each.label == label]
    return found


def test_an_empty_store_is_told_in_sentences(open_page: Open, empty_store: FileStore) -> None:
    app = open_page(empty_store, PAGE)
    assert not app.exception
    text = shown(app)
    for said in ("There is none: only this machine is answered", "Nobody has a role", "Calls are kept <b>for ever</b>",
                 "None was read in", "No call was recorded yet"):  # fmt: skip
        assert said in text


def test_a_key_is_made_shown_once_and_revoked(open_page: Open, empty_store: FileStore) -> None:
    app = open_page(empty_store, PAGE)
    field(app, "text_input", "Held by").set_value("<i>shop</i>")
    field(app, "number_input", "Requests a minute (0: any)").set_value(60)
    press(app, "Make the key")
    (secret,) = [each.value for each in app.code]
    with empty_store.connected() as connection:
        key = find_key(read_keys(connection), secret)
    assert key is not None
    assert (key.name, set(key.scopes), key.project, key.requests_per_minute) == (
        "<i>shop</i>",
        {"ingest"},
        "default",
        60,
    )
    text = shown(app)
    assert "&lt;i&gt;shop&lt;/i&gt;" in text
    assert "at most 60 requests a minute" in text
    assert secret not in shown(app.run()), "gone with the next look"

    press(app, "Revoke the key")
    assert "Tick the box" in app.warning[0].value
    field(app, "checkbox", "Its requests are refused at once, for good").set_value(True)
    press(app, "Revoke the key")
    assert "✕ revoked" in shown(app)
    with empty_store.connected() as connection:
        assert find_key(read_keys(connection), secret) is None


def test_a_refused_key_says_why(open_page: Open, empty_store: FileStore) -> None:
    app = open_page(empty_store, PAGE)
    press(app, "Make the key")
    assert "'label' must be a text" in app.error[0].value
    assert not app.code


def test_a_person_is_given_a_role_and_loses_it(open_page: Open, empty_store: FileStore) -> None:
    app = open_page(empty_store, PAGE)
    field(app, "text_input", "E-mail").set_value("Ann@Example.com")
    press(app, "Give the role")
    assert [(row["email"], row["role"]) for row in empty_store.read("members").to_pylist()] == [
        ("ann@example.com", "reader")
    ]
    assert "ann@example.com" in shown(app)
    (role,) = [box for box in app.selectbox if "admin" in box.options]
    role.set_value("no role any more")
    press(app, "Give the role")
    assert "ann@example.com" not in shown(app)


def test_retention_is_changed_only_by_who_means_it(open_page: Open, empty_store: FileStore) -> None:
    app = open_page(empty_store, PAGE)
    field(app, "number_input", "Days (0: for ever)").set_value(30)
    press(app, "Keep it so")
    assert "Tick the box" in app.warning[0].value
    assert empty_store.read("retention").num_rows == 0
    field(app, "checkbox", "What is over the limit is deleted within the hour, and can't be had back").set_value(True)
    press(app, "Keep it so")
    (policy,) = empty_store.read("retention").to_pylist()
    assert (policy["max_age_days"], policy["max_bytes"]) == (30, None)
    assert "Calls are kept for <b>30 days</b>" in shown(app)


def test_prices_say_whose_they_are_and_one_is_set(open_page: Open, empty_store: FileStore) -> None:
    empty_store.append(fleet.as_arrow(fleet.traffic()))
    app = open_page(empty_store, PAGE)
    text = shown(app)
    (missing,) = empty_store.read("unpriced_models").to_pylist()
    assert f"<b>Without a price</b>: in-house-70b ({missing['calls']} calls)" in text.replace(' class="sf-figure"', "")
    assert "the fixture" in text
    field(app, "text_input", "Input, USD per million").set_value("0.5")
    field(app, "text_input", "Output, USD per million").set_value("1,5")
    press(app, "Set the price")
    assert "must be USD per million tokens" in app.error[0].value
    field(app, "text_input", "Output, USD per million").set_value("1.5")
    press(app, "Set the price")
    (price,) = empty_store.read("prices", model="in-house-70b").to_pylist()
    assert (price["input_usd_per_mtok"], price["output_usd_per_mtok"]) == (Decimal("0.5"), Decimal("1.5"))
    assert "Without a price" not in shown(app)


def test_a_price_is_looked_up_by_its_address(open_page: Open, fleet_store: FileStore) -> None:
    text = shown(open_page(fleet_store, PAGE, price="claude-sonnet-4-5"))
    assert "claude-sonnet-4-5" in text
    assert "set by you" not in text
    assert "shipped" in text


def test_contracts_owners_and_capture_modes_are_the_stores(open_page: Open, empty_store: FileStore) -> None:
    traffic = fleet.traffic()
    for row in traffic["calls"][:5]:
        row["attributes"] = '{"suffice.capture":"masked"}'
    empty_store.append(fleet.as_arrow(traffic))
    contract = {"name": "openai-26", "provider": "openai", "discount": "0.25", "valid_from": "2026-01-01"}
    owner = {"name": "invoices", "team": "finance"}
    empty_store.command("set_terms", contracts=[contract], services=[owner], source="terms.toml")
    text = shown(open_page(empty_store, PAGE))
    paid = sum(
        row["paid_usd"]
        for row in empty_store.read("daily").to_pylist()
        if row["provider"] == "openai" and row["paid_usd"]
    )
    assert f"${float(paid) * 0.75:,.2f}" in text
    assert "finance" in text
    assert "terms.toml" in text
    assert "personal data as pseudonyms" in text


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with tenants(tmp_path_factory.mktemp("settings")) as running:
        yield running


@pytest.mark.parametrize("role", ["reader", "analyst", "admin"])
def test_a_key_sees_and_changes_what_its_role_permits(
    role: str, served: Served, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a real collector: it refuses, and the page offers nothing that it would."""
    monkeypatch.setenv("SUFFICE_PROJECT", "a")
    with open_store(server=served.url, key=served.keys[f"a-{role}"]) as store:
        app = open_page(store, PAGE)
    assert not app.exception
    text = shown(app)
    assert f"role <b>{role}</b>, in project a only" in text
    forms = {button.label for button in app.button}
    if role == "admin":
        assert {"Make the key", "Give the role", "Keep it so", "Set the price"} <= forms
        assert "boss" in text
        assert "MARKERofB" not in text
    else:
        assert forms == set()
        assert text.count(pieces.e(administration.ADMIN_ONLY)) == 3
        assert "boss" not in text
        assert "nothing here can be changed" in text


def test_pages_without_a_key_make_none_that_would_shut_them_out(open_page: Open, tmp_path: Path) -> None:
    with (
        serving(store := FileStore(str(tmp_path / "s.duckdb")), tmp_path) as address,
        open_store(server=address) as remote,
    ):
        app = open_page(remote, PAGE)
        text, labels = shown(app), {button.label for button in app.button}
    store.close()
    assert "as <b>this machine</b>, role <b>admin</b>" in text
    assert pieces.e(SHUT_OUT) in text
    assert "Make the key" not in labels
    assert "Keep it so" in labels


def test_the_sentences() -> None:
    assert administration.retention_sentence({"max_age_days": 1, "max_bytes": 5 * 10**9}) == (
        "Calls are kept for <b>1 day</b>, and at most <b>5.0 GB</b> of them; what is over goes within the hour, whole days at a time."
    ).replace("<b>", "**").replace("</b>", "**")
    assert [administration.price_origin(row) for row in (
        {"project": "", "origin": None}, {"project": "p", "origin": "list"}, {"project": "p", "origin": None},
    )] == ["shipped", "your list", "set by you"]  # fmt: skip


def test_a_file_of_terms_that_is_wrong_is_refused_in_a_line(open_page: Open, empty_store: FileStore) -> None:
    app = open_page(empty_store, PAGE)
    (upload,) = app.file_uploader
    upload.set_value(("terms.toml", b"[[contract]\n", "application/toml")).run()
    press(app, "Let it count from now on")
    assert "terms.toml is not TOML" in app.error[0].value
    (upload,) = app.file_uploader
    upload.set_value(("terms.toml", b'[[service]]\nname = "x"\nteam = "t"\n', "application/toml")).run()
    press(app, "Let it count from now on")
    assert [(row["service"], row["team"]) for row in empty_store.read("service_owners").to_pylist()] == [("x", "t")]


def test_alerts_are_found_from_here(open_page: Open, empty_store: FileStore) -> None:
    page = shown(open_page(empty_store, "views/settings.py"))
    assert "What was raised stands on Health" in page
    assert 'href="health"' in page
