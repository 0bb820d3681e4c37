"""A Hangul word of a question as the noun that the articles may have: without what it took on, or in parts."""

import re
from collections.abc import Sequence
from itertools import pairwise

from index.names import stems
from index.translation import knows, word_translations
from index.verbs import noun

# What a noun takes on to be a verb, and a verb to tell of the past, so that 공개됐나 and 공개 are one word.
_VERB = re.compile(
    r"(?:했었|됐었|했|됐|하였|되었|받았|한|된|할|될|함|됨|해|돼|하는|되는|받은|받는|하면|되면|하고|되고|하려면|하나|되나|하며"
    r"|하기|되기|시킨|하게|되게|인|이었|었|았|였)(?:나요|나|어요|어|지|죠|을까|습니까|다고|다|는지|대|니|던|을|은|가|가요|야)?$"
)
# What makes the day, the sum, the share or the name of something of it: 출시일 is told of what is 출시.
_MADE = re.compile(r"[가-힣]{2,}[일액률율량명]$")


def bare_noun(word: str) -> str:
    """A Hangul word without verb endings and particles, and without what makes the day or the sum of it, never
    under two syllables; any other word as it is."""
    if not "가" <= word[0] <= "힣":
        return word
    bare = noun(word) or _VERB.sub("", word)
    stem = bare if len(bare) >= 2 and bare != word else stems(word)[-1]
    return stem[:-1] if _MADE.match(stem) and any(word_translations(stem[:-1])) else stem


def written_apart(word: str, rarity: Sequence[float], unseen: float) -> list[str]:
    """A Hangul word cut where it is found nowhere as one (기업가치, 기업 가치), if each part is a word or stands
    somewhere with three syllables. `rarity` is that of its bigrams."""
    cuts = [place for place, rare in enumerate(rarity, 1) if rare >= unseen]
    if not cuts or len(word) != len(rarity) + 1:
        return []
    parts = [word[a:b] for a, b in pairwise([0, *cuts, len(word)])]
    return parts if all(len(part) > 2 or (len(part) == 2 and knows(part)) for part in parts) else []
