"""Glob patterns over names with slashes: `*` stays inside one part, `**` spans any number of them."""

from __future__ import annotations

from fnmatch import fnmatchcase

WILDCARDS = frozenset("*?[")


def matches(name: str, pattern: str, *, whole: bool = False) -> bool:
    """Whether a name with slashes fits.

    A pattern without a slash looks at the last part of the name only, unless the `whole` name is meant.
    """
    parts = name.split("/")
    if "/" not in pattern and not whole:
        return fnmatchcase(parts[-1], pattern)
    # Every place in the name that the pattern so far can lead to, so that no pattern takes more than parts times parts.
    places = {0}
    for piece in pattern.split("/"):
        if piece == "**":
            places = set(range(min(places), len(parts) + 1))
        else:
            places = {at + 1 for at in places if at < len(parts) and fnmatchcase(parts[at], piece)}
        if not places:
            return False
    return len(parts) in places


def split_address(address: str) -> tuple[str, str | None]:
    """Return the folder before the first part with a wildcard, and the pattern from there on; None without one."""
    parts = address.split("/")
    for at, part in enumerate(parts):
        if WILDCARDS & set(part):
            return "/".join(parts[:at]) or "/", "/".join(parts[at:])
    return address, None
