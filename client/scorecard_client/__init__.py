"""The light client of the preparedness scorecard: no Django, no server needed."""

from scorecard_client.async_client import AsyncClient
from scorecard_client.client import Client
from scorecard_client.errors import (
    CheckFailed,
    Misused,
    NoScorecard,
    NotAuthenticated,
    Problem,
    ProblemAnswer,
    ScorecardError,
    Unreachable,
)
from scorecard_client.exit_codes import ExitCode
from scorecard_client.report import RunReport
from scorecard_client.retrying import Patience
from scorecard_client.version import __version__

__all__ = [
    "AsyncClient",
    "CheckFailed",
    "Client",
    "ExitCode",
    "Misused",
    "NoScorecard",
    "NotAuthenticated",
    "Patience",
    "Problem",
    "ProblemAnswer",
    "RunReport",
    "ScorecardError",
    "Unreachable",
    "__version__",
]
