"""When to ask again, and how long to wait before: exponential, with jitter, and never sooner than the server asks."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pydantic import ValidationError

from scorecard_client.errors import Problem, ProblemAnswer, ScorecardError, Unreachable
from scorecard_client.steps import Answer, Call, Lost, Pause, Reply, Steps

IN_FLIGHT = "request-in-flight"
REQUEST_ID = "x-request-id"


@dataclass(frozen=True)
class Patience:
    """How often and how long; all times in seconds."""

    attempts: int = 5
    base: float = 0.5
    longest: float = 8.0
    longest_asked: float = 60.0
    """A server that asks for a longer wait is not asked again at all."""
    chance: Callable[[], float] = random.random

    def delay(self, attempt: int, asked: float | None) -> float | None:
        """Return the wait after attempt 0, 1, ...; None where the server asks for more than is bearable."""
        own: float = min(self.longest, self.base * 2**attempt) * (0.5 + self.chance() / 2)
        if asked is None:
            return own
        return None if asked > self.longest_asked else max(asked, 0.0) + own


PATIENT = Patience()
"""The command's patience: at worst about a quarter of a minute, or as long as the server asks."""
HURRIED = Patience(attempts=2, longest=1.0, longest_asked=5.0)
"""The patience of whoever may not hold up an evaluation."""


def asked_wait(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds that `Retry-After` asks for, as a number or a date; None without a readable one."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def problem_of(answer: Answer) -> Problem:
    """Return the problem document of a refusal; one in our words where the server sent none."""
    try:
        return Problem.model_validate(json.loads(answer.body))
    except (ValueError, RecursionError, ValidationError):
        return Problem(status=answer.status, detail=_unreadable(answer))


def _unreadable(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        place = answer.headers.get("location", "another address")
        return f"The server sends us on to {place}; a token is never sent after a redirect. Correct the address."
    return f"The server answered {answer.status} without saying why; is this the address of a scorecard?"


def _repeatable(answer: Answer) -> bool:
    if answer.status == 429 or answer.status >= 500:
        return True
    return answer.status == 409 and problem_of(answer).code == IN_FLIGHT


def _fault(reply: Reply, asked: float | None, patience: Patience) -> ScorecardError:
    if not isinstance(reply, Answer):
        words = reply.words if isinstance(reply, Lost) else "no answer"
        return Unreachable(f"The server cannot be reached: {words}", remedy="Check the address and the network.")
    fault = ProblemAnswer(problem_of(reply), status=reply.status, request_id=reply.headers.get(REQUEST_ID))
    if asked is not None and asked > patience.longest_asked:
        fault.remedy = f"{fault.remedy} The server asks to wait {asked:.0f} s; try again then.".strip()
    return fault


def patiently(call: Call, patience: Patience = PATIENT) -> Steps[Answer]:
    """Return the first usable answer (2xx). Repeats on a lost connection, 429, 5xx and a request still in flight.

    Safe because every request of this client may be repeated. Raises Unreachable or ProblemAnswer after the last try.
    """
    for attempt in range(patience.attempts):
        reply = yield call
        asked = None
        if isinstance(reply, Answer):
            if 200 <= reply.status < 300:
                return reply
            asked = asked_wait(reply.headers, now=datetime.now(UTC))
            if not _repeatable(reply):
                break
        delay = patience.delay(attempt, asked)
        if delay is None or attempt == patience.attempts - 1:
            break
        yield Pause(delay)
    raise _fault(reply, asked, patience)
