"""Korean verbs as people type them: which words of a question are one, by their endings.

What a verb says is told in another form by the articles, or in another word; a question's verb that no
article has says nothing about whether they answer it. Only endings that no noun has, with its particles
or without, count; a noun that a light verb follows (시작한대요) is the noun.
"""

import re
from functools import lru_cache


def _closed(final: int) -> str:
    """The syllables that end in a consonant, by its place among the final ones, as a class's ranges."""
    return "".join(chr(0xAC00 + place) for place in range(final, 11_172, 28))


PAST = _closed(20)
"""All syllables that end in ㅆ: those in which a verb of the past ends, and a few others."""
_N, _L, _P = _closed(4), _closed(8), _closed(17)
_JOINED = "어아여해워와려켜져돼봐줘"
# What ends a verb of the present, a clause, or a question; each is longer than what a noun ends in.
_ENDING = re.compile(
    rf"""(?:
    [{PAST}][어다는던고지나니을대네음습으기거더군잖냐었]\S*
    | [{_N}](?:대요|대서|다고|다는|다며|다면|다던|다더니|다니까?|다지|다죠|답니다|단다)(?:요|는|던)?
    | [한된는간온진난준든린긴킨친](?:대|다)
    | (?:[{_P}]|습)니[다까]
    | [가-힣](?<![고배우염격장독반])려(?:면|고|고요|는|던|다가?)
    | [가-힣]{{2}}더(?:니|라|라고|군요?)
    | [가-힣][하되있없치우리기지르오가보주나]던
    | (?:는|은|[한된인간])데(?:요|도)?
    | [가-힣]니까요?
    | [가-힣]{{2}}면서도?
    | [하되없있않이많좋]지만
    | [{_N}{_L}는은을던](?:거|건|걸)(?:야|가|가요|지|지요|죠|데|데요|냐|니|예요|에요|임|든|든요)
    | [가-힣][는은을던진린된한간온난준긴킨]거
    | [가-힣](?:[{_JOINED}]|세|네|나|까|군|래|죠|[은는인한된]가)요
    | [가-힣][{_JOINED}]서
    | [가-힣][어아해워와려켜져돼봐줘]야
    | [가-힣]*[{_JOINED}](?:주(?:는|던|고|나|면|지)|준|줄|달라\S*)
    | [가-힣][는한된할될]지(?:요|는|도|가|를)?
    | [가-힣][져뤄혀겨춰꿔둬눠]
    | [가-힣](?:으|[하되치리키기시우지])면
    | [가-힣][한할될된는]까\S*
    )$""",
    re.X,
)
_COPULA = re.compile(r"^[가-힣]{2,}(?:이었|였|인가|이던)\S*$")
_NO_VERB = frozenset(
    "가운데 한가운데 현대 연대 군대 반대 여야 바다 판다 이면 표면 지면 시위대".split()
)
_LIGHT = re.compile(
    r"^([가-힣]{2,}?)(?:한|하|할|함|해|했|했었|된|되|될|됨|돼|됐|받은|받는|받|시킨|시키|시켰)(?=[가-힣])"
)


@lru_cache(maxsize=1 << 14)
def is_verb(word: str) -> bool:
    """Whether a Hangul word ends as only a verb does, and is none that makes a noun one."""
    return _ends_as_verb(word) and not noun(word) and not _COPULA.match(word)


def _ends_as_verb(word: str) -> bool:
    return word not in _NO_VERB and _ENDING.search(word) is not None


@lru_cache(maxsize=1 << 14)
def noun(word: str) -> str:
    """The noun of two syllables or more that a light verb makes a verb of; of other words nothing."""
    found = _LIGHT.match(word) if _ends_as_verb(word) else None
    return found[1] if found else ""


def verb_stems(word: str) -> list[str]:
    """What may be the stem of a verb: all but its last syllables, never under two, the longest first."""
    return [word[:end] for end in range(len(word), 1, -1)] if is_verb(word) else [word]
