"""What a file on this machine is, and how it would be sent: as a run report, or as the raw log of some harness."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import quote, urlencode

from scorecard_client.errors import CheckFailed, Misused
from scorecard_client.steps import CHUNK

WHOLE_UP_TO = 64 * 2**20
"""Bytes up to which a file goes in one request; a larger one goes in parts, and a report is never larger."""
HEAD = 64 * 1024
MARK = re.compile(rb'"schema"\s*:\s*"run-report/')
REPORT_FORMATS = ("run-report", "run-report/1")
NOTHING: Mapping[str, str] = MappingProxyType({})
BINDING = ("subject", "checkpoint", "mitigation", "evaluation")


@dataclass(frozen=True)
class Binding:
    """What a log is evidence of; whatever is not said is taken from the log, or asked of people later."""

    subject: str | None = None
    checkpoint: str | None = None
    mitigation: str | None = None
    evaluation: str | None = None
    format: str = "auto"

    def filled(self, defaults: Mapping[str, str]) -> Binding:
        """Return the binding with what is not said taken from defaults."""
        said = {name: getattr(self, name) or defaults.get(name) for name in BINDING}
        return Binding(format=self.format, **said)

    def said(self) -> dict[str, str]:
        """Return what is said, format first."""
        named = {name: value for name in BINDING if (value := getattr(self, name))}
        return {"format": self.format or "auto", **named}


@dataclass(frozen=True)
class Parcel:
    """A file that is ready to be sent; `size` in bytes, `digest` of its bytes."""

    kind: Literal["run", "log"]
    path: Path
    name: str
    size: int
    digest: str
    binding: Binding
    report: dict[str, Any] = field(default_factory=dict)
    """A run report, parsed as far as it can be; empty for a log."""

    @property
    def key(self) -> str:
        """The idempotency key: the content digest, for a log together with what it is bound to."""
        if self.kind == "run":
            return self.digest
        said = json.dumps([self.digest, self.binding.said()], sort_keys=True)
        return f"sha256:{hashlib.sha256(said.encode()).hexdigest()}"

    @property
    def file_name(self) -> str:
        """The base name, percent-encoded, because a header holds ASCII only."""
        return quote(os.fsencode(self.name), safe="")

    @property
    def shown_name(self) -> str:
        """The base name as text that every JSON reader takes."""
        return os.fsencode(self.name).decode("utf-8", "replace")

    @property
    def in_parts(self) -> bool:
        """Whether the file is too large for one request."""
        return self.size > WHOLE_UP_TO

    def plan(self) -> dict[str, Any]:
        """Return how the file would be sent and what it is mapped to, for `--dry-run`."""
        route = "POST /api/v1/runs/"
        if self.kind == "log":
            route = "POST /api/v1/uploads/" if self.in_parts else f"POST /api/v1/logs/?{urlencode(self.binding.said())}"
        return {
            "file": self.name, "kind": self.kind, "bytes": self.size, "digest": self.digest, "route": route,
            "mapping": self._mapping(), "idempotency_key": self.key,
        }  # fmt: skip

    def _mapping(self) -> dict[str, Any]:
        if self.kind == "log":
            return {name: value for name, value in asdict(self.binding).items() if value}
        names = ("subject", "checkpoint", "mitigation", "metric", "run_id")
        said: dict[str, Any] = {name: self.report[name] for name in names if name in self.report}
        evaluation = self.report.get("evaluation")
        if isinstance(evaluation, dict):
            said["evaluation"] = evaluation.get("slug")
        said["form"] = next((form for form in ("tally", "estimate", "samples") if form in self.report), None)
        return said


def _measured(path: Path) -> tuple[int, str, bytes]:
    """Return size, digest and the first bytes, read in one pass."""
    digest, size, head = hashlib.sha256(), 0, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            head = head or chunk[:HEAD]
            digest.update(chunk)
            size += len(chunk)
    return size, f"sha256:{digest.hexdigest()}", head


def _report_in(path: Path, size: int, head: bytes) -> dict[str, Any] | None:
    """Return the report that a file holds; an empty one where it says so but cannot be parsed; None for a log."""
    if size > WHOLE_UP_TO or not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return None
    data = path.read_bytes()
    if b"run-report/" not in data:
        return None
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        # Sent as a report all the same, because the server then names the exact place of the fault.
        return {} if MARK.search(head) else None
    schema = document.get("schema") if isinstance(document, dict) else None
    return document if isinstance(schema, str) and schema.startswith("run-report/") else None


def _refuse_contradiction(name: str, report: dict[str, Any], binding: Binding) -> None:
    evaluation = report.get("evaluation")
    said = {**report, "evaluation": evaluation.get("slug") if isinstance(evaluation, dict) else None}
    for key in BINDING:
        wanted, stated = getattr(binding, key), said.get(key)
        if wanted and isinstance(stated, str) and stated != wanted:
            raise Misused(
                f"{name} says {key} {stated!r}, the command says {wanted!r}.",
                remedy="A run report is sent as it is: drop the flag, or correct the report.",
            )


def _prepared(path: Path, name: str) -> tuple[int, str, bytes]:
    try:
        size, digest, head = _measured(path)
    except OSError as fault:
        raise Misused(f"{path} cannot be read: {fault.strerror or fault}.") from None
    if not size:
        raise CheckFailed(f"{name} is empty; there is nothing to send.")
    return size, digest, head


def log_parcel(path: Path, *, binding: Binding, name: str = "") -> Parcel:
    """Prepare a file as a log, whatever it holds. Raises Misused or CheckFailed for an unreadable or empty one."""
    name = name or path.name
    size, digest, _ = _prepared(path, name)
    return Parcel("log", path, name, size, digest, binding)


def parcel_of(path: Path, *, binding: Binding, defaults: Mapping[str, str] = NOTHING, name: str = "") -> Parcel:
    """Read a file once and say how it goes. `defaults` fill what is not said of a log; a report speaks for itself.

    Raises Misused for one that cannot be read or contradicts the flags, CheckFailed for an empty one or a report that
    is too large.
    """
    name = name or path.name
    size, digest, head = _prepared(path, name)
    wanted = binding.format in REPORT_FORMATS
    if wanted and size > WHOLE_UP_TO:
        raise CheckFailed(f"{name} is larger than {WHOLE_UP_TO} bytes.", remedy="Split the run, or send the log.")
    report = _report_in(path, size, head) if wanted or binding.format == "auto" else None
    if report is None and not wanted:
        return Parcel("log", path, name, size, digest, binding.filled(defaults))
    _refuse_contradiction(name, report or {}, binding)
    return Parcel("run", path, name, size, digest, binding, report or {})
