"""The local chat model on real, tiny models: loading, streaming, stopping, budgets, batches."""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage
from langchain_core.prompts import ChatPromptTemplate
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as library_logging

from rag.models.catalogue import Sampling
from rag.models.chat import Options, collect, read
from rag.models.local import LocalChat
from rag.models.memory import needs
from rag.models.prompting import Prompter
from rag.models.quantise import Quantise
from rag.models.thinking import split
from tests.rag import tiny_models

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_thread")]

QUESTION = HumanMessage("마지스트랄 스몰의 매개변수는 몇 개인가?")
SYSTEM = SystemMessage("Answer from the passages only, and cite them by number like [1].")
PASSAGES = HumanMessage(
    "[1] 마지스트랄 스몰의 매개변수는 240억 개다.\n[2] EXAONE Deep: 32B.\n몇 개인가?"
)
THOUGHT = "문서 [1]에 매개변수가 240억 개라고 적혀 있다."
REPLY = "마지스트랄 스몰의 매개변수는 240억 개입니다 [1]."
GREEDY = Sampling(temperature=0.0)
SHORT = Options(
    thinking=True, thinking_tokens=24, answer_tokens=24, sampling=GREEDY, closing_phrase="이제 답."
)
library_logging.disable_progress_bar()


@pytest.fixture(scope="module")
def chats(folders: dict[str, Path]) -> dict[str, LocalChat]:
    return {kind: LocalChat(model=str(folder), options=SHORT) for kind, folder in folders.items()}


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> LocalChat:
    """A Qwen3 that has learnt to think and to answer one question about two passages."""
    folder = tiny_models.build(tmp_path_factory.mktemp("taught"), "qwen3", initializer_range=0.05)
    asked = [{"role": "system", "content": SYSTEM.text}, {"role": "user", "content": PASSAGES.text}]
    said = f"<think>\n{THOUGHT}\n</think>\n\n{REPLY}"
    assert tiny_models.teach(folder, [(asked, said)]) < 0.1
    return LocalChat(model=str(folder), options=Options(thinking=True, sampling=GREEDY))


KINDS = pytest.mark.parametrize("kind", tiny_models.KINDS)


def generated(folder: Path, chat: LocalChat, messages: list[Any], tokens: int) -> tuple[str, str]:
    """Thought and answer as transformers' own `generate` writes them."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    prompter = Prompter("test", folder, tokenizer, chat.family)
    ids = prompter.ids(messages, thinking=True)
    given = torch.tensor([ids])
    made = model.generate(
        given, attention_mask=torch.ones_like(given), max_new_tokens=tokens, do_sample=False
    )[0, len(ids) :].tolist()
    hidden = {tokenizer.eos_token_id, *tokenizer.all_special_ids}
    if chat.family.keep_special_tokens:
        hidden = {tokenizer.eos_token_id}
    text = tokenizer.decode([token for token in made if token not in hidden])
    return split(text, chat.family.markup, prompter.opened(ids), "length")


def said(message: AIMessage) -> tuple[str, str]:
    return message.additional_kwargs.get("reasoning_content", ""), str(message.content)


# --- what it says --------------------------------------------------------------------------------


def test_thought_and_answer_come_apart(taught: LocalChat) -> None:
    chunks = list(taught.stream([SYSTEM, PASSAGES]))
    assert all(isinstance(chunk, AIMessageChunk) for chunk in chunks)
    kinds = [piece.kind for chunk in chunks for piece in read(chunk)]
    assert kinds == sorted(kinds, reverse=True), "all reasoning comes before the answer"
    assert len(kinds) > 10, "in many pieces"
    whole = collect(chunks)
    assert said(whole) == (THOUGHT + "\n", REPLY)
    outcome = whole.response_metadata
    assert outcome["finish_reason"] == "stop"
    assert outcome["thinking_closed"] and not outcome["thinking_forced"]
    assert not outcome["exhausted"]
    assert outcome["tokens"] > outcome["reasoning_tokens"] > 0
    assert outcome["prompt_tokens"] == taught.count_tokens([SYSTEM, PASSAGES])
    assert outcome["tokens_per_second"] > 1 and outcome["first_token_seconds"] > 0
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["output_tokens"] == outcome["tokens"]


def test_reasoning_is_a_content_block(taught: LocalChat) -> None:
    blocks = [block for c in taught.stream([SYSTEM, PASSAGES]) for block in c.content_blocks]
    assert {block["type"] for block in blocks} == {"reasoning", "text"}
    message = taught.invoke([SYSTEM, PASSAGES])
    assert [block["type"] for block in message.content_blocks] == ["reasoning", "text"]
    assert said(message) == (THOUGHT + "\n", REPLY)


def test_it_is_a_langchain_component(taught: LocalChat) -> None:
    prompt = ChatPromptTemplate.from_messages([("system", SYSTEM.text), ("human", "{asked}")])
    assert (prompt | taught).invoke({"asked": PASSAGES.text}).content == REPLY


@KINDS
def test_greedy_answers_are_those_of_generate(
    kind: str, folders: dict[str, Path], chats: dict[str, LocalChat]
) -> None:
    chat = chats[kind]
    thought, answer = said(chat.invoke([QUESTION], thinking_tokens=40, answer_tokens=40))
    expected = generated(folders[kind], chat, [QUESTION], 40)
    opened = bool(expected[0])
    got, wanted = (thought, expected[0]) if opened else (answer, expected[1])
    wanted = wanted.rstrip("�")
    assert len(set(wanted)) > 10
    assert got[: len(wanted)] == wanted


@KINDS
def test_kept_prefix_and_lookup_change_no_answer(
    kind: str, folders: dict[str, Path], chats: dict[str, LocalChat]
) -> None:
    plain = LocalChat(model=str(folders[kind]), options=SHORT, lookup=False, keep_prefix=False)
    talk: list[Any] = [SYSTEM]
    for question in (PASSAGES.text * 8, "EXAONE Deep의 크기는?", "And who made MiMo?"):
        talk.append(HumanMessage(question))
        fresh = plain.invoke(talk, answer_tokens=60)
        again = chats[kind].invoke(talk, answer_tokens=60)
        assert said(again) == said(fresh)
        assert len(set(fresh.text)) > 5
        talk.append(AIMessage(fresh.text))


def test_an_answer_cut_off_leaves_no_wrong_prefix(chats: dict[str, LocalChat]) -> None:
    chat = chats["exaone4"]
    expected = said(chat.invoke([SYSTEM, QUESTION]))
    for chunks_read in (1, 4, 9):
        stream = chat.stream([SYSTEM, PASSAGES])
        for _ in range(chunks_read):
            next(stream)
        stream.close()
        assert said(chat.invoke([SYSTEM, QUESTION])) == expected


def test_the_prefix_is_read_once(chats: dict[str, LocalChat]) -> None:
    fed: list[int] = []

    def count(module: torch.nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        if isinstance(module, PreTrainedModel) and "logits_to_keep" in kwargs:
            fed.append(kwargs["input_ids"].shape[1])

    chat = chats["qwen3"]
    long = HumanMessage(PASSAGES.text * 10)
    chat.invoke([SYSTEM, long], answer_tokens=1)
    handle = torch.nn.modules.module.register_module_forward_hook(count, with_kwargs=True)
    try:
        chat.invoke([SYSTEM, long, AIMessage("x"), QUESTION], answer_tokens=1)
    finally:
        handle.remove()
    total = chat.count_tokens([SYSTEM, long, AIMessage("x"), QUESTION])
    assert total > 400 and sum(fed) < 80


@KINDS
def test_a_batch_is_its_single_answers(kind: str, chats: dict[str, LocalChat]) -> None:
    conversations = [[QUESTION], [SYSTEM, PASSAGES], [HumanMessage("Who made MiMo?")], [PASSAGES]]
    single = [said(chats[kind].invoke(messages)) for messages in conversations]
    assert len(set(single)) == len(single)
    for at_once in (8, 3):
        batch = chats[kind].generate_batch(conversations, at_once=at_once)
        assert [said(message) for message in batch] == single
        assert all(m.response_metadata["finish_reason"] == "length" for m in batch)


def test_equal_seeds_give_equal_answers(chats: dict[str, LocalChat]) -> None:
    warm = Sampling(temperature=1.0, top_p=0.95)

    def ask(seed: int, **changes: Any) -> str:
        return chats["qwen3"].invoke([QUESTION], sampling=warm, seed=seed, **changes).text

    assert ask(1) == ask(1) != ask(2)
    batch = chats["qwen3"].generate_batch([[QUESTION], [QUESTION]], sampling=warm, seed=1)
    assert [message.text for message in batch] == [ask(1)] * 2


def test_two_answers_at_once(chats: dict[str, LocalChat]) -> None:
    chat = chats["exaone4"]
    alone = [said(chat.invoke([SYSTEM, question])) for question in (QUESTION, PASSAGES)]
    streams = [chat.stream([SYSTEM, question]) for question in (QUESTION, PASSAGES)]
    parts: list[list[Any]] = [[], []]
    for pair in zip_longest(*streams):
        for part, chunk in zip(parts, pair, strict=True):
            part += [chunk] if chunk is not None else []
    assert [said(collect(part)) for part in parts] == alone


def test_async_streams_are_the_same(taught: LocalChat, chats: dict[str, LocalChat]) -> None:
    async def ask() -> list[AIMessageChunk]:
        return [chunk async for chunk in taught.astream([SYSTEM, PASSAGES])]

    async def leave() -> None:
        async for _ in chats["llama"].astream([QUESTION], thinking_tokens=1000):
            break

    assert said(collect(asyncio.run(ask()))) == (THOUGHT + "\n", REPLY)
    threads = threading.active_count()
    began = time.monotonic()
    asyncio.run(leave())
    assert time.monotonic() - began < 1.5
    assert threading.active_count() <= threads


# --- stopping and budgets ------------------------------------------------------------------------


@pytest.fixture
def forwards() -> Iterator[list[float]]:
    """The times of all forward passes of whole models."""
    seen: list[float] = []

    def note(module: torch.nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        if isinstance(module, PreTrainedModel) and "logits_to_keep" in kwargs:
            seen.append(time.perf_counter())

    handle = torch.nn.modules.module.register_module_forward_hook(note, with_kwargs=True)
    yield seen
    handle.remove()


def test_closing_the_stream_stops_at_once(
    chats: dict[str, LocalChat], forwards: list[float]
) -> None:
    threads = threading.active_count()
    stream = chats["llama"].stream([QUESTION], thinking_tokens=1000)
    for _ in range(3):
        next(stream)
    before = len(forwards)
    stream.close()
    time.sleep(0.05)
    assert before and len(forwards) == before
    assert threading.active_count() == threads


def test_an_event_stops_within_one_token(
    chats: dict[str, LocalChat], forwards: list[float]
) -> None:
    cancel = threading.Event()
    stream = chats["llama"].stream([QUESTION], thinking_tokens=1000, cancel=cancel)
    got = [next(stream)]
    cancel.set()
    before = len(forwards)
    got += list(stream)
    assert len(forwards) <= before
    outcome = collect(got).response_metadata
    assert outcome["finish_reason"] == "cancelled"
    assert outcome["tokens"] < 10 and not outcome["exhausted"]


def test_a_stop_is_heeded_while_a_long_prompt_is_read(
    chats: dict[str, LocalChat], forwards: list[float]
) -> None:
    class AfterTwoLooks:
        looks = 0

        def is_set(self) -> bool:
            self.looks += 1
            return self.looks > 2

    message = chats["llama"].invoke([HumanMessage(PASSAGES.text * 30)], cancel=AfterTwoLooks())
    assert len(forwards) == 2
    assert message.response_metadata["tokens"] == 0


def test_a_batch_can_be_stopped(chats: dict[str, LocalChat]) -> None:
    cancel = threading.Event()
    cancel.set()
    batch = chats["llama"].generate_batch([[QUESTION], [PASSAGES]], cancel=cancel)
    assert [m.response_metadata["finish_reason"] for m in batch] == ["cancelled"] * 2
    assert [m.response_metadata["tokens"] for m in batch] == [1, 1]


@pytest.mark.parametrize("kind", ["llama", "exaone4"])
def test_the_thinking_budget_closes_the_thought(kind: str, chats: dict[str, LocalChat]) -> None:
    phrase = "생각은 여기까지, 이제 답한다."
    message = chats[kind].invoke(
        [QUESTION], thinking_tokens=12, answer_tokens=15, closing_phrase=phrase
    )
    thought, answer = said(message)
    outcome = message.response_metadata
    assert thought.endswith(phrase)
    assert answer and phrase not in answer and "</think>" not in answer
    assert outcome["thinking_closed"] and outcome["thinking_forced"] and not outcome["exhausted"]
    closing = len(AutoTokenizer.from_pretrained(chats[kind].model).encode(phrase)) + 1
    assert outcome["reasoning_tokens"] == 12 + closing
    assert outcome["tokens"] == 12 + closing + 15
    assert outcome["finish_reason"] == "length"


def test_control_tokens_part_and_close_a_thought(tmp_path: Path) -> None:
    """Magistral's markers are special tokens, which plain decoding would drop."""
    folder = tiny_models.build(tmp_path, "mistral", initializer_range=0.05)
    vendor = tiny_models.KINDS["mistral"].files["SYSTEM_PROMPT.txt"].strip()
    asked = [{"role": "system", "content": vendor}, {"role": "user", "content": "?"}]
    tiny_models.teach(folder, [(asked, f"[THINK]{THOUGHT}[/THINK]{REPLY}")])
    chat = LocalChat(model=str(folder), options=SHORT)
    free = chat.invoke([HumanMessage("?")], thinking_tokens=200, answer_tokens=200)
    assert said(free) == (THOUGHT, REPLY)
    assert not free.response_metadata["thinking_forced"]
    forced = chat.invoke([HumanMessage("?")], thinking_tokens=6, closing_phrase=" 이제 답.")
    thought, answer = said(forced)
    assert thought.endswith(" 이제 답.") and THOUGHT.startswith(thought.removesuffix(" 이제 답."))
    assert answer and not answer.startswith("[/THINK]")
    assert forced.response_metadata["thinking_forced"]


def test_tokens_that_must_not_stop(tmp_path: Path) -> None:
    """HyperCLOVA X goes from thought to answer by the token that elsewhere ends an answer."""
    kind = replace(
        tiny_models.KINDS["qwen3"], name="HyperCLOVAX-SEED-Think-14B", eos="<|endofturn|>",
        special=("<|im_start|>", "<|im_end|>"),
    )  # fmt: skip
    folder = tiny_models.build(tmp_path, kind, initializer_range=0.05)
    ended_by = AutoTokenizer.from_pretrained(folder).convert_tokens_to_ids("<|im_end|>")
    tiny_models.edit_json(folder / "generation_config.json", eos_token_id=[ended_by])
    output = f"/think\n{THOUGHT}<|im_end|>\n<|im_start|>assistant\n{REPLY}<|im_end|>"
    tiny_models.teach(folder, [([{"role": "user", "content": "?"}], output)])
    chat = LocalChat(model=str(folder), options=SHORT)
    message = chat.invoke([HumanMessage("?")], thinking_tokens=200, answer_tokens=200)
    assert said(message) == (THOUGHT, REPLY)
    assert message.response_metadata["finish_reason"] == "stop"


def test_a_thought_out_of_time_is_no_answer(chats: dict[str, LocalChat]) -> None:
    message = chats["llama"].invoke([QUESTION], time_limit=0.0)
    assert said(message)[1] == ""
    assert message.response_metadata["exhausted"]
    assert message.response_metadata["finish_reason"] == "length"


def test_a_thought_that_ends_normally_was_the_answer(tmp_path: Path) -> None:
    folder = tiny_models.build(tmp_path, "llama", initializer_range=0.05)
    tiny_models.teach(folder, [([{"role": "user", "content": "?"}], "답은 240억 개다.")])
    chat = LocalChat(model=str(folder), options=SHORT)
    chunks = list(chat.stream([HumanMessage("?")]))
    restated = [c for c in chunks if c.additional_kwargs.get("restated")]
    assert [c.content for c in restated] == ["답은 240억 개다."]
    assert said(collect(chunks)) == ("", "답은 240억 개다.")


def always(folder: Path, token: str) -> None:
    """Make a saved model say one token for ever."""
    number = AutoTokenizer.from_pretrained(folder).convert_tokens_to_ids(token)
    weights = load_file(folder / "model.safetensors")
    for name, tensor in weights.items():
        if "o_proj" in name or "down_proj" in name or "lm_head" in name:
            tensor.zero_()
        elif "embed" in name:
            tensor.fill_(1.0)
    weights["lm_head.weight"][number] = 1.0
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize("kind", ["qwen3", "llama"])
def test_a_loop_is_ended(kind: str, tmp_path: Path) -> None:
    folder = tiny_models.build(tmp_path, kind)
    always(folder, "a")
    chat = LocalChat(model=str(folder), options=SHORT)
    message = chat.invoke([QUESTION], thinking_tokens=900, answer_tokens=900)
    outcome = message.response_metadata
    assert outcome["finish_reason"] == "loop"
    assert outcome["tokens"] < 250
    # A thought in circles is closed first, so that there may still be an answer.
    assert outcome["thinking_forced"] == (kind == "llama")
    assert set(message.text) == {"a"}


def test_stop_strings_end_the_answer(taught: LocalChat) -> None:
    message = taught.invoke([SYSTEM, PASSAGES], stop=["240억", "없는 말"])
    assert said(message) == (THOUGHT + "\n", "마지스트랄 스몰의 매개변수는 ")
    assert message.response_metadata["finish_reason"] == "stop"


def test_thinking_is_switched_by_the_template(chats: dict[str, LocalChat]) -> None:
    off = chats["exaone4"].invoke([QUESTION], thinking=False)
    assert said(off)[0] == "" and said(off)[1]
    on = chats["exaone4"].invoke([QUESTION], thinking=True)
    assert said(on)[0]
    # The first R1 cannot be told: its thought is closed at once.
    never = chats["llama"].invoke([QUESTION], thinking=False)
    assert never.response_metadata["thinking_forced"]
    assert never.response_metadata["reasoning_tokens"] < 10


@pytest.mark.parametrize("how", get_args(Quantise))
def test_rounded_weights_keep_the_answer(how: Quantise, taught: LocalChat) -> None:
    small = LocalChat(model=taught.model, options=taught.options, quantise=how)
    assert said(small.invoke([SYSTEM, PASSAGES])) == (THOUGHT + "\n", REPLY)
    batch = small.generate_batch([[SYSTEM, PASSAGES], [QUESTION]])
    assert said(batch[0]) == (THOUGHT + "\n", REPLY)
    folder = Path(taught.model)
    assert needs(folder, "float32", how).weights < 0.95 * needs(folder, "float32").weights
