"""The real Chromium that the tests of the pages run in, and what they ask of every page."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Playwright

INSTALLED = Path(sys.prefix) / "browser"
"""Where ``tests/browser/install.py`` puts the browser."""

LIMIT_MS = 60_000
"""How long a broken page may keep a test waiting; no measure of speed."""

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


def launch(playwright: Playwright) -> Browser:
    """Start the installed browser, else one of the machine's own; skip where there is none."""
    own = INSTALLED / "chromium"
    if own.exists():
        libraries = str(INSTALLED / "al2023" / "lib")
        environment = {**os.environ, "LD_LIBRARY_PATH": libraries, "FONTCONFIG_FILE": str(INSTALLED / "fonts.conf")}
        return playwright.chromium.launch(executable_path=own, args=ARGUMENTS, env=environment)
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found or Path(playwright.chromium.executable_path).exists():
        return playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
    note = INSTALLED / "missing.txt"
    reason = note.read_text(encoding="utf-8").strip() if note.exists() else "it was never asked for"
    pytest.skip(f"no Chromium: {reason}. Run: make browser")


def browsers() -> Iterator[Browser]:
    """Give one browser to all tests of a module."""
    playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright_api.sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


class Visit:
    """One page of its own, with everything that went wrong on it.

    Args:
        browser: Where.
        **options: Of the browser's context; motion is reduced unless they say otherwise.
    """

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.context = browser.new_context(**{"reduced_motion": "reduce", "locale": "en-GB", **options})
        self.context.set_default_timeout(LIMIT_MS)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", lambda line: line.type == "error" and self.complaints.append(f"console: {line.text}"))
        self.page.on("dialog", lambda dialog: (self.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    def open(self, url: str, *, until: str = "why-this[state=ready]") -> Page:
        """Go to a page and wait until something of it is there."""
        self.page.goto(url)
        self.page.locator(until).first.wait_for(state="attached")
        return self.page

    def close(self) -> None:
        """Leave."""
        self.context.close()


def accessibility_faults(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page as it stands; it looks into shadow roots too."""
    script = INSTALLED / "axe.min.js"
    if not script.exists():
        pytest.skip("axe-core is not installed. Run: make browser")
    page.evaluate(script.read_text(encoding="utf-8"))
    wanted = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = page.evaluate("wanted => axe.run(document, wanted)", wanted)
    return [
        f"{fault['id']}: {node['target']} {node['failureSummary']}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
