"""The built-in reader: one to three sentences of the passages, each cited. No language model."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from corpus.article import Language
from index.asking import Asked, Rarity, asked
from index.cross_encoder import cross_encoder, loading
from index.encoder import Encoder
from index.search import Hit
from rag.courtesy import essence
from rag.events import Reading, Text, Turn
from rag.facets import facets
from rag.followup import standalone
from rag.keywords import spelled_out
from rag.reading import prompts
from rag.reading.candidates import Candidate, Candidates, Model
from rag.reading.compose import Part, choose, own_first, reported
from rag.reading.sources import ROW
from rag.reading.wording import written
from rag.timing import bare, is_news, is_only_news, period

NAME = "builtin"
# The nearest article is named in a refusal when a sentence under its title holds this share of the
# question; one in the question's language may hold a little less than another.
_NEAREST = 0.55
_OWN = 0.2
# So much of what is to be summed up stands in one sentence, or of its words that stand anywhere at all,
# if those are not too few.
_TOPIC, _MENTIONED = 0.6, 0.3


class Extractive:
    """Chooses sentences by rare-term overlap, similarity, and the kind of answer asked for."""

    name = NAME
    at_once = 1

    def __init__(self, encoder: Encoder, rarity: Rarity, model: Model = Model()) -> None:
        self._encoder, self._rarity, self._model = encoder, rarity, model
        loading()  # while the passages are searched for

    def standalone(self, question: str, language: Language, history: Sequence[Turn]) -> str:
        """The question with what it leaves unsaid and without what is said around it, by rules."""
        return spelled_out(standalone(essence(question), history))

    def read(
        self, question: str, language: Language, hits: Sequence[Hit], history: Sequence[Turn] = ()
    ) -> Iterator[Text]:
        """The answer in pieces, with passage numbers as markers; a refusal cites nothing.

        A comparison is answered for each of its two things, as far as the passages do.
        """
        meant = period(question, date.today())
        news = meant if is_news(question) else None
        if news and all(news.misses(hit.published) for hit in hits):
            yield Text(prompts.refusal(language))
            return
        if news and is_only_news(question):
            yield from self._news(bare(question), language, hits)
            return
        question = bare(question) if meant else question
        parts: list[tuple[Part, Asked]] = []
        missing: list[str] = []
        nearest: str | None = None
        things = facets(question)
        # What was found for one of two things stands behind the other's partly by turn alone.
        level = [replace(hit, score=hit.score**0.65) for hit in hits] if things else hits
        for each in things or (question,):
            wanted, ranked, odds = self.looked_at(each, language, level)
            ranked = [c for c in ranked if not (news and news.misses(c.hit.published))]
            nearest = nearest or _nearest(ranked, language)
            if not ranked or not self._answers(wanted, language, ranked[0], odds):
                missing.append(each)
            elif each == question:
                parts += [(part, wanted) for part in choose(wanted, language, ranked, meant)]
            else:
                parts.append((Part(own_first(language, ranked)[0]), wanted))
        if not parts:
            yield Text(prompts.refusal(language, nearest))
            return
        yield from _said(parts, language, headed=not things)
        for each in missing:
            yield Text("\n\n" + prompts.MISSING[language].format(question=each))

    def _news(self, question: str, language: Language, hits: Sequence[Hit]) -> Iterator[Text]:
        """What the articles found open with."""
        wanted, ranked, _ = self.looked_at(question, language, hits)
        parts = [(part, wanted) for part in reported(language, ranked)]
        return _said(parts, language, headed=False, between="\n\n")

    def _answers(self, wanted: Asked, language: Language, best: Candidate, odds: float) -> bool:
        """Whether the evidence is enough; of a summary the topic is, for it tells what there is."""
        known = wanted.mentioned if wanted.mentioned >= _MENTIONED else 1.0
        topic = wanted.wanted == "summary" and best.features.before >= _TOPIC * known
        return topic or odds >= self._model.threshold(language)

    def read_many(self, readings: Sequence[Reading]) -> Iterator[Iterator[Text]]:
        """The answers to several questions, one after the other."""
        return (self.read(*reading) for reading in readings)

    def looked_at(
        self, question: str, language: Language, hits: Sequence[Hit]
    ) -> tuple[Asked, list[Candidate], float]:
        """The question taken apart, its sentences, best first, and the log odds that they answer it."""
        wanted = asked(question, self._rarity)
        candidates = Candidates(wanted, language, hits, cross_encoder(), self._model)
        ranked = candidates.ranked(question, self._encoder)
        return wanted, ranked, candidates.answerable(ranked)


def _nearest(ranked: Sequence[Candidate], language: Language) -> str | None:
    """The title of the article that holds most of a question."""
    held = [(c.features.before + _OWN * (c.hit.language == language), c.hit.title) for c in ranked]
    most, title = max(held, key=lambda pair: pair[0], default=(0.0, ""))
    return title if most > _NEAREST else None


def _said(
    parts: Sequence[tuple[Part, Asked]], language: Language, *, headed: bool, between: str = " "
) -> Iterator[Text]:
    """Each sentence once. A row of a table has no stop that would end it, and stands alone, if
    `headed` and in the question's language under the row that names its columns."""
    said = dict[tuple[str, int], list[Asked]]()
    for part, wanted in parts:
        said.setdefault(_key(part), []).append(wanted)
    named: set[str] = set()
    before: Part | None = None
    answered: Asked | None = None
    for part, wanted in parts:
        candidate = part.candidate
        if not (every := said.pop(_key(part), [])):
            continue
        row = ROW in candidate.text or (before is not None and ROW in before.candidate.text)
        apart = "\n\n" if row else between
        own = candidate.hit.language == language
        if headed and own and candidate.columns not in named | {""}:
            yield Text(f"{apart if before else ''}{candidate.columns} [{candidate.number}]\n\n")
            before, apart = None, ""
            named.add(candidate.columns)
        # What answers is in bold, and not what else is said.
        bold = part.dated or wanted is not answered
        yield Text((apart if before else "") + written(part, every, language, before, bold=bold))
        before, answered = part, wanted


def _key(part: Part) -> tuple[str, int]:
    return part.candidate.hit.article_id, part.candidate.start
