"""What a password may be, beside its least length and the list of common ones: bounded, and plain text."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError

LONGEST = 128
"""Characters; hashing is the dear part, so what is longer is refused before it."""


class Bounded:
    """Refuse passwords that are longer than 128 characters or hold NUL; nothing else is folded or forbidden."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise ValidationError for a password that is too long or holds NUL."""
        if len(password) > LONGEST:
            raise ValidationError(f"A password has at most {LONGEST} characters.", code="password_too_long")
        if "\0" in password:
            raise ValidationError("A password holds no NUL character.", code="password_with_nul")

    def get_help_text(self) -> str:
        """Say the rule beside the field."""
        return f"At most {LONGEST} characters; spaces and letters of any script are welcome, and count exactly."
