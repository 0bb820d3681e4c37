"""Follow-up questions: what they leave unsaid is carried over, and a new topic is left alone."""

import json
from pathlib import Path

import pytest

from rag.events import Turn
from rag.followup import standalone
from rag.home import open_index

DIALOGUES = Path(__file__).parent.parent / "data" / "dialogues.jsonl"


def turns(*questions: str) -> tuple[Turn, ...]:
    return tuple(Turn(question, "") for question in questions)


@pytest.mark.parametrize(
    ("before", "question", "names"),
    [
        ("마지스트랄 스몰의 매개변수는 몇 개야?", "그럼 언제 나왔어?", ["마지스트랄"]),
        ("How many parameters does EXAONE Deep have?", "And when was it released?", ["EXAONE"]),
        ("What is MiMo-7B?", "Who made it?", ["MiMo"]),
        ("한빛어린이병원은 어디에 있어?", "원장은 누구야?", ["한빛어린이병원"]),
        ("소리박물관은 언제 열어?", "입장료는?", ["소리박물관"]),
        ("달빛도서관 어디에 생겼어?", "그럼 언제 쉬어?", ["달빛도서관"]),
    ],
)
def test_the_name_is_carried_over(before: str, question: str, names: list[str]) -> None:
    found = standalone(question, turns(before))
    assert found.endswith(question)
    assert all(name in found for name in names)


def test_a_new_topic_stays_as_it_is() -> None:
    history = turns("마지스트랄 스몰의 매개변수는 몇 개야?")
    assert standalone("하이퍼클로바X는 누가 만들었어?", history) == "하이퍼클로바X는 누가 만들었어?"
    assert standalone("Who leads DeepSeek today?", history) == "Who leads DeepSeek today?"


def test_both_topics_are_meant_by_the_two() -> None:
    history = turns("How big is MiMo?", "How big is EXAONE Deep?")
    found = standalone("Which of the two is smaller?", history)
    assert "MiMo" in found and "EXAONE" in found


def test_without_history_nothing_changes() -> None:
    assert standalone("그럼 언제 나왔어?", ()) == "그럼 언제 나왔어?"


def test_follow_ups_of_the_dialogues_find_their_evidence(sample_home: Path) -> None:
    """Sixty-three of the 68 follow-ups at least; without carrying the topic over it is 56."""
    index = open_index(sample_home)
    found = asked = 0
    for line in DIALOGUES.read_text(encoding="utf-8").splitlines():
        history: list[Turn] = []
        for place, turn in enumerate(json.loads(line)["turns"]):
            if place:
                hits = index.search(standalone(turn["question"], history), 20)
                best = list(dict.fromkeys(hit.article_id for hit in hits))[:5]
                found += bool(set(best) & set(turn["articles"]))
                asked += 1
            history.append(Turn(turn["question"], ""))
    assert asked == 68
    assert found >= 63
