"""Why a log is not read: the place in the file, what is wrong there, and the remedy."""

from __future__ import annotations

from evaluations.report.refusal import Fault


class LogRefused(ValueError):
    """A log that cannot be read, or not within its budget. Nothing of it becomes a run; the bytes are kept.

    `fault.pointer` names the place: a JSON pointer, a member name, or `line 17`, as far as it is known.
    """

    def __init__(
        self, code: str, detail: str, *, pointer: str = "", remedy: str = "Check the file and send it again."
    ) -> None:
        super().__init__(f"{pointer}: {detail}" if pointer else detail)
        self.fault = Fault(pointer, code, detail, remedy)
