import subprocess
import sys
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corpus.text import flat, language, normalise, sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("\ufeff가나\r\n다\r라\u2028마", "가나\n다\n라\n마"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),  # as macOS writes file names
        ("a\u00a0b\u3000c\u2009d", "a b c d"),
        ("a\u200bb\u00adc\x00d\x07e\ud800f\u202eg", "abcdefg"),
        ("끝  \t\n다음 ", "끝\n다음"),
        ("a\n\n\n\n\n\nb", "a\n\n\nb"),
        ("a\n\n\nb", "a\n\n\nb"),
        ("들여\n\t쓴 줄", "들여\n\t쓴 줄"),
        ("👨\u200d👩\u200d👧 가\u200d나", "👨\u200d👩\u200d👧 가나"),
        (" \n\t ", ""),
    ],
)
def test_normal_form(raw: str, normal: str) -> None:
    assert normalise(raw) == normal


@given(st.text() | st.text(alphabet=" \n\r\t\u200d\u200b\u0301e👨가\u1112\u1161\u00a0\ufe0f"))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    once.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EXAONE이 뭐야", "ko"),
        ("Magistral Small의 라이선스는?", "ko"),
        ("OpenAI o3-mini vs DeepSeek R1 뭐가 나아?", "ko"),
        ("Attention Is All You Need 논문의 저자는 누구야?", "ko"),
        ("마지스트랄(Magistral Medium by Mistral AI) 점수", "ko"),
        ("What is 하이퍼클로바X?", "en"),
        ("Who founded 미스트랄?", "en"),
        ("Mistral releases Magistral (마지스트랄)", "en"),
        ("Which model is cheaper, Solar or EXAONE?", "en"),
        ("Quelle est la licence ?", "en"),
        ("日本語の質問です", "en"),
        ("2025", "en"),
        ("", "en"),
    ],
)
def test_language(text: str, expected: str) -> None:
    assert language(text) == expected


# "|" marks where one sentence ends and the next begins; spaces around it are not part of either.
KOREAN = [
    "국내 기업들도 뛰어들었다.| 시장 경쟁이 뜨겁다.",
    "경합을 벌이고 있는 양상이다.|하지만 영원한 승자는 없는 법.| 오픈AI의 효과가 준다.",
    "그렇죠.|아니에요.|정말 그럴까요?|그렇습니다!|좋아요",
    "그는 “이번 모델은 매우 뛰어나다”며 “R1과 견줄 만한 수준”이라고 강조했다.| 다음이다.",
    '그는 "좋다."고 말했다.| 그러나 비쌌다.',
    '그는 "좋다. 그러나 비싸다."라고 말했다.| 끝.',
    '"정말인가요?"라는 질문에 그는 "네!"라며 웃었다.| 끝.',
    '"정말 좋다." 라고 말했다.| "그래?" 하고 물었다.',
    '"정말 좋다."| 그가 말했다.',
    "그는 '왜?'라고 물었다.| ‘좋다.’는 평가다.",
    "그는 (웃으며. 그리고 천천히) 갔다.| 끝",
    "GPT-4.1은 3.5% 올랐다.| 7.8B 모델이다.",
    "에이닷엑스(A.X) 4.1을 선보인다.| R1-0528. |다음은 o1이다.| o3도 있다.",
    "2025. 6. 11. 발표했다.| 2025.6.11. 기준이다.| Tel : 02. 721. 9800",
    "(주)메트로, ㈜카카오, 주. 네이버가 왔다.| 끝.",
    "글쎄... 잘 모르겠다...| 하지만 간다…| 그렇다.",
    "추론 AI 경쟁 뜨겁다…미·중 중심서 유럽까지 '확대'",
    "뭐라고?!| 진짜야?|그래서 갔다!|우리도.",
    "Yahoo!는 회사다.| Yahoo!코리아가 닫았다.",
    "정치.경제.사회 분야다.| 수요.공급이 필요.충분하다.",
    "모델이다.[1]| 그는 왔다.[2][3]|그녀도 왔다. [4]| 끝이다.",
    "보고서.pdf와 dongA.com을 보라.| 끝이다.",
    "자리잡았다 .| 프랑스 정부가 돕는다.",
    "Part 1. 미스트랄의 무기: '개방성' ⚔️",
    "들여다봅니다. 🇫🇷",
    "좋다！| 정말？| 네。| 끝",
    "이는 J. K. 롤링이 썼다.| 끝.",
]
ENGLISH = [
    "It is good.| It is cheap!| Is it?| Yes.",
    "Mr. Smith met Dr. Lee in the U.S. Senate.| He left.",
    "It grew in the U.S.| The company, e.g. Apple Inc. and others, i.e. rivals, paid.",
    "See No. 5 and Fig. 3 of Jan. 5 vs. Corp. Xy.| Next.",
    "J. K. Rowling wrote it.| A.X 4.1. |New",
    "Founded in 2023.| 15 people work there.",
    "See https://a.b/c?d=e.f for more.| Open README.md now.| Use Node.js.",
    'He said "It is good. I like it."| She left.',
    '"Why?" he asked.| "Really!"| Then.',
    "Hmm...| I see...| But no... really.",
    "It costs $3.5 at 5 p.m. on Monday.| iPhone sales rose.| xAI too.",
    "Yahoo! is a company.| It was large.",
    "It ended (see below).| Then it began.",
    "It grew.[citation needed]| Then it ended.",
    "He works in the world.|The company did well.",
    "The feet .| It is , for example , tokenised .",
]


@pytest.mark.parametrize("marked", KOREAN + ENGLISH)
def test_sentences(marked: str) -> None:
    assert split(marked.replace("|", "")) == [part.strip() for part in marked.split("|")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("한 줄 제목\n홍길동 기자\n본문이다.", ["한 줄 제목", "홍길동 기자", "본문이다."]),
        ("# 무엇인가? 그리고 왜\n본문", ["# 무엇인가? 그리고 왜", "본문"]),
        ("- 하나\n- 둘. 셋.\n1. 넷\n  • 다섯", ["- 하나", "- 둘.", "셋.", "1. 넷", "• 다섯"]),
        ("모델 | 설명\n스몰 | 작다. 싸다.", ["모델 | 설명", "스몰 | 작다. 싸다."]),
        ("앞 문단\n\n뒤 문단", ["앞 문단", "뒤 문단"]),
        ("네. 가. 첫째다. 나. 둘째다.", ["네.", "가. 첫째다.", "나. 둘째다."]),
    ],
)
def test_lines(text: str, expected: list[str]) -> None:
    assert split(text) == expected


WRAPPED = """\
Mistral AI unveils its first reasoning model
By Jane Doe
The French company released a model on Tuesday which it says can think
in steps before it answers. The smaller of the two has a licence by Mr.
Apache, and the larger
is sold to firms."""


def test_wrapped_lines_are_joined_and_titles_are_not() -> None:
    assert [sentence.replace("\n", " ") for sentence in split(WRAPPED)] == [
        "Mistral AI unveils its first reasoning model",
        "By Jane Doe",
        "The French company released a model on Tuesday which it says can think in steps before it "
        "answers.",
        "The smaller of the two has a licence by Mr. Apache, and the larger is sold to firms.",
    ]


def test_headlines_of_one_length_stay_apart() -> None:
    text = "미스트랄, 유럽 최초의 추론 모델을 전격 공개\n네이버, 이달 말 추론 모델을 직접 공개할 듯"
    assert split(text) == text.split("\n")


@given(st.text() | st.text(alphabet=" \n.?!…\"'”“’)([]|#-1A가다요a。"))
@example('."“.')
@example(" \u2028.\x1f a")
def test_sentences_are_ordered_stripped_and_cover_the_text(text: str) -> None:
    spans = sentences(text)
    at = 0
    for start, end in spans:
        assert at <= start < end
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


@pytest.mark.parametrize(
    "unit",
    [".", ". ", '"', '"a. ', "(", "((a)", "“가. ", "'가 ", "A.", "1. 2. ", ".[", "a | ", "가"],
)
def test_time_is_linear(unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    began = time.perf_counter()
    assert sentences(text)
    language(text)
    assert time.perf_counter() - began < 3


def test_the_core_needs_the_standard_library_only() -> None:
    code = (
        "import sys, corpus.text, corpus.chunking, corpus.article, corpus.files, corpus.readers\n"
        "print({'yaml', 'lxml', 'trafilatura', 'markdown_it', 'charset_normalizer'}"
        " & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- 엑사원 딥 2.4B:\n매개변수 24억 개", "엑사원 딥 2.4B: 매개변수 24억 개"),
        ("• one", "one"),
        ("2) two", "two"),
        ("2. License a model", "License a model"),
        ("3. 1 운동", "3. 1 운동"),
        ("-5 degrees", "-5 degrees"),
        ("- 5도까지 내려갔다.", "- 5도까지 내려갔다."),
        ("2025) 그해", "2025) 그해"),
        ("-", "-"),
        ("  a   b ", "a b"),
    ],
)
def test_a_sentence_on_one_line(text: str, line: str) -> None:
    assert flat(text) == line
