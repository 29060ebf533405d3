"""Who sits before the pages, where OpenID Connect is configured.

Streamlit logs the person in (``st.login``, Authlib underneath) and keeps a signed cookie; the collector is told the e-mail address with every
read and change, and decides by that person's role. The pages decide nothing: who has no role is refused there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from suffice.errors import UsageError
from suffice_dashboard.pieces import e
from suffice_dashboard.settings import read_settings

LOGGED_IN_SECONDS = 12 * 3600  # then the provider is asked again; Streamlit's own cookie lasts 30 days
REASON = "sf-reason"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is logged in, and why that person looks (auditors must say)."""

    email: str
    reason: str = ""


def current() -> Person | None:
    """The person logged in; None where nobody has to be. Raises UsageError where somebody has to, and is not."""
    if not read_settings().oidc:
        return None
    email = _email(_claims(), time.time())
    if email is None:
        raise UsageError("nobody is logged in")
    return Person(email, str(st.session_state.get(REASON, "")).strip())


def require() -> None:
    """Show the login in place of every page, until somebody is logged in."""
    if not read_settings().oidc or _email(_claims(), time.time()) is not None:
        return
    st.html('<h1 class="sf-title">suffice</h1>')
    if claims := _claims():
        st.html(f'<p class="sf-note">{e(_why_not(claims, time.time()))}</p>')
    else:
        st.html('<p class="sf-note">What you see here depends on your role: log in first.</p>')
    st.button("Log in", type="primary", icon=":material/login:", on_click=st.login)
    st.stop()


def foot() -> None:
    """Who is logged in, why that person looks, and the way out. Draws nothing where nobody has to log in."""
    person = current()
    if person is None:
        return
    st.html(f'<p class="sf-foot">{e(person.email)}</p>')
    st.text_input(
        "Why you look",
        key=REASON,
        placeholder="for the audit log",
        help="Auditors see unmasked text and say why; it is written to the audit log.",
    )
    st.button("Log out", icon=":material/logout:", on_click=st.logout)


def _claims() -> Mapping[str, Any]:
    """The claims of the identity token; {} where nobody is logged in."""
    user: Mapping[str, Any] = st.user.to_dict() if st.user.get("is_logged_in") else {}
    return user


def _email(claims: Mapping[str, Any], now: float) -> str | None:
    """The address that a role is given to; None where the claims do not vouch for one, or are too old."""
    email = str(claims.get("email") or "").strip().lower()
    return email if email and not _why_not(claims, now) else None


def _why_not(claims: Mapping[str, Any], now: float) -> str:
    """Why that login is not enough; "" where it is."""
    if not claims.get("email"):
        return "The login told no e-mail address, and roles are given to addresses. Ask for the scope 'email'."
    if claims.get("email_verified") is False:
        return f"{claims['email']} is not verified with the provider, so it may be somebody else's."
    issued = claims.get("iat")
    if not isinstance(issued, int | float) or now - issued > LOGGED_IN_SECONDS:
        return "You logged in more than 12 hours ago."
    return ""
