"""Verify one file and put the outcome into words; the checks themselves are those of the offline verifier."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scorecard_client import offline_verifier

UNVERIFIED = "signature: not verified, no key was given (--key or SCORECARD_LEDGER_KEY)"
OK, ALTERED, UNDECIDED = "ok", "altered", "undecided"
EXIT_CODES = {OK: 0, ALTERED: 1, UNDECIDED: 2}
SHORT = 8
"""Hex digits of a digest that a person compares; the whole digest stands in the JSON form."""


@dataclass
class Outcome:
    """What a verification found. Digests are `sha256:<hex>`; `chain` is the ledger entry of the seal."""

    result: str
    record: str = ""
    file: str = ""
    chain: int | None = None
    signer: str = ""
    difference: str = ""
    keyed: bool = False
    undecided: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 everything agrees, 1 something differs, 2 something could not be decided: without a key, who signed."""
        return EXIT_CODES[self.result]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    def line(self) -> str:
        """Return the one line that a person reads."""
        facts = "  ".join([*self._digests(), *([f"chain #{self.chain}"] if self.chain is not None else [])])
        if self.result == OK:
            return f"OK  {facts}  signature: {self.signer}"
        if self.result == UNDECIDED:
            signature = f"signature: {self.signer}" if self.keyed else UNVERIFIED
            return "  ".join(["UNDECIDED", facts, signature, *self.undecided])
        return f"FAILED  file was altered: {self.difference}"

    def _digests(self) -> list[str]:
        named = (("record", self.record), ("file", self.file))
        return [f"{name} {digest.removeprefix('sha256:')[:SHORT]}…" for name, digest in named if digest]


class Unusable(ValueError):
    """A key or an older head that is none: the question is faulty, not the file."""


def check_question(*, key: str | None, older_head: str) -> None:
    """Raise Unusable with the reason unless key and older head are well formed."""
    try:
        if key is not None:
            offline_verifier.parse_vkey(key)
        if older_head:
            offline_verifier.parse_head(offline_verifier.parse_note(older_head).text)
    except offline_verifier.NoteFaulty as fault:
        raise Unusable(str(fault)) from None


def verify_path(path: Path, *, key: str | None, older_head: str = "") -> Outcome:
    """Verify a PDF, a bundle or a folder at `path`; `older_head` is a signed head kept from an earlier time.

    Raises Unusable for a malformed key or head, and OSError where the file cannot be read.
    """
    check_question(key=key, older_head=older_head)
    said: list[str] = []
    code, opened = offline_verifier.verify(path, key, older_head, said.append)
    outcome = Outcome({0: OK, 1: ALTERED}.get(code, UNDECIDED), keyed=key is not None, checks=said)
    if code == 1:
        first = next(line for line in said if line.startswith("FAIL"))
        outcome.difference = first.split(None, 2)[2].removesuffix(": the file was altered")
    if opened is not None:
        outcome.record = opened.sealed.get("digest", "")
        outcome.file = f"sha256:{opened.file_digest}" if opened.file_digest else ""
        outcome.chain = opened.sealed.get("ledger", {}).get("seq")
        outcome.signer = opened.signer or ""
        outcome.undecided = list(opened.undecided)
    return outcome
