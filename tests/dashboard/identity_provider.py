"""A real OpenID Connect provider on this machine: discovery, authorization code with PKCE, signed identity tokens.

It logs in whoever ``claims`` describes, without asking: what is tested is the other side.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "suffice", "the client's secret"


class Provider(ThreadingHTTPServer):
    """``claims`` are those of the next login; ``logins`` counts the tokens that were given out."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = RSAKey.generate_key(2048, parameters={"kid": "1", "use": "sig", "alg": "RS256"})
        self.claims: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.logins = 0


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        url = self.server.url
        if address.path == "/.well-known/openid-configuration":
            self._json(
                {
                    "issuer": url,
                    "authorization_endpoint": f"{url}/authorize",
                    "token_endpoint": f"{url}/token",
                    "jwks_uri": f"{url}/jwks",
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                    "code_challenge_methods_supported": ["S256"],
                }
            )
        elif address.path == "/jwks":
            self._json({"keys": [self.server.key.as_dict(private=False)]})
        elif address.path == "/authorize" and asked["client_id"] == CLIENT:
            code = secrets.token_urlsafe()
            self.server.codes[code] = asked
            self.send_response(302)
            self.send_header(
                "Location", f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
            )
            self.end_headers()
        else:
            self._json({"error": "not found"}, 404)

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = self.server.codes.pop(sent.get("code", [""])[0], None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked is None or self.headers.get("Authorization") != f"Basic {basic}":
            self._json({"error": "invalid_client"}, 401)
            return
        if challenge := asked.get("code_challenge"):
            digest = hashlib.sha256(sent["code_verifier"][0].encode()).digest()
            assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
        now = int(time.time())
        standard = {"iss": self.server.url, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + 300}
        nonce = {"nonce": asked["nonce"]} if "nonce" in asked else {}
        claims = standard | nonce | self.server.claims
        token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.server.key)
        self.server.logins += 1
        self._json({"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": token})

    def _json(self, body: Any, status: int = 200) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)


@contextmanager
def identity_provider() -> Iterator[Provider]:
    """The provider, running."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
