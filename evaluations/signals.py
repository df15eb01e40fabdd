"""The one notice of the evidence app, so that judgement can react without evidence knowing of it.

Sent inside the transaction that stores the change, with the keyword arguments `kind` (`run.received` or
`run.superseded`), `run` (EvaluationRun), `actor` (evaluations.actors.Actor) and `at` (aware datetime). A receiver that
raises undoes the change.
"""

from __future__ import annotations

from django.dispatch import Signal

evidence_changed = Signal()
