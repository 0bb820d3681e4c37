"""How passages of both languages are put into one list."""

from index.asking import asked
from index.described import Described
from index.fusion import Fusion, Scored, across, merge
from index.holding import holding
from index.store import StoredPassage


def passage(number: int, language: str, text: str = "text") -> StoredPassage:
    return StoredPassage(
        number, f"{language}/{number}", "", language, "source", None, None, None, 0, len(text), text
    )


def scored(number: int, language: str, score: float, held: tuple[float, float]) -> Scored:
    return Scored(passage(number, language), score, 0.3, 1, 1, held)


def order(own: list[Scored], other: list[Scored]) -> list[int]:
    return [each.passage.id for each in merge(Fusion(), own, other)]


def test_names_and_special_words_are_told_apart_from_others() -> None:
    question = asked("두레빈의 가격은?", lambda terms: dict.fromkeys(terms, 1.0))
    held = holding(question, Described("두레빈 이야기"), across=False)
    assert 0 < held.special == held.coverage < 1
    held = holding(question, Described("오늘의 가격"), across=False)
    assert held.special == 0 < held.coverage < 1


def test_what_holds_the_name_comes_before_what_holds_as_much_without_it() -> None:
    own, other = scored(1, "ko", 0.5, (0.4, 0.4)), scored(2, "en", 0.5, (0.4, 0.0))
    assert order([own], [other]) == [1, 2]
    assert order([scored(1, "ko", 0.5, (0.4, 0.0))], [scored(2, "en", 0.5, (0.4, 0.4))]) == [2, 1]


def test_what_stands_out_in_its_language_comes_before_what_does_not() -> None:
    alike = [scored(n, "ko", 0.5, (0.4, 0.0)) for n in range(1, 7)]
    apart = [scored(7, "en", 0.9, (0.4, 0.0))]
    apart += [scored(n, "en", 0.1, (0.0, 0.0)) for n in range(8, 13)]
    assert order(alike, apart)[0] == 7
    assert order(apart, alike)[0] == 7


def test_the_other_language_is_looked_at_less_closely_where_the_own_one_holds_the_question() -> (
    None
):
    question = asked("마크롱의 투자는?", lambda terms: dict.fromkeys(terms, 1.0))
    other = [scored(n, "en", 0.5 - n / 100, (0.0, 0.0)) for n in range(1, 7)]
    told = passage(7, "en", "Macron announced an investment.")
    other.append(Scored(told, 0.4, 0.3, 7, 7))
    weak, strong = (scored(8, "ko", 0.5, (held, held)) for held in (0.5, 1.0))
    assert next(s.passage.id for s in across(Fusion(), question, other, [weak])) == 7
    assert [s.passage.id for s in across(Fusion(), question, other, [strong])] == [*range(1, 8)]
