"""Questions that need two facts or more: what is asked of each of two things, and what is asked in one
breath, as questions of their own."""

import re

from corpus.text import language
from rag.courtesy import asking
from rag.events import Turn
from rag.followup import standalone

_LONGEST = 40
_KOREAN_CUE = re.compile(
    r"비교|차이|각각|어느\s?(?:쪽|것|모델|회사|게)|중(?:에서?)?\s(?:어느|무엇|뭐|뭘|누가|어디)|둘\s?중|더\s"
)
_KOREAN = re.compile(
    rf"^(?P<a>[^,?]{{1,{_LONGEST}}}?)(?:이랑|하고|와|과|랑|,)\s+(?P<b>[^,?]{{1,{_LONGEST}}}?)"
    r"(?:의|은|는|이|가|을|를|\s중에서?|\s중)\s(?P<rest>.+)$"
)
_KOREAN_ENDING = re.compile(
    r"(?:을|를|은|는|이|가)?\s*(?:서로\s*)?(?:비교|차이|각각|어느\s?쪽|어느\s?것|어느\s?게|둘\s?중|더\s).*$"
)
_KOREAN_WHICH = re.compile(r"(?:^|\s)(?:뭐|무엇|누|누구|어디|어느\s?\S+)[가이]?$")
# An amount is asked for where no question word says so: `매개변수 수를 비교해줘`.
_AMOUNT = re.compile(r"(?:수|크기|값|가격|점수|비율|규모|길이|금액|개수|요금)$")
_ENGLISH = (
    re.compile(
        r"^(?:please\s)?(?:can you\s)?compare\s(?:the\s)?(?P<rest>.+)\s(?:of|for|between|in)\s(?P<a>.+?)\s(?:and|with|to|versus|vs\.?)\s(?P<b>.+)$",
        re.I,
    ),
    re.compile(
        r"^(?:please\s)?(?:can you\s)?compare\s(?P<a>.+?)\s(?:and|with|to|versus|vs\.?)\s(?P<b>.+?)(?:\s(?:in|by|on)\s(?:their\s|the\s)?(?P<rest>.+))?$",
        re.I,
    ),
    re.compile(
        r"difference\s(?:in\s(?P<rest>.+?)\s)?between\s(?P<a>.+?)\sand\s(?P<b>.+)$", re.I
    ),
    re.compile(r"^which\s(?P<rest>.+?)[,:]\s(?P<a>.+?)\sor\s(?P<b>.+)$", re.I),
    re.compile(
        r"^(?P<rest>how many .+?|what .+?|when) (?P<helper>do|does|did|were|was|are|have|has) (?:both )?(?P<a>.+?) and (?P<b>.+?) (?P<tail>have|cost|use|released?|come out|published)$",
        re.I,
    ),
)  # fmt: skip


_ARTICLE = re.compile(r"^(?:the|of|those of)\s", re.I)
_COUNTED = re.compile(r"^(?:the )?number of (.+)$", re.I)
# What a comparative asks for when it names no attribute.
_KOREAN_MORE = (
    (re.compile(r"크|큰|커|작"), "크기는 얼마인가?"),
    (re.compile(r"비싸|비싼|싸|싼|저렴"), "가격은 얼마인가?"),
    (re.compile(r"먼저|늦게|일찍|오래"), "공개일은 언제인가?"),
    (re.compile(r"빠르|빠른|빨라|느리|느린"), "속도는 얼마인가?"),
    (re.compile(r"높|낮"), "점수는 얼마인가?"),
    (re.compile(r"많|적"), "수는 얼마인가?"),
)
_ENGLISH_MORE = (
    (re.compile(r"\b(?:larger|bigger|smaller|size)\b", re.I), "How large is {name}?"),
    (
        re.compile(r"\b(?:cheaper|dearer|more expensive|price|cost)\b", re.I),
        "How much does {name} cost?",
    ),
    (
        re.compile(r"\b(?:newer|older|earlier|later|first|release)\b", re.I),
        "When did {name} come out?",
    ),
    (re.compile(r"\b(?:faster|slower)\b", re.I), "How fast is {name}?"),
)


# A helping verb as it stands with one of the two.
_OF_ONE = {"do": "does", "were": "was", "are": "is", "have": "has"}


_MOST = 3
# Two questions in one sentence: what else is asked follows the whole of the first.
_ENGLISH_TOO = re.compile(
    r"^(?P<first>(?:(?:in|at|on|to|for) )?(?:wh(?:o|en|ere|at|y|ich)|how)\b.{8,}?),? and (?P<second>(?:(?:in|at|on) )?(?:wh(?:o|en|ere|at|y)"
    r"|how(?: (?:many|much|big|large|long|old|far|fast))?)\b.*)$",
    re.I,
)
_ENGLISH_WORD = re.compile(
    r"^(?:(?:in|at|on|to|for) )?(?:who|when|where|why|what|how(?: (?:many|much|big|large|long|old|far|fast))?)\b",
    re.I,
)
_KOREAN_TOO = re.compile(
    r"^(?P<first>.*(?:누구|누가|언제|어디|몇|얼마|뭐|뭘|무엇|무슨|어떤|왜)\S*(?:\s\S{1,8}){0,3}?(?:(?<!\s사)(?<![최참광])고|이며))[\s,]+"
    r"(?P<second>.*(?:누구|누가|언제|어디|몇|얼마|뭐|뭘|무엇|무슨|어떤|왜|어떻게).*)$"
)


def facets(question: str) -> tuple[str, ...]:
    """Stand-alone questions, in order: two for a comparison of two things, one for each that is asked in
    one breath, three at most; none for any other."""
    return _compared(question) or _several(question)


def _several(question: str) -> tuple[str, ...]:
    """The questions of a text that asks more than one, each with what the one before it is about."""
    parts = [part for whole in asking(question) for part in _both(whole)]
    if not 2 <= len(parts) <= _MOST:
        return ()
    earlier: list[Turn] = []
    alone = list[str]()
    for part in parts:
        alone.append(standalone(part, earlier))
        earlier.append(Turn(alone[-1], ""))
    return tuple(alone)


def _both(question: str) -> list[str]:
    """The two questions of one sentence, or the sentence."""
    if language(question) == "ko":
        found = _KOREAN_TOO.match(question)
        return [found["first"], found["second"]] if found else [question]
    found = _ENGLISH_TOO.match(question.rstrip("?. "))
    about = _ENGLISH_WORD.sub("", found["first"]).strip() if found else ""
    if not found or " " not in about:
        return [question]
    first, second = found["first"], found["second"]
    if _ENGLISH_WORD.fullmatch(second):  # of the same
        second = f"{second} ({about})"
    return [f"{first}?", f"{second}?"]


def _compared(question: str) -> tuple[str, ...]:
    """Two questions for a comparison of two things."""
    asked = " ".join(question.split()).rstrip("?？.!")
    if _KOREAN_CUE.search(asked) and (found := _KOREAN.match(asked)):
        return tuple(_korean(found[name].strip(), found["rest"]) for name in ("a", "b"))
    for pattern in _ENGLISH:
        if found := pattern.search(asked):
            parts = found.groupdict(default="")
            names = (_ARTICLE.sub("", parts[name].strip()) for name in ("a", "b"))
            return tuple(
                _english(
                    name, parts["rest"].strip(), parts.get("helper", ""), parts.get("tail", "")
                )
                for name in names
            )
    return ()


def _korean(name: str, rest: str) -> str:
    if about := _KOREAN_WHICH.sub("", _KOREAN_ENDING.sub("", rest)).strip():
        return f"{name}의 {about}{'는 얼마인가?' if _AMOUNT.search(about) else '?'}"
    more = rest.partition("더 ")[2]
    ending = next((text for pattern, text in _KOREAN_MORE if more and pattern.search(more)), None)
    return f"{name}의 {ending}" if ending else f"{name}?"


def _english(name: str, rest: str, helper: str, tail: str) -> str:
    for pattern, whole in _ENGLISH_MORE:
        if pattern.search(rest):
            return whole.format(name=name)
    if counted := _COUNTED.match(rest):
        return f"How many {counted[1]} does {name} have?"
    if rest and not tail:
        return f"What is the {rest} of {name}?"
    helper = _OF_ONE.get(helper.lower(), helper)
    return " ".join(part for part in (rest, helper, name, tail) if part) + "?"
