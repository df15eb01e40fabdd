"""What the exit codes of the command mean; pipelines rest on them, so they never change their meaning."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command, and of every error of the library."""

    OK = 0
    CHECK_FAILED = 1
    USAGE = 2
    DENIED = 3
    NETWORK = 4
    AUTHENTICATION = 5


GRAVEST_FIRST = (
    ExitCode.AUTHENTICATION, ExitCode.NETWORK, ExitCode.DENIED, ExitCode.CHECK_FAILED, ExitCode.USAGE, ExitCode.OK,
)  # fmt: skip
"""Which code stands where one command met several faults."""


def gravest(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that stands for all of them; OK for none."""
    met = {ExitCode.OK, *codes}
    return next(code for code in GRAVEST_FIRST if code in met)
