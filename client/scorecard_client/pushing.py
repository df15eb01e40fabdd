"""Pushing: the files go one after another, and what cannot go waits in the spool if the caller wants that.

An evaluation never fails because reporting failed, so an unreachable server with a spool at hand is no error; a refusal
and a wrong token are, because waiting does not cure them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from scorecard_client.answers import Receipt
from scorecard_client.client import Client
from scorecard_client.errors import ScorecardError
from scorecard_client.exit_codes import ExitCode
from scorecard_client.parcels import Parcel
from scorecard_client.resuming import FolderMarks
from scorecard_client.sending import Told, push_parcel
from scorecard_client.spool import Spool

State = Literal["received", "known", "refused", "spooled", "unsent"]
Say = Callable[[str], None]
HOPELESS = (ExitCode.NETWORK, ExitCode.AUTHENTICATION)
"""After one of these nothing else of this push is tried: it would fail in the same way."""


@dataclass
class Delivery:
    """What became of one file."""

    name: str
    kind: str
    digest: str
    state: State
    checkpoint: str | None = None
    receipt: Receipt | None = None
    fault: ScorecardError | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the delivery as `--json` prints it."""
        receipt = (
            self.receipt.model_dump(mode="json", include={"id", "job", "links", "revision"}) if self.receipt else {}
        )
        return {
            "file": self.name, "kind": self.kind, "digest": self.digest, "state": self.state, **receipt,
            "error": self.fault.to_dict() if self.fault else None,
        }  # fmt: skip

    def line(self) -> str:
        """Return the delivery as one line, columns separated by two blanks."""
        return "  ".join([f"{self.state:8}", self.receipt.id if self.receipt else "-", self.name])


def _delivered(parcel: Parcel, receipt: Receipt) -> Delivery:
    checkpoint = parcel.report.get("checkpoint") if parcel.kind == "run" else parcel.binding.checkpoint
    return Delivery(
        parcel.name, parcel.kind, parcel.digest, "received" if receipt.created else "known",
        checkpoint if isinstance(checkpoint, str) else None, receipt,
    )  # fmt: skip


@dataclass
class Courier:
    """Sends parcels with one client; `client` is None where there is none to send with, for the reason in `broken`."""

    client: Client | None
    spool: Spool | None = None
    url: str = ""
    say: Say = print
    told: Told = lambda done, total: None
    broken: ScorecardError | None = None
    """Why nothing more is tried."""
    deliveries: list[Delivery] = field(default_factory=list)

    def flush(self) -> list[Delivery]:
        """Send what waits in the spool, oldest first; what fails stays."""
        sent: list[Delivery] = []
        if self.spool is None:
            return sent
        for entry in self.spool.entries():
            if self.broken is not None:
                break
            delivery = self._from(self.spool, entry)
            if delivery.receipt is not None:
                self.spool.drop(entry)
            sent.append(delivery)
        return sent

    def _from(self, spool: Spool, entry: Path) -> Delivery:
        try:
            parcel, parameters = spool.opened(entry)
        except ScorecardError as fault:
            return Delivery(entry.name, "spool", "", "refused", fault=fault)
        if parameters.url not in ("", self.url):
            self.say(f"{parcel.name} was spooled for {parameters.url} and goes to {self.url}.")
        return self._try(parcel)

    def deliver(self, parcels: Iterable[Parcel]) -> list[Delivery]:
        """Send parcels; with a spool, one that cannot be sent is kept there."""
        for parcel in parcels:
            delivery = self._try(parcel)
            if delivery.state == "unsent" and self.spool is not None:
                self._keep(self.spool, parcel, delivery)
            self.deliveries.append(delivery)
        return self.deliveries

    def _try(self, parcel: Parcel) -> Delivery:
        fault = self.broken
        if fault is None and self.client is not None:
            try:
                steps = push_parcel(
                    parcel, patience=self.client.patience, told=self.told, marks=FolderMarks(self.client.url)
                )
                return _delivered(parcel, self.client.perform(steps))
            except ScorecardError as refusal:
                fault = refusal
        if fault is not None and fault.exit_code in HOPELESS:
            self.broken = fault
        state: State = "unsent" if self.broken is not None else "refused"
        return Delivery(parcel.name, parcel.kind, parcel.digest, state, fault=fault)

    def _keep(self, spool: Spool, parcel: Parcel, delivery: Delivery) -> None:
        reason = delivery.fault.detail if delivery.fault else ""
        try:
            entry = spool.keep(parcel, url=self.url, reason=reason)
        except ScorecardError as fault:
            delivery.fault = fault
            return
        delivery.state = "spooled"
        self.say(f"{parcel.name} waits in {entry}; `scorecard push --spool` sends it later.")


def code_of(deliveries: Iterable[Delivery]) -> list[ExitCode]:
    """Return the exit codes that deliveries ask for: a spooled file is in order unless only a person can help it."""
    codes = []
    for delivery in deliveries:
        code = delivery.fault.exit_code if delivery.fault else ExitCode.OK
        spooled = delivery.state == "spooled" and code == ExitCode.NETWORK
        codes.append(ExitCode.OK if spooled else code)
    return codes
