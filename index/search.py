"""One question → hits: lexical and dense candidates, fused."""

import math
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from corpus.article import Language
from corpus.text import language
from index.analysis import (
    DocumentTerms,
    QueryTerms,
    document_terms,
    loan_terms,
    name_terms,
    query_terms,
)
from index.asking import Asked, asked
from index.encoder import BUNDLED, Encoder, Vectors
from index.errors import IndexMissing, StoreError
from index.fusion import Fusion, Scored, across, fuse, merge, within
from index.lock import writer_lock
from index.spelling import mended
from index.store import Scope, Snapshot, Store, StoredPassage
from index.terms import TermView
from index.translation import translations
from index.vectors import VectorView

__all__ = ["Fusion", "Hit", "Index", "Scope"]

_REBUILD_BLOCK = 5_000
_SPARE = 4
_UNFOUND = 0.5


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question. `score` runs from 0 to 1; ranks count from 1."""

    passage_id: int
    article_id: str
    title: str
    language: Language
    source: str
    published: str | None
    page: int | None
    heading: str | None
    start: int
    end: int
    text: str
    score: float
    dense_rank: int | None
    lexical_rank: int | None


@dataclass(frozen=True, slots=True)
class _Asking:
    """A question taken apart once: its language, unit vector (dim,), search terms and words."""

    language: Language
    vector: Vectors
    terms: QueryTerms
    wanted: Asked
    text: str


class Index:
    """A folder with the store and its two views, opened for questions (and by `sync` for changes)."""

    def __init__(
        self, folder: Path, load: Callable[[str], Encoder], fusion: Fusion = Fusion()
    ) -> None:
        """`load` turns the encoder's name, as the store remembers it, into an encoder."""
        self.folder, self.fusion = folder, fusion
        self.store = Store(folder / "store.db")
        self._load = load
        self._encoder: Encoder | None = None
        self._terms: TermView | None = None
        self._vectors: VectorView | None = None
        self._refreshing = threading.Lock()

    def encoder(self, snapshot: Snapshot) -> Encoder:
        """The encoder that this index's vectors were made with. Raises StoreError when it is another."""
        if self._encoder is None or self._encoder.fingerprint != snapshot.fingerprint:
            self._encoder = self._load(snapshot.encoder or BUNDLED)
        if self._encoder.fingerprint != snapshot.fingerprint:
            raise StoreError(
                "this index was made with another version of the encoder: run `rag index` to renew it"
            )
        return self._encoder

    def use(self, encoder: Encoder) -> None:
        """Have this encoder at hand, so that it is not loaded a second time."""
        self._encoder = encoder

    def search(self, question: str, k: int, scope: Scope = Scope()) -> list[Hit]:
        """The `k` best passages, best first. Raises IndexMissing when nothing is indexed."""
        with self.store.snapshot() as snapshot:
            _check(snapshot)
            _, vectors = self.views(snapshot)
            narrowed = Scope(None, scope.since, scope.source)
            only = snapshot.ids_in(narrowed) if narrowed else None
            asking = self._asking(snapshot, self.mended(question))
            own, other = list[Scored](), list[Scored]()
            for spoken in sorted(vectors.languages, key=lambda each: each != asking.language):
                if scope.language not in (None, spoken) or only == []:
                    continue
                ranked = self._candidates(snapshot, asking, k, spoken, only)
                if spoken == asking.language:
                    own = self._within(snapshot, asking, ranked)
                else:
                    other = across(self.fusion, asking.wanted, ranked, own)
        merged = merge(self.fusion, own, other)
        return [_hit(scored) for scored in merged[:k]]

    def newest(self, k: int, held: Callable[[str], bool], scope: Scope = Scope()) -> list[Hit]:
        """The first passages of the `k` newest articles whose date `held` says is meant.

        Raises IndexMissing when nothing is indexed."""
        with self.store.snapshot() as snapshot:
            _check(snapshot)
            chosen = [i for i, day in snapshot.opening(scope) if held(day)][:k]
            passages = snapshot.passages(chosen)
        scored = (
            Scored(passages[i], 1 - rank / k, 0.0, None, None) for rank, i in enumerate(chosen)
        )
        return [_hit(each) for each in scored]

    def _asking(self, snapshot: Snapshot, question: str) -> _Asking:
        vector = self.encoder(snapshot).encode_queries([question])[0]
        wanted, terms = asked(question, self.rarity), query_terms(question)
        told = frozenset[str]().union(*(word.terms for word in wanted.words))
        terms = replace(terms, endings=frozenset(terms.terms) - told)
        spoken = language(question)
        if spoken == "ko":  # a small Latin word may be what a Hangul one spells
            loans = (loan_terms(word.keys) for word in wanted.words)
            terms = replace(terms, names=(*terms.names, *filter(None, loans)))
        strange = [
            w for w in wanted.words if w.keys and w.capital and self.term_view().lacks(w.terms)
        ]
        named = tuple(name_terms(word.forms[0], word.keys) for word in strange)
        return _Asking(spoken, vector, replace(terms, strange=named), wanted, question)

    def _within(self, snapshot: Snapshot, asking: _Asking, ranked: list[Scored]) -> list[Scored]:
        """The best passages in the question's language."""
        rarity, encoder = self._worth(asking.terms), self.encoder(snapshot)
        return within(self.fusion, encoder, asking.wanted, asking.vector, rarity, ranked)

    def _candidates(
        self,
        snapshot: Snapshot,
        asking: _Asking,
        k: int,
        spoken: Language,
        only: list[int] | None,
    ) -> list[Scored]:
        """The best passages in one language by both views' scores together."""
        terms, vectors = self.views(snapshot)
        fusion, beyond = self.fusion, spoken != asking.language
        pool = max(fusion.pool, k)
        meant = translations(asking.text) if beyond else None
        lexical = terms.search(asking.terms, pool, fusion.weights, spoken, meant, only)
        dense = vectors.search(asking.vector, pool, spoken, only)
        bm25, cosines = dict(lexical), dict(dense)
        unscored = [i for i in cosines if i not in bm25]
        if unscored and len(lexical) == pool and beyond:
            bm25.update(terms.search(asking.terms, pool, fusion.weights, spoken, meant, unscored))
        elif unscored and len(lexical) == pool:
            # What the terms did not find among so many is worth less than the last of them.
            bm25.update(dict.fromkeys(unscored, _UNFOUND * lexical[-1][1]))
        ids, found = snapshot.vectors(vectors.fingerprint, [i for i in bm25 if i not in cosines])
        if ids:
            cosines.update(zip(ids, (found @ asking.vector).tolist(), strict=True))
        wanted = max(k, fusion.compared) + _SPARE
        fused = fuse(fusion, bm25, cosines, across=beyond)[:wanted]
        # What a view still holds and the snapshot does not is gone, and is left out here.
        passages = snapshot.passages([i for i, _ in fused])
        places = {i: rank for rank, (i, _) in enumerate(dense, 1)}
        lexical_places = {i: rank for rank, (i, _) in enumerate(lexical, 1)}
        return [
            Scored(
                passages[i], score, max(0.0, cosines.get(i, 0.0)),
                places.get(i), lexical_places.get(i),
            )
            for i, score in fused
            if i in passages
        ]  # fmt: skip

    def _worth(self, query: QueryTerms) -> dict[str, float]:
        """The rarity of a question's terms, those of endings at their share."""
        share = self.fusion.weights.endings
        rarity = self.rarity(list(query.terms))
        return {t: share * r if t in query.endings else r for t, r in rarity.items()}

    def rarity(self, terms: list[str]) -> dict[str, float]:
        """The inverse document frequency of search terms, as BM25 has it, by the last view used."""
        view = self._terms
        count = len(view) if view else 0
        frequencies = {term: view.document_frequency(term) if view else 0 for term in terms}
        return {t: math.log(1 + (count - n + 0.5) / (n + 0.5)) for t, n in frequencies.items()}

    def mended(self, question: str) -> str:
        """A question as `search` understands it, with slips of the fingers mended."""
        return mended(question, self.term_view()) if self.store.exists() else question

    def term_view(self) -> TermView:
        """The lexical view, whatever generation it is of."""
        if self._terms is None:
            self._terms = TermView(self.folder / "terms")
        return self._terms

    def views(self, snapshot: Snapshot) -> tuple[TermView, VectorView]:
        """Both views, brought to the snapshot's generation when that can be done without waiting."""
        with self._refreshing:
            terms = self.term_view()
            if self._vectors is None or self._vectors.fingerprint != snapshot.fingerprint:
                dim = self.encoder(snapshot).dim
                self._vectors = VectorView(
                    self.folder / "vectors.faiss", dim, snapshot.fingerprint or ""
                )
            self._vectors.catch_up(snapshot)
            if terms.generation != snapshot.generation:
                terms.reload()
            if terms.generation != snapshot.generation:
                self._catch_up_terms(snapshot)
            return terms, self._vectors

    def _catch_up_terms(self, snapshot: Snapshot) -> None:
        """Bring the lexical view up to date unless a writer is at work, who will do it."""
        assert self._terms is not None
        try:
            with writer_lock(self.folder):
                bring_up(self._terms, snapshot)
        except StoreError:
            return

    @property
    def stale(self) -> bool:
        """Whether the last question was answered by a lexical view that was behind the store."""
        with self.store.snapshot() as snapshot:
            return self._terms is not None and self._terms.generation != snapshot.generation


def bring_up(terms: TermView, snapshot: Snapshot) -> None:
    """Replay the change log into the lexical view, or rebuild it. The caller holds the write lock."""
    if terms.generation == snapshot.generation:
        return
    if 0 <= terms.generation < snapshot.generation:
        added, removed = snapshot.changes_since(terms.generation)
        passages = snapshot.passages(sorted(added))
        try:
            terms.update(snapshot.generation, _documents(passages.values()), removed)
            return
        except ValueError:
            # What a commit that was cut short left behind can be in the way of the next one.
            terms.reset()
    terms.update(snapshot.generation, _all_documents(snapshot), fresh=True)


def _all_documents(snapshot: Snapshot) -> Iterator[tuple[int, Language, DocumentTerms]]:
    last = -1
    while block := snapshot.passages_after(last, _REBUILD_BLOCK):
        yield from _documents(block)
        last = block[-1].id


def _documents(
    passages: Iterable[StoredPassage],
) -> Iterator[tuple[int, Language, DocumentTerms]]:
    for passage in passages:
        yield (
            passage.id,
            passage.language,
            document_terms(passage.title, passage.heading, passage.text),
        )


def _check(snapshot: Snapshot) -> None:
    if snapshot.fingerprint is None:
        raise IndexMissing("nothing is indexed yet: add articles with `rag index FOLDER`")


def _hit(found: Scored) -> Hit:
    passage = found.passage
    return Hit(
        passage.id, passage.article_id, passage.title, passage.language, passage.source,
        passage.published, passage.page, passage.heading, passage.start, passage.end, passage.text,
        found.score, found.dense_rank, found.lexical_rank,
    )  # fmt: skip
