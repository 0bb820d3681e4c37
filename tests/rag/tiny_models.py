"""Real, tiny reasoning models made on the spot: architecture, tokenizer and chat template as the
large ones have them, weights random or taught a few answers by heart. Nothing is downloaded.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    Exaone4Config,
    LlamaConfig,
    MistralConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    Qwen3_5TextConfig,
    Qwen3Config,
)

ARTICLES = Path(__file__).parents[2] / "corpus" / "articles"
Message = dict[str, str]

QWEN3 = """\
{%- for m in messages %}
{%- set content = m.content.split('</think>')[-1] if m.role == 'assistant' else m.content %}
{{- '<|im_start|>' + m.role + '\\n' + content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}
{{- '<think>\\n\\n</think>\\n\\n' }}
{%- endif %}
{%- endif %}"""

QWEN35 = (
    QWEN3.removesuffix("{%- endif %}\n{%- endif %}")
    + """\
{%- else %}
{{- '<think>\\n' }}
{%- endif %}
{%- endif %}"""
)

DEEPSEEK = """\
{{- bos_token }}
{%- for m in messages %}
{%- if m.role == 'system' %}{{ raise_exception('no system prompt') }}{% endif %}
{%- if m.role == 'user' %}{{- '<｜User｜>' + m.content }}{% endif %}
{%- if m.role == 'assistant' %}
{{- '<｜Assistant｜>' + m.content.split('</think>')[-1] + '<｜end▁of▁sentence｜>' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<｜Assistant｜><think>\\n' }}{% endif %}"""

MAGISTRAL = """\
{{- bos_token }}
{%- for m in messages %}
{%- if m.role == 'system' %}{{- '[SYSTEM_PROMPT]' + m.content + '[/SYSTEM_PROMPT]' }}{% endif %}
{%- if m.role == 'user' %}{{- '[INST]' + m.content + '[/INST]' }}{% endif %}
{%- if m.role == 'assistant' %}{{- m.content + '</s>' }}{% endif %}
{%- endfor %}"""

EXAONE4 = """\
{%- for m in messages %}
{%- set content = m.content.split('</think>')[-1] if m.role == 'assistant' else m.content %}
{{- '[|' + m.role + '|]\\n' + content + '[|endofturn|]\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '[|assistant|]\\n' }}
{%- if enable_thinking is defined and enable_thinking %}
{{- '<think>\\n' }}
{%- else %}
{{- '<think>\\n\\n</think>\\n\\n' }}
{%- endif %}
{%- endif %}"""


@dataclass(frozen=True)
class Kind:
    """A family in small. `name` is a folder name under which the catalogue knows the family."""

    name: str
    config: type[PreTrainedConfig]
    template: str
    eos: str
    special: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    bos: str | None = None
    more: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


KINDS = {
    "qwen3": Kind(
        "Qwen3-0.0B", Qwen3Config, QWEN3, "<|im_end|>",
        special=("<|im_start|>", "<|endoftext|>"), markers=("<think>", "</think>"),
    ),
    "qwen3.5": Kind(
        "Qwen3.5-0.0B", Qwen3_5TextConfig, QWEN35, "<|im_end|>",
        special=("<|im_start|>", "<|endoftext|>"), markers=("<think>", "</think>"),
        more={
            "layer_types": ["linear_attention", "full_attention"], "linear_num_key_heads": 2,
            "linear_num_value_heads": 4, "linear_key_head_dim": 16, "linear_value_head_dim": 16,
        },
    ),
    "llama": Kind(
        "DeepSeek-R1-Distill-Llama-0.0B", LlamaConfig, DEEPSEEK, "<｜end▁of▁sentence｜>",
        special=("<｜User｜>", "<｜Assistant｜>"), markers=("<think>", "</think>"),
        bos="<｜begin▁of▁sentence｜>",
    ),
    "mistral": Kind(
        "Magistral-Small-2507-tiny", MistralConfig, MAGISTRAL, "</s>",
        special=("[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[THINK]", "[/THINK]"),
        bos="<s>", more={"sliding_window": None},
        files={"SYSTEM_PROMPT.txt": "First draft your thinking between [THINK] and [/THINK].\n"},
    ),
    "exaone4": Kind(
        "EXAONE-4.0-0.0B", Exaone4Config, EXAONE4, "[|endofturn|]",
        special=("[|system|]", "[|user|]", "[|assistant|]"), markers=("<think>", "</think>"),
        more={"sliding_window": 24, "layer_types": ["sliding_attention", "full_attention"]},
    ),
}  # fmt: skip


@lru_cache(maxsize=1)
def _trained_tokenizer() -> str:
    """A byte-level BPE of the sample articles, as JSON."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1200, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    articles = [p.read_text(encoding="utf-8") for p in sorted(ARTICLES.rglob("*.md"))]
    tokenizer.train_from_iterator(articles, trainer)
    return str(tokenizer.to_str())


def tokenizer_of(kind: Kind, size: int = 0) -> PreTrainedTokenizerFast:
    """The tokenizer of a family: its control tokens, its chat template, trained on the samples.

    Made-up words fill its vocabulary up to about `size`, if that is larger.
    """
    described = json.loads(_trained_tokenizer())
    words = described["model"]["vocab"]
    words |= {f"Ġword{n}": n for n in range(len(words), size - 32)}
    trained = Tokenizer.from_str(json.dumps(described))
    special = (*kind.special, kind.eos, "<pad>", *([kind.bos] if kind.bos else []))
    trained.add_special_tokens([AddedToken(token, special=True) for token in special])
    trained.add_tokens([AddedToken(token, special=False) for token in kind.markers])
    return PreTrainedTokenizerFast(
        tokenizer_object=trained,
        eos_token=kind.eos,
        bos_token=kind.bos,
        pad_token="<pad>",
        additional_special_tokens=list(kind.special),
        padding_side="left",
        chat_template=kind.template,
    )


def build(
    folder: Path, kind: str | Kind, *, seed: int = 0, hidden: int = 64, context: int = 2048,
    name: str | None = None, dtype: torch.dtype = torch.float32, **config: Any,
) -> Path:  # fmt: skip
    """A model with random weights, saved below `folder`; its own folder is returned.

    `config` overrides single values of the model's configuration.
    """
    chosen = KINDS[kind] if isinstance(kind, str) else kind
    tokenizer = tokenizer_of(chosen, config.get("vocab_size", 0))
    settings = {
        "vocab_size": len(tokenizer), "hidden_size": hidden, "intermediate_size": 2 * hidden,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "head_dim": hidden // 4, "max_position_embeddings": context, "initializer_range": 0.2,
        "tie_word_embeddings": False, "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id,
    }  # fmt: skip
    torch.manual_seed(seed)
    made = chosen.config(**{**settings, **chosen.more, **config})
    model = AutoModelForCausalLM.from_config(made, dtype=dtype)
    with torch.no_grad():  # none of them ends its answer by chance
        model.lm_head.weight[tokenizer.eos_token_id] = 0
    target = folder / (name or chosen.name)
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    for file, text in chosen.files.items():
        (target / file).write_text(text, encoding="utf-8")
    return target


def teach(
    folder: Path, examples: Sequence[tuple[Sequence[Message], str]], *, steps: int = 400,
    rate: float = 3e-3, **template: Any,
) -> float:  # fmt: skip
    """Train the model in `folder` until it says each output after its messages; the last loss.

    `template` are arguments of the chat template. An output is what the model itself is to write,
    its thought and markers included, the end token left out. Stops early once it is sure.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).train()
    rows = []
    for messages, output in examples:
        prompt: list[int] = tokenizer.apply_chat_template(  # type: ignore[assignment]  # ids, as asked
            list(messages), add_generation_prompt=True, return_dict=False, **template
        )
        said = [*tokenizer.encode(output, add_special_tokens=False), tokenizer.eos_token_id]
        rows.append((prompt, said))
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    loss = torch.tensor(float("inf"))
    for _ in range(steps):
        losses = []
        for prompt, said in rows:
            labels = torch.tensor([[-100] * len(prompt) + said])
            losses.append(model(input_ids=torch.tensor([prompt + said]), labels=labels).loss)
        loss = torch.stack(losses).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if loss < 0.02:
            break
    model.eval().save_pretrained(folder)
    return loss.item()


def edit_json(path: Path, **values: Any) -> None:
    """Change some keys of a JSON file; None takes a key away."""
    known = json.loads(path.read_text(encoding="utf-8")) | values
    kept = {key: value for key, value in known.items() if value is not None}
    path.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
