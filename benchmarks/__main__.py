"""`python -m benchmarks`: measure in a folder of its own and print; with `--write` keep each part in the README."""

from __future__ import annotations

import argparse
import itertools
import os
import tempfile
from pathlib import Path

FOLDER = tempfile.TemporaryDirectory(prefix="scorecard-bench-")
os.environ["SCORECARD_DATA_DIR"] = FOLDER.name
os.environ["DJANGO_SETTINGS_MODULE"] = "scorecard.settings"

import django  # noqa: E402  (the settings read the environment when they are imported)

django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks import accepting, documents, history, ingest, inspect_logs, matrix, memory, serving, stored, table  # noqa: E402
from benchmarks.timing import Line, cpu  # noqa: E402

PARTS = {
    "ingest": ingest, "accepting": accepting, "memory": memory, "inspect": inspect_logs, "stored": stored,
    "matrix": matrix, "history": history, "documents": documents, "serving": serving,
}  # fmt: skip


def asked() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS), help="parts to measure")
    parser.add_argument(
        "--largest", type=int, default=1_000_000, help="samples of the largest run (default: a million)"
    )
    parser.add_argument("--write", action="store_true", help="rewrite the table in benchmarks/README.md")
    return parser.parse_args()


def main() -> None:
    """Prepare a database with the demonstration and run the measurements."""
    options = asked()
    folder = Path(FOLDER.name)
    call_command("migrate", verbosity=0, skip_checks=True)
    loaded = [Line("load the demonstration (670 reports)", cpu(lambda: call_command("demo"), rounds=1))]
    ingest.prepare_catalogue()
    for name in options.only:
        print(f"\n{name}: {table.machine()}", flush=True)
        first = loaded if name == "ingest" else []
        lines = []
        for line in itertools.chain(first, PARTS[name].lines(folder, largest=options.largest)):
            print(" | ".join(line.cells()), flush=True)
            lines.append(line)
        if options.write:
            text = table.rewrite(table.README.read_text(encoding="utf-8"), name, lines)
            table.README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with FOLDER:
        main()
