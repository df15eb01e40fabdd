"""A small OpenID Connect provider on this machine; every part of what it says can be bent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "scorecard-client", "a client secret of some length"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """The provider's address, and what the next answers say instead of the truth."""

    def __init__(self, issuer: str) -> None:
        self.issuer, self.nonce, self.challenge = issuer, "", ""
        self.claims: dict[str, Any] = {}
        self.about: dict[str, Any] = {}
        self.discovery: dict[str, Any] = {}
        self.key, self.algorithm = KEY, "RS256"
        self.asked: list[dict[str, list[str]]] = []

    def person(self) -> dict[str, Any]:
        """What userinfo says."""
        return {"sub": "sub-1", "email": "bo@lab.example", "email_verified": True, "name": "Bo Marsh", **self.about}

    def document(self) -> dict[str, Any]:
        """The discovery document."""
        at = self.issuer
        return {
            "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token",
            "userinfo_endpoint": f"{at}/userinfo", "jwks_uri": f"{at}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"], **self.discovery,
        }  # fmt: skip

    def token(self) -> dict[str, Any]:
        """The answer to the code."""
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": "sub-1", "iat": now, "exp": now + 60, "nonce": self.nonce,
            **self.claims,
        }  # fmt: skip
        signing = self.key if self.algorithm.startswith("RS") else (SECRET * 2 if self.algorithm == "HS256" else None)
        signed = jwt.encode(claims, signing, algorithm=self.algorithm, headers={"kid": "k1"})  # type: ignore[arg-type]
        return {"access_token": "access", "token_type": "Bearer", "id_token": signed}

    def jwks(self) -> dict[str, Any]:
        """The public key."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {"keys": [{**public, "kid": "k1", "alg": "RS256", "use": "sig"}]}

    def remember(self, address: str) -> dict[str, list[str]]:
        """Take the nonce from the address that a browser was sent to, and return all of its parameters."""
        asked = parse_qs(urlsplit(address).query)
        self.nonce = asked["nonce"][0]
        return asked


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    answers = {
        "/.well-known/openid-configuration": provider.document, "/jwks": provider.jwks, "/token": provider.token,
        "/userinfo": provider.person,
    }  # fmt: skip

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            provider.asked.append(parse_qs(self.rfile.read(length).decode()))
            body = json.dumps(answers[urlsplit(self.path).path]()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def served() -> Iterator[Provider]:
    """A running provider."""
    provider = Provider("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
