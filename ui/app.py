"""The page of the web chat as Gradio Blocks, once for each language of the interface."""

import datetime
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from corpus.article import Language
from index.store import Scope
from index.sync import SAMPLES
from ui.chat import Chat
from ui.conversation import Conversation, Exchange
from ui.present import answer_html, question_html, thoughts_html
from ui.strings import EXAMPLES, STRINGS, Strings

STATIC = Path(__file__).parent / "static"
FONTS = ("Noto Sans CJK KR", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic", "sans-serif")
CODE_FONTS = ("D2Coding", "Menlo", "Consolas", "monospace")
_MOST_AT_ONCE = 4


def theme() -> gr.themes.Base:
    """Fonts of the reader's own machine, nothing fetched; buttons dark enough for white text."""
    return gr.themes.Default(
        primary_hue="blue",
        neutral_hue="slate",
        font=[gr.themes.Font(name) for name in FONTS],
        font_mono=[gr.themes.Font(name) for name in CODE_FONTS],
    ).set(
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_cancel_background_fill="#b91c1c",
        button_cancel_background_fill_hover="#991b1b",
    )


def build(chat: Chat, language: Language) -> gr.Blocks:
    """The page in one language."""
    page = _Page(chat, STRINGS[language])
    page.wire()
    return page.blocks


class _Page:
    """The widgets of one page and the functions behind them.

    All that belongs to a tab lies in `self.conversation`, a `gr.State`; the messages shown are made
    from it each time, so nothing of another tab and nothing the browser says can get into them.
    """

    def __init__(self, chat: Chat, words: Strings) -> None:
        self.chat, self.words = chat, words
        self.blocks: gr.Blocks = gr.Blocks(
            title=words.title, analytics_enabled=False, fill_height=True
        )
        with self.blocks:
            self.conversation = gr.State(())
            self._head()
            with gr.Row(equal_height=True, elem_id="rooms"):
                with gr.Column(scale=3, min_width=340, elem_id="talk"):
                    self._talk()
                with gr.Column(scale=2, min_width=320):
                    self.article = gr.HTML(self._hint(), elem_id="article")
            bridge = (STATIC / "bridge.js").read_text(encoding="utf-8")
            self.bridge = gr.HTML("", visible="hidden", js_on_load=bridge, copied=self.words.copied)

    # What is on the page.

    def _head(self) -> None:
        words = self.words
        other: Language = "en" if words.language == "ko" else "ko"
        link = f'<a href="../{other}/" hreflang="{other}">{STRINGS[other].languages[other]}</a>'
        gr.HTML(f"<header><h1>{words.title}</h1>{link}</header>", elem_id="head")
        label = words.shelf.format("…")
        with gr.Accordion(label, open=False, elem_id="articles") as self.shelf:
            self.shelf_line = gr.HTML("", elem_id="shelf")
            with gr.Row(equal_height=True):
                self.samples = gr.Button(words.add_samples, variant="primary", visible=False)
                if not self.chat.folders:
                    gr.HTML(f'<p class="note">{words.by_command}</p>')
                    return
                self.path = gr.Textbox(
                    placeholder=words.folder_hint, label=words.folder_label, scale=3, max_lines=1
                )
                self.folder = gr.Button(words.add_folder, scale=1)

    def _talk(self) -> None:
        words = self.words
        self.messages = gr.Chatbot(
            label=words.conversation, show_label=False, elem_id="messages", scale=1, height="auto",
            placeholder=words.intro, buttons=[], latex_delimiters=[], allow_tags=False,
            feedback_options=None, layout="bubble",
        )  # fmt: skip
        with gr.Row(equal_height=True, elem_id="asking"):
            self.box = gr.Textbox(
                placeholder=words.ask, show_label=False, label=words.ask, container=False,
                scale=6, min_width=160, max_lines=6, autofocus=True, elem_id="question",
            )  # fmt: skip
            self.send = gr.Button(words.send, variant="primary", min_width=90, elem_id="send")
            self.halt = gr.Button(
                words.stop, variant="stop", min_width=90, visible=False, elem_id="stop"
            )
            self.new = gr.Button(words.new, min_width=90, elem_id="new")
        with gr.Accordion(words.filters, open=False, elem_id="filters"), gr.Row():
            self._filters()

    def _filters(self) -> None:
        """What the program was started with is shown and cannot be widened."""
        words, fixed = self.words, self.chat.scope
        languages = [(name, code) for code, name in words.languages.items()]
        self.language = gr.Radio(
            [(words.everything, ""), *languages], value=fixed.language or "",
            label=words.filtered_language, interactive=not fixed.language,
        )  # fmt: skip
        self.source = gr.Dropdown(
            self._sources((fixed.source,) if fixed.source else ()), value=fixed.source or "",
            label=words.filtered_source, interactive=not fixed.source, filterable=False,
        )  # fmt: skip
        self.since = gr.Textbox(
            fixed.since or "", label=words.filtered_since, placeholder=words.since_hint,
            max_lines=1, interactive=not fixed.since,
        )  # fmt: skip

    def _hint(self) -> str:
        return f'<p class="hint">{self.words.article_hint}</p>'

    def _sources(self, names: tuple[str, ...]) -> list[tuple[str, str]]:
        return [(self.words.everything, ""), *((name, name) for name in names)]

    # What happens.

    def wire(self) -> None:
        """Tie the widgets to the functions below."""
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        many: dict[str, Any] = quiet | {"concurrency_limit": _MOST_AT_ONCE}
        talk = [self.conversation, self.messages, self.box, self.send, self.halt]
        asked = [self.conversation, self.language, self.source, self.since]
        with self.blocks:
            asking = gr.on(
                [self.box.submit, self.send.click], self.ask, [self.box, *asked], talk, **many
            )
            example = self.messages.example_select(self.ask_example, asked, talk, **many)
            self.halt.click(self.stop, queue=False, **quiet)
            self.new.click(
                self.renew,
                None,
                [*talk, self.article],
                cancels=[asking, example],
                queue=False,
                **quiet,
            )
            opened = self.bridge.cite(
                self.open, [self.conversation], [self.article], queue=False, **quiet
            )
            opened.then(js=(STATIC / "show-mark.js").read_text(encoding="utf-8"), **quiet)
            self.blocks.unload(self.stop)
            self._wire_shelf(quiet)

    def _wire_shelf(self, quiet: dict[str, Any]) -> None:
        seen = [self.shelf, self.shelf_line, self.samples, self.source, self.messages]
        one: dict[str, Any] = quiet | {"concurrency_limit": 1, "concurrency_id": "index"}
        done = [self.samples.click(self.index_samples, None, [self.shelf_line], **one)]
        if self.chat.folders:
            pressed = [self.folder.click, self.path.submit]
            done.append(gr.on(pressed, self.index_folder, [self.path], [self.shelf_line], **one))
        for indexing in done:
            indexing.then(self.look_again, [self.shelf_line], seen, queue=False, **quiet)
        self.blocks.load(self.look, None, seen, queue=False, **quiet)

    def ask(
        self,
        question: str,
        conversation: Conversation,
        language: str,
        source: str | None,
        since: str | None,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Answer into the tab that asked, and only there."""
        if not question.strip():
            yield (gr.skip(),) * 5
            return
        try:
            scope = _scope(language, source, since)
        except ValueError:
            grown = (*conversation, Exchange(question, problem=self.words.bad_date))
            yield grown, self.shown(grown), *(gr.skip(),) * 3
            return
        tab = request.session_hash or ""
        before = self.shown(conversation)
        grown, messages, box = conversation, before, ""
        for grown in self.chat.answer(tab, question, conversation, scope, self.words):
            messages = before + self.shown(grown, since=len(conversation))
            yield gr.skip(), messages, box, gr.Button(visible=False), gr.Button(visible=True)
            box = gr.skip()
        if grown[-1].open:  # a new conversation has begun meanwhile
            return
        yield grown, messages, box, gr.Button(visible=True), gr.Button(visible=False)

    def ask_example(
        self,
        conversation: Conversation,
        language: str,
        source: str | None,
        since: str | None,
        chosen: gr.SelectData,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        yield from self.ask(chosen.value["text"], conversation, language, source, since, request)

    def stop(self, request: gr.Request) -> None:
        self.chat.stop(request.session_hash or "")

    def renew(self, request: gr.Request) -> tuple[Any, ...]:
        self.chat.stop(request.session_hash or "", drop=True)
        return (), [], "", gr.Button(visible=True), gr.Button(visible=False), self._hint()

    def open(self, conversation: Conversation, event: gr.EventData) -> Any:
        """The article that a chip names; a chip of an answer still being made opens nothing."""
        html = self.chat.article(conversation, str(event.key), self.words)
        return gr.skip() if html is None else html

    def shown(self, conversation: Conversation, since: int = 0) -> list[gr.ChatMessage]:
        """The messages of a conversation from exchange `since` (from 0) on; thoughts are a message
        of their own that can be folded."""
        words = self.words
        messages = []
        for number, exchange in enumerate(conversation[since:], since + 1):
            messages.append(gr.ChatMessage(role="user", content=question_html(exchange.question)))
            over = bool(exchange.text.strip()) or not exchange.open
            if exchange.thoughts.strip():
                title = words.thought if over else words.thinking
                messages.append(
                    gr.ChatMessage(
                        content=thoughts_html(exchange.thoughts),
                        metadata={"title": title, "status": "done" if over else "pending"},
                    )
                )
            if over or not exchange.thoughts.strip():
                messages.append(gr.ChatMessage(content=answer_html(exchange, number, words)))
        return messages

    # The index.

    def look(self) -> tuple[Any, ...]:
        """What is indexed now; without anything the shelf opens by itself."""
        words, held = self.words, self.chat.contents()
        line = words.indexed.format(articles=held.articles, ko=held.korean, en=held.english)
        if held.problem is not None:
            line = words.wrong(held.problem)
        elif not held.articles:
            line = words.nothing_indexed
        examples = [{"text": text, "display_text": text} for text in EXAMPLES]
        choices = gr.Dropdown(choices=self._sources(held.sources))
        return (
            gr.Accordion(label=words.shelf.format(held.articles), open=not held.articles),
            f"<p>{escape(line)}</p>",
            gr.Button(visible=not held.articles and held.problem is None),
            gr.skip() if self.chat.scope.source else choices,
            gr.update(examples=examples if SAMPLES in held.sources else None),
        )

    def look_again(self, said: str) -> tuple[Any, ...]:
        """The same after indexing, below what came of it; the shelf stays as it is."""
        _, line, *rest = self.look()
        shelf = gr.Accordion(label=self.words.shelf.format(self.chat.contents().articles))
        return shelf, f"<p>{said}</p>{line}", *rest

    def index_samples(self) -> Iterator[str]:
        yield from self.chat.index(None, self.words)

    def index_folder(self, path: str) -> Iterator[str]:
        if path.strip():
            yield from self.chat.index(path.strip(), self.words)
        else:
            yield self.words.folder_empty


def _scope(language: str, source: str | None, since: str | None) -> Scope:
    """Raises ValueError for a date that is none."""
    day = (since or "").strip()
    date = datetime.date.fromisoformat(day).isoformat() if day else None
    chosen: Language | None = "ko" if language == "ko" else "en" if language == "en" else None
    return Scope(chosen, date, source or None)
