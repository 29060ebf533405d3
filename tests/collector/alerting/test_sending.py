"""One try: what a real receiver gets, what is no delivery, and where nothing is sent."""

from __future__ import annotations

import base64
import ipaddress
import json
import socket
import subprocess
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from collector.alerting.receivers import Hook, Mailbox, receiving

from suffice.errors import SufficeError
from suffice.webhooks import make_secret, verify
from suffice_collector.alerting import sending
from suffice_collector.alerting.message import event, link, mail
from suffice_collector.alerting.sending import DeliveryError, may_reach, send_email, send_webhook
from suffice_store.alerts_file import Email, Webhook

SECRET = make_secret(bytes(range(32)))
ALERT: dict[str, Any] = {
    "project": "shop", "alert_id": "a1b2", "kind": "task_proven", "subject": "t/1", "title": "Proven: naïve\nlabels",
    "sentence": "tiny suffices for “naïve labels”.", "details": '{"n": 80}', "recorded_ns": 1_794_787_200_500_000_000,
}  # fmt: skip
BODY = event(ALERT, "http://dash:8501/")


def hook(url: str, **more: Any) -> Webhook:
    return Webhook("ops", url=url, secret=SECRET, **more)


def box(port: int, **more: Any) -> Email:
    given = {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "sender": "s@example.com",
        "to": ("a@example.com", "b@example.com"),
    }
    return Email("finops", **{**given, **more})


def test_a_webhook_is_the_event_signed() -> None:
    with receiving(Hook()) as server:
        send_webhook(hook(f"{server.url}/in?x=1"), "a1b2", BODY)
        send_webhook(hook(f"{server.url}/in?x=1"), "a1b2", BODY)
    (path, headers, body), again = server.got
    assert (path, again[2], again[1]["webhook-id"]) == ("/in?x=1", body, "a1b2")
    assert verify(SECRET, headers, body) == {
        "type": "task_proven",
        "timestamp": "2026-11-16T00:00:00.500Z",
        "data": {
            "id": "a1b2", "project": "shop", "subject": "t/1", "title": "Proven: naïve\nlabels",
            "text": "tiny suffices for “naïve labels”.", "details": {"n": 80}, "link": "http://dash:8501/task?task_id=t%2F1",
        },
    }  # fmt: skip
    with pytest.raises(SufficeError, match="signature does not fit"):
        verify(make_secret(bytes(32)), headers, body)


@pytest.mark.parametrize("status", [301, 400, 404, 410, 429, 500, 503])
def test_only_2xx_is_a_delivery_and_no_redirect_is_followed(status: int) -> None:
    with receiving(Hook()) as server, receiving(Hook()) as other:
        server.statuses, server.location = [status], other.url
        with pytest.raises(DeliveryError, match=rf"127.0.0.1 answered {status}: not now$"):
            send_webhook(hook(server.url), "a1b2", BODY)
    assert other.got == []


def test_a_receiver_that_is_gone_or_hangs_is_said_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(DeliveryError, match=r"127.0.0.1 did not take it: timed out"):
            send_webhook(hook(f"http://127.0.0.1:{port}"), "a1b2", BODY, timeout_s=0.2)
    with pytest.raises(DeliveryError, match=r"127.0.0.1 did not take it"):
        send_webhook(hook(f"http://127.0.0.1:{port}"), "a1b2", BODY)


@pytest.mark.parametrize(
    ("address", "host", "private", "reached"),
    [
        ("93.184.215.14", "hooks.example.com", False, True),
        ("2606:2800:21f::1", "hooks.example.com", False, True),
        ("127.0.0.1", "localhost", False, True),
        ("127.0.0.1", "hooks.example.com", False, False),
        ("::1", "hooks.example.com", False, False),
        ("::ffff:127.0.0.1", "hooks.example.com", False, False),
        ("10.0.0.7", "hooks.internal", False, False),
        ("10.0.0.7", "hooks.internal", True, True),
        ("fd00::7", "hooks.internal", True, True),
        ("100.64.0.1", "hooks.example.com", False, False),
        ("169.254.169.254", "metadata", False, False),
        ("169.254.169.254", "metadata", True, False),
        ("::ffff:169.254.169.254", "metadata", True, False),
        ("fe80::1", "router", True, False),
        ("0.0.0.0", "zero", True, False),
        ("224.0.0.1", "group", True, False),
    ],
)
def test_where_an_alert_may_go(address: str, host: str, private: bool, reached: bool) -> None:
    assert may_reach(ipaddress.ip_address(address), host, private) is reached


def test_a_name_that_means_this_machine_is_not_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS says what it likes; also where one of several addresses is a private one."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 80)) for each in ("93.184.215.14", "127.0.0.1")]
    monkeypatch.setattr(sending.socket, "getaddrinfo", lambda *_, **__: found)
    with (
        receiving(Hook()) as server,
        pytest.raises(
            DeliveryError, match=r"rebound.example.com means 93.184.215.14, 127.0.0.1, which alerts don't go to"
        ),
    ):
        send_webhook(hook(f"http://rebound.example.com:{server.server_port}"), "a1b2", BODY)
    assert server.got == []


def test_a_mail_is_plain_text_with_the_alerts_id() -> None:
    with receiving(Mailbox()) as server:
        send_email(box(server.port), mail(ALERT, box(server.port), None))
    ((sender, to, text),) = server.mails
    got = message_from_bytes(text.encode(), policy=default)
    assert (sender, to) == ("s@example.com", ["a@example.com", "b@example.com"])
    assert got["Message-ID"] == "<a1b2@example.com>"
    assert "\n" not in got["Subject"]
    assert got.get_content().startswith(
        "tiny suffices for “naïve labels”.\n\nProject shop. Because: a task is proven by replay."
    )
    assert server.logins == []


def test_a_mail_goes_over_tls_with_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    try:
        subprocess.run(
            ["openssl", *words.split(), "-out", files[0], "-keyout", files[1]], check=True, capture_output=True
        )
    except OSError:
        pytest.skip("there is no openssl to make a certificate with")
    with receiving(Mailbox(files)) as server:
        channel = box(server.port, host="localhost", tls="starttls", user="me", password="secret")
        with pytest.raises(DeliveryError, match=r"(?i)certificate"):
            send_email(channel, mail(ALERT, channel, None))
        monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
        send_email(channel, mail(ALERT, channel, None))
    assert server.encrypted == [True]
    assert [base64.b64decode(each) for each in server.logins] == [b"\0me\0secret"]


def test_a_server_without_tls_gets_no_password() -> None:
    with receiving(Mailbox()) as server:
        channel = box(server.port, tls="starttls", user="me", password="secret")
        with pytest.raises(DeliveryError, match="STARTTLS"):
            send_email(channel, mail(ALERT, channel, None))
    assert (server.logins, server.mails) == ([], [])


def test_a_refused_recipient_is_no_delivery() -> None:
    with receiving(Mailbox()) as server:
        server.refuse = {"b@example.com"}
        with pytest.raises(DeliveryError, match=r"refused b@example\.com"):
            send_email(box(server.port), mail(ALERT, box(server.port), None))


def test_links_lead_to_the_page_that_shows_more() -> None:
    assert link({**ALERT, "kind": "collector_losing"}, "http://d") == "http://d/health"
    assert link({**ALERT, "kind": "spend_jump"}, "http://d") == "http://d/"
    assert link(ALERT, None) is None
    assert json.loads(event({**ALERT, "project": ""}, None))["data"]["project"] is None
