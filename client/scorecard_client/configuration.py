"""Where the server's address, the token and the defaults come from: flag, environment, `scorecard.toml`, user file.

A token is never a flag, because command lines are seen by others and kept; and a token from a file that names an
address goes to that address only.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from scorecard_client.errors import Misused, NotAuthenticated

URL, TOKEN = "SCORECARD_URL", "SCORECARD_TOKEN"
PROJECT_FILE = "scorecard.toml"
DEFAULTS = ("subject", "checkpoint", "mitigation", "evaluation")
KEYS = ("url", "token", *DEFAULTS)
PLAIN = re.compile(r"[\x21-\x7e]+")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LARGEST_FILE = 64 * 1024
"""Bytes; a settings file is a few lines."""


@dataclass(frozen=True)
class Setting:
    """A value and where it came from, in words."""

    value: str
    source: str


@dataclass(frozen=True)
class Configuration:
    """What the command works with. `warnings` are sentences for people."""

    url: Setting | None = None
    token: Setting | None = field(default=None, repr=False)
    defaults: Mapping[str, Setting] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def address(self) -> str:
        """Return the server's address. Raises Misused where none is configured."""
        if self.url is None:
            raise Misused("No server is named.", remedy=f'Set {URL}, or write url = "https://..." into {PROJECT_FILE}.')
        return self.url.value

    def secret(self) -> str:
        """Return the token. Raises NotAuthenticated where there is none, without ever repeating a faulty one."""
        if self.token is None:
            raise NotAuthenticated(
                "There is no token for this server.",
                remedy=f"Set {TOKEN}; an administrator issues one with `python manage.py api_token`.",
            )
        if not PLAIN.fullmatch(self.token.value):
            raise NotAuthenticated(f"The token from {self.token.source} holds blanks or signs that no token has.")
        return self.token.value

    def words(self) -> str:
        """Say where address and token come from."""
        address = f"{self.url.value} ({self.url.source})" if self.url else "no server"
        return f"{address}, {f'token from {self.token.source}' if self.token else 'no token'}"


def user_file(environment: Mapping[str, str]) -> Path:
    """Return the place of the user's own settings."""
    base = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME") or Path.home()) / ".config")
    return Path(base) / "scorecard" / "config.toml"


def _clean_url(setting: Setting) -> Setting:
    """Return the address without its tail. Raises Misused for what is no address, and for one that holds a secret."""
    try:
        parts = urlsplit(setting.value.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable, parts = False, urlsplit("")
    if parts.username is not None or parts.password is not None:
        raise Misused(f"The address from {setting.source} holds credentials.", remedy=f"Take them out; use {TOKEN}.")
    if not usable or parts.query or parts.fragment:
        raise Misused(f"The address from {setting.source} is none: {setting.value!r}.", remedy="It reads https://HOST.")
    path = parts.path.rstrip("/").removesuffix("/api/v1")
    return Setting(f"{parts.scheme}://{parts.netloc}{path}", setting.source)


def _table(path: Path) -> dict[str, str]:
    """Return a settings file's values; nothing where there is none. Raises Misused naming file and key."""
    try:
        data = path.read_bytes()[: LARGEST_FILE + 1]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as fault:
        raise Misused(f"{path} cannot be read: {fault.strerror or fault}.") from None
    try:
        if len(data) > LARGEST_FILE:
            raise ValueError("it is too large for a settings file")
        table = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as fault:
        raise Misused(f"{path} is no TOML: {fault}.") from None
    for key, value in table.items():
        if key not in KEYS:
            raise Misused(f"{path}: {key!r} is no setting.", remedy=f"There are {', '.join(KEYS)}.")
        if not isinstance(value, str):
            raise Misused(f"{path}: {key} is a text in quotation marks.")
    return {key: value for key, value in table.items() if value}


def _open_to_others(path: Path) -> bool:
    return os.name == "posix" and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def _first(*found: Setting | None) -> Setting | None:
    return next((setting for setting in found if setting is not None), None)


def _of(table: Mapping[str, str], key: str, source: str) -> Setting | None:
    value = table.get(key, "").strip()
    return Setting(value, source) if value else None


def _fitting(table: Mapping[str, str], source: str, url: Setting | None) -> Setting | None:
    """Return a file's token, unless the file names another address than the one in use."""
    own = _of(table, "url", source)
    if own is not None and (url is None or _clean_url(own).value != url.value):
        return None
    return _of(table, "token", source)


def configured(
    *, url: str | None = None, environment: Mapping[str, str] = os.environ, folder: Path | None = None
) -> Configuration:
    """Return the configuration. `url` is a flag's; `folder` is where `scorecard.toml` lies, the current one by default.

    Raises Misused for a file or an address that cannot be used.
    """
    project, user = (folder or Path.cwd()) / PROJECT_FILE, user_file(environment)
    ours, own = _table(project), _table(user)
    found = _first(
        Setting(url, "--url") if url else None, _of(environment, URL, URL),
        _of(ours, "url", PROJECT_FILE), _of(own, "url", str(user)),
    )  # fmt: skip
    address = _clean_url(found) if found else None
    token = _first(
        _of(environment, TOKEN, TOKEN), _fitting(ours, PROJECT_FILE, address), _fitting(own, str(user), address)
    )
    warnings = [
        f"{path} holds a token and others may read it; run: chmod 600 {path}"
        for path, table in ((project, ours), (user, own))
        if table.get("token") and _open_to_others(path)
    ]
    if address and address.value.startswith("http://") and urlsplit(address.value).hostname not in LOOPBACK:
        warnings.append(f"{address.value} is not encrypted: the token can be read on the way; use https.")
    defaults = {key: setting for key in DEFAULTS
                if (setting := _first(_of(ours, key, PROJECT_FILE), _of(own, key, str(user))))}  # fmt: skip
    return Configuration(address, token, defaults, tuple(warnings))


def from_environment(environment: Mapping[str, str] = os.environ) -> Configuration:
    """Return what the two environment variables say, and nothing else. Raises Misused for an unusable address."""
    address = _of(environment, URL, URL)
    return Configuration(_clean_url(address) if address else None, _of(environment, TOKEN, TOKEN))


def address_and_token(*, url: str | None, token: str | None) -> tuple[str, str]:
    """Return both for the library, where a token may be given; what is missing comes from the configuration."""
    found = configured(url=url)
    if token is not None:
        found = Configuration(found.url, Setting(token, "the caller"))
    return found.address(), found.secret()
