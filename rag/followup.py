"""Follow-up questions made to stand alone, by rules: the topic of the earlier turns is carried over.

A question is a follow-up when it points back (`그건`, `둘 중`, `its`, `what about`) or names nothing of
its own. A question with a name of its own and nothing pointing back starts a new topic.
"""

import re
import unicodedata
from collections.abc import Sequence

from corpus.text import language
from index.analysis import STOP
from index.asking import content_words
from index.names import stems
from index.synonyms import synonyms
from index.translation import word_translations
from index.verbs import PAST, is_verb
from rag.events import Turn

_BACK = re.compile(
    r"^(?:그럼|그러면|그래서|그리고|그런데|근데|또|그때)\b|(?:^|\s)(?:그건|그게|그걸|그것|그거|이건|이게|이것|저건|거기|여기"
    r"|걔|그들|그중|이 중|그 (?:회사|모델|사람|기업|돈|연구|논문|중)|같은 (?:회사|모델)|말고|그쪽|그곳)"
    r"|^(?:and|so|then|but|also)\b|\b(?:it|its|it's|they|their|them|he|his|she|her|those|these|that one|the (?:company|model|same|other|former"
    r"|latter|first one|smaller one|larger one|bigger one)|what about|how about|there)\b",
    re.I,
)
_BOTH = re.compile(
    r"둘|두 (?:모델|회사|곳)|어느 쪽|\bboth\b|\beither\b|\bwhich (?:one|of)\b|\bthe two\b|\bcompared?\b",
    re.I,
)
_WRITTEN = re.compile(r"[A-Za-z][A-Za-z0-9.\-]*|[가-힣]+|\d[\w.]*")
# Verbs, adverbs and pronouns are not in the word table either; names do not end or look so.
_NO_NAME = re.compile(
    rf"^[가-힣]어?$|[{PAST}]어$|(?:다|대|데|지|까|니|나|요|걸|면|었|았|했|됐|는데|려고|놓|하|되|히|게)$|^(?:그|이|저)(?:때|건|게|것|거|걸|쪽|곳|런|렇|녀|들)"
)
_MOST_TOPIC_WORDS = 6


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The question with what it leaves unsaid: the names asked about before, when it needs them."""
    topics: list[list[str]] = []
    for turn in history:
        topics = _after(turn.question, topics)
    if both := _both(question, topics):
        return both
    needed = _needed(question, topics)
    return f"{' '.join(needed)} {question}" if needed else question


def _both(question: str, topics: list[list[str]]) -> str | None:
    """A question about the last two topics, with both named as a comparison names them."""
    own = [word for word in names(question) if len(word) > 2]
    if len(topics) < 2 or not _BOTH.search(question) or own:
        return None
    first, second = (" ".join(topic[: _MOST_TOPIC_WORDS // 2]) for topic in topics[-2:])
    if language(question) == "ko":
        return f"{first}와 {second} 중 {question}"
    return f"{question.rstrip(' ?.!')}, {first} or {second}?"


def _after(question: str, topics: list[list[str]]) -> list[list[str]]:
    """The topics, newest last, once a question has been asked."""
    own = names(question)
    if not own and not topics:
        # A first question always has a topic, if only of common words.
        bare = [stems(w)[-1] if "가" <= w[0] <= "힣" else w for w in content_words(question)]
        own = [w for w in bare if len(w) > 1 and not _NO_NAME.search(w)][:4]
    return [*topics, own][-3:] if own else topics


def _needed(question: str, topics: list[list[str]]) -> list[str]:
    if not topics:
        return []
    own = {word.lower() for word in names(question)}
    if _BOTH.search(question) and len(own) < 2:
        wanted = [word for topic in topics[-2:] for word in topic]
    elif _BACK.search(question) or not own:
        wanted = topics[-1]
    else:
        return []
    return [word for word in dict.fromkeys(wanted) if word.lower() not in own][:_MOST_TOPIC_WORDS]


def names(question: str) -> list[str]:
    """The words of a question that name something: not in the word table, or written as a name."""
    text = unicodedata.normalize("NFKC", question)
    content = set(content_words(text))
    found = []
    for place, word in enumerate(_WRITTEN.findall(text)):
        folded = word.lower()
        if not (content & set(re.findall(r"[a-z0-9]+|[가-힣]+", folded))):
            continue
        if "가" <= word[0] <= "힣":
            stem = stems(word)[-1]
            known = any(word_translations(stem)) or synonyms(stem) or is_verb(word)
            if not known and not _NO_NAME.search(stem):
                found.append(stem)
        elif folded in STOP or word[0].isdigit():
            continue
        elif (word != folded and place) or not any(word_translations(folded)):
            found.append(word)
    return found
