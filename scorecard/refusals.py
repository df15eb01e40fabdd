"""A deed that the rules refuse: one exception, in words that a person can act on, whatever the door."""

from __future__ import annotations


class Refused(Exception):
    """A deed was refused; nothing was changed.

    `code` is a stable slug, `detail` says why in words, `remedy` what to do about it, `status` is the HTTP status
    (403, 404, 409, 422 or 503) and `pointer` the JSON pointer of the faulty input, if one is at fault.
    """

    def __init__(self, code: str, detail: str, *, remedy: str = "", status: int = 409, pointer: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.status = status
        self.pointer = pointer
