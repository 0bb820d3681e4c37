"""The kind of answer a question expects, and which values of a text are of that kind."""

import re
from typing import Literal

from index.analysis import fold
from index.numbers import DAYS, Quantity

Wanted = Literal["date", "number", "person", "place", "reason", "summary", "other"]
Measure = Literal["money", "people", "time", "age", "length", "weight", "share", "any"]

_WANTED: tuple[tuple[Wanted, re.Pattern[str]], ...] = (
    # Whatever it is a reason of: 왜 요금이 비싸지나.
    ("reason", re.compile(r"(?:^|\s)왜(?:\s|\?|$)|이유[는가]|까닭[은이]|\bwhy\b|\bhow come\b")),
    ("date", re.compile(r"언제|몇\s?(?:년|월|일|시)|며칠|날짜|어느\s?(?:해|날)|연도|시기|\bwhen\b|what (?:year|date|day|month|time)|which (?:year|month|day)|년도|[해날]은\??$|해는\??$")),
    ("number", re.compile(r"몇|얼마|요금|비용|매출|연봉|수는|\s수(?:가|를)?\s?\??$|(?:직원|병상|회원|학생|환자|가입자|이용자|관람객|방문객)수|개수|비율|금액|규모|가격|점수|크기|퍼센트|what(?:'?s| is| was) the (?:[\w.'-]+ ){0,8}?(?:rate|height|weight|age|score|length|size|speed|percentage|share|iq)\b|(?:금리|이자율|나이|키|무게|높이|길이)(?:가|는)?\s?\??$|how (?:many|much|big|large|long|old|tall|far|fast|high|heavy|wide|deep|often)|what (?:number|percent|share|score|size|sum|price|amount|proportion)|how .{0,12}(?:cost|raise)|\bcosts?\b|\brevenue\b|\bsalary\b|\bprices?\b|\bvaluation\b")),
    # Nobody in particular: customers are banks.
    ("other", re.compile(r"(?:손님|고객|이용자|사용자|소비자|투자자|독자|구매자|경쟁자|경쟁사|협력사|파트너|주주)(?:은|는|이|가|들은|들이)?\s(?:\S+\s)?누구|\bwho (?:buys|uses|invested|are .{0,40}\b(?:customers|clients|users|readers|investors|rivals|competitors|partners))\b")),
    ("person", re.compile(r"누구|누가|누굴|\bwho\b|\bwhom\b|\bwhose\b|인물|사람은|이름은|(?:창업자|설립자|대표|사장|회장|감독|작가|선장|교수|장관|형제|선수)의? 이름|\bname of .{0,40}\b(?:founder|chief executive|director|author|captain|skipper|professor|minister|nurse|doctor|coach|player|brothers?)\b")),
    ("place", re.compile(r"어디|\bwhere\b|which (?:city|country|place)|어느\s?(?:나라|도시|지역|곳)|장소|[곳]은\??$")),
    ("reason", re.compile(r"왜|이유|까닭|원인|사유|어떻게|방법|계기|무슨\s?근거|어떤\s?근거|\bwhy\b|\bhow come\b|\bwhat (?:caused|causes|made|makes|prompted|drove)\b|\bon what grounds\b|\bhow (?:do|does|did|is|are|was|can|could)\b|차이|다른가")),
    ("summary", re.compile(r"소식|뉴스|\bnews\b|요약|정리|설명해|알려\s?줘|소개해|summar|explain|describe|overview|tell me about")),
)  # fmt: skip
# What an amount is of, where the question says so, and what then stands after a number.
_MEASURES: tuple[tuple[Measure, re.Pattern[str]], ...] = (
    (
        "money",
        re.compile(
            r"가격|요금|비용|예산|값은|값이|매출|금액|투자액|투자금|자금|연봉|월급|급여|임금|시가총액|기업\s?가치|몸값|몇\s?(?:원|달러|유로)"
            r"|(?:이적|입장|이용|수업|보험|통행|관람|사용|출연|임대|대여|과태|수수)료|(?:공사|사업|제작|개발|학습|진료|건설|운영|연구|총사업)비"
            r"|(?:상|벌|보상|지원|기부|계약|등록|장학)금|\bprices?\b|\bcosts?\b|revenue|salary|how much .{0,60}(?:money|pay|paid|rais|spen[dt]|invest|collect|market value|capital|funding)|\bfees?\b|valuation|\bworth\b|\bbudget\b"
        ),
    ),
    ("people", re.compile(r"몇\s?명|몇\s?사람|직원\s?수|how many (?:people|employees|persons)")),
    (
        "time",
        re.compile(
            r"며칠|몇\s?(?:시간|분|개월|주)(?:이|간|나|\s|\?|$)|how long (?:did|does|do|is|was|has|have|will|it)|how many (?:years|months|weeks|days|hours|minutes)"
        ),
    ),
    ("age", re.compile(r"나이|연세|몇\s?(?:살|세(?!대))|how old\b|\bthe age of\b|^age\b")),
    (
        "length",
        re.compile(
            r"(?:^|\s)키(?:가|는)|신장(?:이|은)|(?:높이|길이|거리)(?:가|는)|몇\s?(?:미터|킬로미터|km|cm|m)(?![a-z])|how (?:tall|high|far|deep|wide)\b|\b(?:height|length) of\b"
        ),
    ),
    (
        "weight",
        re.compile(r"무게|몸무게|중량|몇\s?(?:톤|kg|킬로그램)|how heavy|\bweighs?\b|\bweight of\b"),
    ),
    ("share", re.compile(r"금리|이자율|interest rate|몇\s?(?:퍼센트|프로|%)|what percent")),
)
# A difference may be told as a share, whatever it is a difference of.
_DIFFERENCE = re.compile(
    r"\bby how much\b|how much (?:\w+er|more|less)\b|퍼센트|몇\s?(?:배|프로)|얼마나 (?:더 |덜 )?(?:[내낮깎줄오올늘싸]|비싸)"
)
# What a Korean question counts with, where that says what is counted.
_COUNTER = re.compile(
    r"몇\s?(대|등|번|골|장|권|마리|층|점|위|회|팀|종|척|채|그루|쪽|편|곳|차례|경기|가지|벌|병|잔|세대|가구|도|킬로|미터|톤|봉지|kg|㎏|km|㎞|cm|㎝|m)(?:\s|$|\?|[이가을를에나까야은는인쯤짜씩])"
)
_TOLD = {"등": "위"}  # what is counted so is told so: who comes in 몇 등 is 1위
_LONGEST = 6  # letters of a counter
_COUNTS = re.compile(r"몇|\bhow many\b")
_HANGUL = re.compile("[가-힣]")
# A day of the month is no amount, unless days are counted.
_DAY = re.compile(r"일(?!\s?(?:동안|간|만|째|치|분|씩))")
_PEOPLE = re.compile(
    r"\s?(?:여\s?)?(?:명|인(?![가-힣])|사람)|\s(?:[a-z]+\s){0,2}(?:people|employees|persons|staff|researchers|engineers|workers|members|users|soldiers|students|men|women|children)",
    re.I,
)
_TIME = re.compile(
    r"\s?(?:여\s?)?(?:년|개월|달|주|일|시간|분|초)|[\s-](?:years?|months?|weeks?|days?|hours?|minutes?|seconds?)",
    re.I,
)


_AGE = re.compile(r"세(?!대|기)|\s?살|[\s-]years?[\s-]old|\)|,", re.I)
_AGED = re.compile(r"\b(?:aged?(?: of)?|turned|turns|is|was) $|[가-힣A-Za-z][(,]\s?$", re.I)
_POINTS = re.compile(r"\s?(?:%|퍼센트|프로|percent|per cent)|\s?배")
_UNITS: dict[Measure, re.Pattern[str]] = {
    "people": _PEOPLE,
    "time": _TIME,
    "length": re.compile(
        r"\s?(?:m|㎝|㎞|cm|km|mm|미터|킬로미터|센티|센티미터|킬로)(?![a-z])|[\s-](?:met(?:re|er)s?|kilomet(?:re|er)s?|centimet(?:re|er)s?"
        r"|feet|foot|inch(?:es)?|miles?|yards?|stor(?:e?y|ies)|floors?)|\s?층",
        re.I,
    ),
    "weight": re.compile(
        r"\s?(?:g|㎏|kg|t|톤|그램|킬로|킬로그램)(?![a-z])|[\s-](?:grams?|kilos?|kilograms?|tons?|tonnes?|pounds?|ounces?)",
        re.I,
    ),
}


def wanted(question: str) -> Wanted:
    """The kind of answer, by the words that ask for it."""
    folded = fold(question)
    return next((kind for kind, pattern in _WANTED if pattern.search(folded)), "other")


def measure(question: str) -> Measure:
    """What the number that a question wants is a number of; `any` when it does not say."""
    folded = fold(question)
    measures = () if wanted(question) == "reason" or _DIFFERENCE.search(folded) else _MEASURES
    return next((kind for kind, pattern in measures if pattern.search(folded)), "any")


def counter(question: str) -> str | None:
    """What a question counts with: a Korean counter (몇 대), nothing where that says little (몇 개, how
    many), and None when it does not count."""
    if found := _COUNTER.search(question):
        return _TOLD.get(found[1], found[1])
    return "" if _COUNTS.search(fold(question)) else None


def counts(measure: Measure, counter: str | None, text: str, found: Quantity) -> bool:
    """Whether a number of a text may be what a question asks for, as far as that says what it is."""
    if measure == "any" and found.kind == "number":
        if counter is not None and found.unit is not None:
            return False
        if _HANGUL.search(text):
            rest = text[found.end :].lstrip(" 여")
            if counter:
                return fold(rest[:_LONGEST]).startswith(fold(counter))
            if found.unit is None and len(found.value) < 3 and _DAY.match(rest):
                return False
    return _measures(measure, text, found)


def _measures(wanted: Measure, text: str, found: Quantity) -> bool:
    if wanted == "any":
        return True
    if found.kind != "number":
        return wanted == "share" and found.kind == "percent"
    if wanted == "money":
        return found.unit is not None
    if wanted == "age":
        told = _AGED.search(text, 0, found.start) is not None
        return told or _AGE.match(text, found.end) is not None
    if wanted == "share" and _POINTS.match(text, found.end):
        return True
    days = text[found.start : found.end] in DAYS
    unit = _UNITS.get(wanted)
    return (wanted == "time" and days) or (
        unit is not None and unit.match(text, found.end) is not None
    )
