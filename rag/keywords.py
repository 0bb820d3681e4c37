"""What people type into a search box, as the question it stands for: `exaone deep release date`, 엑사원 딥 공개일.

The noun that such words end in tells which answer is wanted; what reads the passages knows questions,
not lists of words.
"""

import re
import unicodedata
from functools import lru_cache

from corpus.text import language
from index.translation import knows
from index.verbs import is_verb

_LONGEST = 12  # words

# The word that asks, and the nouns after which it does.
_KOREAN = {
    "언제": "날짜 시기 시점 일시 일정 연도 년도 생일 기한",
    "누구": "창업자 창립자 설립자 창시자 대표 대표이사 최고경영자 사장 회장 부회장 원장 감독 총감독 작가 저자 주연 주인공 선장 장관 총장 의장"
    " 이사장 책임자 담당자 개발자 연구자 발명가 우승자 수상자 당선자 진행자 제작자 소유주 주인 교수 사람 인물 ceo cto cfo",
    "얼마": "기간 가격 비용 요금 금액 예산 매출 이익 적자 인원 점수 크기 규모 길이 높이 무게 면적 거리 나이 용량 속도 연봉 급여 월급 지분"
    " 비중 순위 온도 수 개수 횟수 상금 벌금 기업가치 시총 시가총액 매개변수 파라미터 성적 투자금 이용자 직원",
    "어디": "위치 장소 주소 본사 개최지 소재지 출신지 촬영지 도시 국가 나라 지역",
}
_ENGLISH = {
    "Why": "reason cause why",
    "When is the": "date dates deadline year",
    "Who is the": "ceo cto cfo founder cofounder author creator inventor director president chairman chair head leader winner owner"
    " investor coach captain mayor minister editor spokesperson architect designer developer maker organiser organizer",
    "Where is the": "location address headquarters venue birthplace hometown",
    "How much is the": "amount price cost costs fee budget revenue salary valuation funding investment stake turnover profit loss",
    "How many": "number count parameters tokens employees users members visitors seats beds votes layers languages students"
    " subscribers participants deaths casualties units copies passengers",
}


def _by_noun(heads: dict[str, str]) -> dict[str, str]:
    return {noun: word for word, nouns in heads.items() for noun in nouns.split()}


_ASKS, _KOREAN_ASKS = _by_noun(_ENGLISH), _by_noun(_KOREAN)
# What a noun ends in after a word that is known: the day of it (출시일), the sum (투자액).
_ENDINGS = {"일": "언제", "지": "어디", "자": "누구", **dict.fromkeys("액률율수량비료", "얼마")}
_CLAUSE = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could|will|would|should|has|have|had|be|vs|versus"
    r"|or|and|explain|describe|tell|summar\w+|compare|comparison|list|show|give|news|latest|recent|differences?|overview|about)\b",
    re.I,
)
_KOREAN_CLAUSE = re.compile(
    r"언제|어디|누구|누가|무엇|무슨|뭐|뭘|뭔|얼마|몇|(?:^|\s)왜|어떻|어떤|어느|며칠|궁금|비교|차이|요약|정리|소식|뉴스|설명|소개|최근|최신|여부|가능"
)
_WORD = re.compile(r"[^\s?.!,]+")
_BEYOND = re.compile(
    r"\s(?:of|for|in|at|from|to|by|on|with|during|per)\s.*|(?:\s(?:january|february|march|april|may|june|july|august|september"
    r"|october|november|december|\d+))+$",
    re.I,
)
_ARTICLE = re.compile(r"^(?:the|an?)\s", re.I)
_OWN = re.compile(r"(?:its|his|her|their|our|my|your)\s", re.I)
# What the word that asks says already.
_SAID = re.compile(
    r"\s?\b(?:total )?number of\b|\s(?:number|count|dates?|amount|location|reasons?|causes?)(?=$|\s(?:of|for|in)\s)",
    re.I,
)


@lru_cache(maxsize=1 << 10)
def spelled_out(question: str) -> str:
    """The question that a few nouns stand for; any other one as it is."""
    bare = unicodedata.normalize("NFKC", question).strip().rstrip("?.! ")
    if not 2 <= len(_WORD.findall(bare)) <= _LONGEST:
        return question
    return (_korean(bare) if language(bare) == "ko" else _english(bare)) or question


def _english(words: str) -> str:
    """The question, or nothing where the words are no mere nouns."""
    words = _ARTICLE.sub("", words, count=1)
    last = _WORD.findall(_BEYOND.sub("", words))[-1:]
    if not last or _CLAUSE.search(words):
        return ""
    head = last[0].lower()
    asks = _ASKS.get(head) or _ASKS.get(head.removesuffix("s"))
    common = last[0].islower() and not head.endswith("ed")
    if not asks and common and any(map(knows, words.lower().split())):
        asks = "What is the"
    if not asks:
        return ""
    about = words if asks == "What is the" else _SAID.sub("", words)
    if words.islower():  # a capital would tell that names have one here
        asks = asks.lower()
    return f"{asks.removesuffix(' the') if _OWN.match(words) else asks} {about}?"


def _korean(words: str) -> str:
    if _KOREAN_CLAUSE.search(words) or any(map(is_verb, words.split())):
        return ""
    last = words.split()[-1].lower()
    if last[-1] in "은는" and _asks_for(last[:-1]):
        last, words = last[:-1], words[:-1]
    asks = _asks_for(last)
    if not asks:
        return ""
    closed = "가" <= last[-1] <= "힣" and (ord(last[-1]) - 0xAC00) % 28
    return f"{words}{'은' if closed else '는'} {asks}인가?"


def _asks_for(noun: str) -> str | None:
    """The word that asks for what a Korean noun names; none where it may be no noun."""
    if noun in _KOREAN_ASKS:
        return _KOREAN_ASKS[noun]
    made = len(noun) > 2 and knows(noun[:-1]) and _ENDINGS.get(noun[-1])
    return made or ("무엇" if len(noun) > 1 and knows(noun) else None)
