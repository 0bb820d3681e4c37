"""Every word that a reader says or is told, in both languages."""

from corpus.article import Language

NEAREST = {
    "ko": "색인된 기사에서 이 질문의 근거를 찾지 못했습니다. 가장 가까운 내용은 「{title}」에 있습니다.",
    "en": (
        "The indexed articles hold no evidence for an answer to this question. "
        "The nearest thing they hold is in “{title}”."
    ),
}
REFUSAL = {
    "ko": "색인된 기사에서 이 질문의 근거를 찾지 못했습니다.",
    "en": "The indexed articles hold no evidence for an answer to this question.",
}
# Around a quotation in the language that the question is not in; titles stand with the sources.
FRAME = {
    "ko": "{dated}영어 기사에는 이렇게 적혀 있습니다: “{quote}”{values}",
    "en": "A Korean article{dated} says: “{quote}”{values}",
}
DATED = {"ko": "{date} ", "en": " of {date}"}
DISAGREE = {"ko": "기사마다 다르게 적고 있습니다.", "en": "The articles disagree."}


def refusal(language: Language, nearest: str | None = None) -> str:
    """The refusal in the question's language, naming the nearest article when there is one."""
    if nearest is None:
        return REFUSAL[language]
    return NEAREST[language].format(title=nearest)
