"""Statements that join a question and its answer in words of their own, true ones and false ones.

A false one has a number, a date or a name exchanged: for another value, which the passage does not
hold, or for one that the same passage gives for something else.
"""

import re
from collections import Counter
from pathlib import Path

from benchmarks import tasks
from benchmarks.swaps import OTHER, Statement, english_names, hit_of, names_in, numbers, pick
from index.numbers import quantities
from index.search import Hit

# --- English: declarative sentences for the questions whose parts a pattern tells apart ----------

_PAST = dict(
    pair.split(":")
    for pair in [
        "begin:began",
        "become:became",
        "come:came",
        "go:went",
        "take:took",
        "give:gave",
        "get:got",
        "make:made",
        "find:found",
        "win:won",
        "lose:lost",
        "leave:left",
        "fall:fell",
        "hold:held",
        "build:built",
        "write:wrote",
        "meet:met",
        "see:saw",
        "have:had",
        "rise:rose",
        "grow:grew",
        "lead:led",
        "send:sent",
        "sell:sold",
        "buy:bought",
        "teach:taught",
        "fight:fought",
        "fly:flew",
        "break:broke",
        "choose:chose",
        "run:ran",
        "say:said",
        "think:thought",
        "bring:brought",
        "keep:kept",
        "spend:spent",
        "know:knew",
        "draw:drew",
        "speak:spoke",
    ]
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
        for name in [
            n
            for n in of
            if n in hit.text and re.search(rf"(?<![가-힣]){re.escape(n)}", text) and n != answer
        ][:1]:
            others = [
                a for a in kinds[of[name]] if a not in hit.text and a not in text and len(a) > 2
            ]
            if new := pick(others, text):
                found.append(
                    Statement(text.replace(name, new, 1), hit, f"name of the question, {OTHER}")
                )
        others = [
            a
            for a in kinds.get(noun, ())
            if a not in hit.text and a not in text and answer not in a
        ]
        if not quantities(answer) and (new := pick(others, text)):
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
