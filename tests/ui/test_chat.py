"""The web chat as served: what a person sees in a real Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from index.store import Scope
from rag.answer import Answerer
from rag.events import Event, Found, Request, Text, Thought
from rag.home import open_answerer
from rag.settings import Settings
from rag.upkeep import sync_paths

KOREAN_QUESTION = "마지스트랄 스몰의 매개변수는 몇 개인가?"
ENGLISH_QUESTION = "How large is ASML's holding in Mistral?"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
browser_test = pytest.mark.browser
pytestmark = pytest.mark.filterwarnings("ignore:::gradio")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    for _ in sync_paths(folder, Settings(), []):
        pass
    return folder


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{url}/health", timeout=30).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def served(folder: Path) -> Iterator[str]:
    """`rag chat` as people start it, in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "ui.cli", "chat", "--home", str(folder), "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=Path(__file__).parents[2], env=os.environ | {"NO_COLOR": "1"}
    )
    try:
        wait_for(url := f"http://127.0.0.1:{port}")
        yield url
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def chat(home: Path) -> Iterator[str]:
    yield from served(home)


class Scripted:
    """A stream that is slow on purpose and remembers which of its runs were closed early."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer
        self.asked: list[Request] = []
        self.closed: list[str] = []

    def __call__(self, request: Request) -> Iterator[Event]:
        self.asked.append(request)
        if "천천히" not in request.question:
            yield from self._answerer.stream(request)
            return
        try:
            yield Found(())
            yield Thought("먼저 생각해 봅니다.")
            for number in range(600):
                time.sleep(0.05)
                yield Text(f"낱말{number} ")
        except GeneratorExit:
            self.closed.append(request.question)
            raise


@pytest.fixture(scope="module")
def scripted(home: Path) -> Iterator[tuple[str, Scripted]]:
    """The same pages over a scripted stream, in this process."""
    import uvicorn

    from ui.chat import Chat
    from ui.server import application

    stream = Scripted(open_answerer(home))
    app = application(Chat(home, Settings(), stream, Scope(), folders=True))
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(url := f"http://127.0.0.1:{port}")
    yield url, stream
    server.should_exit = True
    thread.join(20)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: scripts/install-browser.sh installs it")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as play:
        running = play.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield running
        running.close()


@pytest.fixture
def tab(chromium: Any) -> Iterator[Any]:
    """Opens tabs: `tab(url, locale)`. None of them may ask anything of another machine."""
    contexts: list[Any] = []
    requested: list[str] = []

    def opened(url: str, locale: str = "ko-KR") -> Any:
        context = chromium.new_context(locale=locale, viewport={"width": 1280, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: requested.append(request.url))
        page.on("dialog", lambda dialog: requested.append(f"http://dialog/{dialog.message}"))
        page.goto(url)
        # The number of articles comes with the first answer of the server: the page is alive.
        page.wait_for_selector("#articles >> text=/\\d/")
        return page

    yield opened
    for context in contexts:
        context.close()
    hosts = {urlsplit(url).hostname for url in requested if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}


def ask(page: Any, question: str) -> None:
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")


def flat(text: str) -> str:
    return " ".join(text.split())


def in_view(page: Any) -> bool:
    """Whether the marked sentence lies inside the visible part of the article and the window."""
    inside: bool = page.wait_for_function(
        """() => {
            const mark = document.querySelector('#article mark').getBoundingClientRect();
            const panel = document.querySelector('#article').getBoundingClientRect();
            return mark.top >= panel.top && mark.bottom <= Math.min(panel.bottom, innerHeight);
        }"""
    ).json_value()
    return inside


@browser_test
@pytest.mark.parametrize(
    ("locale", "question", "holds"),
    [("ko-KR", KOREAN_QUESTION, "240억"), ("en-US", ENGLISH_QUESTION, "11 per cent")],
)
def test_an_answer_cites_and_its_chip_opens_the_sentence(
    chat: str, tab: Any, home: Path, locale: str, question: str, holds: str
) -> None:
    page = tab(chat, locale)
    ask(page, question)
    page.wait_for_selector("a.cite")
    page.wait_for_selector(".sources")
    assert holds in page.inner_text(".answer")
    expected = open_answerer(home).ask(Request(question)).citations[0].quote
    for chip in ("a.cite", "a.source"):
        page.locator(chip).first.click()
        page.wait_for_selector("#article mark")
        assert flat(page.inner_text("#article mark")) == flat(expected)
        assert in_view(page)


@browser_test
def test_the_korean_page_is_korean(chat: str, tab: Any) -> None:
    page = tab(chat, "ko-KR")
    page.click("#filters button")
    page.click("#articles button")
    ask(page, "제주도 귤 수확량은?")
    page.wait_for_selector(".footer")
    own = page.evaluate(
        """() => [...document.querySelectorAll('#head h1, #articles, #asking, #filters, .footer')]
            .map(e => e.innerText).join(' ')
            + [...document.querySelectorAll('[placeholder]')].map(e => e.placeholder).join(' ')"""
    )
    words = own.replace("/home/me/articles", "")  # a path
    assert not any(char.isascii() and char.isalpha() for char in words), words
    assert page.inner_text("#head a") == "English"


@browser_test
def test_the_stop_button_stops(scripted: tuple[str, Scripted], tab: Any) -> None:
    url, stream = scripted
    page = tab(url)
    ask(page, "천천히 하나")
    page.wait_for_function("document.querySelector('#messages').innerText.includes('낱말3')")
    page.click("#stop")
    page.wait_for_selector("text=여기서 멈추었습니다.", timeout=3_000)
    page.wait_for_selector("#send")
    deadline = time.monotonic() + 3
    while "천천히 하나" not in stream.closed and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "천천히 하나" in stream.closed
    shown = page.inner_text("#messages")
    time.sleep(0.3)
    assert page.inner_text("#messages") == shown and "낱말3" in shown
    ask(
        page, KOREAN_QUESTION
    )  # and the next question is answered, with no half answer in its history
    page.wait_for_selector(".sources")
    assert stream.asked[-1].history == ()
    ask(page, ENGLISH_QUESTION)
    page.wait_for_function("document.querySelectorAll('.sources').length === 2")
    (turn,) = stream.asked[-1].history
    assert turn.question == KOREAN_QUESTION and "[1]" not in turn.answer


@browser_test
def test_a_new_conversation_forgets_the_running_answer(
    scripted: tuple[str, Scripted], tab: Any
) -> None:
    url, stream = scripted
    page = tab(url)
    ask(page, "천천히 둘")
    page.wait_for_selector("text=낱말3")
    page.click("#new")
    page.wait_for_selector("#send")
    time.sleep(0.5)
    assert "낱말" not in page.inner_text("#messages")
    ask(page, KOREAN_QUESTION)
    page.wait_for_selector(".sources")
    assert stream.asked[-1].history == ()


@browser_test
def test_tabs_do_not_see_each_other(scripted: tuple[str, Scripted], tab: Any) -> None:
    url, stream = scripted
    slow, quick = tab(url), tab(url, "en-US")
    ask(slow, "천천히 셋")
    slow.wait_for_selector("text=낱말1")
    ask(quick, ENGLISH_QUESTION)
    quick.wait_for_selector(".sources")
    assert "낱말" not in quick.inner_text("#messages")
    assert "ASML" not in slow.inner_text("#messages")
    slow.close()  # closing a tab stops its answer
    deadline = time.monotonic() + 5
    while "천천히 셋" not in stream.closed and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "천천히 셋" in stream.closed
    quick.locator("a.cite").first.click()
    quick.wait_for_selector("#article mark")


@browser_test
def test_without_an_index_the_page_offers_to_make_one(tmp_path: Path, tab: Any) -> None:
    own = tmp_path / "내 글"
    own.mkdir()
    (own / "감귤.md").write_text(
        "# 감귤\n\n제주 감귤은 2024년에 40만 톤이 났다.\n", encoding="utf-8"
    )
    for url in served(tmp_path / "home"):
        page = tab(url)
        ask(page, KOREAN_QUESTION)
        page.wait_for_selector(".problem >> text=색인된 기사가 없습니다")
        page.click("text=예시 기사 색인하기")
        page.wait_for_selector("#shelf >> text=한국어 14편")
        ask(page, KOREAN_QUESTION)
        page.wait_for_selector(".sources")
        page.fill("#articles textarea, #articles input", str(own))
        page.click("text=폴더 색인하기")
        page.wait_for_selector("#shelf >> text=기사 1편이 색인되어")
        page.locator("a.cite").first.click()  # of an article that has gone with the samples
        page.wait_for_selector("#article blockquote")
