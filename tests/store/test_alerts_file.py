"""The file of alerts: what it says, and one line for each thing that may be wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from suffice.errors import SufficeError
from suffice_store.alerts_file import (
    AlertSettings,
    Email,
    Thresholds,
    Webhook,
    parse_alert_settings,
    read_alert_settings,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENVIRONMENT = {"HOOK": SECRET, "SMTP": "pw", "SHORT": "whsec_c2hvcnQ="}
HOOK = '[[webhook]]\nname = "ops"\nurl = "https://hooks.example.com/x"\nsecret_env = "HOOK"\n'
MAIL = '[[email]]\nname = "finops"\nhost = "smtp.example.com"\nto = ["a@example.com"]\nfrom = "s@example.com"\n'


def parse(text: str) -> AlertSettings:
    return parse_alert_settings(text, "alerts.toml", ENVIRONMENT)


def test_the_example_in_the_docs_is_read() -> None:
    doc = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text("utf-8")
    text = doc.split("```toml\n")[1].split("```")[0]
    found = parse_alert_settings(text, "alerts.toml", {"SUFFICE_WEBHOOK_SECRET": SECRET, "SUFFICE_SMTP_PASSWORD": "pw"})
    hook, mail = found.channels
    assert isinstance(hook, Webhook)
    assert isinstance(mail, Email)
    assert (hook.secret, mail.password, mail.port) == (SECRET, "pw", 587)
    assert SECRET not in repr(found)
    assert "'pw'" not in repr(found)


def test_everything_stated() -> None:
    text = f'[events]\nspend_jump_usd = 50\n{HOOK}events = ["spend_jump"]\nprojects = ["shop"]\n{MAIL}tls = "tls"\nuser = "u"\npassword_env = "SMTP"\n'
    assert parse(text) == AlertSettings(
        (
            Webhook("ops", frozenset({"spend_jump"}), frozenset({"shop"}), "https://hooks.example.com/x", SECRET),
            Email(
                "finops",
                host="smtp.example.com",
                port=465,
                tls="tls",
                sender="s@example.com",
                to=("a@example.com",),
                user="u",
                password="pw",
            ),
        ),
        Thresholds(spend_jump_usd=50.0),
    )


def test_without_a_file_there_are_no_channels(tmp_path: Path) -> None:
    assert read_alert_settings(None, {}) == AlertSettings()
    file = tmp_path / "alerts.toml"
    file.write_text(HOOK)
    assert len(read_alert_settings(None, {"SUFFICE_ALERTS": str(file), **ENVIRONMENT}).channels) == 1
    with pytest.raises(SufficeError, match="can't be read: No such file"):
        read_alert_settings(str(tmp_path / "none"), {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[webhook]", "is not TOML"),
        ("[[hook]]\n", "there is no 'hook'; there are email, events, webhook"),
        ("webhook = 1", r"write \[\[webhook\]\], with two brackets"),
        (HOOK.replace("https", "http"), "must begin with https://"),
        (HOOK.replace("https://", "ftp://"), "must be an https address"),
        (HOOK.replace("https://", "https://me:pw@"), "without a name and password"),
        (HOOK.replace('"HOOK"', '"NONE"'), "variable NONE that 'secret_env' names is not set"),
        (HOOK.replace('"HOOK"', '"SHORT"'), "webhook 1: a webhook's secret is whsec_"),
        (HOOK.replace('secret_env = "HOOK"\n', ""), "'secret_env' must name"),
        (HOOK + 'events = ["party"]\n', "there is no event 'party'"),
        (HOOK + "allow_private = 1\n", "must be true or false"),
        (HOOK + HOOK, "two channels are named 'ops'"),
        (HOOK.replace('name = "ops"\n', ""), "'name' is needed"),
        (MAIL.replace("a@example.com", "nobody"), "must be e-mail addresses"),
        (MAIL + 'tls = "maybe"\n', "'tls' must be one of starttls"),
        (MAIL + "port = 70000\n", "must be a port"),
        (MAIL + 'tls = "none"\nuser = "u"\npassword_env = "SMTP"\n', "not sent without TLS"),
        ("[events]\nspend_jump_usd = 0\n", "must be a number over 0"),
        ("[events]\nmood = 1\n", "there is no 'mood'"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(text: str, why: str) -> None:
    with pytest.raises(SufficeError, match=why) as refused:
        parse(text)
    assert str(refused.value).startswith("alerts.toml")
    assert "\n" not in str(refused.value)


def test_http_goes_to_this_machine_or_where_the_file_allows_it() -> None:
    assert parse(HOOK.replace("https://hooks.example.com", "http://localhost:9000")).channels
    assert parse(HOOK.replace("https", "http") + "allow_private = true\n").channels
