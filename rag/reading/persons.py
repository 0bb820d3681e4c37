"""Persons of a sentence: in English by their capitals, in Korean by the titles that follow their names."""

import re
from collections.abc import Iterator

from corpus.article import Language
from index.names import heads, stems
from index.translation import word_translations

_TITLE = re.compile(
    r"(?<=[가-힣A-Za-z] )(?:[가-힣]{0,4}(?:대표|원장|교수|회장|박사|장관|감독|위원장|소장|총장|사장|이사|상무|전무|지부장|시장|의원|팀장|단장|센터장|본부장|작가|기자"
    r"|선수|변호사|과장|부장|국장|실장|대통령|총리|의장|연구원|최고경영자|책임자)|씨)"
    r"(?=(?:은|는|이|가|을|를|의|에게|에|와|과|도|로|께서|입니다|였|이다|다)?(?:[^\w]|$))"
)
_WORD = re.compile(r"(?<![가-힣])[가-힣]+(?![가-힣])")
# A family name and two syllables.
_KOREAN = re.compile(
    "[김이박최정강조윤장임한오서신권황안송류유홍전고문양손배백허남심노하곽성차주우구민나진지엄채원천방공현함변염여추도소석선설마길연표명기왕금옥육인맹"
    "모탁국어은편용라량려리림반봉부빈사상순승시아예온위음이자제태피필형호화][가-힣]{2}"
)
# A foreign name may be of two words, the first of which is not one with a particle.
_FOREIGN = re.compile(
    r"(?<![가-힣])(?:[가-힣]{0,5}[^\W은는이가을를의에인한운] )?[가-힣]{1,5}[^\W은는을를의에와과도로인] $"
)
_LATIN = re.compile(r"(?:(?<![\w'-])[A-Z][A-Za-zÀ-ɏ'-]*\.? ){2,3}$")
_NO_NAME = frozenset(
    "올해 지난해 작년 내년 지난 이번 당시 현재 최근 신임 초대 전임 후임 공동 국내 해외 해당 담당 우리".split()
)
_REACH = 24
_MEANS = 0.25  # so sure is the table of a word that is one
# A name of two words or more inside an English sentence, and a capital that may begin one.
NAMES = re.compile(r"(?<=[a-z,;] )[A-Z][\w'-]+(?: (?:of|de|van|the) )?(?: [A-Z][\w'-]+)+")
_CAPITAL = re.compile(r"(?<=\S )[A-Z][a-z]|^[A-Z]\w+ [A-Z]")
_PERSON = re.compile(r"대표|원장|교수|회장|창업자|박사|장관|사람은|이끄|이끈|세운|씨[가는]|CEO")


def names_someone(text: str, language: Language) -> bool:
    """Whether a sentence likely names a person."""
    if language == "en":
        return NAMES.search(text) is not None
    return _PERSON.search(text) is not None or any(titled(text))


def names_nobody(text: str, language: Language) -> bool:
    """Whether a sentence can hardly name a person: no capital inside an English one, in a Korean one no
    title, and no word that may be a Korean's whole name."""
    if language == "en":
        return _CAPITAL.search(text) is None
    words = (stems(word)[-1] for word in _WORD.findall(text))
    return not names_someone(text, "ko") and not any(map(_is_name, words))


def titled(text: str) -> Iterator[tuple[int, int]]:
    """Where the names stand that a title follows, the place where its bearer works perhaps between."""
    for title in _TITLE.finditer(text):
        first = max(0, title.start() - _REACH)
        before = list(_WORD.finditer(text, first, title.start()))[-3:]
        name = next((word for word in reversed(before) if _is_name(word.group())), None)
        if name:
            yield name.span()
            continue
        found = _LATIN.search(text, first, title.start())
        found = found or _FOREIGN.search(text, first, title.start())
        if found and _NO_NAME.isdisjoint(found.group().split()):
            yield found.start(), found.end() - 1


def _is_name(word: str) -> bool:
    """Whether a word may be a Korean's whole name, and is neither a common noun nor a verb."""
    return bool(
        _KOREAN.fullmatch(word)
        and word[-1] not in "다요"
        and not any(weight >= _MEANS for group in word_translations(word) for _, weight in group)
        and not heads(word)
    )
