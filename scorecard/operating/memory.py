"""Memory of the processes that hold large columns for a while."""

from __future__ import annotations

import ctypes

M_MMAP_THRESHOLD = -3
APART = 256 * 1024
"""Bytes from which a block of memory stands apart from the heap, and goes back to the system when it is freed."""


def keep_large_blocks_apart() -> bool:
    """Let glibc give every large block back; return False where the C library knows no such setting.

    By itself it moves that limit up to 32 MiB as soon as large blocks come and go. Columns that grow then leave holes
    in the heap, and the run of a million samples that was read an hour ago still stands in the worker's memory.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, APART))
    except (OSError, AttributeError):
        return False
