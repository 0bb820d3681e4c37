"""Names across scripts: one phonetic key for 미스트랄 and Mistral, 엑사원 and EXAONE.

Both spellings are reduced to the consonants that Korean transliteration keeps apart, so that a
name meets its transliteration as an exact term. The classes follow the loan-word rules of the
National Institute of Korean Language (외래어 표기법): voiced and unvoiced stops fall together, so do
b/p/f/v, r/l and the sibilants; vowels are dropped except for their presence at the start.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from string import ascii_lowercase

_INITIALS = "KKNTTLMPPSS-SSSKTPH"  # ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ
_FINALS = ["", "K", "K", "K", "N", "N", "N", "T", "L", "K", "M", "L", "L", "L", "P", "L",
           "M", "P", "P", "T", "T", "N", "T", "T", "K", "T", "P", ""]  # fmt: skip

# Longest first; a tuple lists alternatives. "^" in front of a spelling means at the word's start.
_LATIN: dict[str, tuple[str, ...]] = {
    "tsch": ("S",), "sch": ("S", "SK"), "tch": ("S",), "chr": ("KL",), "ght": ("T",), "^kn": ("N",),
    "^wr": ("L",), "^nv": ("ANP", "NP"), "^ps": ("S",), "^x": ("S", "KS"), "^gn": ("N",), "^pf": ("P",),
    "ch": ("S", "K"), "ck": ("K",), "cq": ("K",), "cc": ("K", "KS"), "ph": ("P",), "sh": ("S",),
    "th": ("T", "S"), "tz": ("S",), "ts": ("S",), "ds": ("S",), "dg": ("S",), "dj": ("S",),
    "qu": ("K",), "gh": ("", "K"), "gu": ("K",), "wh": ("H", ""), "rh": ("L",), "kh": ("K", "H"),
    "nge": ("NS",), "ng": ("N", "NK"), "tion": ("SN",), "mb$": ("M", "MP"), "sc": ("S", "SK"), "zz": ("S", "TS"),
    "b": ("P",), "d": ("T",), "f": ("P", "H"), "h": ("H", ""), "k": ("K",), "l": ("L",),
    "m": ("M",), "n": ("N",), "p": ("P",), "q": ("K",), "s": ("S",), "t": ("T",), "v": ("P",),
    "x": ("KS", "S"), "z": ("S",), "j": ("S", "", "H"), "w": ("", "P"), "y": ("",),
    "alk": ("K", "LK"),
    "gn": ("N", "KN"), "gli": ("L", "KL"), "at$": ("T", ""), "et$": ("T", ""), "ot$": ("T", ""),
}  # fmt: skip
_SPELLINGS: dict[str, list[tuple[str, str]]] = {}
for _spelling in sorted(_LATIN, key=lambda spelling: -len(spelling.strip("^$"))):
    _body = _spelling.strip("^$")
    _SPELLINGS.setdefault(_body[0], []).append((_spelling, _body))
# What a word can begin with instead; a Korean spelling shows a vowel even where a letter is silent.
_FIRST = {**dict.fromkeys("aeiou", ("A",)), "h": ("H", "A"), "w": ("A", "P"), "y": ("A", "")}
# Korean family names whose usual Latin spelling is not how they are said.
_FAMILY = {
    "lee": "i",
    "rhee": "i",
    "park": "pak",
    "lim": "im",
    "rim": "im",
    "roh": "no",
    "ryu": "yu",
}
_WORD = re.compile(r"[A-Za-zÀ-ɏ]+")
_MIXED = re.compile(r"(?<![가-힣])([가-힣]+)([A-Za-z]+)")
_SHORT = re.compile(r"(?<![A-Za-z.])[A-Z](?:\.?[A-Z]){1,4}(?![A-Za-z])")
LETTERS = {
    "a": "에이", "b": "비", "c": "시 씨", "d": "디", "e": "이", "f": "에프", "g": "지",
    "h": "에이치", "i": "아이", "j": "제이", "k": "케이", "l": "엘", "m": "엠", "n": "엔", "o": "오",
    "p": "피", "q": "큐", "r": "알 아르", "s": "에스", "t": "티", "u": "유", "v": "브이",
    "w": "더블유", "x": "엑스", "y": "와이", "z": "제트",
}  # fmt: skip
"""How the letters are called: 지피유 is GPU. Where there are two ways the first is written here."""
_DOT = "닷"
_SHORT_TAIL = 4
_SOFT = "eiy"
_ACCENTED = re.compile("[ß-ɏ\u0300-\u036fḁ-ỿ]")
_ACCENTS = re.compile("[\u0300-\u036f]")
# Letters that Unicode does not take apart.
_STROKES = str.maketrans("øłđðıħ", "olddih") | str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
)
# What the key of a word with this first letter can begin with; other letters may be silent.
_BEGINNINGS = {
    **dict.fromkeys("aeiou", "A"), "b": "P", "c": "KS", "d": "TS", "f": "PH", "h": "HA", "k": "KNH",
    "l": "L", "m": "M", "n": "NA", "p": "PS", "q": "K", "r": "L", "s": "S", "t": "TS", "v": "P",
    "x": "SK", "z": "ST",
}  # fmt: skip
_SOUNDS = "AHKLMNPST"
_LIMIT = 8
_COMMON = re.compile(
    r"(?<=[가-힣]{2})(?:병원|의원|은행|증권|보험|카드|그룹|전자|전기|정밀|제약|바이오|화학|건설|중공업|조선|자동차|통신|텔레콤|에너지|반도체"
    r"|디스플레이|소프트|게임즈|게임|항공|철강|물산|상사|식품|제과|대학교|대학|고등학교|중학교|초등학교|학교|연구소|연구원|재단|협회|학회|공사"
    r"|공단|공장|공항|시장|시청|호텔|백화점|마트|박물관|미술관|도서관|극장|영화제|축제|신문|일보|방송|경찰서|법원|교회|성당|타워|센터)$"
)
_PARTICLES = re.compile(
    r"(?:으로부터|에서부터|한테서|이라는|이라고|에게서|로부터|까지는|에서는|으로는|라는|라고|이란|에서|에게|한테|께서|이랑|만큼|조차|마저|밖에"
    r"|으로|까지|부터|처럼|보다|이나|에는|와는|과는|하고|이며|이고|인가|였던|이었|이던|이야|이가|에도|만의|만이"
    r"|은|는|이|가|을|를|의|에|와|과|도|로|만|나|란|며|야|께|인|씨|측|사|랑|社)$"
)


def stems(word: str) -> list[str]:
    """A Hangul word as it stands and without the particle it may end in (never under two syllables)."""
    found = [word]
    shorter = _PARTICLES.sub("", word)
    if shorter != word and len(shorter) >= 2:
        found.append(shorter)
    return found


def heads(word: str) -> list[str]:
    """What stands before the common noun at the end of a Hangul name, with which Korean writes it as one
    word (해솔병원: Haesol Hospital)."""
    return [head for stem in stems(word)[-1:] if (head := _COMMON.sub("", stem)) != stem]


def head_keys(word: str) -> frozenset[str]:
    """The keys of a Hangul name without the common noun that it ends in; two sounds are too few."""
    return frozenset(key for key in map(hangul_key, heads(word)) if len(key) > 2)


def latin_names(text: str) -> Iterator[str]:
    """Every capitalised Latin word, and two and three neighbours written as one (`HwangDoyeon`).

    What stands in one word in Hangul is often three in Latin letters; a Korean family name is
    then spelled as it is said (`Lee Jae-myung`: `iJaemyung`). The part after a hyphen may be small.
    """
    before: list[str] = []
    end = -2
    for match in _WORD.finditer(text):
        word, apart = match.group(), match.start() - end != 1
        hyphened = not apart and text[end] == "-" and bool(before)
        if word.islower() and not hyphened:
            before = []
            continue
        before = [word] if apart else [*before[-2:], word]
        end = match.end()
        if not word.islower():
            yield word
        for first in range(len(before) - 1):
            joined = before[first:]
            yield "".join(joined)
            if said := _FAMILY.get(joined[0].lower()):
                yield said + "".join(joined[1:])


def mixed_names(text: str) -> Iterator[tuple[str, str]]:
    """The Hangul head and the Latin tail of every name that is written so (챗GPT, 오픈AI)."""
    return ((found[1], found[2]) for found in _MIXED.finditer(text))


@lru_cache(maxsize=1 << 14)
def mixed_keys(head: str, tail: str) -> frozenset[str]:
    """The keys of a name in both scripts, those of ChatGPT and OpenAI, and with the tail read letter by
    letter (챗지피티); one sound is no key.

    Inside a word the vowel that the tail begins with is not heard.
    """
    found = {hangul_key(head) + key.removeprefix("A") for key in latin_keys(tail)}
    if len(tail) <= _SHORT_TAIL:
        found.add(hangul_key(head + letter_names(tail)))
    return frozenset(key for key in found if len(key) > 1)


def short_forms(text: str) -> list[str]:
    """The words of capitals alone, whose letters may be spelled one by one in Hangul (SK, A.X)."""
    return _SHORT.findall(text)


@lru_cache(maxsize=1 << 14)
def short_keys(word: str) -> frozenset[str]:
    """The keys of a short form read letter by letter (에스케이, 에이닷엑스), its dots read or not; two
    sounds are too few."""
    said = letter_names(word)
    found = {hangul_key(said), hangul_key(said.replace(_DOT, ""))}
    return frozenset(key for key in found if len(key) > 2)


def letter_names(word: str) -> str:
    """How a Latin word is read letter by letter: GPU is 지피유."""
    return "".join(LETTERS.get(letter, _DOT).split()[0] for letter in word.lower())


@lru_cache(maxsize=1 << 14)
def beginnings(letter: str) -> str:
    """The sounds that the keys of a word with this first letter can begin with."""
    code = ord(letter) - 0xAC00
    if 0 <= code < 11172:
        return _INITIALS[code // 588].replace("-", "A")
    return _BEGINNINGS.get(letter.lower(), _SOUNDS)


@lru_cache(maxsize=1 << 9)
def syllables(sounds: str) -> str:
    """The Hangul syllables that begin with one of some sounds, as ranges of a regular expression."""
    firsts = [n for n, sound in enumerate(_INITIALS) if sound.replace("-", "A") in sounds]
    return "".join(f"{chr(0xAC00 + 588 * n)}-{chr(0xAC00 + 588 * n + 587)}" for n in firsts)


@lru_cache(maxsize=1 << 9)
def initials(sound: str) -> str:
    """The letters that a Latin word can begin with when it begins with a sound."""
    return "".join(c for c in ascii_lowercase if sound in beginnings(c))


@lru_cache(maxsize=1 << 16)
def hangul_key(word: str) -> str:
    """The phonetic key of a Hangul word (only syllables are read)."""
    sounds: list[str] = []
    for place, syllable in enumerate(word):
        code = ord(syllable) - 0xAC00
        if not 0 <= code < 11172:
            continue
        initial, final = _INITIALS[code // 588], _FINALS[code % 28]
        if initial == "-":
            initial = "A" if place == 0 else ""
        if initial and not (
            sounds and sounds[-1] == initial and sounds[-1] in "LMN" and _closed(word, place)
        ):
            sounds.append(initial)
        if final:
            sounds.append(final)
    return "".join(sounds)


def _closed(word: str, place: int) -> bool:
    """Whether the syllable before `place` ends in a consonant, so that ㄹㄹ, ㅁㅁ, ㄴㄴ is one sound."""
    return (ord(word[place - 1]) - 0xAC00) % 28 != 0


@lru_cache(maxsize=1 << 16)
def latin_keys(word: str) -> tuple[str, ...]:
    """Candidate phonetic keys of a Latin word, at most eight: c, g, th, x, ch … have several."""
    letters = plain(word)
    parts: list[tuple[str, ...]] = []
    place = 0
    while place < len(letters):
        options, width = _sound(letters, place)
        if place == 0 and width == 1:
            options = _FIRST.get(letters[0], options)
        parts.append(options)
        place += width
    keys: dict[str, None] = {}
    for choice in product(*parts):
        keys["".join(choice)] = None
        if len(keys) >= _LIMIT:
            break
    return tuple(keys)


def plain(word: str) -> str:
    """A Latin word in small letters without accents or signs."""
    if word.isascii() and word.isalpha():
        return word.lower()
    return "".join(c for c in bare(word) if "a" <= c <= "z")


def bare(text: str) -> str:
    """A text in small letters without the accents and strokes of Latin ones."""
    text = text.lower()
    if text.isascii() or not _ACCENTED.search(text):
        return text
    apart = unicodedata.normalize("NFKD", text).translate(_STROKES)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart))


def _sound(letters: str, place: int) -> tuple[tuple[str, ...], int]:
    letter = letters[place]
    after = letters[place + 1 : place + 2]
    for spelling, body in _SPELLINGS.get(letter, ()):
        if not letters.startswith(body, place) or (spelling[0] == "^" and place):
            continue
        if spelling[-1] == "$" and place + len(body) < len(letters):
            continue
        if len(body) > 1 or spelling[0] == "^":
            return _LATIN[spelling], len(body)
        double = 2 if after == letter else 1
        return _LATIN[spelling], double
    if letter == "c":
        return (("S",) if after and after in _SOFT else ("K",)), 1
    if letter == "g":
        double = 2 if after == "g" else 1
        return (("S", "K") if after and after in _SOFT else ("K",)), double
    if letter == "r":
        double = 2 if after == "r" else 1
        following = letters[place + double : place + double + 1]
        spoken = bool(following) and following in "aeiouy"
        return (("L",) if spoken or place == 0 else ("", "L")), double
    return ("",), 1
