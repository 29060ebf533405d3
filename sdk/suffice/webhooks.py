"""Signed webhooks, by the Standard Webhooks specification (standardwebhooks.com), so that its libraries verify ours.

    from suffice.webhooks import verify
    event = verify(secret, request.headers, request.body)      # raises SufficeError for what is not ours

The signature covers the id, the time and every byte of the body: ``v1,`` + base64(HMAC-SHA256(secret, "id.time.body")).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from suffice.errors import SufficeError

PREFIX = "whsec_"
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE_S = 300.0  # either way: an older request is somebody's recording of it
LEAST_SECRET_BYTES = 16


def make_secret(key: bytes) -> str:
    """The text of a secret of random bytes (24 to 64 of them), as both sides keep it."""
    return PREFIX + base64.b64encode(key).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the header ``webhook-signature``; ``timestamp`` in Unix seconds. Raises SufficeError for a bad secret."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def verify(
    secret: str, headers: Mapping[str, str], body: bytes, *, now: float | None = None, tolerance_s: float = TOLERANCE_S
) -> dict[str, Any]:
    """The event of a request that was signed with this secret and is no older than ``tolerance_s``.

    ``headers`` in any case, ``body`` as it came, before anything parsed it. Compared in constant time; of several
    signatures (while a secret is changed) one has to fit. The id (``webhook-id``) is the same each time that one alert
    is sent: keep those seen, and do nothing the second time. Raises SufficeError.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, sent, signatures = given[ID], given[TIMESTAMP], given[SIGNATURE]
    except KeyError as missing:
        raise SufficeError(f"the request has no header {missing.args[0]}: it is no webhook of suffice") from None
    if not sent.isascii() or not sent.isdigit():
        raise SufficeError(f"{TIMESTAMP} is no time in Unix seconds")
    if abs((time.time() if now is None else now) - int(sent)) > tolerance_s:
        raise SufficeError("the request is too old, or the clocks differ")
    expected = sign(secret, message_id, int(sent), body).encode()
    fits = [hmac.compare_digest(expected, each.encode()) for each in signatures.split(" ")]
    if not any(fits):
        raise SufficeError("the signature does not fit: another secret, or the body was changed")
    event = json.loads(body)
    if not isinstance(event, dict):
        raise SufficeError("the body is no event of suffice")
    return event


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < LEAST_SECRET_BYTES:
        raise SufficeError(
            "a webhook's secret is whsec_ and base64 of at least 16 bytes: echo whsec_$(openssl rand -base64 32)"
        )
    return key
