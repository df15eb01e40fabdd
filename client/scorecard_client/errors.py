"""Every error of the client: words, a remedy, the exit code, and the server's problem document where there is one."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from scorecard_client.exit_codes import ExitCode

OF_STATUS = {
    400: ExitCode.USAGE, 401: ExitCode.AUTHENTICATION, 403: ExitCode.AUTHENTICATION, 404: ExitCode.USAGE,
    405: ExitCode.USAGE, 407: ExitCode.AUTHENTICATION, 429: ExitCode.NETWORK,
}  # fmt: skip


class Fault(BaseModel):
    """One fault of a document, with its place as a JSON pointer."""

    model_config = ConfigDict(frozen=True, extra="allow")

    pointer: str = ""
    code: str = ""
    detail: str = ""
    remedy: str = ""

    def words(self) -> str:
        """Return place, fault and remedy as one line."""
        place = f"{self.pointer}: " if self.pointer else ""
        return f"{place}{self.detail or self.code} {self.remedy}".strip()


class Problem(BaseModel):
    """A problem document (RFC 9457) as the server sends it for every error."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str = "about:blank"
    title: str = ""
    status: int = 0
    code: str = ""
    detail: str = ""
    remedy: str = ""
    errors: list[Fault] = Field(default_factory=list)


class ScorecardError(Exception):
    """Base of every error that the client raises on purpose. `exit_code` is the command's."""

    exit_code = ExitCode.CHECK_FAILED

    def __init__(self, detail: str, *, remedy: str = "") -> None:
        super().__init__(f"{detail} {remedy}".strip())
        self.detail, self.remedy = detail, remedy

    def lines(self) -> list[str]:
        """Return the error as lines for people."""
        return [self.detail, *([self.remedy] if self.remedy else [])]

    def to_dict(self) -> dict[str, Any]:
        """Return the error as `--json` prints it."""
        return {"detail": self.detail, "remedy": self.remedy, "exit_code": int(self.exit_code)}


class CheckFailed(ScorecardError):
    """Something was checked and is not as it should be."""


class NoScorecard(CheckFailed):
    """A checkpoint has no scorecard, or none that the token can see."""


class Misused(ScorecardError):
    """The question is faulty: a flag, a file, a setting."""

    exit_code = ExitCode.USAGE


class Unreachable(ScorecardError):
    """No answer that can be used came from the server, after every attempt."""

    exit_code = ExitCode.NETWORK


class NotAuthenticated(ScorecardError):
    """There is no usable token."""

    exit_code = ExitCode.AUTHENTICATION


class ProblemAnswer(ScorecardError):
    """The server refused, in its own words: `problem` is its document, `request_id` its name for the request."""

    def __init__(self, problem: Problem, *, status: int, request_id: str | None = None) -> None:
        super().__init__(problem.detail or problem.title or f"The server answered {status}.", remedy=problem.remedy)
        self.problem, self.status, self.request_id = problem, status, request_id
        others = ExitCode.NETWORK if status >= 500 else ExitCode.USAGE if status < 400 else ExitCode.CHECK_FAILED
        self.exit_code = OF_STATUS.get(status, others)

    def lines(self) -> list[str]:
        """Return the refusal as lines: what, every fault with its place, the remedy, the request."""
        faults = [fault.words() for fault in self.problem.errors]
        named = [f"request {self.request_id}"] if self.request_id else []
        return [
            f"{self.status} {self.detail}",
            *(f"  {words}" for words in faults),
            *filter(None, [self.remedy]),
            *named,
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the refusal as `--json` prints it, the problem document included."""
        document = self.problem.model_dump(mode="json", exclude_unset=True)
        return {**super().to_dict(), "status": self.status, "problem": document, "request_id": self.request_id}
