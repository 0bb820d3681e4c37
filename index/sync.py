"""Articles into the index: `plan` compares and is pure, `apply` does the work in bounded memory."""

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from corpus.article import Article, Passage
from corpus.chunking import CHUNKING_VERSION
from corpus.errors import CorpusError
from corpus.files import Found, walk
from corpus.readers import read
from corpus.text import TEXT_VERSION
from index.encoder import BUNDLED, Encoder
from index.errors import StoreError
from index.lock import writer_lock
from index.prepare import Prepared, is_many, prepare, spread
from index.search import Index, bring_up
from index.store import Indexed, Snapshot, Source

CUTTING = f"{CHUNKING_VERSION}/{TEXT_VERSION}"
SAMPLES = "samples"
_BATCH = 2_000
_SAVE_SHARE, _SAVE_LEAST = 0.1, 2_000


@dataclass(frozen=True, slots=True)
class Root:
    """A folder or file to sync: the source it belongs to, and the source's own root.

    `prefix` is the part of the source that this root covers: "" for all of it.
    """

    source: str
    root: Path
    path: Path
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that could not be read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync will do, by article id. `paths` says where to read what is added or changed."""

    source: str
    root: str
    add: tuple[str, ...]
    change: tuple[str, ...]
    remove: tuple[str, ...]
    unchanged: int
    skipped: tuple[Skipped, ...]
    paths: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Progress:
    """So many articles of a plan, or passages to encode anew, are done; `article` is the last one's."""

    done: int
    total: int
    article: str
    what: Literal["articles", "passages"] = "articles"


@dataclass(frozen=True, slots=True)
class Report:
    """What a sync did, in articles and passages."""

    source: str
    root: str
    added: int
    changed: int
    removed: int
    unchanged: int
    passages: int
    skipped: tuple[Skipped, ...]


def compare(stored: Mapping[str, str], found: Mapping[str, str], *, recut: bool = False) -> tuple[
    tuple[str, ...], tuple[str, ...], tuple[str, ...]
]:  # fmt: skip
    """Ids to add, to change and to remove, from digests by id. Pure.

    With `recut` the rules of cutting have changed and everything found counts as changed.
    """
    add = tuple(sorted(found.keys() - stored.keys()))
    change = tuple(
        sorted(i for i in found.keys() & stored.keys() if recut or found[i] != stored[i])
    )
    return add, change, tuple(sorted(stored.keys() - found.keys()))


def locate(path: Path, sources: Iterable[Source]) -> Root:
    """The source that a path belongs to: one already known that contains it, else a new one.

    Raises CorpusError when there is nothing at the path, or when a known source lies inside it.
    """
    path = Path(os.path.abspath(path))
    if not path.exists():
        raise CorpusError(f"{path}: there is no such file or folder; nothing was changed")
    known = list(sources)
    for source in known:
        root = Path(source.root)
        if path == root or root in path.parents:
            inside = path.relative_to(root).as_posix()
            return Root(source.name, root, path, "" if inside == "." else inside)
        if path in root.parents and source.name != SAMPLES:
            raise CorpusError(
                f"{path}: holds the source {source.name} ({root}), which would be indexed twice; "
                f"take that out first with `rag forget {source.name}`"
            )
    base = unicodedata.normalize("NFC", path.name) or "root"
    names = {source.name for source in known}
    name, number = base, 2
    while name in names or name == SAMPLES:
        name, number = f"{base}-{number}", number + 1
    return Root(name, path, path)


def plan(snapshot: Snapshot | None, root: Root) -> Plan:
    """Read what lies at the root and compare it with what is stored of it."""
    found: dict[str, str] = {}
    paths: dict[str, Path] = {}
    skipped: list[Skipped] = []
    for entry in walk(root.root if root.path == root.root else root.path):
        inside = entry.relative if root.path == root.root else _join(root, entry.relative)
        article_id = f"{root.source}/{inside}"
        if not isinstance(entry, Found):
            skipped.append(Skipped(inside, entry.reason))
            continue
        try:
            found[article_id] = hashlib.sha256(entry.path.read_bytes()).hexdigest()
            paths[article_id] = entry.path
        except OSError as error:
            skipped.append(Skipped(inside, f"cannot be read ({error.strerror})"))
    stored = snapshot.digests(root.source) if snapshot else {}
    covered = f"{root.source}/{root.prefix}" if root.prefix else root.source
    stored = {i: d for i, d in stored.items() if i == covered or i.startswith(covered + "/")}
    # What could not be read this time is not taken for removed.
    unread = tuple(f"{root.source}/{skip.path}".rstrip("/") for skip in skipped)
    kept = {i: d for i, d in stored.items() if i in found or not _under(i, unread)}
    recut = bool(snapshot and snapshot.cutting not in (None, CUTTING))
    add, change, remove = compare(kept, found, recut=recut)
    unchanged = len(found) - len(add) - len(change)
    return Plan(root.source, str(root.root), add, change, remove, unchanged, tuple(skipped), paths)


def _join(root: Root, relative: str) -> str:
    if root.path.is_file():
        return root.prefix
    return f"{root.prefix}/{relative}"


def _under(article_id: str, unread: tuple[str, ...]) -> bool:
    return any(article_id == path or article_id.startswith(path + "/") for path in unread)


def apply(
    index: Index, todo: Plan, encoder_name: str, encoder: Encoder
) -> Iterator[Progress | Report]:
    """Do what a plan says, batch by batch; each batch is one transaction. The last item is the Report.

    Raises StoreError when the store cannot be written; batches before it stay.
    """
    with writer_lock(index.folder):
        index.store.create()
        with index.store.write() as writing:
            writing.add_source(todo.source, todo.root)
        _settle_encoder(index, encoder_name, encoder)
        skipped = list(todo.skipped)
        wanted = [*todo.add, *todo.change]
        stored = 0
        batch: list[Prepared] = []
        failed: set[str] = set()
        files = [(todo.paths[i], i, todo.source) for i in wanted]
        for done, found in enumerate(spread(_prepared, files, is_many(len(wanted))), 1):
            article_id = wanted[done - 1]
            if isinstance(found, Skipped):
                failed.add(article_id)
                skipped.append(found)
            else:
                batch.append(found)
            if sum(len(each.passages) for each in batch) >= _BATCH:
                stored += _write(index, batch, encoder)
                batch = []
            yield Progress(done, len(wanted), article_id)
        if batch or todo.remove:
            stored += _write(index, batch, encoder, todo.remove)
        with index.store.write() as writing:
            writing.synced(todo.source)
            writing.cut_with(CUTTING)
        refresh(index)
    yield Report(
        todo.source, todo.root, len(set(todo.add) - failed), len(set(todo.change) - failed),
        len(todo.remove), todo.unchanged, stored, tuple(skipped),
    )  # fmt: skip


def add_articles(
    index: Index,
    articles: Iterable[Article],
    encoder: Encoder,
    source: str,
    root: str = "",
    encoder_name: str = BUNDLED,
) -> int:
    """Index articles that are in memory, under a source of that name; the number of passages."""
    stored = 0
    with writer_lock(index.folder):
        index.store.create()
        index.use(encoder)
        with index.store.write() as writing:
            writing.add_source(source, root or source)
            writing.cut_with(CUTTING)
        _settle_encoder(index, encoder_name, encoder)
        batch: list[Prepared] = []
        given = list(articles)
        for found in spread(prepare, given, is_many(len(given))):
            batch.append(found)
            if sum(len(each.passages) for each in batch) >= _BATCH:
                stored += _write(index, batch, encoder)
                batch = []
        if batch:
            stored += _write(index, batch, encoder)
        refresh(index)
    return stored


def _prepared(file: tuple[Path, str, str]) -> Prepared | Skipped:
    """A file (path, article id, source) read and prepared, or why it was not."""
    path, article_id, source = file
    inside = article_id.partition("/")[2]
    try:
        return prepare(read(path.read_bytes(), id=article_id, source=source, path=inside))
    except OSError as error:
        return Skipped(inside, f"cannot be read ({error.strerror})")
    except CorpusError as error:
        return Skipped(inside, str(error))


def _write(
    index: Index, batch: list[Prepared], encoder: Encoder, remove: Iterable[str] = ()
) -> int:
    """Encode a batch and commit it: SQLite first, then Tantivy. The number of passages stored."""
    texts = [encoded_text(each.article, passage) for each in batch for passage in each.passages]
    vectors = encoder.encode_documents(texts)
    items, first = [], 0
    for each in batch:
        last = first + len(each.passages)
        items.append(Indexed(each.article, each.passages, vectors[first:last]))
        first = last
    with index.store.snapshot() as before:
        terms = index.term_view()
        bring_up(terms, before)
    with index.store.write() as writing:
        gone = writing.remove([*(each.article.id for each in batch), *remove])
        added = writing.put(items, encoder.fingerprint)
    analysed = (document for each in batch for document in each.terms)
    documents = (
        (number, passage.language, document)
        for (number, (_, passage)), document in zip(added.items(), analysed, strict=True)
    )
    terms.update(writing.generation, documents, gone)
    return len(added)


def encoded_text(article: Article, passage: Passage) -> str:
    """What is encoded for a passage: title and heading count as part of it."""
    return "\n".join(part for part in (article.title, passage.heading, passage.text) if part)


def _settle_encoder(index: Index, name: str, encoder: Encoder) -> None:
    """Name the encoder of a new index. A different one is refused here: that is `reencode`'s work."""
    with index.store.snapshot() as snapshot:
        if snapshot.fingerprint == encoder.fingerprint:
            return
        if snapshot.fingerprint is not None:
            raise StoreError(
                "this index was made with another encoder: run `rag index` with no path first"
            )
    with index.store.write() as writing:
        writing.use_encoder(name, encoder.fingerprint)


def refresh(index: Index) -> None:
    """Bring the lexical view to the store's generation; rewrite the FAISS file if enough has changed."""
    with index.store.snapshot() as snapshot:
        terms, vectors = index.views(snapshot)
        bring_up(terms, snapshot)
        if vectors.file_generation < 0 or vectors.behind > max(
            _SAVE_LEAST, _SAVE_SHARE * len(vectors)
        ):
            vectors.save(snapshot)


def forget(index: Index, source: str) -> int:
    """Take a source out again; the number of articles it had. Raises StoreError for an unknown one."""
    with index.store.snapshot() as snapshot:
        known = {found.name: found.articles for found in snapshot.sources()}
        if source not in known:
            names = ", ".join(known) or "none"
            raise StoreError(f"there is no source named {source}; there are: {names}")
    with writer_lock(index.folder):
        with index.store.write() as writing:
            writing.remove_source(source)
        with index.store.snapshot() as snapshot:
            terms, _ = index.views(snapshot)
            bring_up(terms, snapshot)
    return known[source]


def reencode(index: Index, name: str, encoder: Encoder) -> Iterator[Progress]:
    """Vectors of another encoder for everything stored, from the store's own text.

    The index goes on answering with the old vectors until the new ones are complete; stopped
    half-way it goes on from there the next time.
    """
    with writer_lock(index.folder):
        with index.store.snapshot() as snapshot:
            total = snapshot.counts()["passages"]
        done = 0
        while True:
            with index.store.snapshot() as snapshot:
                block = snapshot.unencoded(encoder.fingerprint, _BATCH)
            if not block:
                break
            texts = [
                "\n".join(part for part in (p.title, p.heading, p.text) if part) for p in block
            ]
            vectors = encoder.encode_documents(texts)
            with index.store.write() as writing:
                writing.add_vectors(encoder.fingerprint, [p.id for p in block], vectors)
            done += len(block)
            yield Progress(done, total, block[-1].article_id, "passages")
        with index.store.write() as writing:
            writing.use_encoder(name, encoder.fingerprint)
            writing.drop_other_vectors(encoder.fingerprint)
        index.use(encoder)
        refresh(index)
