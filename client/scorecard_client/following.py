"""Following what was sent: until it is measured, until its levels are settled, and what they then are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from scorecard_client.answers import Receipt
from scorecard_client.asking import LONG_ENOUGH, job_id, settled
from scorecard_client.client import Client
from scorecard_client.errors import CheckFailed, Misused, NoScorecard, ScorecardError
from scorecard_client.levels import verdict
from scorecard_client.pushing import Delivery

Say = Callable[[str], None]
CARD_PAGE = re.compile(r"/scorecards/([A-Za-z0-9_-]{1,64})/v[0-9]+/?$")


@dataclass
class Following:
    """What became of deliveries: the `runs` they became, and the `checkpoints` and card `numbers` that rest on them."""

    client: Client
    say: Say
    within: float = LONG_ENOUGH
    runs: set[str] = field(default_factory=set)
    checkpoints: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    faults: list[ScorecardError] = field(default_factory=list)

    def follow(self, deliveries: Iterable[Delivery]) -> None:
        """Wait for the jobs of deliveries and for every assessment that they cause; faults are kept, not raised."""
        jobs = []
        for delivery in deliveries:
            if delivery.receipt is None:
                continue
            try:
                jobs.append(job_id(delivery.receipt.job))
                self._one(delivery, delivery.receipt)
            except ScorecardError as fault:
                delivery.fault = fault
                self.faults.append(fault)
        if self.runs:
            try:
                steps = settled(self.runs, oldest=min(jobs), within=self.within, patience=self.client.patience)
                self.client.perform(steps)
            except ScorecardError as fault:
                self.faults.append(fault)

    def _one(self, delivery: Delivery, receipt: Receipt) -> None:
        self.client.jobs.wait(receipt.job, within=self.within)
        if delivery.checkpoint:
            self.checkpoints.add(delivery.checkpoint)
        self.numbers |= _numbers_in(receipt.links)
        if delivery.kind == "run":
            self.runs.add(receipt.id)
            return
        log = self.client.logs.get(receipt.id)
        for warning in log.warnings:
            self.say(f"{delivery.name}: {warning if isinstance(warning, str) else warning.detail}")
        self.runs |= {run.id for run in log.runs}
        self.checkpoints |= {run.checkpoint for run in log.runs if run.checkpoint}
        words = "; ".join(fault.words() for fault in log.faults)
        if log.state == "unbound":
            raise CheckFailed(
                f"{delivery.name} was read, and {len(log.unbound) or 'some'} of its runs are bound to nothing yet.",
                remedy="Name --subject, --checkpoint and --mitigation, or bind it on the server.",
            )
        if log.state != "read":
            raise CheckFailed(f"{delivery.name} is {log.state}: {words or 'no reason was given'}")
        if words:
            raise CheckFailed(f"{delivery.name} was read in part: {words}")

    def verdicts(self, level: str) -> list[dict[str, Any]]:
        """Return, for every scorecard that rests on what was sent, whether it is at or above a level.

        Those are the newest card of each checkpoint, and cards of other checkpoints that count this one's evidence.
        Raises Misused where nothing says which, or for a level that the framework does not have; NoScorecard.
        """
        cards = {card.id: card for card in map(self.client.scorecards.get, sorted(self.numbers))}
        missing: ScorecardError = Misused("--fail-on knows no checkpoint.", remedy="Name it with --checkpoint.")
        for name in sorted(self.checkpoints):
            try:
                card = self.client.scorecards.newest(name)
                cards[card.id] = card
            except NoScorecard as fault:
                missing = fault
        if not cards:
            raise missing
        return [verdict(card, level) for card in cards.values()]


def _numbers_in(links: dict[str, Any]) -> set[str]:
    """Return the numbers of the scorecards that a receipt links to."""
    rows = links.get("scorecards")
    found = [CARD_PAGE.search(row) for row in rows if isinstance(row, str)] if isinstance(rows, list) else []
    return {match[1] for match in found if match}
