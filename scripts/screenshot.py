"""A picture of the web chat for the README: a question asked, its first citation opened.

    python scripts/screenshot.py [OUT.png] [--language ko|en] [--dark]

Starts the chat over the sample articles in a temporary home and drives Debian's Chromium.
"""

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = {
    "ko": "마지스트랄 스몰의 매개변수는 몇 개인가?",
    "en": "How large is ASML's holding in Mistral?",
}
LOCALES = {"ko": "ko-KR", "en": "en-US"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, default=ROOT / "docs" / "chat.png")
    parser.add_argument("--language", choices=list(QUESTIONS), default="ko")
    parser.add_argument("--dark", action="store_true")
    chosen = parser.parse_args()
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if browser is None:
        sys.exit("there is no Chromium: scripts/install-browser.sh installs it")
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, chat(home) as url:
        take(browser, url, chosen.language, chosen.out, dark=chosen.dark)
    print(chosen.out)


@contextmanager
def chat(home: str) -> Iterator[str]:
    """The chat on a free port, over the sample articles."""
    rag = [sys.executable, "-m", "ui.cli"]
    subprocess.run([*rag, "index", "--home", home], cwd=ROOT, check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    serving = subprocess.Popen([*rag, "chat", "--home", home, "--port", str(port)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while not well(url):
            if serving.poll() is not None or time.monotonic() > deadline:
                sys.exit("the chat did not start")
            time.sleep(0.2)
        yield url
    finally:
        serving.terminate()
        serving.wait(20)


def well(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/health", timeout=30).close()
    except OSError:
        return False
    return True


def take(browser: str, url: str, language: str, out: Path, *, dark: bool) -> None:
    """Ask, open the first citation, and save what is seen."""
    with sync_playwright() as play:
        running = play.chromium.launch(
            executable_path=browser,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        page = running.new_page(
            locale=LOCALES[language],
            viewport={"width": 1280, "height": 800},
            color_scheme="dark" if dark else "light",
        )
        page.goto(url)
        page.wait_for_selector("#articles >> text=/\\d/")
        page.fill("#question textarea", QUESTIONS[language])
        page.press("#question textarea", "Enter")
        page.wait_for_selector(".sources")
        page.locator("a.cite").first.click()
        page.wait_for_selector("#article mark")
        page.wait_for_timeout(
            500
        )  # until the article has scrolled and the chip's colour has settled
        page.screenshot(path=out)
        running.close()


if __name__ == "__main__":
    main()
