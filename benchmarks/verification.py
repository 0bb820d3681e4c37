"""Support of sentences: `python -m benchmarks.verification DATA [--tuning] [--limit N] [--save]`.

Statements join a question and its answer in words of their own; the evidence is the right
paragraph. A true one should be `supported`; with a number, a date or a name swapped it should not.
Half of all statements (by hash) is tuned on with `--tuning`, the other half is what is reported.
"""

import argparse
import hashlib
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks import tasks
from corpus.article import Article
from index.numbers import Quantity, quantities
from index.search import Hit, Index
from index.sync import add_articles
from rag.home import load_encoder
from rag.support import Verifier

RESULTS = Path(__file__).parent / "results"
OTHER, INSIDE = "another value", "of the passage"


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim about one article; `swap` says what was made false in it ("" when it is true)."""

    text: str
    hit: Hit
    swap: str = ""

    @property
    def tuning(self) -> bool:
        return hashlib.sha256(self.hit.article_id.encode()).digest()[2] % 2 == 0


def hit_of(article: Article) -> Hit:
    """A whole article as a passage found."""
    return Hit(
        0, article.id, article.title, article.language, article.source, article.published, None,
        None, 0, len(article.text), article.text, 1.0, 1, 1,
    )  # fmt: skip


# --- English: declarative sentences for the questions whose parts a pattern tells apart ----------

_PAST = dict(
    pair.split(":")
    for pair in ["begin:began", "become:became", "come:came", "go:went", "take:took", "give:gave", "get:got", "make:made", "find:found", "win:won", "lose:lost", "leave:left", "fall:fell", "hold:held", "build:built", "write:wrote", "meet:met", "see:saw", "have:had", "rise:rose", "grow:grew", "lead:led", "send:sent", "sell:sold", "buy:bought", "teach:taught", "fight:fought", "fly:flew", "break:broke", "choose:chose", "run:ran", "say:said", "think:thought", "bring:brought", "keep:kept", "spend:spent", "know:knew", "draw:drew", "speak:spoke"]
)
_DONE = r"(?:\w+ed|built|born|held|known|written|made|found|sent|sold|given|taken|won|lost|led|set)"
_SUBJECT = r"(?P<s>(?:(?:the|a|an|his|her|its|their) )?(?:[\w'’-]+ ){0,4}?(?:[\w'’-]+))"
_WHEN = r"(?:when|(?:in|on) (?:what|which) (?:year|date|month|decade|century|day))"
_WHERE = r"(?:where|in (?:what|which) (?:city|country|state|town|place|area|region))"
_REST = r"(?: (?:in|by|at|on|to|as|from|into|under|over|with|for)\b.*)?"
_SIMPLE = (
    (re.compile(rf"{_WHEN} (?P<be>was|were) {_SUBJECT} (?P<v>{_DONE}{_REST})", re.I), "{s} {be} {v} {at}"),
    (re.compile(rf"{_WHERE} (?P<be>was|were|is|are) {_SUBJECT} (?P<v>{_DONE}|located)", re.I), "{s} {be} {v} {at}"),
    (re.compile(r"what (?P<be>is|was|are|were) (?P<s>the \w+ of .+)", re.I), "{s} {be} {a}"),
    (re.compile(r"what (?P<be>is|was|are|were) (?P<s>.+?) (?P<v>called|named|known as)", re.I), "{s} {be} {v} {a}"),
    (re.compile(r"what (?:percentage|percent) of (?P<s>.+?) (?P<v>(?:is|are|was|were|has|have|had) .+)", re.I),
     "{a} of {s} {v}"),
    (re.compile(r"how many (?P<s>(?!.*\b(?:does|do|did)\b)[\w -]+?) (?P<v>(?:are|were|have|had|was) (?!.*\b(?:does|do|did)\b).+)", re.I), "{a} {s} {v}"),
    (re.compile(r"who (?P<v>(?:was|is|were|had|has) [^?]+)", re.I), "{a} {v}"),
    (re.compile(r"(?:who|which (?:country|company|city|king|emperor|treaty|organization)) "
                r"(?P<v>(?!did|does|do|can|was|is|were|are)\w+(?:ed|s|t) [^?]+|(?:led|won|wrote|built|made) [^?]+)", re.I),
     "{a} {v}"),
)  # fmt: skip
_DID = re.compile(rf"(?P<w>{_WHEN}|{_WHERE}|who|what|how many (?P<n>[\w-]+)) did (?P<r>.+)", re.I)
_PREPOSITION = re.compile(
    r"(?:in|on|at|by|from|to|since|during|after|before|between|around|about|near)\b", re.I
)
_DANGLING = re.compile(r"\b(?:by|of|in|to|for|with|from|on|at|as|into)$")
_NAMES = re.compile(r"\b[A-Z][\w’-]+(?: (?:of |de |the )?[A-Z][\w’-]+)*")


def english(question: str, answer: str, verbs: frozenset[str]) -> str | None:
    """A statement for the question and its answer, or None where no pattern fits cleanly."""
    asked = " ".join(question.split()).rstrip("?. ")
    if len(answer.split()) > 6 or _DANGLING.search(asked):
        return None
    for pattern, frame in _SIMPLE:
        if match := pattern.fullmatch(asked):
            at = _placed(answer)
            if at or "{at}" not in frame:
                return _sentence(frame.format(a=answer, at=at, **match.groupdict()))
            return None
    if (match := _DID.fullmatch(asked)) and (split := _split(match["r"], verbs)):
        subject, verb, rest = split
        kind = match["w"].lower()
        if kind in ("who", "what") or match["n"]:
            clean = not rest or _PREPOSITION.match(rest)
            return (
                _sentence(f"{subject} {verb} {answer} {match['n'] or ''} {rest}") if clean else None
            )
        at = _placed(answer)
        return _sentence(f"{subject} {verb} {rest} {at}") if at else None
    return None


def _split(text: str, verbs: frozenset[str]) -> tuple[str, str, str] | None:
    """`the king found the city` as subject, past tense and rest; the verb by its known past forms."""
    words = text.split()
    for place in range(1, min(len(words), 7)):
        word, before = words[place], words[place - 1].lower()
        past = _PAST.get(word, f"{word}d" if word.endswith("e") else f"{word}ed")
        if word.endswith("y") and word[-2:-1] not in "aeou":
            past = f"{word[:-1]}ied"
        if word.islower() and (word in _PAST or past in verbs) and before not in (
            "the", "a", "an", "of", "his", "her", "its", "their", "in", "and", "many", "to",
        ):  # fmt: skip
            return " ".join(words[:place]), past, " ".join(words[place + 1 :])
    return None


def _placed(answer: str) -> str:
    """The answer as a time or a place; nothing for one that is neither a value nor a name."""
    if _PREPOSITION.match(answer):
        return answer
    if not re.search(r"[A-Z\d]", answer):
        return ""
    day = any(q.kind == "date" and len(q.value) > 7 for q in quantities(answer))
    return f"{'on' if day else 'in'} {answer}"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return f"{text[0].upper()}{text[1:]}."


# --- Korean: the question's own noun with the answer as its predicate ------------------------------

_ASKS = re.compile(
    r"(?P<s>.*[가-힣\w)’'\"》>](?:은|는)) ?(?:누구|무엇|언제|어디|얼마|몇 ?(?:년|명|개|월|세|위|살|번)(?:도|째)?)?"
    r" ?(?:인가|인가요|일까|일까요|입니까|이었나|였나|였는가|이었는가|이었습니까|이며|이지|야)?\s*\?"
)
_ENDING = re.compile(r"(?<=[\d%년월일명개])(?:이다|이라고|에서|으로|에|까지|을|를|의|가|이)$")


def korean(question: str, answer: str) -> str | None:
    """`…은?` with its answer as one sentence, or None for other questions and long answers."""
    match = _ASKS.fullmatch(" ".join(question.split()))
    answer = _ENDING.sub("", answer.strip(" .'\""))
    if (
        not match
        or not answer
        or len(answer.split()) > 4
        or not (answer[-1].isalnum() or answer[-1] in "%)")
    ):
        return None
    return f"{match['s']} {answer}{_copula(answer)}."


def _copula(answer: str) -> str:
    last = ord(answer[-1]) - 0xAC00
    return "다" if 0 <= last < 11172 and last % 28 == 0 else "이다"


# --- False ones ---------------------------------------------------------------------------------


def _pick(options: Sequence[str], key: str) -> str | None:
    """One of the options, always the same for the same key."""
    ordered = sorted(set(options))
    return (
        ordered[int(hashlib.sha256(key.encode()).hexdigest(), 16) % len(ordered)]
        if ordered
        else None
    )


def _value(text: str, quantity: Quantity, key: str) -> str:
    """The same kind of value written the same way: every number in it becomes another."""
    surface = text[quantity.start : quantity.end]
    place = int(hashlib.sha256(key.encode()).hexdigest(), 16)
    group = max(re.finditer(r"\d+", surface), key=lambda m: len(m.group()), default=None)
    if group is None:
        return ""
    old = int(group.group())
    year = quantity.kind == "date" and old >= 1000
    step = 1 + place % (40 if year else max(2, old // 2) if old > 9 else 6)
    new = old - step if old > 60 and place % 3 else old + step
    digits = str(new).zfill(len(group.group())) if quantity.kind != "date" else str(new)
    return surface[: group.start()] + digits + surface[group.end() :]


def numbers(text: str, hit: Hit) -> Iterator[Statement]:
    """The claim with one value changed, and with one that the same passage gives for another thing."""
    own = quantities(text)
    mine = {q.value for q in own}
    for quantity in own[-1:]:
        kind = "date" if quantity.kind == "date" else "number"
        values = [
            q for q in quantities(hit.text) if q.kind == quantity.kind and q.value not in mine
        ]
        written = [hit.text[q.start : q.end] for q in values if len(q.value) == len(quantity.value)]
        inside = [w for w in written if w[0].isdigit() == text[quantity.start].isdigit()]
        known = {q.value for q in quantities(hit.text)}
        for where, new in ((OTHER, _value(text, quantity, text)), (INSIDE, _pick(inside, text))):
            changed = f"{text[: quantity.start]}{new}{text[quantity.end :]}"
            made = {q.value for q in quantities(changed)} - mine
            if new and made and (where == INSIDE or not made & known):
                yield Statement(changed, hit, f"{kind}, {where}")


def names_in(text: str, common: frozenset[str]) -> list[re.Match[str]]:
    """Runs of capitalised words that are no words which the collection also writes small."""
    return [m for m in _NAMES.finditer(text) if not {w.lower() for w in m.group().split()} & common]


def english_names(
    text: str, hit: Hit, names: Sequence[str], common: frozenset[str]
) -> Iterator[Statement]:
    """The claim with one name exchanged for one of another passage, and for one of its own."""
    own = [m for m in names_in(text, common) if m.group() in hit.text]
    if not own:
        return
    name = own[int(hashlib.sha256(text.encode()).hexdigest(), 16) % len(own)]
    length = len(name.group().split())
    there = [m.group() for m in names_in(hit.text, common)]
    inside = [n for n in there if n not in text and len(n.split()) == length]
    around = hit.text + hit.title + text
    outside = [n for n in names if len(n.split()) == length and n not in around]
    for where, new in ((OTHER, _pick(outside, text)), (INSIDE, _pick(inside, text))):
        if new:
            yield Statement(text[: name.start()] + new + text[name.end() :], hit, f"name, {where}")


# --- The sets -----------------------------------------------------------------------------------


def english_set(data: Path) -> list[Statement]:
    task = tasks.squad(data)
    articles = {a.id: a for a in task.articles}
    whole = "\n".join(a.text for a in task.articles)
    common = frozenset(re.findall(r"\b[a-z’-]+\b", whole))
    verbs = frozenset(word for word in common if word.endswith("ed"))
    found = Counter(m.group() for m in names_in(whole, common))
    names = [name for name, count in found.items() if count > 1 and len(name) > 3]
    made = []
    for question in task.questions:
        hit = hit_of(articles[question.gold])
        text = english(question.text, question.answers[0], verbs)
        if text and text not in hit.text:
            swapped = english_names(text, hit, names, common)
            made += [Statement(text, hit), *numbers(text, hit), *swapped]
    return made


def korean_set(data: Path) -> list[Statement]:
    """Both halves of the Korean titles: nothing is learned from them but the weights' tuning half."""
    made: list[tuple[str, str, str, Hit]] = []
    for report in (True, False):
        task = tasks.korean(data, report=report)
        articles = {a.id: a for a in task.articles}
        for question in task.questions:
            hit = hit_of(articles[question.gold])
            if text := korean(question.text, question.answers[0]):
                made.append((text, question.answers[0], _noun(text), hit))
    kinds: dict[str, list[str]] = {}
    for _, answer, noun, _ in made:
        if not quantities(answer):
            kinds.setdefault(noun, []).append(answer)
    found = []
    of = {answer: noun for noun, answers in kinds.items() for answer in answers if len(answer) > 2}
    for text, answer, noun, hit in made:
        found += [Statement(text, hit), *numbers(text, hit)]
        for name in [n for n in of if n in hit.text and re.search(rf"(?<![가-힣]){re.escape(n)}", text) and n != answer][:1]:
            others = [a for a in kinds[of[name]] if a not in hit.text and a not in text and len(a) > 2]
            if new := _pick(others, text):
                found.append(Statement(text.replace(name, new, 1), hit, f"name of the question, {OTHER}"))
        others = [
            a
            for a in kinds.get(noun, ())
            if a not in hit.text and a not in text and answer not in a
        ]
        if not quantities(answer) and (new := _pick(others, text)):
            head = text[: text.rindex(answer.strip(" .'\"")[:2])] if answer[:2] in text else ""
            if head:
                found.append(Statement(f"{head}{new}{_copula(new)}.", hit, f"name, {OTHER}"))
    return found


def _noun(text: str) -> str:
    """The word before the answer: `사람은`, `나라는`. Answers to the same word are of one kind."""
    match = re.search(r"(\S+[은는]) ", text)
    return match[1] if match else ""


def news_set(data: Path) -> list[Statement]:
    """A news sentence as the claim and its translation as the passage, both ways."""
    made = []
    for row in tasks.rows(data, "news_dev"):
        for claim, passage in (("ko", "en"), ("en", "ko")):
            hit, text = hit_of(tasks.article(row[passage])), " ".join(row[claim].split())
            if hit.language != claim and text:
                swapped = [s for s in numbers(text, hit) if s.swap.endswith(OTHER)]
                made += [Statement(text, hit), *swapped]
    return made


# --- Measuring ----------------------------------------------------------------------------------


def thinned(statements: list[Statement], limit: int) -> list[Statement]:
    """About `limit` statements of each kind, spread evenly."""
    kept = []
    for swap in sorted({s.swap for s in statements}):
        kind = [s for s in statements if s.swap == swap]
        kept += kind[:: max(1, len(kind) // limit)]
    return kept


def opened(folder: Path, articles: Sequence[Article], name: str) -> Index:
    """The articles as an index, so that words are as rare as they are in the collection."""
    encoder = load_encoder(name)
    index = Index(folder, lambda _: encoder)
    add_articles(index, articles, encoder, "paragraphs")
    index.search("a", 1)
    return index


def verdicts(verifier: Verifier, statements: Sequence[Statement]) -> dict[str, Counter[str]]:
    """The verdicts for each kind of swap ("" for true statements)."""
    found: dict[str, Counter[str]] = {}
    for statement in statements:
        _, _, score = verifier.evidence(statement.text, statement.hit)
        found.setdefault(statement.swap, Counter())[verifier.support(score)] += 1
    return found


def milliseconds(verifier: Verifier, statements: Sequence[Statement]) -> list[float]:
    """What five sentences over eight passages take, each checked against each, and against two."""
    true = [s for s in statements if not s.swap]
    spent: dict[int, list[float]] = {8: [], 2: []}
    for start in range(0, min(len(true) - 8, 160), 8):
        group = true[start : start + 8]
        for passages, times in spent.items():
            began = time.perf_counter()
            for place, claim in enumerate(group[:5]):
                for step in range(passages):
                    verifier.evidence(claim.text, group[(place + step) % 8].hit)
            times.append(1000 * (time.perf_counter() - began))
    return [statistics.median(times) for times in spent.values()]


def rows_of(name: str, found: dict[str, Counter[str]]) -> list[str]:
    """One table row for each kind of statement, and one for all that were swapped."""
    found = dict(sorted(found.items()))
    for where in (OTHER, INSIDE):
        kinds = [counts for swap, counts in found.items() if swap.endswith(where)]
        if kinds:
            found[f"all, {where}"] = sum(kinds, Counter())
    lines = []
    for swap, counts in found.items():
        total = counts.total()
        cells = " | ".join(f"{counts[v] / total:.3f}" for v in ("supported", "weak", "unsupported"))
        lines.append(f"| {name} | {swap or 'true'} | {total} | {cells} |")
    return lines


SETS: dict[str, Callable[[Path], list[Statement]]] = {
    "squad2 en": english_set,
    "qa_ko": korean_set,
    "news across": news_set,
}


def report(data: Path, encoder: str, *, tuning: bool, limit: int) -> list[str]:
    """The lines of a Markdown table, printed as they are found."""
    lines = [
        "| set | statement | count | supported | weak | unsupported |",
        "|---|---|---|---|---|---|",
    ]
    for name, make in SETS.items():
        statements = make(data)
        articles = {s.hit.article_id: s.hit for s in statements}
        kept = thinned([s for s in statements if s.tuning == tuning], limit)
        with tempfile.TemporaryDirectory() as folder:
            texts = [tasks.article(hit.text, hit.title) for hit in articles.values()]
            index = opened(Path(folder), texts, encoder)
            verifier = Verifier(load_encoder(encoder), index.rarity)
            lines += rows_of(name, verdicts(verifier, kept))
            eight, two = milliseconds(verifier, kept)
            lines.append(
                f"| {name} | five sentences × 8 passages: {eight:.1f} ms, × 2: {two:.1f} ms | | | | |"
            )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--encoder", default="bundled")
    parser.add_argument("--tuning", action="store_true", help="the half that weights are chosen on")
    parser.add_argument("--limit", type=int, default=400, help="about so many statements of a kind")
    parser.add_argument("--save", action="store_true", help="write results/verification.md")
    given = parser.parse_args()
    table = "\n".join(report(given.data, given.encoder, tuning=given.tuning, limit=given.limit))
    print(table)
    if given.save:
        RESULTS.mkdir(exist_ok=True)
        command = f"python -m benchmarks.verification DATA --limit {given.limit}"
        heading = f"# Support of sentences\n\n{date.today()}, `{command}`\n\n"
        (RESULTS / "verification.md").write_text(f"{heading}{table}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
