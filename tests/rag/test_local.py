"""The local chat model on real, tiny models: loading, streaming, stopping, budgets, batches."""

import gc
import logging
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage
from langchain_core.prompts import ChatPromptTemplate
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as library_logging

from rag.models import catalogue
from rag.models.catalogue import Sampling
from rag.models.chat import Options, arrange, collect, read
from rag.models.errors import ModelError
from rag.models.local import LocalChat
from rag.models.memory import needs, tensors
from rag.models.prompting import Prompter
from rag.models.quantise import Int8Linear, to_int8
from rag.models.thinking import split
from tests.rag import tiny_models

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


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One model of each architecture with random weights, on disk."""
    base = tmp_path_factory.mktemp("models")
    return {kind: tiny_models.build(base, kind) for kind in tiny_models.KINDS}


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


def test_control_tokens_close_a_thought_too(chats: dict[str, LocalChat]) -> None:
    """Magistral's markers are special tokens, which plain decoding would drop."""
    chat = chats["mistral"]
    tokenizer = AutoTokenizer.from_pretrained(chat.model)
    opener = tokenizer.convert_tokens_to_ids("[THINK]")
    weights = load_file(Path(chat.model) / "model.safetensors")
    assert weights["lm_head.weight"].shape[0] > opener
    prompter = Prompter("test", Path(chat.model), tokenizer, chat.family)
    closing = prompter.closing("이제 답.")
    assert tokenizer.convert_ids_to_tokens(closing)[-1] == "[/THINK]"
    assert len(closing) > 1


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


def test_thinking_is_switched_by_the_template(chats: dict[str, LocalChat]) -> None:
    off = chats["exaone4"].invoke([QUESTION], thinking=False)
    assert said(off)[0] == "" and said(off)[1]
    on = chats["exaone4"].invoke([QUESTION], thinking=True)
    assert said(on)[0]
    # The first R1 cannot be told: its thought is closed at once.
    never = chats["llama"].invoke([QUESTION], thinking=False)
    assert never.response_metadata["thinking_forced"]
    assert never.response_metadata["reasoning_tokens"] < 10


def test_thoughts_do_not_go_back_into_the_prompt() -> None:
    earlier = AIMessage("답", additional_kwargs={"reasoning_content": "비밀"})
    assert [m.text for m in arrange([QUESTION, earlier, QUESTION], "normal")] == [
        QUESTION.text, "답", QUESTION.text,
    ]  # fmt: skip


# --- memory and speed ----------------------------------------------------------------------------


def test_memory_is_told_and_refused_before_loading(
    folders: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    folder = folders["qwen3"]
    wanted = needs(folder, "float32")
    [header] = [tensors(folder / "model.safetensors")]
    assert wanted.weights == sum(4 * torch.Size(t.shape).numel() for t in header)
    assert needs(folder, "bfloat16").weights * 2 == wanted.weights
    assert wanted.per_position == 2 * 2 * 2 * 16 * 4  # keys and values, layers, heads, size, bytes
    with caplog.at_level(logging.INFO), pytest.raises(ModelError, match=r"needs 0\.2 GB of memory"):
        LocalChat(model=str(folder), memory_limit=1 << 20)
    assert "of memory" in caplog.text
    small = LocalChat(model=str(folder), memory_limit=wanted.total(2048) + 100)
    assert small.context == 2048
    assert LocalChat(model=str(folder), context_limit=512).context == 512


def test_int8_keeps_the_answer(taught: LocalChat) -> None:
    small = LocalChat(model=taught.model, options=taught.options, quantise="int8")
    assert said(small.invoke([SYSTEM, PASSAGES])) == (THOUGHT + "\n", REPLY)
    batch = small.generate_batch([[SYSTEM, PASSAGES], [QUESTION]])
    assert said(batch[0]) == (THOUGHT + "\n", REPLY)
    folder = Path(taught.model)
    assert needs(folder, "float32", "int8").weights < 0.6 * needs(folder, "float32").weights


@KINDS
def test_int8_keeps_the_scores(kind: str, folders: dict[str, Path]) -> None:
    model = AutoModelForCausalLM.from_pretrained(folders[kind], dtype=torch.bfloat16)
    tokenizer = AutoTokenizer.from_pretrained(folders[kind])
    ids = torch.tensor([tokenizer.encode(PASSAGES.text)])
    with torch.inference_mode():
        before = model(input_ids=ids).logits.float()
        to_int8(model, kind, ids[0].tolist())
        after = model(input_ids=ids).logits.float()
    assert torch.cosine_similarity(before, after, dim=-1).min() > 0.98
    assert torch.cosine_similarity(before, after, dim=-1).mean() > 0.99


def test_int8_rows_do_not_see_each_other() -> None:
    linear = Int8Linear(torch.nn.Linear(96, 40))
    rows = torch.randn(9, 96) * torch.logspace(-2, 3, 9)[:, None]
    together = linear(rows)
    alone = torch.cat([linear(row[None]) for row in rows])
    torch.testing.assert_close(together, alone)


def test_int8_is_for_cpus(folders: dict[str, Path]) -> None:
    with pytest.raises(ModelError, match="int8 is for CPUs"):
        LocalChat(model=str(folders["qwen3"]), quantise="int8", device="cuda")


# --- what cannot be used -------------------------------------------------------------------------


def base_model(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()


def no_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()


def cut_short(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def cut_in_the_header(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:100])


def missing_shard(folder: Path) -> None:
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(str(index).replace("'", '"'))


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def half_the_weights(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if "layers.1" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


def encoder(folder: Path) -> None:
    tiny_models.edit_json(folder / "config.json", architectures=["BertModel"], model_type="bert")


def sentence_encoder(folder: Path) -> None:
    (folder / "modules.json").write_text("[]")


def own_code(folder: Path) -> None:
    tiny_models.edit_json(
        folder / "config.json",
        model_type="exaone",
        architectures=["ExaoneForCausalLM"],
        auto_map={"AutoModelForCausalLM": "modeling_exaone.ExaoneForCausalLM"},
    )


def broken_config(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "qwen3"')


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def unknown_architecture(folder: Path) -> None:
    tiny_models.edit_json(
        folder / "config.json", model_type="qwen99", architectures=["Qwen99ForCausalLM"]
    )


def broken_template(folder: Path) -> None:
    (folder / "chat_template.jinja").write_text("{% for m in messages %}")


def other_tokenizer(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens([f"<extra{n}>" for n in range(50)])
    tokenizer.save_pretrained(folder)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (base_model, "base model"),
        (no_tokenizer, "no tokenizer"),
        (cut_short, "cut short"),
        (cut_in_the_header, "cut short"),
        (missing_shard, "model-00001-of-00002.safetensors is missing"),
        (pickled, "pickled weights"),
        (half_the_weights, "lacks .* of its weights"),
        (encoder, "no chat model but BertModel"),
        (sentence_encoder, "no chat model"),
        (own_code, "allow_remote_code"),
        (broken_config, r"config\.json"),
        (no_config, r"no config\.json"),
        (unknown_architecture, "cannot be loaded"),
        (broken_template, "template is broken"),
        (other_tokenizer, "belongs to another model"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_model_that_cannot_be_used(
    spoil: Any, reason: str, folders: dict[str, Path], tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = tmp_path / folders["qwen3"].name
    shutil.copytree(folders["qwen3"], folder)
    spoil(folder)
    capfd.readouterr()
    with pytest.raises(ModelError, match=reason) as caught:
        LocalChat(model=str(folder), options=SHORT)
    message = str(caught.value)
    assert folder.name in message and "\n" not in message and len(message) < 500
    assert capfd.readouterr() == ("", ""), "the libraries say nothing beside it"


def test_nothing_half_loaded_is_left(folders: dict[str, Path], tmp_path: Path) -> None:
    def models_alive() -> int:
        gc.collect()
        return sum(issubclass(type(thing), PreTrainedModel) for thing in gc.get_objects())

    before = models_alive()
    for spoil in (half_the_weights, other_tokenizer):
        folder = tmp_path / spoil.__name__ / folders["qwen3"].name
        shutil.copytree(folders["qwen3"], folder)
        spoil(folder)
        with pytest.raises(ModelError):
            LocalChat(model=str(folder))
    assert models_alive() == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Qwen/Qwen3-0.6B", "rag models pull Qwen/Qwen3-0.6B"),
        ("qwen3-0.6b", "rag models pull Qwen/Qwen3-0.6B"),
        ("Qwen/Qwen3-0.7B", r"did you mean Qwen/Qwen3-\d"),
        ("no such: name", "no such folder"),
        ("../nowhere", "no such folder"),
    ],
)
def test_a_name_that_does_not_exist(
    name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=reason) as caught:
        LocalChat(model=name)
    assert "\n" not in str(caught.value)


def test_a_file_and_a_base_model_by_name(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="GGUF"):
        LocalChat(model=str(folders["qwen3"] / "model.safetensors"))
    shutil.copytree(folders["qwen3"], tmp_path / "Qwen3-0.0B-Base")
    with pytest.raises(ModelError, match="base model"):
        LocalChat(model=str(tmp_path / "Qwen3-0.0B-Base"))


def test_the_hubs_cache_is_found(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "models--Qwen--Qwen3-0.6B"
    shutil.copytree(folders["qwen3"], repository / "snapshots" / "c1899de289a0")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("c1899de289a0")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for name in ("Qwen/Qwen3-0.6B", "qwen3-0.6b"):
        chat = LocalChat(model=name, options=SHORT)
        assert chat.family.name == "qwen3"
        assert chat.invoke([QUESTION]).text


def test_a_question_longer_than_the_context(folders: dict[str, Path]) -> None:
    chat = LocalChat(model=str(folders["qwen3"]), options=SHORT, context_limit=200)
    with pytest.raises(ModelError, match=r"take \d+ tokens.*context of 200") as caught:
        chat.invoke([HumanMessage(PASSAGES.text * 5)])
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelError, match="context of 200"):
        chat.generate_batch([[QUESTION], [HumanMessage(PASSAGES.text * 5)]])


def test_messages_that_the_template_refuses(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folders["qwen3"], tmp_path / "Qwen3-0.0B"))
    template = folder / "chat_template.jinja"
    strict = "{% if messages|length > 1 %}{{ raise_exception('one at a time') }}{% endif %}"
    template.write_text(strict + template.read_text(encoding="utf-8"), encoding="utf-8")
    chat = LocalChat(model=str(folder), options=SHORT)
    with pytest.raises(ModelError, match="one at a time"):
        chat.invoke([QUESTION, AIMessage("x"), QUESTION])
