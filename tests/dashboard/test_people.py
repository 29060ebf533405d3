"""People log in with a real provider, in a real browser, and see what the collector shows to their role."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dashboard import browser, fleet
from dashboard.identity_provider import CLIENT, SECRET, Provider, identity_provider
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from suffice.errors import UsageError
from suffice_dashboard import people, queries
from suffice_dashboard.conversation import parse_message, render_message
from suffice_dashboard.login_file import check_file
from suffice_store.file_store import FileStore

NOW = 1_795_000_000.0
GOOD = {"email": "Ann@Example.com", "email_verified": True, "iat": NOW - 60}
AUTH = """[auth]
redirect_uri = "{pages}/oauth2callback"
cookie_secret = "a-secret-of-more-than-thirty-two-characters"
client_id = "{client}"
client_secret = "{secret}"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@pytest.mark.parametrize(
    ("changes", "email", "why"),
    [
        ({}, "ann@example.com", ""),
        ({"email_verified": None}, "ann@example.com", ""),  # a provider that does not say
        ({"email_verified": False}, None, "not verified"),
        ({"email": None}, None, "no e-mail address"),
        ({"email": ""}, None, "no e-mail address"),
        ({"iat": NOW - people.LOGGED_IN_SECONDS - 1}, None, "12 hours ago"),
        ({"iat": None}, None, "12 hours ago"),
        ({"iat": "yesterday"}, None, "12 hours ago"),
    ],
)
def test_what_claims_are_enough(changes: dict[str, Any], email: str | None, why: str) -> None:
    claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
    assert people._email(claims, NOW) == email
    assert why in people._why_not(claims, NOW)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[auth", "is no TOML"),
        ("[other]\na = 1", "has no [auth] table; it takes redirect_uri, cookie_secret, client_id"),
        (AUTH.replace('client_id = "{client}"\n', ""), "[auth] lacks client_id"),
        (AUTH.replace("a-secret-of-more-than-thirty-two-characters", "short"), "openssl rand -hex 32"),
        (AUTH.replace("/oauth2callback", "/"), "redirect_uri is the dashboard's address and /oauth2callback"),
    ],
)
def test_a_file_that_does_not_do_is_told_in_a_line(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "login.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as refused:
        check_file(file)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_file_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read: No such file"):
        check_file(tmp_path / "none.toml")


def test_everything_cached_is_cached_by_person() -> None:
    cached = [each for each in vars(queries).values() if hasattr(each, "clear") and hasattr(each, "__wrapped__")]
    assert len(cached) >= 4
    assert [each.__name__ for each in cached if "person" not in inspect.signature(each.__wrapped__).parameters] == []


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with identity_provider() as running:
        yield running


@pytest.fixture(scope="module")
def pages(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard that asks for a login, over a keyed collector with the fleet, an analyst and a reader."""
    folder = tmp_path_factory.mktemp("people")
    collector, address = (f"http://127.0.0.1:{browser.free_port()}" for _ in range(2))
    with FileStore(str(folder / "fleet.duckdb")) as store:
        store.append(fleet.as_arrow(fleet.fleet_tables()))
        for email, role in (
            ("ann@example.com", "analyst"),
            ("rob@example.com", "reader"),
            ("odo@example.com", "auditor"),
        ):
            store.command("set_member", project="default", email=email, role=role)
    login = folder / "login.toml"
    login.write_text(AUTH.format(pages=address, provider=provider.url, client=CLIENT, secret=SECRET))
    ingest = ["collector", "--db", str(folder / "fleet.duckdb"), "--port", collector.rsplit(":", 1)[1]]
    dashboard = ["dashboard", "--server", collector, "--port", address.rsplit(":", 1)[1], "--no-browser"]
    key = {"SUFFICE_KEY": "the-admins-key"}
    with (
        browser.running(ingest, f"{collector}/healthz", folder / "collector.log", **key),
        browser.running(
            [*dashboard, "--oidc", str(login)], f"{address}/_stcore/health", folder / "dashboard.log", **key
        ),
    ):
        yield address


def text_of(driver: Any) -> str:
    browser.wait_settled(driver)
    return str(driver.find_element(By.CSS_SELECTOR, '[data-testid="stApp"]').text)


def click(driver: Any, words: str) -> None:
    button = WebDriverWait(driver, 20).until(lambda d: d.find_element(By.XPATH, f"//button[contains(., '{words}')]"))
    button.click()


def log_in(driver: Any, pages: str, provider: Provider, **claims: Any) -> str:
    """Log in with these claims from wherever the browser stands; the text of the page that comes."""
    provider.claims = claims
    before = provider.logins
    click(driver, "Log in")
    WebDriverWait(driver, 30).until(lambda _: provider.logins > before)
    WebDriverWait(driver, 30).until(lambda d: d.current_url.startswith(pages) and "oauth2callback" not in d.current_url)
    time.sleep(1)  # the page begins to draw
    return text_of(driver)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.xdist_group("browser")
@pytest.mark.skipif(browser.chromium_path() is None, reason="needs chromium and chromedriver on the PATH")
def test_each_person_sees_what_the_role_shows(pages: str, provider: Provider) -> None:
    call = f"{pages}/calls?call_id={fleet.fleet_tables()['calls'][0]['call_id']}"
    said, withheld = "You read invoices", "(your role shows no text)"
    with browser.chromium() as driver:
        browser.open_settled(driver, call)
        asked = text_of(driver)
        assert "log in first" in asked
        assert "invoices" not in asked
        assert "You spent $17.32" in log_in(driver, pages, provider, email="ann@example.com", email_verified=True)
        browser.open_settled(driver, call)
        text = text_of(driver)
        assert (said in text, withheld in text, "ann@example.com" in text) == (True, False, True)
        browser.open_settled(driver, f"{pages}/replay")
        assert "an admin starts it" in text_of(driver)
        log_out(driver)

        assert "You spent $17.32" in log_in(driver, pages, provider, email="rob@example.com", email_verified=True)
        browser.open_settled(driver, call)
        text = text_of(driver)
        assert (said in text, withheld in text, "rob@example.com" in text) == (False, True, True)
        log_out(driver)

        log_in(driver, pages, provider, email="odo@example.com", email_verified=True)
        browser.open_settled(driver, call)
        assert "Say why you look" in text_of(driver)
        field = driver.find_element(By.CSS_SELECTOR, 'input[aria-label="Why you look"]')
        field.send_keys("an incident of Tuesday", Keys.ENTER)
        WebDriverWait(driver, 30).until(lambda d: said in d.find_element(By.TAG_NAME, "body").text)
        log_out(driver)

        assert "is not verified" in log_in(driver, pages, provider, email="ann@example.com", email_verified=False)
        refused = log_in(driver, pages, provider, email="eve@example.com", email_verified=True)
        assert "You have no role here" in refused
        assert "eve@example.com has no role in project 'default'" in refused
        assert "invoices" not in refused


def log_out(driver: Any) -> None:
    click(driver, "Log out")
    WebDriverWait(driver, 30).until(lambda d: "log in first" in d.page_source)


def test_a_message_without_content_is_withheld_not_empty() -> None:
    assert "(your role shows no text)" in render_message(parse_message(None), "user")
