"""Checks of who did what and for how long it holds: roles, signatures, applicability, validity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from scorecard.xray.case import Case, Record
from scorecard.xray.finding import Check, Spot

SOON = timedelta(days=30)
SHORTEST_LIMITS = 12


def _standing_signatures(case: Case) -> list[Record]:
    return [row for row in case.card["signoff"]["signatures"] if not row["stale"]]


def _author_signed(case: Case) -> Iterable[Spot]:
    authors = {row["id"]: row["role"] for row in case.card["authors"]}
    for row in _standing_signatures(case):
        if row["signer"]["id"] in authors:
            role = authors[row["signer"]["id"]].replace("_", " ")
            yield Spot(
                f"/signatures/{row['id']}", f"{row['signer']['name']} signed, and had a part in the card as {role}."
            )


def _several_roles(case: Case) -> Iterable[Spot]:
    roles: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in case.card["authors"]:
        roles[row["id"], row["name"]].add(row["role"])
    for row in _standing_signatures(case):
        roles[row["signer"]["id"], row["signer"]["name"]].add(row["role"])
    for (_, name), held in sorted(roles.items()):
        if len(held) > 1:
            told = ", ".join(sorted(role.replace("_", " ") for role in held))
            yield Spot("/authors", f"{name} acted on this card as {told}.")


def _no_limits(case: Case) -> Iterable[Spot]:
    for row in case.card["applicability"]:
        if len((row["limits"] or "").strip()) < SHORTEST_LIMITS:
            reason = f"Results on {row['from_checkpoint']} count for {row['to_checkpoint']} without limits in words."
            yield Spot(f"/applicability/{row['id']}", reason)


def _no_expiry(case: Case) -> Iterable[Spot]:
    for row in case.card["applicability"]:
        if not row.get("expires_at"):
            reason = f"Results on {row['from_checkpoint']} count for {row['to_checkpoint']} without a last day."
            yield Spot(f"/applicability/{row['id']}", reason)


def _applied_no_more(case: Case) -> Iterable[Spot]:
    for row in case.card["applicability"]:
        if row.get("expires_at") and datetime.fromisoformat(row["expires_at"]) <= case.at:
            ended = f"counted for {row['to_checkpoint']} until {row['expires_at'][:10]}"
            yield Spot(f"/applicability/{row['id']}", f"Results on {row['from_checkpoint']} {ended}, and no longer do.")


def _no_compute(case: Case) -> Iterable[Spot]:
    most = (case.framework["policy"].get("expiry") or {}).get("compute_multiple")
    for row in case.card["applicability"] if most is not None else ():
        if row.get("compute_multiple") is None:
            reason = (
                f"Evidence stands for {most:g} times the effective compute, and nobody said how many times that of "
                f"{row['from_checkpoint']} {row['to_checkpoint']} has."
            )
            yield Spot(f"/applicability/{row['id']}", reason)


def _ended(case: Case) -> Iterable[Spot]:
    for item in case.card["evidence"]:
        if item.get("expired") and item["evaluation"] in case.judging:
            words = "; ".join(reason["words"] for reason in item["expired"])
            yield Spot(f"/evidence/{item['run']}", f"{item['evaluation']} rules nothing out: {words}.", (item["run"],))


def _all_applied(case: Case) -> Iterable[Spot]:
    judging = [row for row in case.cited if row.evaluation in case.judging]
    if judging and all(row.checkpoint != case.card["checkpoint"] for row in judging):
        elsewhere = ", ".join(sorted({row.checkpoint for row in judging}))
        own = case.card["checkpoint"]
        reason = f"No evaluation with a threshold was run on {own}; all {len(judging)} figures are of {elsewhere}."
        yield Spot("/applicability", reason, tuple(row.run for row in judging))


def _expiry(case: Case) -> datetime | None:
    told = case.card.get("expires_at")
    return datetime.fromisoformat(told) if told else None


def _expired(case: Case) -> Iterable[Spot]:
    expiry = _expiry(case)
    if expiry is not None and expiry <= case.at:
        yield Spot("/validity", f"The card was valid until {expiry.date()}; its gates deny since then.")


def _expiring(case: Case) -> Iterable[Spot]:
    expiry = _expiry(case)
    if expiry is not None and case.at < expiry <= case.at + SOON:
        days = (expiry - case.at).days
        yield Spot("/validity", f"The card is valid until {expiry.date()}, {days} more days.")


CHECKS = (
    Check("author-signed", "error", "An author signed",
          "standing signatures against everybody who had a part in the card",
          "Take the card back to draft and ask a person who had no part in it.", _author_signed),
    Check("several-roles", "warning", "One person in several roles",
          "authors and signers by person",
          "Let another person take one of the parts.", _several_roles),
    Check("applicability-without-limits", "warning", "Results applied without limits",
          "determinations that results on another checkpoint hold, without limits in words",
          "Determine again, and say which changes end it.", _no_limits),
    Check("applicability-without-end", "warning", "Results applied without an end",
          "determinations that results on another checkpoint hold, without a last day",
          "Determine again with a last day.", _no_expiry),
    Check("applicability-over", "warning", "Results applied beyond their last day",
          "the last day of determinations that results on another checkpoint hold, against today",
          "Run the evaluations on this checkpoint, or determine again that the results hold.", _applied_no_more),
    Check("applicability-without-compute", "warning", "Results applied without the growth of compute",
          "determinations that results on another checkpoint hold, where the framework bounds effective compute",
          "Determine again, and say how many times the effective compute the later checkpoint has.", _no_compute),
    Check("evidence-ended", "warning", "Evidence that has ended",
          "runs of evaluations that carry a threshold, against the framework's rules of when evidence ends",
          "Run the evaluation again; the page of what falls due says which runs are enough.", _ended),
    Check("everything-applied", "warning", "Nothing that decides was run on this checkpoint",
          "runs of evaluations that carry a threshold, all of them on other checkpoints",
          "Run at least one evaluation of each category on the checkpoint that is released.", _all_applied),
    Check("validity-over", "warning", "The card is no longer valid",
          "the last day of a sealed card",
          "Open a new version, renew its evidence and seal it.", _expired),
    Check("validity-ends-soon", "notice", "The card is not valid for long",
          "the last day of a sealed card, within 30 days",
          "Open a new version in time.", _expiring),
)  # fmt: skip
