"""Secrets of sources: read from the environment by name for one visit, never stored, logged or shown."""

from __future__ import annotations

import os
import re

from evaluations.pulling.offers import PullFailed

NAME = re.compile(r"SCORECARD_SECRET_[A-Z0-9_]{1,60}")
USABLE = re.compile(r"[\x21-\x7e]{1,4096}")


def is_secret_name(name: str) -> bool:
    """Whether a variable may be named as a secret: only those with the prefix, so that no other can be read out."""
    return NAME.fullmatch(name) is not None


def secret_named(name: str) -> str:
    """Return the secret that a variable holds, empty for no name. Raises PullFailed when it is missing or unusable."""
    if not name:
        return ""
    value = os.environ.get(name, "").strip() if is_secret_name(name) else ""
    if not value:
        remedy = f"Set {name[:80]} in the environment of the workers, and start them again."
        raise PullFailed("secret-missing", f"The variable {name[:80]} is not set.", remedy=remedy)
    # A blank or control character inside would be refused by the HTTP library in words that repeat the secret.
    if not USABLE.fullmatch(value):
        words = f"The variable {name} holds characters that no header carries."
        raise PullFailed("secret-malformed", words, remedy="Use printable ASCII without blanks.")
    return value
