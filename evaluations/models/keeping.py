"""Rows that are history: written once, never deleted, never changed in bulk."""

from __future__ import annotations

from typing import Any, NoReturn, Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class HistoryIsKept(TypeError):
    """Somebody tried to delete evidence, or to change it in bulk."""


class KeptQuerySet(models.QuerySet[Row]):
    """A query set that refuses every bulk change, because history is corrected by adding to it."""

    def delete(self) -> NoReturn:
        """Refuse: evidence is superseded, never deleted."""
        raise HistoryIsKept(f"{self.model.__name__} rows are never deleted; supersede them with a revision")

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse: a bulk update would change evidence without a trace."""
        raise HistoryIsKept(f"{self.model.__name__} rows are never changed in bulk")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: a bulk update would change evidence without a trace."""
        raise HistoryIsKept(f"{self.model.__name__} rows are never changed in bulk")


class Kept(models.Model):
    """Base of the rows that are history. After the first save only the fields in `MUTABLE` may be written."""

    MUTABLE: frozenset[str] = frozenset()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row, or write some of its `MUTABLE` fields named in `update_fields`; refuse anything else."""
        named = kwargs.get("update_fields")
        if not self._state.adding and (named is None or not set(named) <= self.MUTABLE):
            raise HistoryIsKept(f"{type(self).__name__} rows are immutable but for {sorted(self.MUTABLE)}")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: evidence is superseded, never deleted."""
        raise HistoryIsKept(f"{type(self).__name__} rows are never deleted; supersede them with a revision")

    def written(self, **values: Any) -> Self:
        """Write the given mutable fields and return the row."""
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=list(values))
        return self
