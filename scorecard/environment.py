"""What the operator may set from outside: one typed model, so that every faulty variable is reported at once.

The same names stand in docker-compose.yml and docs/reference/settings.md; a test holds the three together.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Environment(BaseSettings):
    """Settings read from the process environment; everything has a default that works on one machine."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    scorecard_data_dir: Path = ROOT / "var"
    """Folder for the database, received bytes, broker spool, keys and rendered documents."""
    database_url: str = ""
    """PostgreSQL as `postgres://user:password@host:5432/name`; empty means embedded SQLite in the data folder."""
    broker_url: str = ""
    """`redis://...` or `amqp://...`; empty means the embedded file broker in the data folder."""
    secret_key: str = ""
    """Django's secret; empty means one is generated on the first run and kept in the data folder (mode 0600)."""
    scorecard_debug: bool = False
    """Debug pages; never on a shared machine."""
    scorecard_demo: bool = False
    """Demo mode: banner, built-in people and the person switcher."""
    scorecard_url: str = "http://127.0.0.1:8000"
    """The public address, used in links that leave the product (PDF, QR code, ready-made commands)."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1", "localhost", "[::1]")
    """Host names the web process answers to, separated by commas."""
    scorecard_tls: bool = False
    """The web process stands behind TLS: secure cookies and HSTS are switched on."""
    ledger_origin: str = Field(default="preparedness-scorecard/ledger", pattern=r"^[A-Za-z0-9._/-]{1,200}$")
    """Name of this installation's ledger; it is signed into every head, so it never changes."""
    ledger_key_file: Path | None = None
    """Ed25519 private key (PEM, mode 0600) that signs ledger heads; empty means `ledger-key.pem` in the data folder."""
    scorecard_max_body_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)
    """Largest request body in bytes after decompression; larger ones are refused with 413."""
    scorecard_max_log_bytes: int = Field(default=5 * 1024**3, ge=1024)
    """Largest raw log file in bytes, in one request or in parts; larger ones are refused with 413."""
    scorecard_writes_per_minute: int = Field(default=6000, ge=1)
    """Writing requests that one token may send in a minute; more are answered with 429 and `Retry-After`."""
    scorecard_blob_bucket: str = Field(default="", pattern=r"^(s3://[a-z0-9][a-z0-9.-]+(/[A-Za-z0-9._/-]*)?)?$")
    """`s3://name/prefix` keeps received bytes in that bucket (extra `s3`); empty keeps them in the data folder."""

    scorecard_require_second_factor: bool | None = None
    """Everybody needs an authenticator app or a passkey before they see anything; empty means: outside demo mode."""
    scorecard_idle_minutes: int = Field(default=30, ge=1, le=720)
    """Minutes without activity after which a browser session ends; twelve hours after sign-in it ends in any case."""
    scorecard_oidc_issuer: str = Field(
        default="", pattern=r"^(https://[^\s?#]+|http://(127\.0\.0\.1|localhost)(:\d+)?[^\s?#]*)?$"
    )
    """Address of an OpenID Connect provider that people may sign in with; empty means none."""
    scorecard_oidc_client_id: str = ""
    """The client id that the provider gave this installation."""
    scorecard_oidc_client_secret: str = ""
    """The client secret that the provider gave this installation."""
    scorecard_oidc_name: str = Field(default="Single sign-on", min_length=1, max_length=40)
    """What the provider is called on the sign-in page."""

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def private_file(path: Path, content: bytes) -> bytes:
    """Return the bytes kept in `path`; the first caller creates it with `content`, readable by the owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        return path.read_bytes()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Linked when it is whole: another process that starts at this moment must never read half a key.
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)
    return path.read_bytes()


def secret_key(environment: Environment) -> str:
    """Return Django's secret key: the given one, or the one kept in the data folder."""
    if environment.secret_key:
        return environment.secret_key
    return private_file(environment.scorecard_data_dir / "secret-key", secrets.token_urlsafe(50).encode()).decode()
