"""What a question asks for: its words with their weights, and the kind of answer it wants."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

from index.analysis import fold, query_terms, terms
from index.described import phonetic_keys
from index.expected import Measure, Wanted, counter, counts, measure, wanted
from index.names import (
    head_keys,
    latin_names,
    mixed_keys,
    mixed_names,
    short_forms,
    short_keys,
    stems,
)
from index.nouns import bare_noun, written_apart
from index.numbers import Quantity
from index.segmenter import bundled
from index.synonyms import synonyms
from index.translation import Translation, word_translations
from index.verbs import is_verb, verb_stems
from index.versions import Numbered, is_of_another, numbered

Rarity = Callable[[list[str]], Mapping[str, float]]

_UNSEEN = "\0"
_LATIN = re.compile(r"[^\W\d_가-힣]+\d*")
_NAMED = re.compile(r"[A-Z][A-Za-z.]*[ -]$")
_YEAR = re.compile(r"(?<![\d.,])(?:19|20)\d\d(?![\d.,]*\d)")
_WORD = re.compile(r"[a-z0-9]+|[가-힣]+|[^\W_a-z0-9가-힣]+")
_ASKING = frozenset(
    "나는 은 는 이 가 을 를 의 에 와 과 도 로 만 으로 에서 까지 부터 에는 에도 이란 이라는 라는 어떻게 한 번에 안 것 것은 것인가 거야 건 수 수는 때 때는 "
    "중 중에 중에서 대해 대해서 대한 관한 관해 원래 대체 도대체 혹시 정말 진짜 그냥 좀 벌써 이미 아직 아직도 이제 드디어 결국 모두 전부 총 젤 다 다들 많이 이번 이번에 정도 대략 쯤 "
    "거기 여기 근데 그런데 그럼 그러면 그래서 그리고 알려줘 알려 줘 설명해줘 해줘 있나 있나요 있어 있는 있을까 했나 했어 했나요 되나 되지 됐나 됐어 하나 "
    "하나요 나요 인가 인가요 이야 제일 가장 다시 what which who whom whose when where why how is are was "
    "were do does did the a an of in on at to for from by with and or it its that this "
    "there many much name named called tell me about "
    "dont doesnt didnt isnt arent wasnt werent cant couldnt wont whats whos hows wheres ive youre don doesn didn "
    "isn aren wasn weren couldn wouldn shouldn won hasn haven hadn ll re ve "
    "have has had be been being can could would should might must any some s t say says get "
    "vs versus compared latest recent recently newest currently current nowadays lately".split()
)  # fmt: skip
# Words that only ask: question words in any dress, the time that is meant (which the articles' own
# dates tell), and counters with an ending.
_QUESTION_WORD = re.compile(
    r"^(?:언제|어디|누구|누가|누굴|무엇|무슨|뭐|뭘|뭔|얼마|얼만|몇|왜(?=$|[냐요인일])|어떻|어떤|어느|며칠)"
    r"|^(?:최근|요즘|요새|최신|지금|현재|지난달|이번달|지난해|작년|올해)(?:에|의|에는|은|는)?$"
    r"|^(?:기사|글|소식|뉴스)(?:이|가|은|는|를|을)?$|^news$|^(?:요약|정리|소개|설명)(?:을|를)?(?:해\S*)?$|^(?:summari[sz]e|overview|articles?)$"
    r"|^(?:개|명|곳|번|살|년|월|일|시|원|팀|등|위)(?:에|부터|까지|야|인가|인가요|이나|이야|이었나|이었나요|나|쯤|지|을|를|은|는)*$"
    r"|^(?:군데|데)(?:서|에|에서|가|는|를|요|야|임|예요|로)*$"
    r"|^(?:이름|이유|까닭|사유|위치|장소|시기|시점|날짜|일시|인원|금액|개수|기간)(?:이|가|은|는|을|를|로|에서)?$"
    # Verbs that only help another one, and nouns that only carry a clause.
    r"|^(?:있|없|되|하|않|못하|됐|했|돼)(?:는|은|을|던|게|지|고|어|어요|나|나요|나|는가|는지|습니까|었나|었나요|었어|었던|도록)?$"
    r"|^(?:된|될|한|할|함|됨|됩니까|합니까|해야|돼야|돼요|해요|않는|못|못한|데|데에|게|걸|거|것이|것으로|수가|수도|적이|어)$"
)
# What is written with a number: how it counts, with a particle.
_COUNTER = re.compile(
    r"^(?:호|호기|차|회|세|층|위|등|인|권|장|편|기|대|살|명|개|개월|년|월|일|시|분|번|번째|주|주년)"
    r"(?:에|의|은|는|이|가|을|를|에서|부터|까지|에는|로|으로|도|와|과|째|인)*$"
)
# What is written after 몇 and says nothing of what is counted: 몇 개인가 does not ask about 개인.
_COUNTED = re.compile(r"개(?![국월사소팀교층])|명|사람|년|살|퍼센트|프로|배")
# A verb as it ends a question or a clause; its form is rarer than what it says.
_VERBAL = re.compile(
    r"(?:[었았였했됐겠](?:나|나요|어|어요|지|지요|을까|습니까|다|다고|던|대|대요|냐|냐고|음|네|네요)?|[가-힣][아어여해워려켜]요?|[하되쓰주오가보있없많같]지|[가-힣]나요|[가-힣]까|[가-힣]니|[가-힣]면|[가-힣]고)$"
)
_VERB_WORTH = 0.4
_COMMON = 0.18  # of a word's translations
_NAME_KEY_LENGTH = 3  # of a word that may be a name in spite of its ending
# One syllable with a particle: with 을, 를, 은 or 는 it tells too little, unless it is an adjective
# that the table knows, with 의 or 이 it may be a name.
_ADJECTIVE = 0.3
_BARE = re.compile(r"^[가-힣][을를은는]$")
_VERSION = re.compile(r"[a-z]+\d+")
_SYLLABLE = re.compile(r"^[가-힣][의이]$")


@dataclass(frozen=True)
class Word:
    """One written word of the question: the terms it is made of, the phonetic keys of its other
    spelling, the terms of each of its translations with their weights, how rare it is (the highest
    inverse document frequency among its terms), and how it may stand without its ending: as cut
    for its terms first, then as it is written and without what may be a particle. `capital`
    says whether it is written as a name is, where its script and the question tell names apart,
    `same` are the terms of each word that says the same, `verb` says that it ends as a Korean one, and
    `unseen` that one of its terms stands in no passage."""

    terms: frozenset[str]
    keys: frozenset[str]
    translations: tuple[Translation, ...]
    weight: float
    forms: tuple[str, ...]
    capital: bool
    same: tuple[tuple[str, ...], ...] = ()
    verb: bool = False
    unseen: bool = False

    @cached_property
    def special(self) -> bool:
        """Whether it is a name or a special word, rather than one for which a text may say another."""
        return (
            self.capital
            and not self.verb
            and _is_special(self.forms[0], self.keys, self.translations)
        )

    @cached_property
    def spelled(self) -> bool:
        """Whether it may be a name that a text in the other language spells as it sounds."""
        return bool(self.keys) and self.special

    @cached_property
    def transcribed(self) -> bool:
        """Whether a text in the question's language may have it in the other script alone."""
        return self.spelled or (self.unseen and bool(self.keys) and self.capital and not self.verb)


@dataclass(frozen=True)
class Asked:
    """A question as the built-in reader sees it: its words, the values it names, the kind of answer it
    wants and what a wanted number measures; `unseen` is the rarity of a term that no passage has;
    `numbered` are its names with a number of their own, `counter` what it counts with, `year` the year it
    names."""

    words: tuple[Word, ...]
    values: frozenset[str]
    wanted: Wanted
    measure: Measure
    unseen: float
    numbered: tuple[Numbered, ...] = ()
    counter: str | None = None
    year: str | None = None

    @cached_property
    def weight(self) -> float:
        """What all words weigh together."""
        return sum(word.weight for word in self.words)

    @cached_property
    def mentioned(self) -> float:
        """The share of the weight in words that stand anywhere in what is indexed, from 0 to 1."""
        rare = self.unseen - 1e-6
        some = sum(word.weight for word in self.words if word.weight < rare)
        return some / self.weight if self.weight else 0.0

    @cached_property
    def names(self) -> tuple[Word, ...]:
        """The words that a text in the other language may spell by their sound."""
        return tuple(word for word in self.words if word.spelled)

    @cached_property
    def translated(self) -> float:
        """The share of the weight in words whose translations are known, from 0 to 1."""
        known = sum(word.weight for word in self.words if word.translations)
        return known / self.weight if self.weight else 0.0


def asked(question: str, rarity: Rarity) -> Asked:
    """The question's content words; `rarity` gives inverse document frequencies of terms."""
    content = content_words(question)
    stemmed = [(word, bare_noun(word)) for word in content]
    looked_up = [terms(word[0] if _is_syllable(word) else stem) for word, stem in stemmed]
    frequencies = rarity([_UNSEEN, *chain.from_iterable(looked_up)])
    words, capitals, names = [], _capitals(question), _names(question)
    for (word, stem), told in zip(stemmed, looked_up, strict=True):
        if made := terms(stem):
            if parts := written_apart(
                stem, [frequencies.get(t, 0.0) for t in made], frequencies[_UNSEEN]
            ):
                made = told = [term for part in parts for term in terms(part)]
            weight = max(frequencies.get(term, 0.0) for term in told)
            meanings = tuple(option for group in word_translations(stem) for option in group)
            forms = tuple(dict.fromkeys((stem, *stems(word))))
            keys = head_keys(word).union(*map(phonetic_keys, forms), *names.get(word, ()))
            capital = "가" <= word[0] <= "힣" or word in capitals
            same = next(filter(None, map(synonyms, (*forms, *verb_stems(word)))), ())
            verb, unseen = is_verb(word), weight >= frequencies[_UNSEEN]
            if word == content[-1] and not meanings and _VERBAL.search(word):
                # Many a name ends so too.
                weight *= _VERB_WORTH
                keys = frozenset(key for key in keys if len(key) >= _NAME_KEY_LENGTH)
            elif verb and unseen:
                weight *= _VERB_WORTH
            words.append(
                Word(frozenset(made), keys, meanings, weight, forms, capital, same, verb, unseen)
            )
    values = frozenset(query_terms(question).numbers)
    kind, of = wanted(question), measure(question)
    year = next(iter(_YEAR.findall(question)), None)
    return Asked(
        tuple(words),
        values,
        kind,
        of,
        frequencies[_UNSEEN],
        numbered(question),
        counter(question),
        year,
    )


def _capitals(question: str) -> frozenset[str]:
    """The Latin words that may be names, folded: those with a capital, or all of a question without any."""
    written = _LATIN.findall(question)
    if any(not word.islower() for word in written):
        written = [word for word in written if not word.islower()]
    else:
        written = [word for word in written if not _is_common(word)]
    return frozenset(_WORD.findall(fold(" ".join(written))))


def _is_common(word: str) -> bool:
    """Whether an English word has a translation that is not how it sounds: release is 출시 beside 릴리스."""
    meanings = [option for group in word_translations(word) for option in group]
    keys = phonetic_keys(word)
    meant = sum(weight for told, weight in meanings if keys.isdisjoint(_sounds("".join(told))))
    return (
        not _VERSION.fullmatch(word)
        and meant >= _COMMON * sum(weight for _, weight in meanings) > 0
    )


def _names(question: str) -> dict[str, list[frozenset[str]]]:
    """For each word the keys of the names that it is part of, each as one word: Park Ji-hoon is 박지훈,
    챗GPT is ChatGPT, SK is 에스케이."""
    found: dict[str, list[frozenset[str]]] = {}
    for head, tail in mixed_names(fold(question)):
        for part in (head, tail):
            found.setdefault(part, []).append(mixed_keys(head, tail))
    for name in short_forms(question):
        for part in _WORD.findall(fold(name)):
            found.setdefault(part, []).append(short_keys(name))
    written = [fold(name) for name in latin_names(question)]
    for name in written:
        keys = frozenset(key for key in phonetic_keys(name) if len(key) > _NAME_KEY_LENGTH)
        for part in written:
            if len(part) < len(name) and part in name:
                found.setdefault(part, []).append(keys)
    return found


@lru_cache(maxsize=1 << 14)
def _is_special(word: str, keys: frozenset[str], meanings: tuple[Translation, ...]) -> bool:
    """Whether the vocabulary does not know a word as one, or its translation is how it sounds; one with
    a number at its end is a name."""
    if _VERSION.fullmatch(word):
        return True
    known = word[0].isascii() and meanings  # an English ending is a piece of its own
    if not known and len([piece for piece in bundled().pieces(word) if piece]) > 1:
        return True
    said = frozenset().union(*(_sounds("".join(meant)) for meant, _ in meanings))
    # 세종대왕 is "sejong" in the table: its head is how the translation sounds.
    longer = (sound for sound in said if len(sound) >= _NAME_KEY_LENGTH)
    return not keys.isdisjoint(said) or any(key.startswith(s) for s in longer for key in keys)


def _sounds(translation: str) -> frozenset[str]:
    """The keys of the joined terms of a translation; Hangul ones overlap by a syllable."""
    if "가" <= translation[0] <= "힣":
        translation = translation[0] + translation[1::2]
    return phonetic_keys(translation)


def _is_syllable(word: str) -> bool:
    """Whether a word is one syllable with a particle (딥의, 금이): then that is as rare as it is.

    Those that are words of their own (회의, 나이) are in the table.
    """
    return bool(_SYLLABLE.match(word)) and not any(word_translations(word))


def content_words(question: str) -> list[str]:
    """The words that say what is asked about, folded; all of them when none does."""
    folded = fold(question)
    found = list(_WORD.finditer(folded))
    written = list(dict.fromkeys(each.group() for each in found))
    counters = {each.group() for each in found if _counts(folded, each)}
    return [word for word in written if word not in counters and _tells(word)] or written


def asks_about_something(question: str) -> bool:
    """Whether any word of a question says what it is about."""
    return any(_tells(word) for word in _WORD.findall(fold(question)))


def _tells(word: str) -> bool:
    """Whether a word says what is asked about, rather than only that something is asked."""
    if word in _ASKING or _QUESTION_WORD.match(word):
        return False
    return not _BARE.match(word) or _meaning(word) >= _ADJECTIVE


def _counts(text: str, word: re.Match[str]) -> bool:
    """Whether a word only says what the number right before it counts (3호에 is 3), or what is to be
    counted (몇 장)."""
    if text[max(0, word.start() - 1) : word.start()].isdigit():
        return _COUNTER.match(word.group()) is not None
    if not text[: word.start()].rstrip().endswith("몇"):
        return False
    return bool(_COUNTED.match(word.group()) or word.group().startswith(counter(text) or "\0"))


def _meaning(word: str) -> float:
    """How sure the table is of a word as it stands: 작은 is small, 길은 may be anything."""
    return sum(weight for group in word_translations(word) for _, weight in group)


def answering(question: Asked, text: str, values: Sequence[Quantity]) -> Quantity | None:
    """The first of the values that may answer a question, if any does."""
    return next(all_answering(question, text, values), None)


def all_answering(question: Asked, text: str, values: Sequence[Quantity]) -> Iterator[Quantity]:
    """The values of the wanted kind in a text that tell more than the question does.

    A version (`Mistral Small 3.1`) is no value, and that of another version is not asked for.
    """
    kinds = {"date": {"date"}, "number": {"number", "percent"}}.get(question.wanted, set())
    for found in values:
        if found.kind in kinds and not set(found.terms) <= question.values:
            if question.wanted == "number" and not counts(
                question.measure, question.counter, text, found
            ):
                continue
            counted = question.counter or found.unit  # GPU 512장
            version = not counted and _NAMED.search(text[: found.start])
            if version and len(found.value) < 4:
                continue
            if not is_of_another(question.numbered, text, found.start):
                yield found
