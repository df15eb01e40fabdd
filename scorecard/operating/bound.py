"""Run a command that ends with its parent: `python -m scorecard.operating.bound PARENT COMMAND...`.

Without it, killing `manage.py up` outright would leave a web server and a worker behind that nobody watches.
Standard library only, so that it costs a few milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Ask the kernel (Linux only) for SIGTERM at the parent's death, then become the command.

    Leaves at once if the parent is gone already, because its death then came before the request.
    """
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(0)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
