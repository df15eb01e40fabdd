"""How far a sender reaches: the subjects of one programme, and results of some evaluations on them.

Programmes and people are judgement's; evidence keeps the programme's id by value and asks nothing else about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.db.models import QuerySet

from evaluations.models import Checkpoint, Subject


@dataclass(frozen=True)
class Reach:
    """What a sender may bind evidence to; what lies outside does not exist for it."""

    programme: str | None = None
    """The id of the one programme, or None for all: operators on the machine itself."""
    suites: tuple[str, ...] = ()
    """Slugs of evaluations, `*` standing for any letters; empty for all."""

    @classmethod
    def of(cls, programme: str, suites: Sequence[str]) -> Reach:
        """Return the reach as a row keeps it: an empty programme is all of them."""
        return cls(programme or None, tuple(suites))

    def subjects(self) -> QuerySet[Subject]:
        """Return the subjects within reach."""
        rows = Subject.objects.all()
        return rows if self.programme is None else rows.filter(programme=self.programme)

    def checkpoints(self) -> QuerySet[Checkpoint]:
        """Return the checkpoints within reach, each with its subject."""
        rows = Checkpoint.objects.select_related("subject")
        return rows if self.programme is None else rows.filter(subject__programme=self.programme)

    def covers(self, evaluation: str) -> bool:
        """Whether results of the evaluation (its slug) may be sent."""
        return not self.suites or any(fnmatchcase(evaluation, suite) for suite in self.suites)


EVERYWHERE = Reach()
