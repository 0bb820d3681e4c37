"""The lexical view: BM25 over a Tantivy index that can be deleted at any time.

It carries the generation of the store it was built from in a marker document of the same commit,
so that what it holds and what it says it holds can never differ.
"""

import json
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tantivy
from tantivy import Occur, Query

from corpus.article import Language
from index.analysis import DocumentTerms, QueryTerms
from index.checksums import damaged, note
from index.translation import Translation, word_translations

TERMS_VERSION = "18"
_HEAP = 64_000_000
_FEW = 1_000


@dataclass(frozen=True, slots=True)
class Weights:
    """What a match in each field is worth beside a match of a term.

    `endings` is the share of it that the terms of mere endings keep. A name key that more than
    `common` of the passages hold is not a name and is not searched for, nor, among many passages, is
    so common a word of the question's language in the other one.
    """

    pieces: float = 0.5
    pairs: float = 0.25
    names: float = 0.5
    numbers: float = 1.0
    words: float = 1.0
    endings: float = 0.3
    common: float = 0.05


class TermView:
    """Passage ids by their terms."""

    def __init__(self, folder: Path) -> None:
        """Open the view, or start an empty one (generation -1) where it is missing or damaged."""
        self._folder = folder
        self._schema = _schema()
        self._index = self._open()
        self._read_marker()

    def _open(self) -> tantivy.Index:
        self._folder.mkdir(parents=True, exist_ok=True)
        index = None if damaged(self._folder) else self._sound()
        if index is None:
            # Damaged or of another version: everything in it can be made again from the store.
            shutil.rmtree(self._folder)
            self._folder.mkdir(parents=True)
            index = tantivy.Index(self._schema, path=str(self._folder))
        whitespace = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        index.register_tokenizer("ws", whitespace)
        return index

    def _sound(self) -> tantivy.Index | None:
        try:
            index = tantivy.Index(self._schema, path=str(self._folder))
            index.searcher()
        except ValueError:
            return None
        return index

    def reset(self) -> None:
        """Drop everything; the view is then empty, of generation -1."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._index = self._open()
        self._read_marker()

    def _read_marker(self) -> None:
        self._searcher = self._index.searcher()
        self.generation = -1
        try:
            found = self._searcher.search(Query.term_query(self._schema, "marker", "marker"), 1)
            for _, address in found.hits:
                state = json.loads(self._searcher.doc(address)["state"][0])
                if state["version"] == TERMS_VERSION:
                    self.generation = state["generation"]
        except ValueError:
            self.generation = -1

    def reload(self) -> None:
        """See what another process has committed."""
        self._index.reload()
        self._read_marker()

    def __len__(self) -> int:
        return max(0, self._searcher.num_docs - 1)

    def update(
        self,
        generation: int,
        added: Iterable[tuple[int, Language, DocumentTerms]],
        removed: Iterable[int] = (),
        *,
        fresh: bool = False,
    ) -> None:
        """Add and remove passages in one commit that ends at `generation`.

        Additions delete their id first, so that replaying a change changes nothing. With `fresh`
        everything held before is dropped in the same commit.
        """
        writer = self._index.writer(_HEAP, 1)
        try:
            if fresh:
                writer.delete_all_documents()
            for passage in removed:
                self._delete(writer, passage)
            for passage, language, document in added:
                if not fresh:
                    self._delete(writer, passage)
                entry = tantivy.Document(
                    terms=document.terms,
                    units=document.units,
                    names=document.names,
                    numbers=document.numbers,
                    language=language,
                )
                entry.add_unsigned("id", passage)
                writer.add_document(entry)
            writer.delete_documents_by_term("marker", "marker")
            state = json.dumps({"generation": generation, "version": TERMS_VERSION})
            writer.add_document(tantivy.Document(marker="marker", state=state))
            writer.commit()
        finally:
            del writer
        note(self._folder)
        self.reload()

    def _translated(self, terms: tuple[str, ...], weight: float) -> Query:
        """All terms of a translation together count like one."""
        parts = [(Occur.Should, self._term("terms", term)) for term in terms]
        return Query.boost_query(Query.boolean_query(parts), weight / len(terms))

    def _delete(self, writer: tantivy.IndexWriter, passage: int) -> None:
        # Not delete_documents_by_term: it takes an integer for a signed one and finds nothing.
        writer.delete_documents_by_query(Query.term_query(self._schema, "id", passage))

    def search(
        self,
        query: QueryTerms,
        k: int,
        weights: Weights,
        language: Language,
        translations: Iterable[tuple[Translation, ...]] | None = None,
        only: list[int] | None = None,
    ) -> list[tuple[int, float]]:
        """The `k` best (passage id, BM25 score) in one language, best first.

        `translations`, the groups of alternatives for the question's words, of which the best match
        counts, are given when the language is not the question's; then names are looked for too.
        `only` narrows to these ids.
        """
        clauses = self._clauses(query, weights, language, translations)
        if not clauses:
            return []
        if only is None and translations is None:
            # Without a filter Tantivy may skip most passages; few are in the other language.
            found = self._searcher.search(Query.boolean_query(clauses), 2 * k, count=False)
            mine = [pair for pair, spoken in self._read(found) if spoken == language]
            if len(mine) >= k or len(found.hits) < 2 * k:
                return mine[:k]
        filters = [self._term("language", language)]
        if only is not None:
            filters.append(self._any_of(only))
        must = [(Occur.Must, Query.const_score_query(each, 0.0)) for each in filters]
        whole = Query.boolean_query([(Occur.Must, Query.boolean_query(clauses)), *must])
        return [pair for pair, _ in self._read(self._searcher.search(whole, k, count=False))]

    def _read(self, found: tantivy.SearchResult) -> Iterator[tuple[tuple[int, float], Language]]:
        """Passage id, score and language of what was found."""
        for score, address in found.hits:
            stored = self._searcher.doc(address)
            yield (stored["id"][0], score), stored["language"][0]

    def _any_of(self, ids: list[int]) -> Query:
        """The passages with these ids. For a few, looking each up is ten times as fast as a set."""
        if len(ids) > _FEW:
            return Query.term_set_query(self._schema, "id", ids)
        terms = (Query.term_query(self._schema, "id", i) for i in ids)
        return Query.boolean_query([(Occur.Should, term) for term in terms])

    def _clauses(
        self,
        query: QueryTerms,
        weights: Weights,
        language: Language,
        translations: Iterable[tuple[Translation, ...]] | None,
    ) -> list[tuple[Occur, Query]]:
        """What a passage may hold, each with its worth."""
        limit = weights.common * self._searcher.num_docs
        wanted = [
            Query.boost_query(
                self._term("terms", term), weights.endings if term in query.endings else 1.0
            )
            for term in query.terms
            if translations is None
            or self.document_frequency(term) <= max(_FEW, limit)
            or _foreign(term, language)
        ]
        for term in query.units:
            weight = weights.pairs if "_" in term else weights.pieces
            wanted.append(Query.boost_query(self._term("units", term), weight))
        for term in query.numbers:
            wanted.append(Query.boost_query(self._term("numbers", term), weights.numbers))
        wanted += self._names(query.strange if translations is None else query.names, weights)
        for group in translations or ():
            options = [
                self._translated(words, weights.words * weight**0.5) for words, weight in group
            ]
            wanted.append(Query.disjunction_max_query(options))
        return [(Occur.Should, each) for each in wanted]

    def _names(self, names: Iterable[frozenset[str]], weights: Weights) -> Iterator[Query]:
        """Of the keys of each name the best match counts."""
        limit = max(3.0, weights.common * self._searcher.num_docs)
        for keys in names:
            rare = [k for k in keys if 0 < self._searcher.doc_freq("names", k) <= limit]
            if rare:
                best = Query.disjunction_max_query([self._term("names", key) for key in rare])
                yield Query.boost_query(best, weights.names)

    def document_frequency(self, term: str) -> int:
        """In how many passages a term stands."""
        return int(self._searcher.doc_freq("terms", term))

    def side_by_side(self, first: str, second: str) -> int:
        """In how many passages one Latin term stands right before another."""
        return int(self._searcher.doc_freq("units", f"{first}_{second}"))

    def lacks(self, word: Collection[str]) -> bool:
        """Whether no passage has all the terms of a word. Common ones are taken to stand together."""
        counts = [self.document_frequency(term) for term in word]
        if len(counts) == 1 or not 0 < min(counts, default=0) <= _FEW:
            return not min(counts, default=0)
        every = Query.boolean_query([(Occur.Must, self._term("terms", term)) for term in word])
        return not self._searcher.search(every, 1, count=False).hits

    def beginning(self, prefix: str) -> list[tuple[str, int]]:
        """The terms that begin so, each with the number of passages it stands in."""
        return [(str(t), int(n)) for t, n in self._searcher.terms_with_prefix("terms", prefix)]

    def _term(self, field: str, term: str) -> Query:
        return Query.term_query(self._schema, field, term)


def _foreign(term: str, language: Language) -> bool:
    """Whether a term of a question in the other language may well stand in this one's articles: a
    Latin word in English ones, and in Korean ones a Latin word that is no common one, but a name."""
    return term.isascii() and (language == "en" or not any(word_translations(term)))


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", stored=True, indexed=True, fast=True)
    for field in ("terms", "units", "names", "numbers"):
        builder.add_text_field(field, tokenizer_name="ws", index_option="freq")
    builder.add_text_field("language", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("marker", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("state", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()
