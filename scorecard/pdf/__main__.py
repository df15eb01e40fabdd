"""The renderer as a process of its own: a JSON request on standard input, the PDF on standard output."""

from __future__ import annotations

import base64
import json
import os
import resource
import sys

from scorecard.pdf.writing import render

CPU_SECONDS = 100
MEMORY_BYTES = 3 * 1024**3


def limit() -> None:
    """Bound processor time and memory, so that a hostile or huge card ends as one failed job."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Read the request, render, and write the bytes; a failure is one line on standard error."""
    limit()
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # because libraries print banners, and only the PDF may go out
    asked = json.load(sys.stdin)
    pdf = render(
        asked["sealed"],
        framework=asked["framework"],
        attachments={name: base64.b64decode(data) for name, data in asked["attachments"].items()},
        verify_url=asked["verify_url"],
        verification_key=asked["verification_key"],
        comparisons=asked["comparisons"],
    )
    with os.fdopen(out, "wb") as stream:
        stream.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main())
