"""The sealed o1 card: bundle, offline verification and print, against what the bytes alone would cost."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from benchmarks.timing import Line, cpu, cpu_of_children
from scorecard.bundling import bundle_without_pdf
from scorecard.models import Scorecard
from scorecard.pdf.availability import missing_libraries
from scorecard.rendering import printed
from scorecard.signing_key import load_key
from scorecard.verifier.build import source


def python(*arguments: str) -> None:
    """Run an isolated interpreter and expect success."""
    subprocess.run([sys.executable, "-I", *arguments], check=True, capture_output=True)


def lines(folder: Path, *, largest: int) -> list[Line]:
    """Measure on the card that the demonstration sealed."""
    del largest
    card = Scorecard.objects.get(number="PSC-2024-0001", version=1)
    data = bundle_without_pdf(card)
    bundle, verifier = folder / "bundle.zip", folder / "verify.py"
    bundle.write_bytes(data)
    verifier.write_text(source(), encoding="utf-8")
    key = load_key(Path(settings.LEDGER_KEY_FILE), name=settings.LEDGER_ORIGIN).verification_key
    start = cpu_of_children(lambda: python("-c", "import hashlib, json, zipfile"))
    hashing = cpu(lambda: hashlib.sha256(data).hexdigest())
    verifying = cpu_of_children(lambda: python(str(verifier), str(bundle), "--key", key))
    found = [
        Line(
            f"make the bundle ({len(data) / 1e6:.1f} MB)",
            cpu(lambda: bundle_without_pdf(card)),
            "its SHA-256",
            hashing,
        ),
        Line("verify.py on the bundle", verifying, "starting Python", start),
    ]
    if not missing_libraries():
        weasyprint = cpu_of_children(lambda: python("-c", "import weasyprint"), rounds=2)
        found.append(
            Line("print the PDF", cpu_of_children(lambda: printed(card), rounds=2), "importing WeasyPrint", weasyprint)
        )
    return found
