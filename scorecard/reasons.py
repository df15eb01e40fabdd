"""What every form asks alike: a reason that is long enough to say something, and a day."""

from __future__ import annotations

from datetime import date

from scorecard.refusals import Refused

SHORTEST_REASON = 10


def reason_given(text: str, *, pointer: str) -> str:
    """Return the reason without surrounding space. Raises Refused 422 for one shorter than `SHORTEST_REASON`."""
    reason = text.strip()
    if len(reason) < SHORTEST_REASON:
        raise Refused(
            "reason-missing",
            f"A reason of at least {SHORTEST_REASON} characters is needed; it is printed on the scorecard.",
            remedy="Say why in a sentence that an outsider can follow.",
            status=422,
            pointer=pointer,
        )
    return reason


def day_given(text: str, *, pointer: str) -> date:
    """Return the day that a text names. Raises Refused 422 for anything but `YYYY-MM-DD`."""
    try:
        if len(text) != len("YYYY-MM-DD"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(
            "day-unreadable", f"{text!r} is no day.", remedy="Write the day as YYYY-MM-DD.", status=422, pointer=pointer
        ) from None
