"""The support of a sentence: what agrees, what contradicts, and where the evidence stands."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.text import language as language_of
from corpus.text import normalise
from index.encoder import BundledEncoder
from index.search import Hit
from rag.events import Support
from rag.support import Judgement, Verifier

KOREAN = (
    "LG AI연구원은 2025년 3월 18일 추론 모델 '엑사원 딥'을 공개했다. 엑사원 딥의 매개변수는 320억 개이다. "
    "연구원은 모델의 가격을 밝히지 않았다. 배경훈 원장은 성능이 우수하다고 말했다."
)
ENGLISH = (
    "LG AI Research released EXAONE Deep on March 18, 2025. The reasoning model has 32B parameters. "
    "Its director Kyunghoon Bae presented the model in San Jose. The price was not disclosed."
)


def hit(text: str, title: str = "", published: str | None = None, start: int = 0) -> Hit:
    return Hit(
        1, "a", title, language_of(text), "s", published, None, None, start, start + len(text),
        text, 1.0, 1, 1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def verifier(encoder: BundledEncoder) -> Verifier:
    return Verifier(encoder, lambda terms: dict.fromkeys(terms, 5.0))


def support(verifier: Verifier, claim: str, source: Hit) -> Support:
    return verifier.support(verifier.evidence(claim, source)[2])


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("엑사원 딥의 매개변수 수는 320억 개입니다.", KOREAN),
        ("EXAONE Deep is a reasoning model of 32 billion parameters.", ENGLISH),
        ("The parameters of the reasoning model number 32,000,000,000.", ENGLISH),
        ("LG AI Research's EXAONE Deep was released in March 2025.", ENGLISH),
        ("EXAONE Deep came from LG AI Research and was released on March 18.", ENGLISH),
        ("엑사원 딥을 LG AI연구원이 공개한 날짜는 2025년 3월 18일이다.", KOREAN),
        ("LG AI연구원은 3월에 추론 모델 엑사원 딥을 공개했습니다.", KOREAN),
    ],
)
def test_other_words_with_the_same_values_are_supported(
    verifier: Verifier, claim: str, source: str
) -> None:
    assert support(verifier, claim, hit(source, "EXAONE Deep 엑사원 딥")) == "supported"


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("엑사원 딥의 매개변수는 240억 개이다.", KOREAN),
        ("엑사원 딥의 매개변수는 24B개이다.", KOREAN),
        ("The reasoning model has 24B parameters.", ENGLISH),
        ("The reasoning model has 320 billion parameters.", ENGLISH),
        ("LG AI Research released EXAONE Deep on March 18, 2024.", ENGLISH),
        ("LG AI연구원은 2025년 3월 19일 추론 모델 '엑사원 딥'을 공개했다.", KOREAN),
    ],
)
def test_a_value_that_the_source_contradicts_decides_alone(
    verifier: Verifier, claim: str, source: str
) -> None:
    assert support(verifier, claim, hit(source, "EXAONE Deep 엑사원 딥")) == "unsupported"


def test_a_date_without_year_is_of_the_articles_year(verifier: Verifier) -> None:
    source = hit("엑사원 딥은 3월 18일 공개됐다.", "엑사원 딥", "2025-03-20")
    assert support(verifier, "엑사원 딥의 공개일은 2025년 3월 18일이다.", source) == "supported"
    assert support(verifier, "엑사원 딥의 공개일은 2024년 3월 18일이다.", source) == "unsupported"
    assert support(verifier, "엑사원 딥의 공개일은 3월 18일이다.", source) == "supported"


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("Its director Sundar Pichai presented the model in San Jose.", ENGLISH),
        ("Mistral Research released EXAONE Deep in March 2025.", ENGLISH),
        ("추론 모델 엑사원 딥을 공개한 곳은 네이버이다.", KOREAN),
        ("EXAONE Deep was not released by LG AI Research.", ENGLISH),
        ("The price of the model was disclosed.", ENGLISH),
        ("LG AI연구원은 추론 모델 엑사원 딥을 공개하지 않았다.", KOREAN),
        ("Injectors are widely used.", "Injectors are no longer widely used."),
    ],
)
def test_a_swapped_name_or_a_negation_is_doubted(
    verifier: Verifier, claim: str, source: str
) -> None:
    assert support(verifier, claim, hit(source, "EXAONE Deep 엑사원 딥")) != "supported"


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        (
            "그 지역에서 라틴어를 받아들이지 않은 도시는 나폴리다.",
            "나폴리를 제외한 그 지역의 도시들은 라틴어를 받아들였다.",
        ),
        (
            "나폴리는 라틴어를 쓰고 그리스어를 쓴 도시다.",
            "나폴리는 라틴어뿐 아니라 그리스어를 쓴 도시다.",
        ),
        ("멘슈가 설교를 한 곳은 블랙히스 언덕이다.", "멘슈가 설교를 하려고 고른 블랙히스 언덕은 넓다."),
        ("Kublai Khan proclaimed the dynasty in 1271.", "It was not until 1271 that Kublai Khan proclaimed the dynasty."),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_negation_or_a_number_is_none(
    verifier: Verifier, claim: str, source: str
) -> None:
    assert support(verifier, claim, hit(source)) == "supported"


def test_sounds_alone_support_nothing(verifier: Verifier) -> None:
    source = hit("판단의 근거를 남겨야 하는 법무나 금융 부서에는 반가운 일이다.")
    claim = "word41403 word2229 word82878 word143607 word51313"
    assert support(verifier, claim, source) != "supported"


def test_numbers_meet_across_languages(verifier: Verifier) -> None:
    korean, english = hit(KOREAN, "엑사원 딥"), hit(ENGLISH, "EXAONE Deep")
    claim = "The parameters of the EXAONE Deep model number {}."
    agreed, contradicted = (
        verifier.evidence(claim.format(n), korean)[2] for n in ("32 billion", "24 billion")
    )
    assert agreed > contradicted
    assert verifier.support(contradicted) == "unsupported"
    assert (
        support(verifier, "추론 모델 엑사원 딥의 매개변수는 320억 개이다.", english) == "supported"
    )
    assert (
        support(verifier, "추론 모델 엑사원 딥의 매개변수는 240억 개이다.", english)
        == "unsupported"
    )


def test_spelled_numbers_and_ordinals_are_values(verifier: Verifier) -> None:
    source = hit("Twenty-nine prisoners were hanged. Buyantu was the fourth emperor of the Yuan.")
    assert support(verifier, "The number of hanged prisoners is 29.", source) == "supported"
    assert support(verifier, "The number of hanged prisoners is 27.", source) == "unsupported"
    assert support(verifier, "The 4th emperor of the Yuan was Buyantu.", source) == "supported"


def test_accents_and_adjectives_do_not_make_another_name(verifier: Verifier) -> None:
    source = hit("The Möngke Khan ruled the Mongol empire, and Norway sent him an envoy.")
    assert support(verifier, "The Mongol empire was ruled by Mongke Khan.", source) == "supported"


def test_a_repeated_sentence_is_its_own_evidence(verifier: Verifier) -> None:
    source = hit(KOREAN, start=40)
    sentence = "엑사원 딥의 매개변수는 320억 개이다."
    start, end, score = verifier.evidence("엑사원 딥의 매개변수는 **320억 개**이다.", source)
    assert (KOREAN[start - 40 : end - 40], score) == (sentence, 1.0)


def test_two_sentences_in_a_row_bear_what_neither_bears_alone(encoder: BundledEncoder) -> None:
    first = "Tancred of Hauteville married Emma of Sicily in the city of Bari."
    second = "A fleet from Amalfi brought them to Antioch, where they ruled until 1112."
    text = f"Nothing else is known. {first} {second} The weather was mild."
    claim = (
        "Tancred of Hauteville and Emma of Sicily married in Bari, "
        "ruled Antioch until 1112 and came there with a fleet from Amalfi."
    )
    # Without what two sentences have to make up for, and with a high bar for one.
    judgement = Judgement(within=(1.6, 1.2, 1.9, -0.8, -1.9, 0.0, -1.5, 0.4), supported=0.9)
    verifier = Verifier(encoder, lambda terms: dict.fromkeys(terms, 5.0), judgement)
    start, end, _ = verifier.evidence(claim, hit(text, start=9))
    assert text[start - 9 : end - 9] == f"{first} {second}"


@pytest.mark.parametrize(
    "claim", ["", " ", ".", "**", "[1]", "一二三四", "안녕", "1" * 100, "🙂" * 50]
)
def test_odd_claims_have_a_score_and_a_place(verifier: Verifier, claim: str) -> None:
    start, end, score = verifier.evidence(claim, hit(KOREAN, start=3))
    assert 3 <= start < end <= 3 + len(KOREAN)
    assert 0 <= score <= 1


def test_an_empty_passage_supports_nothing(verifier: Verifier) -> None:
    start, end, score = verifier.evidence("엑사원 딥은 공개됐다.", hit("", start=5))
    assert (start, end) == (5, 5)
    assert verifier.support(score) == "unsupported"


TEXTS = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("가나다이다. 13월일년억A b%-,/\n「"))
)


@settings(max_examples=150)
@given(claim=TEXTS, text=TEXTS.map(normalise))
def test_nothing_raises_on_odd_text(verifier: Verifier, claim: str, text: str) -> None:
    start, end, score = verifier.evidence(claim, hit(text))
    assert 0 <= start <= end <= len(text)
    assert 0 <= score <= 1
    assert verifier.support(score) in ("supported", "weak", "unsupported")
