"""How tokens become text: which end an answer, which are not shown, which close a thought."""

from dataclasses import dataclass

from transformers import GenerationConfig, PreTrainedTokenizerBase

from rag.models.catalogue import Family, Markup

_LONGEST_HELD = 16  # tokens; more are no character but bytes that never become one


@dataclass(frozen=True, slots=True)
class Voice:
    """A model's tokenizer with what its family says about its tokens; sets hold token ids.

    `stop` ends an answer; `between` are those of them that, within a thought, only lead over to the
    answer; `hidden` are decoded to nothing; `pad` fills up shorter rows of a batch.
    """

    tokenizer: PreTrainedTokenizerBase
    markup: Markup
    stop: frozenset[int]
    between: frozenset[int]
    hidden: frozenset[int]
    pad: int


def voice(tokenizer: PreTrainedTokenizerBase, family: Family, config: GenerationConfig) -> Voice:
    """The voice of a model, from its tokenizer, its family and its generation_config.json."""
    told = config.eos_token_id
    ends = {tokenizer.eos_token_id, *(told if isinstance(told, list) else [told])} - {None}
    known = tokenizer.get_vocab()
    stop = ends | {known[token] for token in family.stop if token in known}
    stop -= {known[token] for token in family.never_stop if token in known}
    markup = family.markup
    markers = " ".join(
        (*markup.openers, *markup.closers, *markup.fillers, *markup.answer_openers,
         *markup.answer_closers, *markup.ends)
    )  # fmt: skip
    special = {i for i, token in tokenizer.added_tokens_decoder.items() if token.special}
    hidden = set() if family.keep_special_tokens else special | set(tokenizer.all_special_ids)
    return Voice(
        tokenizer,
        markup,
        frozenset(stop),
        frozenset(known[token] for token in markup.fillers if token in known) & stop,
        frozenset(i for i in hidden if str(tokenizer.convert_ids_to_tokens(i)) not in markers),
        tokenizer.pad_token_id or 0,
    )


class Detokeniser:
    """Token ids in, text out as soon as it is certain: characters may span several tokens."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._ids: list[int] = []  # the last ones given out, as context, and those still held
        self._given = 0

    def feed(self, token: int) -> str:
        """The text that `token` completes; empty within a character."""
        if token in self._voice.hidden:
            return ""
        self._ids.append(token)
        text = self._new()
        held = len(self._ids) - self._given
        if text.endswith("\ufffd") and held < _LONGEST_HELD:
            return ""
        # Some tokenizers drop a space where a text begins: the last tokens go in front of the next.
        self._ids = self._ids[self._given :] if held < _LONGEST_HELD else []
        self._given = len(self._ids)
        return text

    def flush(self) -> str:
        """What is still held, at the end."""
        text, self._ids, self._given = self._new(), [], 0
        return text

    def _new(self) -> str:
        return self._decode(self._ids)[len(self._decode(self._ids[: self._given])) :]

    def _decode(self, ids: list[int]) -> str:
        text = self._voice.tokenizer.decode(
            ids, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        assert isinstance(text, str)
        return text
