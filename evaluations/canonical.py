"""Canonical bytes of a report: what its digest is made of, and what an auditor hashes again.

RFC 8785 (JSON Canonicalization Scheme) restricted to what a canonical report holds: text, booleans, null, integers
below 2^53, arrays and objects. Scores and values stand in it as text, the shortest decimal that reads back to the same
double, so that nobody who recomputes a digest needs the ECMAScript number algorithm. Standard library only and Python
3.9 syntax, because the offline verifier may carry this module.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

LARGEST_INTEGER = 2**53 - 1


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    if isinstance(value, (list, tuple)):
        return [_ordered(item) for item in value]
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int) and abs(value) <= LARGEST_INTEGER:
        return value
    raise ValueError(f"a canonical report holds no {type(value).__name__} such as {value!r}")


def report_digest_bytes(value: Any) -> bytes:
    """Return the canonical bytes of a report. Raises ValueError for floats, large integers and lone surrogates."""
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def named_digest(data: bytes) -> str:
    """Return `sha256:<hex>` of the bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
