#!/usr/bin/env python3
"""The front door for operators: `python manage.py up|demo|doctor|worker|api_token|ledger_verify ...`."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run the management command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scorecard.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
