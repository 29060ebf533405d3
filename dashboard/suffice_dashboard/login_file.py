"""The file that says how people log in: Streamlit's ``[auth]`` table, checked before anything is started."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec
from pathlib import Path

from suffice.errors import UsageError

NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
MIN_COOKIE_SECRET = 32  # characters: the cookie is signed with it (HMAC-SHA256 wants a key as long as its output)


def check_file(path: Path) -> None:
    """Raises UsageError, in one line, for a file that Streamlit's login could not be set up with."""
    try:
        with path.open("rb") as file:
            given = tomllib.load(file).get("auth")
    except OSError as error:
        raise UsageError(f"--oidc {path} can't be read: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"--oidc {path} is no TOML: {error}") from None
    if not isinstance(given, dict):
        raise UsageError(f"--oidc {path} has no [auth] table; it takes {', '.join(NEEDED)}")
    if missing := [name for name in NEEDED if not isinstance(given.get(name), str) or not given[name]]:
        raise UsageError(f"--oidc {path}: [auth] lacks {', '.join(missing)}")
    if len(given["cookie_secret"]) < MIN_COOKIE_SECRET:
        raise UsageError(f"--oidc {path}: cookie_secret is too short; make one with: openssl rand -hex 32")
    if not given["redirect_uri"].endswith("/oauth2callback"):
        raise UsageError(f"--oidc {path}: redirect_uri is the dashboard's address and /oauth2callback")
    if find_spec("authlib") is None:  # what st.login needs, told here instead of to the first person
        raise UsageError("a login needs one more package: pip install 'suffice[oidc]'")
