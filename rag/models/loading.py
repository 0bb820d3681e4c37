"""From a name to a model in memory. Everything that can go wrong is found out before the weights
are read, as far as it can be; nothing is downloaded and no foreign code is run unasked.
"""

import difflib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
from transformers.utils import logging as library_logging

from rag.models import catalogue, memory
from rag.models.catalogue import Family
from rag.models.errors import ModelError

_TOKENIZERS = (
    "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "tekken.json", "vocab.json",
)  # fmt: skip
_CHATS = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
_BASE = re.compile(r"[-_.](?:base|pt)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Files:
    """A model on disk, checked: what there is to know before its weights are read."""

    name: str
    folder: Path
    family: Family
    config: PreTrainedConfig
    tokenizer: PreTrainedTokenizerBase
    remote_code: bool

    @property
    def context(self) -> int:
        """Tokens that model, tokenizer and vendor allow for, the answer included."""
        checkpoint = self.family.checkpoint(self.name)
        text = self.config.get_text_config(decoder=True)
        limits = (
            getattr(text, "max_position_embeddings", None),
            checkpoint.context if checkpoint and checkpoint.context else self.family.context,
            self.family.context_advised,
            self.tokenizer.model_max_length,
        )
        return min(int(limit) for limit in limits if limit)


def find_folder(name: str) -> Path:
    """The folder of a model: a path, or a hub name in the hub's cache. Downloads nothing.

    A catalogued model is also found without its publisher (`qwen3-0.6b`). Raises ModelError.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if path.is_file():
        raise ModelError(f"{name}: is a file; give a model's folder (GGUF files need llama-server)")
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    family = catalogue.find(name)
    known = family.checkpoint(name) if family else None
    for hub_name in dict.fromkeys((name, known.id if known else name)):
        try:
            found = try_to_load_from_cache(hub_name, "config.json")
        except HFValidationError:
            continue
        if isinstance(found, str):
            return Path(found).parent
    raise ModelError(_unknown(name, known.id if known else None))


def _unknown(name: str, hub_name: str | None) -> str:
    if hub_name:
        return f"{hub_name}: is not on this machine; get it with `rag models pull {hub_name}`"
    ids = {
        c.id.casefold(): c.id for family in catalogue.load().families for c in family.checkpoints
    }
    near = difflib.get_close_matches(name.casefold(), ids, 1, 0.7)
    hint = f"did you mean {ids[near[0]]}?" if near else "`rag models list` shows what there is"
    return f"{name}: there is no such folder, and no such model on this machine; {hint}"


def read_files(name: str, allow_remote_code: frozenset[str] = frozenset()) -> Files:
    """Find a model and check its files, all but the weights. Raises ModelError, one line each."""
    folder = find_folder(name)
    if not (folder / "config.json").is_file():
        raise ModelError(f"{name}: is not a model's folder, it has no config.json")
    raw = memory.read_json(folder / "config.json")
    remote_code = name in allow_remote_code
    _refuse_other_kinds(name, folder, raw, remote_code)
    if not any((folder / file).is_file() for file in _TOKENIZERS):
        raise ModelError(f"{name}: has no tokenizer; download the model once more, with all files")
    with one_line(name):
        config = AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=remote_code
        )
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=remote_code
        )
    family = catalogue.find(name) or catalogue.find(str(folder))
    if _BASE.search(name.rstrip("/")) or not tokenizer.chat_template:
        raise ModelError(
            f"{name}: is a base model, which goes on with a text and answers nothing (it has "
            "“base” in its name or no chat template); choose its instruct or reasoning version"
        )
    family = family or catalogue.from_template(str(tokenizer.chat_template))
    return Files(name, folder, family, config, tokenizer, remote_code)


def _refuse_other_kinds(name: str, folder: Path, raw: dict[str, Any], remote_code: bool) -> None:
    """ModelError for an encoder and the like, and for a model that only its own code can run."""
    architecture = next(iter(raw.get("architectures") or ()), "")
    kind = str(raw.get("model_type", ""))
    known = kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    own_code = "AutoModelForCausalLM" in (raw.get("auto_map") or {})
    encodes = (folder / "modules.json").is_file() or raw.get("is_encoder_decoder")
    if encodes or not (architecture.endswith(_CHATS) if architecture else known):
        raise ModelError(
            f"{name}: is no chat model but {architecture or kind or 'something else'}; choose a "
            "causal language model with a chat template"
        )
    if own_code and not known and not remote_code:
        raise ModelError(
            f"{name}: needs Python code that comes with it, which is not run unless "
            "generation.allow_remote_code in rag.toml names this model"
        )


def pick_device(device: str | None = None) -> str:
    """The device to compute on: the given one, else CUDA, Apple's GPU, the CPU."""
    if device:
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def pick_dtype(device: str, stored: memory.DType | None) -> memory.DType:
    """The type to compute in: 16 bits on a GPU; on a CPU bfloat16 only where saved so."""
    if device.startswith("cuda"):
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    if device == "mps":
        return "float16"
    return "bfloat16" if stored == "bfloat16" else "float32"


def load_weights(files: Files, device: str, dtype: memory.DType) -> PreTrainedModel:
    """The model on its device, in evaluation mode. Raises ModelError; then nothing stays loaded.

    A checkpoint that lacks weights is refused, where transformers would fill in random ones.
    """
    with one_line(files.name):
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            files.folder, dtype=getattr(torch, dtype), use_safetensors=True,
            local_files_only=True, trust_remote_code=files.remote_code, output_loading_info=True,
        )  # fmt: skip
        model, told = loaded
        missing = sorted([*told["missing_keys"], *(str(key) for key in told["mismatched_keys"])])
        if missing:
            raise ModelError(
                f"{files.name}: lacks {len(missing)} of its weights, {missing[0]} among them; "
                "download the model once more"
            )
        if len(files.tokenizer) > model.get_input_embeddings().num_embeddings:
            raise ModelError(f"{files.name}: its tokenizer belongs to another model")
        ready: PreTrainedModel = model.to(device).eval()
        return ready


def generation_config(folder: Path) -> GenerationConfig:
    """The model's generation_config.json, or an empty one."""
    if not (folder / "generation_config.json").is_file():
        return GenerationConfig()  # type: ignore[no-untyped-call]
    return GenerationConfig.from_pretrained(folder, local_files_only=True)


@contextmanager
def one_line(name: str) -> Iterator[None]:
    """Whatever the libraries say while loading becomes one ModelError of one line."""
    level = library_logging.get_verbosity()
    bars = library_logging.is_progress_bar_enabled()
    library_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    library_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    except ModelError:
        raise
    except torch.OutOfMemoryError as error:
        raise ModelError(
            f"{name}: does not fit the device's memory; choose a smaller one"
        ) from error
    except Exception as error:  # json, safetensors, jinja, the model's own code: anything at all
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        why = (lines[0] if lines else type(error).__name__)[:200]
        raise ModelError(
            f"{name}: cannot be loaded ({why}); download it once more or choose another"
        ) from error
    finally:
        library_logging.set_verbosity(level)
        if bars:
            library_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
