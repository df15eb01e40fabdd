"""The library for pipelines that are not asynchronous.

with Client() as client:
    receipt = client.runs.create(report)
    client.jobs.wait(receipt.job)
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TypeVar

from scorecard_client import asking, sending
from scorecard_client.answers import GateAnswer, Job, Log, Receipt, RunRow, Scorecard, Snapshot
from scorecard_client.configuration import address_and_token
from scorecard_client.parcels import Binding, Parcel, log_parcel
from scorecard_client.report import Postable
from scorecard_client.retrying import PATIENT, Patience
from scorecard_client.steps import Steps
from scorecard_client.transport import LONGEST_SILENCE, Connection

T = TypeVar("T")


class Client:
    """A connection to one scorecard. Without arguments it is configured as the command is: environment, then files.

    `timeout` is the longest silence of the server in seconds. Every method raises a ScorecardError: ProblemAnswer for a
    refusal, Unreachable after the last attempt.
    """

    def __init__(
        self, *, url: str | None = None, token: str | None = None, patience: Patience = PATIENT,
        timeout: float = LONGEST_SILENCE,
    ) -> None:  # fmt: skip
        self.url, secret = address_and_token(url=url, token=token)
        self.patience = patience
        self._connection = Connection(self.url, secret, timeout=timeout)
        self.runs = Runs(self)
        self.logs = Logs(self)
        self.jobs = Jobs(self)
        self.scorecards = Scorecards(self)

    def perform(self, steps: Steps[T]) -> T:
        """Perform a conversation and return its result."""
        return self._connection.run(steps)

    def gate(self, checkpoint: str, *, action: str) -> GateAnswer:
        """Ask whether a checkpoint may be deployed, or developed further."""
        return self.perform(asking.gate(checkpoint, action, patience=self.patience))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        self.close()


class _Part:
    def __init__(self, client: Client) -> None:
        self._client = client


class Runs(_Part):
    """Run reports."""

    def create(self, report: Postable) -> Receipt:
        """Post a run report: a RunReport, a mapping, or JSON bytes."""
        return self._client.perform(sending.create_run(report, patience=self._client.patience))

    def get(self, run: str) -> RunRow:
        """Return a run."""
        return self._client.perform(asking.run(run, patience=self._client.patience))


class Logs(_Part):
    """Raw log files."""

    def push(
        self, file: Path | str, *, subject: str | None = None, checkpoint: str | None = None,
        mitigation: str | None = None, evaluation: str | None = None, format: str = "auto",
    ) -> Receipt:  # fmt: skip
        """Send a log file, streamed; above 64 MiB in parts that are not sent twice."""
        binding = Binding(subject, checkpoint, mitigation, evaluation, format)
        return self.push_parcel(log_parcel(Path(file), binding=binding))

    def push_parcel(self, parcel: Parcel) -> Receipt:
        """Send a file that was prepared before."""
        return self._client.perform(sending.push_log(parcel, patience=self._client.patience))

    def get(self, log: str) -> Log:
        """Return what became of a log."""
        return self._client.perform(asking.log(log, patience=self._client.patience))


class Jobs(_Part):
    """Background work."""

    def get(self, job: str) -> Job:
        """Return a job by its id or its path."""
        return self._client.perform(asking.job(job, patience=self._client.patience))

    def wait(self, job: str, *, within: float = asking.LONG_ENOUGH) -> Job:
        """Wait until a job is done. Raises CheckFailed when it failed or is not done within so many seconds."""
        return self._client.perform(asking.finished_job(job, within=within, patience=self._client.patience))


class Scorecards(_Part):
    """Scorecards."""

    def get(self, name: str) -> Scorecard:
        """Return a scorecard by id, number or `NUMBER-vN`."""
        return self._client.perform(asking.card(name, patience=self._client.patience))

    def newest(self, checkpoint: str) -> Scorecard:
        """Return a checkpoint's newest scorecard."""
        return self._client.perform(asking.newest_card(checkpoint, patience=self._client.patience))

    def snapshot(self, name: str) -> Snapshot:
        """Return the record (`scorecard.json`) of a scorecard, or of a checkpoint's newest one."""
        return self._client.perform(asking.snapshot(name, patience=self._client.patience))

    def download(self, name: str, kind: str, *, into: Path) -> Path:
        """Download `document.pdf`, `scorecard.json`, `bundle.zip` or `evidence.csv` into a file."""
        return self._client.perform(asking.document(name, kind, into, patience=self._client.patience))
