"""How much a log may ask of a worker. Totals are counted while reading, because declared sizes and ratios can lie."""

from __future__ import annotations

from dataclasses import dataclass, field

from evaluations.logs.refusal import LogRefused
from evaluations.report.document import MOST_SAMPLES

MEBIBYTE = 1024 * 1024


@dataclass
class Budget:
    """Limits of one reading, in bytes and counts; `spent` grows as bytes are read or inflated."""

    total_bytes: int = 32 * 1024 * MEBIBYTE
    """Bytes after decompression that all members read may come to."""
    member_bytes: int = 64 * MEBIBYTE
    """Bytes after decompression of one member, or of one line, that is held in memory."""
    members: int = 100_000
    """Members that an archive may list."""
    depth: int = 64
    """Nesting of a JSON document."""
    samples: int = MOST_SAMPLES
    """Samples of one run, as many as a posted report may hold: so many fit into the memory that a worker may take."""
    spent: int = field(default=0, init=False)

    def spend(self, count: int, *, place: str) -> None:
        """Count bytes. Raises LogRefused when the total is used up."""
        self.spent += count
        if self.spent > self.total_bytes:
            raise LogRefused(
                "too-large",
                f"More than {self.total_bytes} bytes came out of the file.",
                pointer=place,
                remedy="Split the log into smaller files.",
            )

    def member(self, count: int, *, place: str) -> None:
        """Check the size of what is held in memory at once. Raises LogRefused."""
        if count > self.member_bytes:
            raise LogRefused(
                "part-too-large",
                f"This part holds more than {self.member_bytes} bytes.",
                pointer=place,
                remedy="Log less into one sample, or split the file.",
            )

    def line(self, size: int, number: int) -> None:
        """Count one line of a text that is held in memory. Raises LogRefused as `member` and `spend` do."""
        self.spent += size
        if size > self.member_bytes or self.spent > self.total_bytes:
            # The place is only spelt where it is told, because a log has millions of lines.
            self.member(size, place=f"line {number}")
            self.spend(0, place=f"line {number}")
