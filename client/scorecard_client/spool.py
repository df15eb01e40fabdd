"""The spool: what could not be sent waits on this machine, whole and in order, until a later push sends it.

An entry is a folder that gets its name when it is complete, so that a killed process leaves no half entry. It holds the
file and its parameters, and never a token.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from scorecard_client.errors import CheckFailed, Misused
from scorecard_client.parcels import Binding, Parcel, log_parcel, parcel_of

PLACE = Path(".scorecard") / "spool"
CONTENT, PARAMETERS = "content", "parameters.json"
UNFINISHED = ".unfinished-"


class _Binding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    subject: str | None = None
    checkpoint: str | None = None
    mitigation: str | None = None
    evaluation: str | None = None
    format: str = "auto"


class Parameters(BaseModel):
    """How a spooled file is to be sent."""

    model_config = ConfigDict(extra="forbid")

    schema_name: Literal["spool/1"] = "spool/1"
    kind: Literal["run", "log"]
    name: str
    digest: str
    binding: _Binding
    url: str = ""
    """The server that it was meant for."""
    reason: str = ""
    """Why it was not sent."""


class Spool:
    """The spool of a folder, the current one by default."""

    def __init__(self, folder: Path | None = None) -> None:
        self.place = (folder or Path.cwd()) / PLACE

    def entries(self) -> list[Path]:
        """Return the complete entries, oldest first."""
        if not self.place.is_dir():
            return []
        return sorted(path for path in self.place.iterdir() if path.is_dir() and not path.name.startswith("."))

    def keep(self, parcel: Parcel, *, url: str, reason: str, at: datetime | None = None) -> Path:
        """Put a file in; the same file with the same parameters is put in once. Raises Misused where that fails."""
        short = parcel.key.removeprefix("sha256:")[:16]
        known = [path for path in self.entries() if path.name.endswith(f"-{short}")]
        if known:
            return known[0]
        moment = (at or datetime.now(UTC)).strftime("%Y%m%dT%H%M%S.%fZ")
        try:
            return self._write(parcel, f"{moment}-{short}", url, reason)
        except OSError as fault:
            raise Misused(f"{self.place} cannot be written: {fault.strerror or fault}.") from None

    def _write(self, parcel: Parcel, name: str, url: str, reason: str) -> Path:
        self._prepare()
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self.place))
        try:
            shutil.copyfile(parcel.path, unfinished / CONTENT)
            parameters = Parameters(
                kind=parcel.kind, name=parcel.name, digest=parcel.digest, binding=_Binding(**asdict(parcel.binding)),
                url=url, reason=reason,
            )  # fmt: skip
            (unfinished / PARAMETERS).write_text(parameters.model_dump_json(indent=1), encoding="utf-8")
            for file in (CONTENT, PARAMETERS):
                _sync(unfinished / file)
            unfinished.rename(self.place / name)
            _sync(self.place)
        except OSError:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        return self.place / name

    def _prepare(self) -> None:
        self.place.mkdir(parents=True, exist_ok=True, mode=0o700)
        ignore = self.place.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")

    def opened(self, entry: Path) -> tuple[Parcel, Parameters]:
        """Return an entry as it was put in. Raises CheckFailed for one that was changed or is incomplete."""
        try:
            parameters = Parameters.model_validate_json((entry / PARAMETERS).read_bytes())
        except (OSError, ValidationError):
            raise CheckFailed(
                f"{entry.name} in the spool has no readable {PARAMETERS}.", remedy=_remedy(entry)
            ) from None
        binding = Binding(**parameters.binding.model_dump())
        prepare = log_parcel if parameters.kind == "log" else parcel_of
        parcel = prepare(entry / CONTENT, binding=binding, name=parameters.name)
        if (parcel.kind, parcel.digest) != (parameters.kind, parameters.digest):
            raise CheckFailed(f"{entry.name} in the spool was changed since.", remedy=_remedy(entry))
        return parcel, parameters

    def drop(self, entry: Path) -> None:
        """Remove an entry that was sent; somebody else may have done so before."""
        gone = entry.with_name(f".sent-{entry.name}")
        try:
            entry.rename(gone)
        except OSError:
            return
        shutil.rmtree(gone, ignore_errors=True)


def _remedy(entry: Path) -> str:
    return f"Look at {entry}, and remove it when it is of no use."


def _sync(path: Path) -> None:
    """Make a file, or the names in a folder, outlast a power cut; only POSIX lets a folder be opened for that."""
    if os.name != "posix" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
