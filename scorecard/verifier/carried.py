"""Checks of what the bundle merely carries: the printed scorecard and the verifier, which the record does not name."""

from __future__ import annotations

from typing import Optional

from scorecard.ledger.canonical import digest_bytes

from .archive import ArchiveFaulty, unpack_stored
from .opened import PRINTED, Difference, Opened
from .pdf_file import PdfAltered, check_seal_line, embedded_bundle


def check_carried(opened: Opened, key: Optional[str]) -> str:
    """Check that verify.py is the one the seal names, and that the printed scorecard prints this record."""
    (seal,) = [entry for entry in opened.entries if entry["seq"] == opened.sealed["ledger"]["seq"]]
    if digest_bytes(opened.members["verify.py"]) != seal["data"]["verifier"]:
        raise Difference("verify.py is not the verifier that the seal names")
    data = opened.printed if opened.printed is not None else opened.members.get(PRINTED)
    if data is None:
        return "verify.py is the one that the seal names; no printed scorecard here"
    try:
        signer = check_seal_line(data, key)
        carried = unpack_stored(embedded_bundle(data))
    except (PdfAltered, ArchiveFaulty) as fault:
        raise Difference("%s: %s" % (PRINTED, fault)) from None
    if signer != opened.origin:
        raise Difference("%s: it is sealed under the name %s, not %s" % (PRINTED, signer, opened.origin))
    for path in ("scorecard.json", "sealed.json"):
        if carried.get(path) != opened.members[path]:
            raise Difference("%s prints another record than scorecard.json" % PRINTED)
    return "verify.py is the one that the seal names; the printed scorecard is whole and carries this record"
