"""Lease tokens name the process that holds them, so that a lease can be ended at once when that process is gone."""

from __future__ import annotations

import hashlib
import os
import secrets
from functools import cache
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
PROCESS_IDS = Path("/proc/self/ns/pid")


@cache
def place() -> str:
    """Return a short name of where process ids mean what they mean here; "" on a system that does not tell.

    One boot of one kernel and one namespace of process ids: two containers on one host both have a process 7.
    """
    try:
        facts = f"{BOOT.read_text()} {PROCESS_IDS.readlink()}"
    except OSError:
        return ""
    return hashlib.blake2b(facts.encode(), digest_size=5).hexdigest()


def new_token() -> str:
    """Return a token that no other claim has, with this process in it: `PLACE-PID-RANDOM`, at most 40 characters."""
    return f"{place()}-{os.getpid()}-{secrets.token_hex(8)}"


def is_abandoned(token: str) -> bool:
    """Whether the process that made the token lived here and is gone; False wherever that cannot be known.

    A process id that was given to another program since reads as living: then the lease runs its time.
    """
    where, _, rest = token.partition("-")
    number = rest.partition("-")[0]
    if not where or where != place() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass  # another user's process, or a number that no process has
    return False
