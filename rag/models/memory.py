"""How much memory a model takes, told from its files, and how much there is. Imports no torch."""

import ctypes
import json
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Literal

from rag.models.errors import ModelError

DType = Literal["float32", "float16", "bfloat16"]

_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_STORED = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
_FLOATS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1}
_FOUR_BITS = 0.625  # bytes of a weight in four bits, its share of the scales included
_QUANTISED = {"int8": 1.0, "int4": 1 + _FOUR_BITS}  # bytes of a linear layer's weight
_OVERHEAD = 200 << 20  # what one forward pass needs beside weights and cache, roughly
_FEWEST_POSITIONS = 2048  # a few passages, a question, a short thought and an answer


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor in a safetensors file: its stored type as written there, its shape."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes that a model takes: `weights` once loaded, `loading` at most meanwhile, and what each
    position of the context adds to the key-value cache."""

    weights: int
    loading: int
    per_position: int

    def total(self, positions: int) -> int:
        """Bytes with `positions` tokens in the cache."""
        return max(self.loading, self.weights + positions * self.per_position) + _OVERHEAD

    def __str__(self) -> str:
        cache = gigabytes(1000 * self.per_position)
        return f"{gigabytes(self.total(0))} of memory and {cache} for each 1000 tokens"

    def positions(self, available: int) -> int:
        """How many tokens the cache may hold in `available` bytes; negative if not one."""
        return (available - _OVERHEAD - self.weights) // max(1, self.per_position)


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model's folder. ModelError if one is missing or cut short."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        names = sorted(set(read_json(index).get("weight_map", {}).values()))
        files = [folder / name for name in names]
    else:
        files = sorted(folder.glob("*.safetensors"))
    if not files:
        pickled = [*folder.glob("*.bin"), *folder.glob("*.pt"), *folder.glob("*.pth")]
        why = "has only pickled weights, which may run code when loaded" if pickled else "has none"
        raise ModelError(f"{folder}: needs weights as safetensors and {why}; get such a version")
    for file in files:
        if not file.is_file():
            raise ModelError(f"{folder}: {file.name} is missing; download the model once more")
    return files


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. ModelError if it is none."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path}: cannot be read ({error}); download the model once more"
        ) from error
    if not isinstance(values, dict):
        raise ModelError(f"{path}: is not a JSON object; download the model once more")
    return values


def tensors(file: Path) -> list[Tensor]:
    """What a safetensors file holds, by its header. ModelError if the file is cut short.

    The format: https://huggingface.co/docs/safetensors, eight bytes of length, a JSON header whose
    offsets count from its own end, then the data.
    """
    cut = ModelError(f"{file}: is damaged or cut short; download the model once more")
    size = file.stat().st_size
    with file.open("rb") as opened:
        start = opened.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > size - 8:
            raise cut
        try:
            header = json.loads(opened.read(length))
            header.pop("__metadata__", None)
            end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
            found = [Tensor(n, e["dtype"], tuple(e["shape"])) for n, e in header.items()]
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise cut from error
    if size != 8 + length + end:
        raise cut
    return found


def stored_dtype(folder: Path) -> DType | None:
    """The floating type of the largest tensor that torch computes with; None for other types."""
    sizes = [(prod(t.shape), t.dtype) for f in weight_files(folder) for t in tensors(f)]
    return _STORED.get(max(sizes, default=(0, ""))[1])  # type: ignore[return-value]


def needs(folder: Path, dtype: DType, quantise: str | None = None) -> Needs:
    """What a model takes when loaded as `dtype`; all of its files are looked at.

    Raises ModelError for a missing or cut file, an unreadable config.json.
    """
    config = read_json(folder / "config.json")
    full = kept = head = 0
    for tensor in (t for file in weight_files(folder) for t in tensors(file)):
        count = prod(tensor.shape)
        each = _BYTES[dtype] if tensor.dtype in _FLOATS else 1
        embeds = "embed" in tensor.name
        linear = len(tensor.shape) == 2 and not embeds and ".experts." not in tensor.name
        full += count * each
        scores = "lm_head" in tensor.name or (embeds and config.get("tie_word_embeddings", True))
        smaller = _QUANTISED.get(quantise or "", each) if linear and not scores else each
        kept += int(count * smaller)
        head += int(count * _FOUR_BITS) if quantise and scores else 0
    return Needs(kept + head, full + head, _per_position(config) * _BYTES[dtype])


def share(quantise: str | None) -> float:
    """What is left of a checkpoint of 16 bits, roughly."""
    return _QUANTISED.get(quantise or "", 2.0) / 2


def _per_position(config: dict[str, Any]) -> int:
    """Numbers that one position adds to the cache, keys and values of all layers."""
    text = config.get("text_config") or config
    heads = int(text.get("num_attention_heads") or 1)
    size = int(text.get("head_dim") or int(text.get("hidden_size") or 4096) // heads)
    return (
        2
        * int(text.get("num_hidden_layers") or 32)
        * int(text.get("num_key_value_heads") or heads)
        * size
    )


def check(name: str, wanted: Needs, available: int, context: int) -> None:
    """ModelError unless the model fits `available` bytes with enough of its `context` tokens."""
    fewest = min(context, _FEWEST_POSITIONS)
    if wanted.total(fewest) > available:
        raise ModelError(
            f"{name}: needs {gigabytes(wanted.total(fewest))} of memory and "
            f"{gigabytes(available)} are free; close other programs or choose a smaller model"
        )


def gigabytes(count: int) -> str:
    """A number of bytes as people read it; GB are 10^9 bytes."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.0f} MB"


def available(device: str) -> int | None:
    """Bytes free for a model on "cpu", "cuda" or "mps"; None if this system does not tell."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    if device == "mps":
        import torch

        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    if sys.platform == "win32":
        return _windows_memory()
    if sys.platform == "darwin":
        return _mac_memory()
    return min((free for free in _linux_memory()), default=None)


def _linux_memory() -> Iterator[int]:
    """What is free on the machine and, in a container, below its limit."""
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file() and (found := re.search(r"MemAvailable:\s+(\d+)", meminfo.read_text())):
        yield int(found[1]) * 1024
    group = Path("/sys/fs/cgroup")
    for limit, used in (
        (group / "memory.max", group / "memory.current"),
        (group / "memory/memory.limit_in_bytes", group / "memory/memory.usage_in_bytes"),
    ):
        if limit.is_file() and used.is_file() and (top := limit.read_text().strip()).isdigit():
            statistics = limit.with_name("memory.stat").read_text()
            # The group counts cached files too, which give way when a program needs the room.
            cached = re.search(r"^(?:total_)?inactive_file (\d+)", statistics, re.MULTILINE)
            yield int(top) - int(used.read_text()) + int(cached[1] if cached else 0)


def _mac_memory() -> int | None:
    told = subprocess.run(["/usr/bin/vm_stat"], capture_output=True, text=True, check=False).stdout
    size = re.search(r"page size of (\d+)", told)
    pages = re.findall(r"Pages (?:free|inactive|purgeable|speculative):\s+(\d+)", told)
    return sum(map(int, pages)) * int(size[1]) if size and pages else None


def _windows_memory() -> int | None:
    status = (ctypes.c_ulonglong * 8)()  # MEMORYSTATUSEX: two 32-bit words, then seven 64-bit ones
    ctypes.cast(status, ctypes.POINTER(ctypes.c_ulong))[0] = ctypes.sizeof(status)
    windll = getattr(ctypes, "windll", None)
    told = windll and windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status[2]) if told else None
