"""Find a Chrome or Chromium for the browser tests; run as a script, fetch one when none is there.

Only the standard library is used: the launcher runs this before pytest starts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

NAMES_IN_PATH = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
MAC_APPLICATIONS = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
WINDOWS_PROGRAMS = (
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)
HOW_TO_GET_ONE = (
    "install Chrome or Chromium (Debian: sudo apt install chromium), "
    "or set INTERBEAT_BROWSER to the path of one"
)
FETCH_LIMIT_S = 120


@cache
def find_browser() -> str | None:
    """Return the path of a Chrome or Chromium: the chosen one, an installed one, Playwright's."""
    chosen = os.environ.get("INTERBEAT_BROWSER")
    if chosen:
        return shutil.which(chosen)
    installed = (path for path in installed_browsers() if answers(path))
    return next(installed, None) or playwright_browser()


def installed_browsers() -> list[str]:
    """List the browsers in PATH and in the usual places of macOS and Windows."""
    in_path = [shutil.which(name) for name in NAMES_IN_PATH]
    if sys.platform == "darwin":
        folders = [Path("/Applications"), Path("~/Applications").expanduser()]
        usual = [folder / name for folder in folders for name in MAC_APPLICATIONS]
    elif sys.platform == "win32":
        variables = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        folders = [Path(os.environ[name]) for name in variables if name in os.environ]
        usual = [folder / name for folder in folders for name in WINDOWS_PROGRAMS]
    else:
        usual = list[Path]()
    return [path for path in in_path if path] + [str(path) for path in usual if path.exists()]


def answers(path: str) -> bool:
    """Whether a browser really starts: Ubuntu's `chromium-browser` may only ask for a snap."""
    if sys.platform == "win32":
        return True  # Chrome for Windows would open a window
    try:
        version = subprocess.run([path, "--version"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return version.returncode == 0


def playwright_browser() -> str | None:
    """Ask Playwright for its own Chromium, in a process of its own: it occupies an event loop."""
    question = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    answer = subprocess.run(
        [sys.executable, "-P", "-c", question], capture_output=True, text=True, check=False
    )
    return shutil.which(answer.stdout.strip()) if answer.returncode == 0 else None


def fetch_browser() -> None:
    """Let Playwright download its Chromium, for a limited time: many networks refuse it."""
    environment = os.environ | {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "5000"}
    command = [sys.executable, "-P", "-m", "playwright", "install", "--no-shell", "chromium"]
    try:
        subprocess.run(
            command, env=environment, capture_output=True, timeout=FETCH_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return


def main() -> None:
    if find_browser() or os.environ.get("INTERBEAT_BROWSER"):
        return
    print(f"No Chrome or Chromium here, trying to fetch one (up to {FETCH_LIMIT_S} s)...")
    fetch_browser()
    find_browser.cache_clear()
    if not find_browser():
        print(f"Going on without: {HOW_TO_GET_ONE}.")


if __name__ == "__main__":
    main()
