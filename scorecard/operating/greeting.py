"""What a started installation says on the terminal: where it is, how to come in, what to paste."""

from __future__ import annotations

import shlex
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from scorecard.demonstration.entering import entry_token
from scorecard.demonstration.people import CAST, PASSWORD
from scorecard.signing_key import load_key
from scorecard.version import VERSION


@dataclass(frozen=True)
class Greeting:
    """The facts to print; `demo_token` is None without demonstration data."""

    address: str
    seconds: float
    demo: bool
    demo_token: str | None
    verification_key: str
    worker: bool


def gather(address: str, *, seconds: float, demo: bool, worker: bool) -> Greeting:
    """Collect what to print from the data folder."""
    token = Path(settings.DATA_DIR) / "demo-token"
    key = load_key(Path(settings.LEDGER_KEY_FILE), name=settings.LEDGER_ORIGIN)
    return Greeting(
        address=address,
        seconds=seconds,
        demo=demo,
        demo_token=token.read_text().strip() if demo and token.exists() else None,
        verification_key=key.verification_key,
        worker=worker,
    )


def _lines_to_paste(greeting: Greeting) -> list[str]:
    commands = Path(sys.executable).parent
    values = {"SCORECARD_URL": greeting.address, "SCORECARD_LEDGER_KEY": greeting.verification_key}
    if greeting.demo_token:
        values["SCORECARD_TOKEN"] = greeting.demo_token
    path = f'export PATH={shlex.quote(str(commands))}:"$PATH"'
    return [*(f"export {name}={shlex.quote(value)}" for name, value in values.items()), path]


def lines(greeting: Greeting) -> list[str]:
    """Return the lines to print."""
    text = [f"Preparedness Scorecard {VERSION} is ready after {greeting.seconds:.1f} s.", ""]
    text.append(f"  Address    {greeting.address}/")
    if greeting.demo:
        people = ", ".join(f"{name} ({role.value.replace('_', ' ')})" for name, _, _, role in CAST)
        text.append(f"  Sign in    {greeting.address}/demo/enter/{entry_token('ada')}/   (works once, as Ada Lind)")
        text.append(f"  People     {people}")
        text.append(f"  Password   {PASSWORD} for each of them; the banner on every page switches between them")
    else:
        text.append("  Sign in    through a link of your own: python manage.py programme, then python manage.py invite")
    text.append(f"  Data       {settings.DATA_DIR}")
    if not greeting.worker:
        text.append("  Worker     none was started; start one with: python manage.py worker")
    text += ["", "Paste into another terminal to post runs and to verify files:", ""]
    return [*text, *(f"  {line}" for line in _lines_to_paste(greeting)), "", "Stop with Ctrl-C."]


def answers(address: str) -> bool:
    """Whether a web server answers at the address with any status below 500."""
    try:
        with urllib.request.urlopen(f"{address}/sign-in/", timeout=2) as response:  # noqa: S310  (our own http address)
            return int(response.status) < 500
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def wait_until_ready(address: str, *, stop: threading.Event, patience: float = 60.0) -> bool:
    """Wait until the web server answers; say whether it did within `patience` seconds and before `stop` was set."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and not stop.is_set():
        if answers(address):
            return True
        stop.wait(0.1)
    return False
