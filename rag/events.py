"""What goes into the pipeline and what comes out of it, as frozen data."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from corpus.article import Language
from index.search import Hit, Scope

Support = Literal["supported", "weak", "unsupported"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier question and its answer, without markers and without thoughts."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Request:
    """A question with all that narrows or steers its answer.

    `model` names a reader (None: the configured one); `k` is the number of passages read.
    """

    question: str
    history: tuple[Turn, ...] = ()
    model: str | None = None
    k: int | None = None
    scope: Scope = field(default_factory=Scope)
    base_url: str | None = None


class Reading(NamedTuple):
    """What a reader is given: a question that stands alone, its language, the passages."""

    question: str
    language: Language
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The exact source sentence (or two) behind a claim: `article.text[start:end] == quote`."""

    marker: int
    start: int
    end: int
    quote: str
    score: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """One finished sentence of the answer, with the passages it cites and how well they bear it."""

    index: int
    text: str
    markers: tuple[int, ...]
    support: Support
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """A cited passage with its first evidence; `marker` is the number shown in the answer."""

    marker: int
    article_id: str
    title: str
    language: Language
    source: str
    published: str | None
    page: int | None
    heading: str | None
    start: int
    end: int
    quote: str
    support: Support
    score: float


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds spent finding, reading, and in all."""

    retrieve: float
    read: float
    total: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `answer` carries markers like `[1]`; `reasoning` is the model's thinking."""

    question: str
    language: Language
    answer: str
    abstained: bool
    reader: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    reasoning: str | None
    timings_ms: Timings


@dataclass(frozen=True, slots=True)
class Found:
    """Retrieval has ended: the passages the reader is given, in the order of their numbers."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer, markers resolved to the numbers of the final citations."""

    text: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """What was shown so far is withdrawn and the answer starts over."""

    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """The last event: the whole answer."""

    answer: Answer


Event = Found | Thought | Text | Sentence | Replaced | Done
