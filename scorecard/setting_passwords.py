"""Setting a password: one rule for everybody who sets one, in words that a person can act on."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from scorecard.models import User
from scorecard.refusals import Refused


def set_password(person: User, password: str) -> None:
    """Give the person, saved or not, a password that the rules allow. Raises Refused 422 naming every rule broken."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Refused(
            "password-refused",
            " ".join(error.messages),
            remedy="Choose another one: three or four words that do not belong together make a good password.",
            status=422,
            pointer="/password",
        ) from None
    person.set_password(password)
