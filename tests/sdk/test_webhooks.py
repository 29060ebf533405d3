"""Signatures that any library of Standard Webhooks makes and verifies; what is not signed so is refused."""

from __future__ import annotations

import pytest

from suffice.errors import SufficeError
from suffice.webhooks import make_secret, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the specification's own example, with the two below
ID, TIME, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEADERS = {"Webhook-Id": ID, "webhook-timestamp": str(TIME), "WEBHOOK-SIGNATURE": SIGNED}


def test_the_specifications_example() -> None:
    assert sign(SECRET, ID, TIME, BODY) == SIGNED
    assert verify(SECRET, HEADERS, BODY, now=TIME) == {"test": 2432232314}


def test_while_a_secret_is_changed_one_of_several_signatures_fits() -> None:
    both = {**HEADERS, "WEBHOOK-SIGNATURE": f"v1,AAAA {SIGNED}"}
    assert verify(SECRET, both, BODY, now=TIME + 299)


@pytest.mark.parametrize(
    ("headers", "body", "now", "why"),
    [
        ({}, BODY + b" ", TIME, "signature does not fit"),
        ({"Webhook-Id": "msg_other"}, BODY, TIME, "signature does not fit"),
        ({"webhook-timestamp": str(TIME + 1)}, BODY, TIME, "signature does not fit"),
        ({"WEBHOOK-SIGNATURE": SIGNED[:-2] + "A="}, BODY, TIME, "signature does not fit"),
        ({"WEBHOOK-SIGNATURE": "v1,ключ"}, BODY, TIME, "signature does not fit"),
        ({"WEBHOOK-SIGNATURE": ""}, BODY, TIME, "signature does not fit"),
        ({}, BODY, TIME + 301, "too old"),
        ({}, BODY, TIME - 301, "too old"),
        ({"webhook-timestamp": "now"}, BODY, TIME, "no time"),
        ({"webhook-timestamp": "²"}, BODY, TIME, "no time"),
    ],
)
def test_what_is_not_ours_is_refused(headers: dict[str, str], body: bytes, now: float, why: str) -> None:
    with pytest.raises(SufficeError, match=why):
        verify(SECRET, {**HEADERS, **headers}, body, now=now)


def test_a_header_that_is_missing_is_named() -> None:
    with pytest.raises(SufficeError, match="webhook-signature"):
        verify(SECRET, {"webhook-id": ID, "webhook-timestamp": "1"}, BODY)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!", "ключ"])
def test_a_secret_that_protects_nothing_is_refused(secret: str) -> None:
    with pytest.raises(SufficeError, match="openssl rand"):
        sign(secret, ID, TIME, BODY)


def test_a_made_secret_signs() -> None:
    secret = make_secret(bytes(range(32)))
    assert verify(secret, {**HEADERS, "WEBHOOK-SIGNATURE": sign(secret, ID, TIME, BODY)}, BODY, now=TIME)
