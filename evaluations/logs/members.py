"""What holds for the members of every archive, whatever its format: their names and their number."""

from __future__ import annotations

from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource


def checked_name(name: str) -> str:
    """Return the name. Raises LogRefused for an absolute one, a drive, NUL, or a step upwards by either slash."""
    parts = name.replace("\\", "/").split("/")
    if not name or name.startswith(("/", "\\")) or ".." in parts or "\x00" in name or name[1:2] == ":":
        raise LogRefused(
            "member-path", "The archive holds a member with a path that leads outside.", pointer=name[:200]
        )
    return name


def no_twins(names: list[str]) -> list[str]:
    """Return the names. Raises LogRefused when one stands twice, because readers differ in which one counts."""
    if len(set(names)) != len(names):
        twin = next(name for name in names if names.count(name) > 1) if len(names) < 1000 else "a member"
        raise LogRefused("member-twice", "The archive holds two members of the same name.", pointer=twin[:200])
    return names


def too_many(count: int, source: LogSource) -> LogRefused:
    """Return the refusal of an archive that lists more members than the budget allows."""
    words = f"The archive lists {count} members; at most {source.budget.members} are read."
    return LogRefused("too-many-members", words, remedy="Split the log into smaller archives.")
