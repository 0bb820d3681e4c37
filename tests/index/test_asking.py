"""What a piece of text holds of a question: words, sounds, values, translations."""

from dataclasses import replace

import pytest

from index.asking import answering, asked, content_words
from index.described import Described
from index.expected import Wanted, measure, wanted
from index.holding import coverage, holding
from index.numbers import quantities


def even(terms: list[str]) -> dict[str, float]:
    """Every term as rare as any other."""
    return dict.fromkeys(terms, 1.0)


@pytest.mark.parametrize(
    ("text", "keys", "heard"),
    [
        ("Mistral AI showed Magistral.", {"MSTLL", "MKSTLL"}, {"MSTLL", "MKSTLL"}),
        ("a mistral wind", {"MSTLL"}, {"MSTLL"}),  # long enough to count in small letters
        ("황도연 대표가", {"HNTN", "TLL"}, {"HNTN"}),
        ("", {"MSTLL"}, set()),
        ("Mistral", {""}, set()),
        ("Mistral", set(), set()),
    ],
)
def test_which_sounds_a_text_has(text: str, keys: set[str], heard: set[str]) -> None:
    whole = Described(text)
    assert whole.heard(frozenset(keys)) == heard
    assert Described(parts=[Described("한편"), whole]).heard(frozenset(keys)) == heard


def test_parts_make_up_a_whole() -> None:
    parts = [
        Described("미스트랄이 240억 개의 매개변수를 공개했다."),
        Described("라이선스는 아파치다."),
    ]
    whole = Described(parts=parts)
    assert whole.terms == parts[0].terms | parts[1].terms
    assert [value.value for value in whole.values] == ["24000000000"]


def test_coverage_is_the_share_that_is_held() -> None:
    question = asked("How many parameters does Magistral have?", even)
    assert coverage(question, Described("Magistral has many parameters."), across=False) == 1.0
    half = coverage(question, Described("The parameters of Qwen3."), across=False)
    assert 0 < half < 1
    # A name may be in the other script in any text, what has to be translated only in one across.
    assert 0 < coverage(question, Described("마지스트랄이 왔다"), across=False) < 1
    assert coverage(question, Described("마지스트랄의 매개변수"), across=True) > 0.9


def test_what_a_text_leaves_open() -> None:
    question = asked("엑사원 딥의 가격은?", even)
    lacking, words, unseen, _ = holding(
        question, Described("엑사원 딥을 공개했다."), across=False
    ).gaps
    assert lacking > 0 and 0 < words < 1
    assert holding(question, Described("엑사원 딥의 가격은 무료다."), across=False).gaps[:2] == (
        0.0,
        1.0,
    )
    assert 0 <= unseen <= 1


def test_a_value_answers_only_what_it_measures() -> None:
    price = asked("What is the price of the plan?", even)
    text = "The plan has 12 seats and costs $30."
    found = answering(price, text, Described(text).values)
    assert found is not None and found.value == "30"
    assert answering(price, "It has 12 seats.", Described("It has 12 seats.").values) is None


@pytest.mark.parametrize(
    ("question", "text", "told"),
    [
        ("윤태경 대표 나이가 몇이야?", "윤태경(46) 대표가 말했다.", "46"),
        ("윤태경 대표 나이가 몇이야?", "매개변수 620억개를 공개했다.", None),
        ("How tall is the goalie?", "The goalie, 34, stopped 12 shots.", None),
        ("How tall is the goalie?", "She is 1.84 metres tall.", "1.84"),
        ("What is the interest rate?", "The loans run for 14 years.", None),
        ("What is the interest rate?", "It borrowed at 4.2 percent.", "4.2"),
        ("지피유는 몇 장이야?", "H200 GPU 512장으로 학습했다.", "512"),
    ],
)
def test_a_value_is_told_in_what_it_is_measured_in(
    question: str, text: str, told: str | None
) -> None:
    found = answering(asked(question, even), text, Described(text).values)
    assert (found.value if found else None) == told


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("올해 예산은 얼마인가?", "money"),
        ("How much did they raise in March?", "money"),
        ("By how much did they cut the price?", "any"),
        ("How much cheaper are its costs?", "any"),
        ("가격을 얼마나 내렸나?", "any"),
        ("매출이 몇 퍼센트 늘었어?", "any"),
        ("직원 수는?", "people"),
        ("그 대표 나이가 몇이야?", "age"),
        ("How tall is the goalie?", "length"),
        ("눈이 몇 cm 왔어?", "length"),
        ("How heavy is it?", "weight"),
        ("대출 금리는 몇 프로야?", "any"),
        ("What is the interest rate on the loans?", "share"),
    ],
)
def test_what_a_number_measures(question: str, kind: str) -> None:
    assert asked(question, even).measure == kind


def test_a_name_that_nothing_has_is_stranger_than_a_common_word() -> None:
    rarity = {"ethelr": 5.0}
    question = asked("Where did Ethelred flee?", lambda t: {x: rarity.get(x, 7.0) for x in t})
    assert [word.special for word in question.words] == [True, False]
    *_, unseen, strange = holding(question, Described("Ethelred went away."), across=False).gaps
    assert unseen > 0.5 and strange == 0.0
    other = asked("Who was Shakunthala?", lambda t: dict.fromkeys(t, 7.0))
    assert holding(other, Described("Ethelred went away."), across=False).gaps[2:] == (1.0, 1.0)


def test_a_word_whose_translation_sounds_like_it_is_special() -> None:
    question = asked("나이지리아의 남편은?", lambda t: dict.fromkeys(t, 1.0))
    assert [word.special for word in question.words] == [True, False]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("딥시크 창업자 이름이 뭐였지?", "person"),
        ("회사 이름이 뭐야?", "other"),
        ("What is the name of the ship's captain?", "person"),
        ("What is the name of the ship?", "other"),
        ("손님은 주로 누구야?", "other"),
        ("손님을 맞은 사람은 누구야?", "person"),
        ("Who buys from Upstage?", "other"),
        ("Who are the rivals of Upstage?", "other"),
    ],
)
def test_a_name_of_someone_is_a_person(question: str, kind: Wanted) -> None:
    assert wanted(question) == kind


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("딥시크 창업자 이름이 뭐였지?", ["딥시크", "창업자"]),
        ("공장을 옮기게 된 까닭은 무엇인가요?", ["공장을", "옮기게"]),
        ("왜군은 몇 명이었나요?", ["왜군은"]),
        ("Why dont they answer?", ["they", "answer"]),
        ("가람 3호에 실린 위성은?", ["가람", "3", "실린", "위성은"]),
        ("제호에 실린 글은?", ["제호에", "실린"]),
    ],
)
def test_words_that_only_ask_or_help_are_not_what_is_asked_about(
    question: str, words: list[str]
) -> None:
    assert content_words(question) == words


def test_a_reason_is_asked_for_whatever_it_is_a_reason_of() -> None:
    question = "왜 요금이 비싸지는 거야?"
    assert (wanted(question), measure(question)) == ("reason", "any")
    assert (wanted("요금은 얼마야?"), measure("요금은 얼마야?")) == ("number", "money")


def test_a_name_of_several_words_is_heard_in_one() -> None:
    question = asked("who is Park Ji-hoon", even)
    there, other = Described("박지훈은 대표다."), Described("김민수는 대표다.")
    assert coverage(question, there, across=True) > 0.6
    assert coverage(question, other, across=True) == 0.0


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("챗GPT 가입자는?", "ChatGPT grew."),
        ("How big is ChatGPT?", "챗GPT가 커졌다."),
        ("에이닷엑스 가입자는?", "SKT showed A.X."),
        ("에스케이 가입자는?", "SK has many."),
        ("Where is Haesol?", "해솔병원은 부산에 있다."),
        ("해솔병원은 어디?", "Haesol Clinic is in Busan."),
    ],
)
def test_names_in_both_scripts_and_short_forms_are_heard_across(question: str, text: str) -> None:
    read = asked(question, even)
    assert coverage(read, Described(text), across=True) >= 1 / 3
    assert coverage(read, Described("A talk was held. 강연이 열렸다."), across=True) == 0.0


@pytest.mark.parametrize("verb", ["만들었어?", "만들었나요?", "만들었대?", "만들었니?"])
def test_a_verb_of_the_past_is_matched_by_its_stem(verb: str) -> None:
    read = asked(f"솔라를 누가 {verb}", even)
    assert coverage(read, Described("업스테이지가 솔라를 만들었다."), across=False) == 1.0


def test_a_small_word_is_no_name_where_names_have_capitals() -> None:
    even = dict.fromkeys
    words = asked("Which project did Mistral start?", lambda terms: even(terms, 1.0)).words
    assert {word.forms[0]: word.special for word in words}["project"] is False
    assert {word.forms[0]: word.special for word in words}["mistral"] is True


def test_a_text_without_any_name_of_the_question_is_nameless() -> None:
    question = asked("When was Medlark founded?", even)
    assert holding(question, Described("Halden was founded in 2021."), across=False).nameless
    assert not holding(question, Described("Medlark opened an office."), across=False).nameless
    general = asked("what was the price", even)
    assert not holding(general, Described("Halden was founded in 2021."), across=False).nameless


def test_the_share_of_the_names_that_a_text_holds() -> None:
    question = asked("How heavy is the Nareumi of Duri?", even)
    both, one = Described("두리의 나르미는 무겁다."), Described("나르미가 왔다.")
    assert (
        holding(question, both, across=True).names > holding(question, one, across=True).names > 0.3
    )
    assert holding(question, Described("비가 왔다."), across=True).names == 0.0
    assert (
        holding(asked("How heavy is it?", even), Described("비가 왔다."), across=True).names == 1.0
    )


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [
        ("로봇을 몇 대 샀어?", "5월 3일 로봇 4종을 120대 샀다.", "120"),
        ("로봇을 얼마나 샀어?", "11일에 로봇 300을 샀다.", "300"),
        ("며칠 동안 몇 번 멈췄어?", "5월에 31번 멈췄다.", "31"),
        ("얼마나 걸렸어?", "공사는 12일 동안 이어졌다.", "12"),
        ("몇 등 했어?", "310명이 나와 12위를 했다.", "12"),
    ],
)
def test_a_number_counts_what_is_asked_for(question: str, text: str, value: str) -> None:
    read = replace(asked(question, even), wanted="number", measure="any")
    found = answering(read, text, quantities(text))
    assert found and found.value == value


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("나르미 가격은?", "값은 2,800만 원이다."),
        ("Who founded it?", "The founder smiled."),
        ("Who is its CEO?", "Its chief executive left."),
        ("언제 세워졌대?", "It was founded in 1998."),
        ("언제 미뤄졌어?", "발사가 늦춰졌다."),
        ("왜 막혔어?", "정부가 앱을 차단했다."),
        ("언제 풀렸대?", "앱은 다시 열렸다."),
        ("누가 차렸어?", "김 대표가 세운 회사다."),
        ("누가 이겼어?", "서울이 부산을 제쳤다."),
    ],
)
def test_another_word_that_says_the_same_counts(question: str, text: str) -> None:
    read = asked(question, even)
    assert coverage(read, Described(text), across=False) >= 0.35
    assert coverage(read, Described("Nothing at all. 비가 왔다."), across=False) == 0.0


def test_the_share_of_a_question_that_is_mentioned_anywhere() -> None:
    rarity = {"tram": 1.0, "project": 3.0, "\0": 3.0}
    question = asked("the tram project", lambda terms: {t: rarity[t] for t in terms})
    assert question.mentioned == pytest.approx(0.25)


def test_a_common_word_that_sounds_like_a_name_is_none() -> None:
    read = asked("피오르마르는 어떤 회사야?", even)
    held = Described("A former engineer of the agency set it up.")
    assert coverage(read, held, across=True) == 0.0
    assert coverage(read, Described("Fiormar is a shipping line."), across=True) > 0.3


def test_a_verb_of_the_past_is_no_name() -> None:
    words = asked("다온랩은 투자를 얼마나 받았대?", even).words
    assert [word.forms[0] for word in words if word.special] == ["다온랩"]


@pytest.mark.parametrize(
    "question", ["한빛병원 직원 수", "한빛병원 병상수는?", "전체 학생 수가", "How heavy is it?"]
)
def test_a_number_of_things_is_a_number(question: str) -> None:
    assert asked(question, even).wanted == "number"


def test_what_is_counted_in_signs_is_counted_in_words() -> None:
    read = asked("압수량은 몇 kg인가?", even)
    text = "6명이 1,240㎏을 실었다."
    found = answering(read, text, quantities(text))
    assert found and found.value == "1240"


@pytest.mark.parametrize(
    ("word", "nowhere", "text", "share"),
    [
        ("기업가치", ["업가"], "이번에 매겨진 기업 가치는 8,700억 원이다.", 1.0),
        ("마지스트랄스몰", ["랄스"], "마지스트랄 스몰이 나왔다.", 1.0),
        # Half of it is no word, so it may be a name.
        ("달빛모빌", ["빛모"], "달빛 아래 모빌이 흔들렸다.", 0.67),
    ],
)
def test_a_word_that_the_articles_write_apart_is_held_by_its_parts(
    word: str, nowhere: list[str], text: str, share: float
) -> None:
    def rarity(terms: list[str]) -> dict[str, float]:
        return {term: 5.0 if term in [*nowhere, "\0"] else 2.0 for term in terms}

    read = asked(f"{word}는 얼마야?", rarity)
    assert coverage(read, Described(text), across=False) == pytest.approx(share, abs=0.01)
    assert read.words[0].unseen == (share < 1)


def test_what_a_day_or_a_sum_is_of_is_told_by_the_noun_before() -> None:
    for word, text in (("출시일", "모델을 출시했다."), ("투자액", "모두 투자했다.")):
        assert coverage(asked(f"{word}은?", even), Described(text), across=False) == 1.0


def test_an_english_word_in_small_letters_is_a_name_only_if_it_has_no_other_meaning() -> None:
    read = {word.forms[0]: word.special for word in asked("velmora release date", even).words}
    assert read["velmora"] and not read["release"] and not read["date"]
