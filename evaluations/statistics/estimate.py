"""What every statistic returns: a number that knows its interval, its method, its sample and its own weaknesses."""

from __future__ import annotations

import math
from dataclasses import dataclass

ZERO_WIDTH = "the interval has zero width: the method saw no variation, which is not the absence of uncertainty"
ROUNDING = 1e-12
FEW = 30
FEW_UNITS = f"fewer than {FEW} independent units: the normal approximation is doubtful, prefer an exact interval"


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure for display.

    `point`, `low`, `high` and `stderr` share the unit of the statistic (fractions in [0, 1] unless its function says
    otherwise); `n` counts what was observed, `n_eff` the independent units behind it. A one-sided bound has the trivial
    bound on its open side and says so in `notes`. Raises ValueError for a figure that is not finite, for an interval
    without a confidence, and for a missing interval without a note that gives the reason. A width of zero, up
    to rounding, is always noted.
    """

    statistic: str
    method: str
    point: float | None
    n: int
    n_eff: float
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    stderr: float | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        figures = (self.point, self.low, self.high, self.stderr, self.n_eff)
        if any(figure is not None and not math.isfinite(figure) for figure in figures):
            raise ValueError(f"{self.statistic}: a figure that is not finite cannot be shown")
        if self.low is None or self.high is None:
            if self.low is not self.high or not self.notes:
                raise ValueError(f"{self.statistic}: an estimate without an interval has to say why")
        elif self.confidence is None or self.low > self.high:
            raise ValueError(f"{self.statistic}: an interval has a confidence and low <= high")
        elif self.high - self.low <= ROUNDING * max(abs(self.low), abs(self.high)) and ZERO_WIDTH not in self.notes:
            object.__setattr__(self, "notes", (*self.notes, ZERO_WIDTH))

    @property
    def width(self) -> float | None:
        """The width of the interval, None without one."""
        return None if self.low is None or self.high is None else self.high - self.low


@dataclass(frozen=True, kw_only=True)
class Significance(Estimate):
    """A test beside its effect: `p_value` in [0, 1], `value` the test statistic (None for an exact test)."""

    p_value: float
    alternative: str
    value: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 <= self.p_value <= 1.0:
            raise ValueError(f"{self.statistic}: a p-value lies in [0, 1], got {self.p_value!r}")
