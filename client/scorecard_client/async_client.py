"""The library, asynchronous: the same conversations as the synchronous one, awaited."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import anyio  # comes with httpx, and runs on whichever event loop there is

from scorecard_client import asking, sending
from scorecard_client.answers import GateAnswer, Job, Log, Receipt, RunRow, Scorecard, Snapshot
from scorecard_client.configuration import address_and_token
from scorecard_client.parcels import Binding, Parcel, log_parcel
from scorecard_client.report import Postable
from scorecard_client.retrying import PATIENT, Patience
from scorecard_client.steps import Steps
from scorecard_client.transport import LONGEST_SILENCE, AsyncConnection

T = TypeVar("T")


class AsyncClient:
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
        self._connection = AsyncConnection(self.url, secret, timeout=timeout)
        self.runs = AsyncRuns(self)
        self.logs = AsyncLogs(self)
        self.jobs = AsyncJobs(self)
        self.scorecards = AsyncScorecards(self)

    async def perform(self, steps: Steps[T]) -> T:
        """Perform a conversation and return its result."""
        return await self._connection.run(steps)

    async def gate(self, checkpoint: str, *, action: str) -> GateAnswer:
        """Ask whether a checkpoint may be deployed, or developed further."""
        return await self.perform(asking.gate(checkpoint, action, patience=self.patience))

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        await self.close()


class _Part:
    def __init__(self, client: AsyncClient) -> None:
        self._client = client


class AsyncRuns(_Part):
    """Run reports."""

    async def create(self, report: Postable) -> Receipt:
        """Post a run report: a RunReport, a mapping, or JSON bytes."""
        return await self._client.perform(sending.create_run(report, patience=self._client.patience))

    async def get(self, run: str) -> RunRow:
        """Return a run."""
        return await self._client.perform(asking.run(run, patience=self._client.patience))


class AsyncLogs(_Part):
    """Raw log files."""

    async def push(
        self, file: Path | str, *, subject: str | None = None, checkpoint: str | None = None,
        mitigation: str | None = None, evaluation: str | None = None, format: str = "auto",
    ) -> Receipt:  # fmt: skip
        """Send a log file, streamed; above 64 MiB in parts that are not sent twice."""
        binding = Binding(subject, checkpoint, mitigation, evaluation, format)
        parcel = await anyio.to_thread.run_sync(partial(log_parcel, Path(file), binding=binding))
        return await self.push_parcel(parcel)

    async def push_parcel(self, parcel: Parcel) -> Receipt:
        """Send a file that was prepared before."""
        return await self._client.perform(sending.push_log(parcel, patience=self._client.patience))

    async def get(self, log: str) -> Log:
        """Return what became of a log."""
        return await self._client.perform(asking.log(log, patience=self._client.patience))


class AsyncJobs(_Part):
    """Background work."""

    async def get(self, job: str) -> Job:
        """Return a job by its id or its path."""
        return await self._client.perform(asking.job(job, patience=self._client.patience))

    async def wait(self, job: str, *, within: float = asking.LONG_ENOUGH) -> Job:
        """Wait until a job is done. Raises CheckFailed when it failed or is not done within so many seconds."""
        return await self._client.perform(asking.finished_job(job, within=within, patience=self._client.patience))


class AsyncScorecards(_Part):
    """Scorecards."""

    async def get(self, name: str) -> Scorecard:
        """Return a scorecard by id, number or `NUMBER-vN`."""
        return await self._client.perform(asking.card(name, patience=self._client.patience))

    async def newest(self, checkpoint: str) -> Scorecard:
        """Return a checkpoint's newest scorecard."""
        return await self._client.perform(asking.newest_card(checkpoint, patience=self._client.patience))

    async def snapshot(self, name: str) -> Snapshot:
        """Return the record (`scorecard.json`) of a scorecard, or of a checkpoint's newest one."""
        return await self._client.perform(asking.snapshot(name, patience=self._client.patience))

    async def download(self, name: str, kind: str, *, into: Path) -> Path:
        """Download `document.pdf`, `scorecard.json`, `bundle.zip` or `evidence.csv` into a file."""
        return await self._client.perform(asking.document(name, kind, into, patience=self._client.patience))
