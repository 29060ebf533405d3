"""One try to send one alert: a signed POST to a checked address, or a mail. Raises DeliveryError with the reason in a line.

The address of a webhook comes from the operator's file alone, but its name may come to mean another machine: it is
resolved once, the addresses are checked, and the connection goes to the one that was checked. No redirect is followed and
no proxy is asked, either of which could lead elsewhere.
"""

from __future__ import annotations

import http.client
import ipaddress
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from email.message import EmailMessage
from urllib.parse import urlsplit

from suffice.errors import SufficeError
from suffice.webhooks import ID, SIGNATURE, TIMESTAMP, sign
from suffice_store.alerts_file import Email, Webhook
from suffice_store.replaying import is_loopback

TIMEOUT_S = 10.0
MOST_ANSWER_BYTES = 200  # of a refusal, for the reason

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class DeliveryError(SufficeError):
    """It was not sent, or not taken."""


def send_webhook(
    hook: Webhook, message_id: str, body: bytes, *, clock: Callable[[], float] = time.time, timeout_s: float = TIMEOUT_S
) -> None:
    """POST the body, signed for this moment. An answer of 2xx is a delivery, everything else is none."""
    address = urlsplit(hook.url)
    host = address.hostname or ""
    secure = address.scheme == "https"
    port = address.port or (443 if secure else 80)
    sent = int(clock())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "suffice",
        ID: message_id,
        TIMESTAMP: str(sent),
        SIGNATURE: sign(hook.secret, message_id, sent, body),
    }
    connection: http.client.HTTPConnection
    checked = resolve(host, port, allow_private=hook.allow_private)
    if secure:
        connection = _CheckedHttps(host, port, checked, timeout_s)
    else:
        connection = _CheckedHttp(host, port, checked, timeout_s)
    path = (address.path or "/") + (f"?{address.query}" if address.query else "")
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        said = answer.read(MOST_ANSWER_BYTES).decode("utf-8", "replace").split("\n")[0].strip()
    except (OSError, http.client.HTTPException) as error:
        raise DeliveryError(f"{host} did not take it: {error or type(error).__name__}") from None
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise DeliveryError(f"{host} answered {answer.status}{f': {said}' if said else ''}")


def send_email(channel: Email, message: EmailMessage, *, timeout_s: float = TIMEOUT_S) -> None:
    """Hand the mail to the server, over TLS unless the file says none."""
    context = ssl.create_default_context()
    try:
        if channel.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(channel.host, channel.port, timeout=timeout_s, context=context)
        else:
            server = smtplib.SMTP(channel.host, channel.port, timeout=timeout_s)
        with server:
            if channel.tls == "starttls":
                server.starttls(context=context)
            if channel.user and channel.password:
                server.login(channel.user, channel.password)
            refused = server.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryError(
            f"{channel.host} did not take it: {' '.join(str(error).split())[:300] or type(error).__name__}"
        ) from None
    if refused:
        raise DeliveryError(f"{channel.host} refused {', '.join(sorted(refused))}")


def resolve(host: str, port: int, *, allow_private: bool) -> str:
    """An address of the host that may be spoken to. Raises DeliveryError where there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise DeliveryError(f"{host} is not known: {error.strerror or error}") from None
    addresses = [str(each[4][0]) for each in found]
    fitting = [each for each in addresses if may_reach(ipaddress.ip_address(each.split("%")[0]), host, allow_private)]
    if len(fitting) < len(addresses) or not fitting:  # one that may not be reached is reason to distrust the name
        raise DeliveryError(
            f"{host} means {', '.join(addresses[:3])}, which alerts don't go to (allow_private in the file of alerts)"
        )
    return fitting[0]


def may_reach(address: Address, host: str, allow_private: bool) -> bool:
    """The open internet; this machine where it is named as such; a private network only where the file allows it.

    Never what no receiver has: link-local addresses, among them the metadata services of clouds, and groups.
    """
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    if address.is_loopback:
        return allow_private or is_loopback(host)
    return address.is_global or allow_private


class _CheckedHttp(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name means by now."""

    def __init__(self, host: str, port: int, address: str, timeout_s: float) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _CheckedHttps(_CheckedHttp):
    """The same over TLS; the certificate must be the name's."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
