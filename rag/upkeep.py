"""Keeping the index of a home folder: syncing paths, forgetting sources, telling its state."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import corpus
from corpus.errors import CorpusError, RagError
from index import sync
from index.encoder import BUNDLED
from index.search import Index
from index.store import Source
from index.sync import SAMPLES, Plan, Progress, Report, Root
from index.terms import TermView
from rag.home import load_encoder, open_index
from rag.settings import Settings

SAMPLE_FOLDER = Path(corpus.__file__).parent / "articles"


@dataclass(frozen=True, slots=True)
class Missing:
    """A root that was not synced, and why; what was indexed from it stays."""

    root: str
    reason: str


Step = Plan | Progress | Report | Missing


def sync_paths(
    folder: Path,
    settings: Settings,
    paths: Sequence[str],
    *,
    rebuild: bool = False,
    dry: bool = False,
) -> Iterator[Step]:
    """Sync files and folders, or with no path all known sources (the samples when there are none).

    For each root a Plan, then Progress, then a Report (a Missing instead when it cannot be read);
    before the first, Progress in passages when the settings name another encoder than before.
    `dry` stops after the plans. `rebuild` makes a new index beside the old one and puts it in its
    place at the end. Raises RagError.
    """
    index = open_index(folder)
    known = _sources(index, rebuild=rebuild)
    roots = _roots(paths, known)
    if rebuild and not dry:
        yield from _rebuild(
            index, settings, [*_roots([], known), *roots] if paths and known else roots
        )
        return
    if not dry:
        yield from _renew(index, settings)
    read = 0
    for root in roots:
        for step in _sync(index, settings, root, dry=dry):
            if isinstance(step, Report) and step.source != SAMPLES:
                read += step.added + step.changed + step.unchanged
            yield step
    if read and paths and any(source.name == SAMPLES for source in known):
        sync.forget(index, SAMPLES)


def _rebuild(index: Index, settings: Settings, roots: Sequence[Root | Missing]) -> Iterator[Step]:
    """A new index beside the old one; what cannot be read now is carried over from the old."""
    fresh = Index(index.folder.with_name("index.part"), load_encoder)
    shutil.rmtree(fresh.folder, ignore_errors=True)
    done: set[str] = set()
    unread: list[str] = []
    for root in roots:
        if isinstance(root, Missing):
            yield root
            continue
        if str(root.path) in done:
            continue
        done.add(str(root.path))
        for step in _sync(fresh, settings, root, dry=False):
            if isinstance(step, Report):
                unread += [f"{step.source}/{skip.path}" for skip in step.skipped]
            yield step
    missing = {root.root for root in roots if isinstance(root, Missing)}
    _carry_over(index, fresh, settings, missing, tuple(unread))
    if fresh.store.exists():
        _swap(index.folder, fresh.folder)


def _carry_over(
    old: Index, new: Index, settings: Settings, missing: set[str], unread: tuple[str, ...]
) -> None:
    """Articles of roots that are missing and files that were skipped, from the old store's text."""
    if not old.store.exists() or not (missing or unread):
        return
    encoder = load_encoder(settings.encoder)
    with old.store.snapshot() as snapshot:
        for source in snapshot.sources():
            ids = [
                i
                for i in snapshot.digests(source.name)
                if source.root in missing or i.startswith(unread)
            ]
            articles = (found for i in ids if (found := snapshot.article(i)))
            if ids:
                sync.add_articles(
                    new, articles, encoder, source.name, source.root, settings.encoder
                )


def _sync(index: Index, settings: Settings, root: Root | Missing, *, dry: bool) -> Iterator[Step]:
    if isinstance(root, Missing):
        yield root
        return
    if index.store.exists():
        with index.store.snapshot() as snapshot:
            todo = sync.plan(snapshot, root)
    else:
        todo = sync.plan(None, root)
    yield todo
    if dry:
        return
    encoder = load_encoder(settings.encoder)
    index.use(encoder)
    yield from sync.apply(index, todo, settings.encoder, encoder)


def _renew(index: Index, settings: Settings) -> Iterator[Progress]:
    """New vectors from the stored text when the settings name another encoder; no file is read."""
    if not index.store.exists():
        return
    encoder = load_encoder(settings.encoder)
    with index.store.snapshot() as snapshot:
        made_with = snapshot.fingerprint
    if made_with not in (None, encoder.fingerprint):
        yield from sync.reencode(index, settings.encoder, encoder)


def _sources(index: Index, *, rebuild: bool) -> list[Source]:
    if not index.store.exists():
        return []
    try:
        with index.store.snapshot() as snapshot:
            return snapshot.sources()
    except RagError:
        if rebuild:
            return []
        raise


def _roots(paths: Sequence[str], known: list[Source]) -> list[Root | Missing]:
    """What to sync. A path given must exist; a source known from before may be missing for now."""
    if paths:
        chosen: list[Root | Missing] = []
        for path in paths:
            if path.startswith(("http://", "https://")):
                raise CorpusError(
                    f"{path}: pages are not fetched yet; save the page as HTML and index the file"
                )
            chosen.append(sync.locate(Path(path), known))
        return chosen
    if not known:
        return [Root(SAMPLES, SAMPLE_FOLDER, SAMPLE_FOLDER)]
    return [
        Root(source.name, Path(source.root), Path(source.root))
        if Path(source.root).exists()
        else Missing(source.root, "is not there now; what was indexed from it is kept")
        for source in known
    ]


def _swap(old: Path, new: Path) -> None:
    aside = old.with_name("index.old")
    shutil.rmtree(aside, ignore_errors=True)
    if old.exists():
        old.rename(aside)
    new.rename(old)
    shutil.rmtree(aside, ignore_errors=True)


def forget(folder: Path, source: str) -> int:
    """Take a source out again; the number of articles it had."""
    return sync.forget(open_index(folder), source)


@dataclass(frozen=True, slots=True)
class Status:
    """What is indexed and how healthy it is; `problems` is empty when all is well."""

    home: str
    sources: tuple[Source, ...]
    counts: dict[str, int]
    encoder: str | None
    generation: int
    terms_generation: int
    vectors_on_disk: bool
    bytes: int
    problems: tuple[str, ...]


def status(folder: Path) -> Status:
    """The state of the index. Raises IndexMissing when there is none."""
    index = open_index(folder)
    problems: list[str] = []
    with index.store.snapshot() as snapshot:
        if found := snapshot.check():
            problems.append(f"the database is damaged ({found}): run `rag index --rebuild`")
        if (
            snapshot.encoder == BUNDLED
            and load_encoder(BUNDLED).fingerprint != snapshot.fingerprint
        ):
            problems.append(
                "the index was made with another version of the encoder: run `rag index`"
            )
        terms = TermView(index.folder / "terms")
        if terms.generation != snapshot.generation:
            problems.append(
                "the lexical view is behind: it catches up with the next question or sync"
            )
        sources = tuple(snapshot.sources())
        problems += [
            f"{source.root} (source {source.name}) is not there now"
            for source in sources
            if not Path(source.root).exists()
        ]
        size = sum(file.stat().st_size for file in index.folder.rglob("*") if file.is_file())
        return Status(
            str(folder), sources, snapshot.counts(), snapshot.encoder, snapshot.generation,
            terms.generation, (index.folder / "vectors.faiss").exists(), size, tuple(problems),
        )  # fmt: skip
