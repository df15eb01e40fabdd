"""A large block that is freed goes back to the system at once."""

from __future__ import annotations

import subprocess
import sys

from tests.house.places import ROOT

GROWN_AND_FREED = """
from scorecard.operating.memory import keep_large_blocks_apart

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

if {apart}:
    assert keep_large_blocks_apart()
big = bytearray(24 << 20)
del big  # from now on the library by itself keeps blocks of this size on its heap
kept = [bytearray(8 << 20) for _ in range(8)]
wall = bytearray(200 << 10)
before = resident()
del kept
print(before - resident())
"""


def given_back(*, apart: bool) -> int:
    command = [sys.executable, "-c", GROWN_AND_FREED.format(apart=apart)]
    return int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def test_columns_that_are_freed_leave_the_process() -> None:
    assert given_back(apart=True) >= 60 << 20
    assert given_back(apart=False) < 60 << 20
