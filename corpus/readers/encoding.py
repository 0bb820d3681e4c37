"""Bytes → characters: the encodings in which Korean and English articles are found."""

import codecs
import re

from corpus.errors import CorpusError

# UTF-32 before UTF-16: the little-endian marks begin alike.
_MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
_KINDS = [
    (b"\x89PNG", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"RIFF", "RIFF sound, video or WebP image"),
    (b"%PDF", "PDF document"),
    (b"PK\x03\x04", "ZIP archive or Office document"),
    (b"\xd0\xcf\x11\xe0", "old Office or Hangul document"),
    (b"\x1f\x8b", "gzip archive"),
    (b"7z\xbc\xaf", "7-Zip archive"),
    (b"\x7fELF", "program"),
    (b"SQLite format 3\x00", "SQLite database"),
    (b"OggS", "Ogg sound"),
    (b"ID3", "MP3 sound"),
]
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROL = 0.01  # share of control characters up to which something is still text
_MOST_DAMAGE = 0.02  # share of broken characters up to which damaged UTF-8 is still UTF-8
_READABLE = re.compile(r"[\s!-~가-힣ㄱ-ㅣ·‘’“”…—–]")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
# Only these are guessed at: with all to choose from, short Korean texts become Chinese.
_GUESSES = ["cp1252", "shift_jis", "euc_jp", "big5", "gb18030"]


def decode(data: bytes, name: str, *, html: bool = False) -> str:
    """The text in `data`. With `html`, a charset that the page declares is tried as well.

    Raises `CorpusError` naming `name` when the bytes are empty, binary or in no known encoding.
    """
    if not data.strip(b"\x00 \t\r\n\x0b\x0c"):
        raise CorpusError(f"{name}: is empty; remove it or put text into it")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(_marked(data, encoding, name), name)
    for magic, kind in _KINDS:
        if data.startswith(magic):
            raise CorpusError(f"{name}: looks like a binary file ({kind}), not text")
    text = _utf16(data) if b"\x00" in data else _eight_bit(data, html)
    if text is None:
        if b"\x00" in data:
            raise CorpusError(f"{name}: looks like a binary file (it holds NUL bytes), not text")
        raise CorpusError(f"{name}: is not text in UTF-8, UTF-16 or CP949; save it as UTF-8")
    return _checked(text, name)


def _marked(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        shown = encoding.removesuffix("-sig").upper()
        raise CorpusError(
            f"{name}: begins as {shown} but breaks off at byte {error.start}; save it as UTF-8"
        ) from error


def _utf16(data: bytes) -> str | None:
    """UTF-16 without a mark, told by which byte order gives mostly Korean or English."""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = data.decode(encoding, errors="replace")
        if len(_READABLE.findall(text)) > 0.8 * len(text):
            return text
    return None


def _eight_bit(data: bytes, html: bool) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass  # what follows is for files that are not UTF-8
    damaged = data.decode("utf-8", errors="replace")
    foreign = sum(character > "\x7f" for character in damaged)
    if damaged.count("\ufffd") <= _MOST_DAMAGE * foreign:
        return damaged
    for encoding in _declared(data) if html else []:
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue  # the page is wrong about itself
    return _cp949(data) or _guessed(data)


def _declared(data: bytes) -> list[str]:
    """The codec that a page's <meta charset> names, read as browsers read it."""
    found = _META_CHARSET.search(data[:4096])
    try:
        codec = codecs.lookup(found[1].decode("ascii")).name if found else "utf-8"
    except (LookupError, UnicodeDecodeError):
        return []
    return [{"euc_kr": "cp949", "iso8859-1": "cp1252", "ascii": "cp1252"}.get(codec, codec)]


def _cp949(data: bytes) -> str | None:
    """CP949, the superset of EUC-KR, unless it makes odd syllables of some other alphabet.

    An accented Latin letter and the letter after it are often a valid pair, but one of the 8,822
    syllables that CP949 added to EUC-KR, which Korean text hardly ever uses.
    """
    try:
        text = data.decode("cp949")
    except UnicodeDecodeError:
        return None
    foreign = "".join(character for character in text if character > "\x7f")
    common = len(foreign.encode("euc_kr", errors="ignore").decode("euc_kr"))
    return text if 2 * common >= len(foreign) else None


def _guessed(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=_GUESSES).best()
    return str(best) if best else None


def _checked(text: str, name: str) -> str:
    if len(_CONTROL.findall(text)) > _MOST_CONTROL * len(text):
        raise CorpusError(f"{name}: looks like a binary file (control characters), not text")
    if not text.strip():
        raise CorpusError(f"{name}: is empty; remove it or put text into it")
    return text
