"""Where sentences end, in Korean and English text as it comes from pages and files.

Three steps, each linear in the text: lines are joined where only the right margin broke them, then
every full stop is judged by what stands around it, then pieces without a word join a neighbour.
Quoted and bracketed text is never cut unless it is long.
"""

import re
from collections.abc import Iterator

Span = tuple[int, int]

HEADING = re.compile(r"^#{1,6} +(?=\S)", re.MULTILINE)
"""The mark of a heading line; every reader writes headings in this form."""

# --- lines -------------------------------------------------------------------------------------

_OWN_LINE = re.compile(
    r"#{1,6}\s|[-*+•●○◦▪■□◆◇▶▷►※·ㆍ‣–—]\s|\(?\d{1,3}[.)]\s|[①-⑳]|\||\S[^\n]* \| |[QA]\s?[:.]\s"
)
_WIDE = re.compile(r"[ᄀ-ᅟ⺀-〾ぁ-힣豈-﫿︰-﹏！-｠]")
_NARROWEST, _WIDEST = 40, 160  # columns of a margin at which somebody wraps lines
_OPEN_END = re.compile(
    r"(?:[,은는을를의와과며]|\b(?:the|an?|of|in|to|and|or|for|with|on|at|by|from|that|as|is))$",
    re.IGNORECASE,
)
_RAGGED = re.compile(r"[a-z,]$")  # goes on in small letters: wrapped, wherever the margin is
_LAST_OF_PROSE = ".!?…。！？\"”'’)]:"

# --- stops -------------------------------------------------------------------------------------

# A stop takes along the quotes and brackets it closes, and reference marks such as [1].
_STOP = re.compile(
    r"(?P<stop>[.!?…。！？｡]+)"
    r"(?P<close>(?:[\"'”’»)\]}）】」』》〉]|[“‘](?=\s|$))*"
    r"(?: ?\[(?:\d{1,3}|[a-z]{1,12}(?:\s[a-z\d]{1,9})?)\])*)"
)
_LONGEST_QUOTE = 300
_ENCLOSED = re.compile(
    r"""(?<!\w)"(?=\S)[^"]{0,N}(?<=\S)"|“[^“”]{0,N}”|‘[^‘’]{0,N}’|(?<!\w)'(?=[가-힣])[^']{0,N}(?<=\S)'"""
    r"""|「[^「」]{0,N}」|『[^『』]{0,N}』|《[^《》]{0,N}》|〈[^〈〉]{0,N}〉|（[^（）]{0,N}）|【[^【】]{0,N}】"""
    r"""|\([^()]{0,N}\)|\[[^\[\]]{0,N}\]""".replace("N", str(_LONGEST_QUOTE))
)
# What a Korean sentence goes on with after a quotation: particles and verbs of saying.
_GOES_ON = re.compile(
    r"(?:은|는|이|가|을|를|의|에|와|과|도|만|로|고|며|라|란|등)(?=[\s,.]|$)|(?:이?라[고며면는던니지기도서])"
    r"|고는|고도|면서|이?란|이며|이다|이었|였|이냐|이자|에서|에게|에는|에도|으로|로[서써도]|처럼|까지"
    r"|부터|보다|마다|조차|하[고며는면였]|했|한다|같[은이]|식[의으]|등[의을이에도]"
)
_GOES_ON_SPACED = re.compile(
    r"(?:이?라[고며는]|이?라면서|고|며|면서|하[고며는면]|등[의을이에도]?)(?=[\s,]|$)"
)
_CONTINUING = ",;:·)]}~/"
# Endings that close a sentence even with no space after the stop, and nouns that look like them.
_FINAL = re.compile(r"(?:[다죠까]|[^\s수필중주동민]요)$")
_OPENERS = "\"'“‘([{「『《〈（【<"
_FILE_SUFFIX = re.compile(r"[a-z]{2,5}(?![A-Za-z0-9])")

_ITEM_MARK = re.compile(
    r"\(?\d{1,3}|[가나다라마바사아자차카타파하주]|[A-Za-z]|[ivxIVX]{1,4}|[A-Za-z]{2,8} ?\d{1,3}"
)
_DATE = re.compile(r"(?:\b\d{4}\. ?\d{1,2}|\b\d{1,2}\. \d{1,2})(?:\. ?\d{1,2})?$")
_NUMBER = re.compile(r"\d+$")
_MONTH = re.compile(r"\d{1,2}\.")
_BRAND = re.compile(r"[a-z]{1,3}[A-Z0-9]")  # iPhone, o3, xAI
_LATIN_TOKEN = re.compile(r"(?<![^\W_])[A-Za-z][A-Za-z.]*$")
_INITIALS = re.compile(r"[A-Z]|(?:[A-Za-z]{1,2}\.)+[A-Za-z]{1,2}")
_NEVER_LAST = re.compile(
    r"Mrs?|Ms|Dr|Prof|St|Gen|Sen|Rep|Gov|Capt|Lt|Col|Sgt|Rev|Hon|Mt|[Vv]s|[Cc]f|viz"
    r"|[Ee]\.?g|[Ii]\.?e"
)
_BEFORE_NUMBER = re.compile(
    r"(?:ca?|nos?|figs?|vol|pp?|ch|sec|art|eq|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)",
    re.IGNORECASE,
)
_SELDOM_LAST = re.compile(
    r"inc|corp|co|ltd|llc|jr|sr|al|dept|est|approx|ave|blvd|bros", re.IGNORECASE
)
_STARTER = re.compile(
    r"(?:The|This|That|These|Those|It|He|She|They|We|You|I|In|On|At|As|But|And|However|When|While"
    r"|After|Before|If|For|From|With|By|To|An?|Its|His|Her|Their|Our|There|Here|What|Why|How|Who"
    r"|Some|Many|Most|Another|Also|Both|Since|Although|Though|Not|No|So|Then)(?=[\s,'’])"
)


def sentences(text: str) -> list[Span]:
    """Offsets of the sentences of `text`, in order; code points, `text[start:end]` is stripped.

    Every character that is not a space lies in exactly one sentence. A heading and a table row are
    one sentence each, a list item begins one, and a blank line always ends one.
    """
    found: list[Span] = []
    for start, end in _blocks(text):
        whole = HEADING.match(text, start) or " | " in text[start:end]
        found.extend([(start, end)] if whole else _split(text, start, end))
    return found


def _blocks(text: str) -> Iterator[Span]:
    """Stretches in which a newline is only a wrap: mostly one line each."""
    paragraph: list[Span] = []
    offset = 0
    for line in text.split("\n"):
        body = line.strip()
        if body:
            start = offset + len(line) - len(line.lstrip())
            paragraph.append((start, start + len(body)))
        else:
            yield from _unwrap(text, paragraph)
            paragraph = []
        offset += len(line) + 1
    yield from _unwrap(text, paragraph)


def _unwrap(text: str, lines: list[Span]) -> Iterator[Span]:
    """Joins the lines of a paragraph that were broken because the next word did not fit.

    The margin is the widest line; titles, bylines and verse stop short of it and stay apart.
    """
    margin = max((_columns(text[start:end]) for start, end in lines), default=0)
    if len(lines) < 2 or not _NARROWEST <= margin <= _WIDEST:
        yield from lines
        return
    first = 0
    for number, (start, end) in enumerate(lines):
        if number + 1 < len(lines):
            line, after = text[start:end], text[slice(*lines[number + 1])]
            word = after.split(maxsplit=1)[0]
            apart = line.startswith("#") or _OWN_LINE.match(after)
            full = _columns(line) + 1 + _columns(word) > margin
            if not apart and (full or (_RAGGED.search(line) and after[0].islower())):
                continue
        run = lines[first : number + 1]
        if len(run) > 1 and _is_prose([text[slice(*span)] for span in run]):
            yield run[0][0], run[-1][1]
        else:
            yield from run
        first = number + 1


def _columns(line: str) -> int:
    return len(line) + len(_WIDE.findall(line)) if len(line) <= _WIDEST else len(line)


def _is_prose(lines: list[str]) -> bool:
    """Whether lines of equal length are a paragraph rather than a list of headlines."""
    if any(line[0].islower() for line in lines[1:]):
        return True
    if lines[-1][-1] not in _LAST_OF_PROSE:
        return False
    return len(lines) > 2 or bool(_OPEN_END.search(lines[0]))


def _split(text: str, start: int, end: int) -> list[Span]:
    """The sentences of one block."""
    enclosed = [match.span() for match in _ENCLOSED.finditer(text, start, end)]
    pieces: list[Span] = []
    current, inside = start, 0
    for match in _STOP.finditer(text, start, end):
        while inside < len(enclosed) and enclosed[inside][1] <= match.start():
            inside += 1
        if inside < len(enclosed):
            opened, closed = enclosed[inside]
            if opened < match.start() and match.end() < closed:
                continue
        if _ends(text, current, match, end):
            pieces.append((current, match.end()))
            current = match.end()
    pieces.append((current, end))
    return _merge_wordless(text, pieces)


def _merge_wordless(text: str, pieces: list[Span]) -> list[Span]:
    """Strips the pieces; one without letter or digit (an emoji, a row of dots) joins the last."""
    merged: list[Span] = []
    for start, end in pieces:
        piece = text[start:end]
        body = piece.strip()
        if not body:
            continue
        start += len(piece) - len(piece.lstrip())
        end = start + len(body)
        if merged and not any(map(str.isalnum, body)):
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _ends(text: str, start: int, match: re.Match[str], end: int) -> bool:
    """Whether the sentence begun at `start` ends with this stop."""
    stop, closed = match["stop"], bool(match["close"])
    rest = text[match.end() : min(end, match.end() + 40)]
    ahead = rest.lstrip()
    spaced = len(ahead) < len(rest)
    head = text[max(start, match.start() - 40) : match.start()].rstrip()
    if not ahead or not head.strip():
        return not ahead
    if ahead[0] in _CONTINUING:
        return False
    if closed or stop[-1] in "?!？！…":
        goes_on = _GOES_ON_SPACED if spaced else _GOES_ON
        if goes_on.match(ahead):
            return False
    if stop[-1] in "。！？｡":
        return True
    if not spaced:
        return _ends_glued(head, stop, closed, ahead)
    if stop[-1] == "…" or stop.endswith(".."):
        if head[-1] in _OPENERS:
            return False
        return bool(_FINAL.search(head)) or ahead[0].isupper()
    plain = stop == "." and not closed
    short = match.start() - start < 16
    if plain and short and _ITEM_MARK.fullmatch(text[start : match.start()].strip()):
        return False
    if _is_hangul(head[-1]):
        return not head.endswith((" 주", "(주"))
    if ahead[0].islower() and not _BRAND.match(ahead):
        return False
    return _ends_after_latin(head, ahead) if plain else True


def _ends_glued(head: str, stop: str, closed: bool, ahead: str) -> bool:
    """A stop with no space after it: part of a name or number, or a space that was lost."""
    korean = bool(_FINAL.search(head)) and (ahead[0].isalnum() or ahead[0] in _OPENERS)
    if stop[-1] in "?!":
        asked = _is_hangul(ahead[0]) and (stop[-1] == "?" or _is_hangul(head[-1]))
        return korean or asked
    if stop != ".":
        return False
    if korean:
        return not _FILE_SUFFIX.match(ahead)
    if closed:
        return head[-1].islower() and ahead[0].isupper()
    return head[-2:].islower() and bool(_STARTER.match(ahead))


def _ends_after_latin(head: str, ahead: str) -> bool:
    """A single full stop and a space, after Latin letters, digits or punctuation."""
    number = _NUMBER.search(head)
    if number:
        if _DATE.search(head) and not ahead[0].isupper():
            return False
        return not (ahead[0].isdigit() and (len(number[0]) < 4 or _MONTH.match(ahead)))
    token = _LATIN_TOKEN.search(head)
    if not token:
        return True
    word = token[0]
    if _NEVER_LAST.fullmatch(word):
        return False
    if ahead[0].isdigit() and _BEFORE_NUMBER.fullmatch(word):
        return False
    if _INITIALS.fullmatch(word) or _SELDOM_LAST.fullmatch(word):
        return bool(_STARTER.match(ahead))
    return True


def _is_hangul(character: str) -> bool:
    return "가" <= character <= "힣"
