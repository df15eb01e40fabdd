"""The system's Chromium against a live server, with axe-core and a virtual authenticator."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Page, sync_playwright

PATIENCE_MS = 15_000
FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at), box = at.getBoundingClientRect();
  const key = at.id || at.name || at.getAttribute("href") || at.textContent.trim();
  return {key: at.tagName + ":" + key, seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
          width: box.width, height: box.height};
}"""
CONTROLS = """() => [...document.querySelectorAll("main a[href], main button, main input, main select, main summary")]
  .filter((one) => one.type !== "hidden" && one.tabIndex >= 0 && !one.disabled && one.checkVisibility()).length"""


def chromium() -> str:
    """The program, or skip; `REQUIRE_SERVICES=1` makes its absence a failure."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        (pytest.fail if os.environ.get("REQUIRE_SERVICES") == "1" else pytest.skip)("no Chromium: apt install chromium")
    return found


@contextmanager
def opened(address: str) -> Iterator[Page]:
    """A page of a fresh browser; a script error, a refused script or a missing file fails the test."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(base_url=address, reduced_motion="reduce").new_page()
        page.set_default_timeout(PATIENCE_MS)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
        try:
            yield page
        finally:
            browser.close()
        assert faults == []


def with_passkeys(page: Page) -> tuple[CDPSession, str]:
    """Give the browser a platform authenticator that verifies its holder; return its session and id."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def violations(page: Page) -> list[Any]:
    """What axe-core finds on the page, each as rule and places."""
    found = Axe().run(page).response["violations"]
    return [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]


def walked(page: Page) -> list[dict[str, Any]]:
    """Press Tab from the top until the page is left; return what had the focus, in order."""
    page.evaluate("() => { document.activeElement.blur(); window.scrollTo(0, 0); }")
    reached: list[dict[str, Any]] = []
    for _ in range(80):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        if at is None:
            break
        reached.append(at)
    return reached


def controls_in_main(page: Page) -> int:
    """How many controls the main part of the page offers."""
    return int(page.evaluate(CONTROLS))
