"""The last line of a printed scorecard: a signed digest of every byte before it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable


def with_seal_line(pdf: bytes, sign_file: Callable[[str], str]) -> bytes:
    """Return the PDF with its seal line. `sign_file` takes the hex digest and gives `name base64`.

    A comment after the end-of-file mark is ignored by PDF readers and covers the whole file for the verifier, which a
    digest inside the file could not.
    """
    body = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    hexdigest = hashlib.sha256(body).hexdigest()
    return body + f"%scorecard-seal/1 sha256:{hexdigest} {sign_file(hexdigest)}\n".encode()
