"""What people say around a question: greetings, thanks, `can you tell me`, 알려주실 수 있을까요, ㅋㅋ.

None of it is in the articles; as words of the question it only hides what is asked.
"""

import re
from functools import lru_cache

from index.expected import wanted

_PARTS = re.compile(r"(?<=[?!？！。])\s*|(?<=\.)\s+|\n+")
_CHATTER = re.compile(r"[ㄱ-ㅎㅏ-ㅣ]{2,}|~+(?=\s|$|[?!.])|\^\^|(?<=[가-힣]);+")
_POLITE = re.compile(
    r"(?:안녕|질문|궁금|감사|고맙|고마워|부탁|답변|대답|답해|모르겠|몰라|헷갈|알려|가르쳐|설명|말해|말씀|주세요|주시|줘|자세|자세히|간단|빨리"
    r"|급해|급한|도와|아시|여쭤|물어|그러는데|바랍|바라|드립|드려|드릴|싶어|싶습)\S*|있\S*|하나만?|미리|혹시|제가|저는|전|저|좀|잘|주실|수|을까요|짧게|쉽게|아는"
    r"|사람|분|그런데|근데|네|넵|음|아|저기요?|해|해요|주면|좋겠\S*|합니다|볼게요|알고|게|점|것|여기|처음|가입\S*|너무"
    r"|hi|hello|hey|there|good|morning|afternoon|evening|thanks?|thank|you|so|much|very|in|advance|please|pls|plz|answer|reply|explain|briefly"
    r"|shortly|brief|short|detail|details|detailed|quick|question|i|have|a|got|be|keep|it|just|curious|sorry|me|help|one|sentence|cheers|btw"
    r"|for|your|the|bother|to|bothering|all|everyone|folks|team|simply|simple|words|with",
    re.I,
)
_WORD = re.compile(r"[A-Za-z']+|[가-힣]+|\d+|[^\W_]+")
_BEFORE = re.compile(
    r"^(?:(?:혹시|저기요?|저|음+|아|참|있잖아요?|제가|갑자기)[\s,]+"
    r"|(?:이?\s?기사\S*|뉴스\S*)\s(?:보니까?|보면|보다가|읽다가|읽어보니|따르면|의하면)[\s,]+"
    r"|(?:\S+\s)?(?:헷갈려서|궁금해서|몰라서|모르겠어서|찾아보다가|필요해서)\s(?:그러는데|그런데|묻는데|물어보는데|여쭤보는데|여쭙는데|질문하는데)요?[\s,]+"
    r"|(?:질문|궁금한 ?[게것점])\S*\s?(?:있는데|있어서|인데|하나)요?[\s,]+|하나만\s(?:물어볼게요?|여쭤볼게요?|물어보자)[\s,.]+"
    r"|(?:hi|hello|hey)(?: there| all)?[\s,!]+|(?:well|um+|okay|ok|btw|by the way|sorry|please|excuse me)[\s,]+"
    r"|(?:please )?(?:can|could|would|will) (?:you|someone|anyone|u) (?:please |kindly )?(?:tell me|explain|let me know|say)(?! about)[\s,]+"
    r"|(?:please )?(?:do|does) (?:you|anyone|anybody|u) (?:happen to )?know[\s,]+|(?:please )?tell me (?!about)|(?:any idea|remind me) "
    r"|i(?:'d| would| wanted| want|'m trying|'m curious| am curious)(?: really)?(?: like)?(?: to)? know[\s,]+|i(?:'m| am| was)? ?wonder(?:ing)?[\s,]+"
    r"|i(?:'m| am) (?:a bit |a little |quite |so )?(?:confused|lost|not sure|curious)(?:[\s,]+(?:so|but|and))?[\s,]+"
    r"|(?:i have |i've got |here's )?(?:a )?(?:quick |short )?question[\s:,.-]+"
    r"|(?:according to|based on|from|in) (?:the|these|those|your|my) (?:\w+ )?(?:articles?|news|documents?|texts?|files|stories)[\s,]+)",
    re.I,
)
_AFTER = re.compile(
    r"[\s,]*(?:(?:좀|혹시|더|자세히|자세하게|간단히|간단하게|짧게|쉽게|빨리)\s?)*"
    r"(?:(?:알려|말해|설명해|가르쳐|답해|대답해|찾아|확인해|말씀해)\s?(?:줘|줘요|줄래|줄래요|봐|주세요|주십시오|주실래요|주시겠어요|주라|달라|주시면|주실|줄)\S*(?:\s수)?(?:\s있\S*)?(?:\s(?:감사|고맙|좋)\S*)?"
    r"|궁금\S*|아시나요|아세요|아시는지|아시는\s?분|알아|알아요|알고\s?있\S*|알\s?수\s?있\S*|(?:답변\s?)?부탁\S*|감사\S*|고마워\S*|고맙\S*|모르겠\S*"
    r"|(?<=[가-힣]{2}\s)요$|(?:please|pls|plz|thanks|thank you|thx|cheers|in advance|so much|briefly))[\s?.!,]*$",
    re.I,
)
_QUESTION = re.compile(
    r"\?$|뭐|뭘|뭔|무엇|무슨|어떤|어느|[은는인한된할될]지$|\b(?:what|which|whether)\b", re.I
)


@lru_cache(maxsize=1 << 10)
def essence(question: str) -> str:
    """The question without what is said around it; the same when it says nothing else.

    A request (`설명해줘`, `explain`) stays where nothing else asks.
    """
    parts = [part.strip() for part in _PARTS.split(_CHATTER.sub(" ", question)) if part.strip()]
    kept = [_trimmed(part) for part in parts if not _is_polite(part)]
    return " ".join(kept) if kept and kept != [question.strip()] else question


def asking(text: str) -> list[str]:
    """The sentences of a text that ask something."""
    return [part for part in map(str.strip, _PARTS.split(text)) if part and _asks(part)]


def _is_polite(part: str) -> bool:
    return all(_POLITE.fullmatch(word) for word in _WORD.findall(part))


def _trimmed(part: str) -> str:
    """One sentence without what it begins and ends with, if what is left asks for something."""
    while (found := _BEFORE.match(part)) and not _is_polite(part[found.end() :]):
        part = part[found.end() :]
    while (found := _AFTER.search(part)) and _asks(part[: found.start()]):
        part = part[: found.start()]
    return part.strip()


def _asks(text: str) -> bool:
    if _is_polite(text):
        return False
    return wanted(text) not in ("other", "summary") or _QUESTION.search(text) is not None
