"""The parts of the local chat model: prompts, tokens to text, sampling, guesses."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from transformers import AutoTokenizer, GenerationConfig
from transformers.generation.logits_process import (
    RepetitionPenaltyLogitsProcessor,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from rag.models import catalogue
from rag.models.catalogue import Sampling
from rag.models.chat import arrange
from rag.models.decoding import Lookup
from rag.models.prompting import Prompter
from rag.models.sampling import LoopGuard, Sampler
from rag.models.sequence import StopStrings
from rag.models.thinking import Piece
from rag.models.voice import Detokeniser, voice
from tests.rag import tiny_models

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_thread")]

QUESTION = HumanMessage("마지스트랄 스몰의 매개변수는 몇 개인가?")
SYSTEM = SystemMessage("Answer from the passages only, and cite them by number like [1].")
PASSAGES = HumanMessage(
    "[1] 마지스트랄 스몰의 매개변수는 240억 개다.\n[2] EXAONE Deep: 32B.\n몇 개인가?"
)
KINDS = pytest.mark.parametrize("kind", tiny_models.KINDS)


# --- prompts -------------------------------------------------------------------------------------


@KINDS
def test_markers_in_an_article_are_text(kind: str, folders: dict[str, Path]) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folders[kind])
    family = catalogue.find(str(folders[kind]))
    assert family is not None
    prompter = Prompter("test", folders[kind], tokenizer, family)
    markers = [token for token in tokenizer.added_tokens_encoder if not token.isspace()]
    clean = prompter.ids([SYSTEM, HumanMessage("말: ")], thinking=True)
    quoted = prompter.ids([SYSTEM, HumanMessage("말: " + " ".join(markers))], thinking=True)
    added = set(tokenizer.added_tokens_decoder)
    assert [i for i in quoted if i in added] == [i for i in clean if i in added]
    assert all(marker in tokenizer.decode(quoted) for marker in markers)


def test_system_prompts_follow_the_family(folders: dict[str, Path]) -> None:
    def rendered(kind: str, family: str | None = None) -> str:
        tokenizer = AutoTokenizer.from_pretrained(folders[kind])
        known = catalogue.find(family or str(folders[kind]))
        assert known is not None
        prompter = Prompter("test", folders[kind], tokenizer, known)
        return str(tokenizer.decode(prompter.ids([SYSTEM, QUESTION], thinking=True)))

    merged = f"{SYSTEM.text}\n\n{QUESTION.text}"
    assert f"<|im_start|>system\n{SYSTEM.text}<|im_end|>" in rendered("qwen3")
    assert f"<｜User｜>{merged}<｜Assistant｜><think>\n" in rendered("llama")
    empty = "<|im_start|>system\n<|im_end|>\n<|im_start|>user\n"
    assert empty + merged in rendered("qwen3", "MiMo-7B-RL")
    vendor = "[SYSTEM_PROMPT]First draft your thinking between [THINK] and [/THINK].\n\n"
    assert vendor + SYSTEM.text in rendered("mistral")
    # Its template refuses a system prompt, which a look at an unknown model's shows.
    assert merged in rendered("llama", "Qwen3-0.6B")


def test_thoughts_do_not_go_back_into_the_prompt() -> None:
    earlier = AIMessage("답", additional_kwargs={"reasoning_content": "비밀"})
    assert [m.text for m in arrange([QUESTION, earlier, QUESTION], "normal")] == [
        QUESTION.text, "답", QUESTION.text,
    ]  # fmt: skip


@given(st.text("ab가", max_size=12), st.lists(st.text("ab가", max_size=3), max_size=3), st.data())
def test_stop_strings_do_not_depend_on_the_pieces(
    text: str, strings: list[str], data: st.DataObject
) -> None:
    def shown(parts: list[str]) -> str:
        stop, kept = StopStrings(tuple(strings)), []
        for part in parts:
            kept += stop.cut([Piece("answer", part)])
        kept += stop.cut([], last=True)
        return "".join(piece.text for piece in kept)

    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=5)) | {0, len(text)})
    ends = [at for string in strings if string and (at := text.find(string)) >= 0]
    assert shown([text[a:b] for a, b in pairwise(cuts)]) == text[: min(ends, default=len(text))]


def test_tokens_become_the_text_that_they_are(folders: dict[str, Path]) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folders["qwen3"])
    family = catalogue.find("Qwen3-0.6B")
    assert family is not None
    how = voice(tokenizer, family, GenerationConfig())
    text = "추론 모델은 <think> 생각하고 🧠 답한다.\n\nA café’s 24B — 똠방각하  끝" * 3
    ids = tokenizer.encode(text)
    for chosen in (ids, ids[5:], ids[3::2]):
        detokeniser = Detokeniser(how)
        parts = [detokeniser.feed(token) for token in chosen]
        assert "".join(parts) + detokeniser.flush() == tokenizer.decode(chosen)
    detokeniser = Detokeniser(how)
    parts = [detokeniser.feed(token) for token in ids]
    assert "\ufffd" not in "".join(parts) and len([part for part in parts if part]) > 50


def test_sampling_is_that_of_transformers() -> None:
    logits = torch.randn(400, generator=torch.Generator().manual_seed(0)) * 3
    logits = logits.repeat(8) + torch.linspace(0, 0.1, 3200)  # more tokens than are looked at first
    for how in (
        Sampling(0.7, 0.8, 20), Sampling(0.6, 0.95), Sampling(1.0, top_k=5), Sampling(2.0, 0.999),
    ):  # fmt: skip
        warped = logits[None] / (how.temperature or 1.0)
        if how.top_k:
            warped = TopKLogitsWarper(how.top_k)(None, warped)
        if how.top_p:
            warped = TopPLogitsWarper(how.top_p)(None, warped)
        allowed = set(warped[0].isfinite().nonzero().flatten().tolist())
        sampler = Sampler(how, 1, torch.device("cpu"))
        drawn = {sampler(logits, [], []) for _ in range(300)}
        assert drawn <= allowed
        assert len(drawn) > min(len(allowed), 40) // 2
    top = int(logits.argmax())
    greedy = Sampling(temperature=0.0, presence_penalty=50.0)
    assert Sampler(greedy, 1, logits.device)(logits, [], []) == top
    assert Sampler(greedy, 1, logits.device)(logits, [top], []) == top
    assert Sampler(greedy, 1, logits.device)(logits, [], [top]) != top
    repeated = Sampling(temperature=0.0, repetition_penalty=9.0)
    expected = RepetitionPenaltyLogitsProcessor(9.0)(torch.tensor([[top]]), logits[None].clone())
    assert Sampler(repeated, 1, logits.device)(logits, [top], []) == int(expected.argmax())


def test_a_loop_is_told_from_a_list() -> None:
    numbers = [token for n in range(300) for token in (7, 8, 100 + n, 9)]
    guard = LoopGuard()
    assert not any(guard.add(token) for token in numbers), "rows that differ are no loop"
    for period in (1, 3, 40, 200):
        guard = LoopGuard()
        seen = [guard.add(n % period) for n in range(period * 8 + 100)]
        assert seen[-1] and not any(seen[: max(90, 5 * period)])


def test_guesses_come_from_what_stood_before() -> None:
    lookup = Lookup()
    assert lookup.guess([1, 2, 3]) == []
    first = lookup.guess([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3])
    assert first == [4, 5, 6, 7, 8]
    lookup.learn(5, 0)
    assert lookup.guess([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 0, 1, 2, 3]) == [0, 1, 2]
