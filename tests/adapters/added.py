"""An adapter as another package would bring it."""

from __future__ import annotations

from evaluations.logs.found import Adapter

ADAPTER = Adapter(
    name="added",
    title="Added by a package",
    recognise=lambda source: source.head().startswith(b"added!"),
    read=lambda source: iter(()),
)
