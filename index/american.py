"""American spellings of British words, so that a question in one finds articles in the other.

Only spellings that differ by rule or are common stand here; what is left as it is costs a match, what is
wrongly changed would cost two words that become one. Both sides are changed alike.
"""

import re

# After these -ise is no ending of its own: exercise, promise.
_KEPT = (
    "exerc prom comprom surpr superv improv telev advert otherw likew clockw prem desp compr surm disgu franch enterpr expert"
    " merchand conc prec parad circumc treat porpo repr appr torto turquo mala marqu chem mort"
).split()
_IZE = re.compile(
    rf"(?!(?:{'|'.join(_KEPT)})is)([a-z]{{4,}})is(e|es|ed|ing|er|ers|able|ation|ations|ational)"
)
_RULES = tuple(
    (re.compile(pattern), form)
    for pattern, form in (
        (
            r"((?:un|dis|mis)?(?:arm|behavi|clam|col|endeav|fav|flav|harb|hon|hum|lab|neighb|od|parl|rig|rum|sav|splend|tum|vap|vig))our([a-z]*)",
            r"\1or\2",
        ),
        (r"([a-z]*(?:cent|met|lit|theat|fib|calib|lust|sab|somb|spect))re(s)?", r"\1er\2"),
        (r"(anal|paral|catal)ys(e|es|ed|ing|er|ers)", r"\1yz\2"),
        (r"(lic|def|off|pret)ence(s|d)?", r"\1ense\2"),
        (r"(catal|dial|monol|prol|epil)ogue(s|d)?", r"\1og\2"),
        (r"(enrol|fulfil|instal)(s|ment|ments)?", r"\1l\2"),
        (r"(program)me(s)?", r"\1\2"),
    )
)
_WORDS = dict(
    pair.split("/")
    for pair in (
        "ageing/aging aluminium/aluminum artefact/artifact artefacts/artifacts aeroplane/airplane aeroplanes/airplanes cosy/cozy grey/gray"
        " jewellery/jewelry judgement/judgment judgements/judgments manoeuvre/maneuver manoeuvres/maneuvers maths/math mould/mold"
        " mum/mom paediatric/pediatric plough/plow practise/practice practised/practiced pyjamas/pajamas sceptic/skeptic"
        " sceptical/skeptical sceptics/skeptics skilful/skillful speciality/specialty storey/story storeys/stories tyre/tire tyres/tires"
    ).split()
)


def american(word: str) -> str:
    """The American spelling of an English word in small letters; most are spelled alike."""
    if known := _WORDS.get(word):
        return known
    if found := _IZE.fullmatch(word):
        return f"{found[1]}iz{found[2]}"
    for pattern, form in _RULES:
        if found := pattern.fullmatch(word):
            return found.expand(form)
    return word
