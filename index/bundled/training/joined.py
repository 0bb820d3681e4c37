"""The layers that read a question and a sentence together, as a torch module, and how they are kept.

The lower half of a small BERT reads either by itself, the upper half both together (Cao et al. 2020,
DeFormer): the lower half of a question is read once for all sentences, and what the model knows of
texts alone is where the joint layers begin.
"""

import copy
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch.nn.functional import gelu, normalize

from index.bundled.training.align import Pieces, extended
from index.cross_encoder import LONGEST, SPECIAL

if TYPE_CHECKING:
    from transformers import BertModel

_SHARED = 3
_HEADS = 12
_NEVER = -1e4
_PLAIN = re.compile(r"[!-~]+")


class Layer(torch.nn.Module):
    """One layer of a BERT, with the parameters of one from transformers."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        own = layer.attention.self
        dim = own.query.in_features
        self.all = torch.nn.Linear(dim, 3 * dim)
        parts = (own.query, own.key, own.value)
        self.all.weight.data = torch.cat([part.weight.data for part in parts])
        self.all.bias.data = torch.cat([part.bias.data for part in parts])
        self.out, self.after = layer.attention.output.dense, layer.attention.output.LayerNorm
        self.wide, self.narrow = layer.intermediate.dense, layer.output.dense
        self.end = layer.output.LayerNorm

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """`x` is (texts, places, dim); `mask` (texts, places) has 1 where there is a piece."""
        texts, places, dim = x.shape
        width = dim // _HEADS
        asking, asked, told = self.all(x).view(texts, places, 3, _HEADS, width).unbind(2)
        # Written out: on a processor it is trained twice as fast as the function that does it all.
        fit = asking.transpose(1, 2) @ asked.permute(0, 2, 3, 1) / width**0.5
        shares = (fit + (1 - mask[:, None, None, :]) * _NEVER).softmax(-1).to(told.dtype)
        seen = (shares @ told.transpose(1, 2)).transpose(1, 2).reshape(texts, places, dim)
        x = self.after(x + self.out(seen))
        wide = gelu(self.wide(x), approximate="tanh")
        read: torch.Tensor = self.end(x + self.narrow(wide))
        return read


class Joined(torch.nn.Module):
    """Log odds that a sentence answers a question; and the model's own upper layers, untouched, which
    tell how alike two texts are."""

    def __init__(self, net: "BertModel") -> None:
        """Begin with a model's layers; the embeddings and the shared layers are left as they are."""
        super().__init__()
        self.embeddings = net.embeddings
        layers = [Layer(copy.deepcopy(layer)) for layer in net.encoder.layer]
        self.shared = torch.nn.ModuleList(layers[:_SHARED])
        self.joint = torch.nn.ModuleList(layers[_SHARED:])
        self.own = torch.nn.ModuleList(copy.deepcopy(layer) for layer in layers[_SHARED:])
        self.kinds = torch.nn.Parameter(torch.zeros(2, net.config.hidden_size))
        self.odds = torch.nn.Linear(net.config.hidden_size, 1)
        torch.nn.init.zeros_(self.odds.weight)
        torch.nn.init.zeros_(self.odds.bias)
        for part in (self.embeddings, self.shared, self.own):
            part.requires_grad_(False)

    def train(self, mode: bool = True) -> "Joined":
        """As any module; the embeddings, which are left as they are, drop nothing."""
        super().train(mode)
        self.embeddings.eval()
        return self

    def alone(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """What the shared layers make of embedded texts (texts, places, dim)."""
        for layer in self.shared:
            x = layer(x, mask)
        return x

    def vectors(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Unit vectors (texts, dim) of texts as `alone` has them: the mean over their pieces."""
        for layer in self.own:
            x = layer(x, mask)
        return normalize((x * mask[:, :, None]).sum(1), dim=-1)

    def together(self, *given: torch.Tensor) -> torch.Tensor:
        """Log odds (texts,) that the texts answer the questions, both given as to `seen`."""
        odds: torch.Tensor = self.odds(self.seen(*given)[:, 0].float())
        return odds[:, 0]

    def seen(
        self,
        question: torch.Tensor,
        questions: torch.Tensor,
        text: torch.Tensor,
        texts: torch.Tensor,
    ) -> torch.Tensor:
        """What the joint layers make of a question and a text a row, each followed by its mask:
        (texts, places of both, dim)."""
        x = torch.cat([question + self.kinds[0], text + self.kinds[1]], 1)
        mask = torch.cat([questions, texts], 1)
        for layer in self.joint:
            x = layer(x, mask)
        return x


def alone(net: Joined, texts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Texts as the shared layers read them, and their mask."""
    longest = (max(map(len, texts)) + 7) // 8 * 8
    ids, mask = torch.zeros(len(texts), longest, dtype=torch.long), torch.zeros(len(texts), longest)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = torch.tensor(text)
        mask[row, : len(text)] = 1
    return net.alone(net.embeddings(ids), mask), mask


class _Apart(torch.nn.Module):
    """Layers that read texts by themselves, as they are kept: the method of that name."""

    def __init__(self, joined: Joined, name: str) -> None:
        super().__init__()
        self.joined, self.name = joined, name

    def forward(self, text: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        read: torch.Tensor = getattr(self.joined, self.name)(text, mask)
        return read


class _Together(torch.nn.Module):
    """The joint layers as they are kept: one question, read alone, with many texts."""

    def __init__(self, joined: Joined) -> None:
        super().__init__()
        self.joined = joined

    def forward(
        self, question: torch.Tensor, text: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        asked = question.expand(text.shape[0], -1, -1)
        return self.joined.together(asked, torch.ones_like(asked[..., 0]), text, mask)


def aligned(model: Path, state: Path, pieces: Pieces) -> "BertModel":
    """The model as `align.py` left it."""
    net = extended(model, pieces)
    net.load_state_dict(load_file(state))
    return net


def write(joined: Joined, pieces: Pieces, out: Path) -> None:
    """Write what `index.cross_encoder` loads: the pieces with their embeddings, and the layers."""
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent) as folder:
        _write(joined, pieces, Path(folder))
        # Put in place of the old ones, which a program that runs may have mapped into its memory.
        for file in Path(folder).iterdir():
            file.replace(out / file.name)


def write_joint(joined: Joined, out: Path) -> None:
    """Write the joint layers alone, beside what `write` wrote before: all that training changes."""
    with TemporaryDirectory(dir=out.parent) as folder:
        _write_joint(joined, Path(folder))
        (Path(folder) / "joint.onnx").replace(out / "joint.onnx")


def kept(pieces: Pieces) -> list[tuple[int, str]]:
    """The Latin pieces that are kept, as (row, piece): special and plain ones."""
    own = pieces.latin.get_vocab()
    return sorted((i, word) for word, i in own.items() if word in SPECIAL or _PLAIN.fullmatch(word))


def _write(joined: Joined, pieces: Pieces, out: Path) -> None:
    held, known = joined.embeddings, kept(pieces)
    words = held.word_embeddings.weight.detach().numpy()
    spelled = np.frombuffer("\n".join(word for _, word in known).encode(), np.uint8)
    latin, of_latin = rounded(words[[i for i, _ in known]])
    hangul, of_hangul = rounded(words[pieces.first :])
    np.save(out / "latin.npy", latin, allow_pickle=False)
    np.save(out / "hangul.npy", hangul, allow_pickle=False)
    scales = np.concatenate([of_latin, of_hangul])
    # Every text is of the first kind, whose vector therefore belongs to its places.
    places = held.position_embeddings.weight[:LONGEST] + held.token_type_embeddings.weight[0]
    begin = torch.stack([held.LayerNorm.weight, held.LayerNorm.bias])
    np.savez(
        out / "pieces.npz",
        allow_pickle=False,
        words=spelled,
        hangul=np.array(pieces.hangul, np.int32),
        scales=scales,
        places=places.detach().numpy().astype(np.float16),
        begin=begin.detach().numpy().astype(np.float16),
    )
    text, mask = torch.zeros(2, 9, latin.shape[1]), torch.ones(2, 9)
    training = joined.training
    joined.eval()
    _export(_Apart(joined, "alone"), {"text": text, "mask": mask}, out / "shared.onnx")
    _export(_Apart(joined, "vectors"), {"text": text, "mask": mask}, out / "apart.onnx")
    joined.train(training)
    _write_joint(joined, out)


def _write_joint(joined: Joined, out: Path) -> None:
    dim = joined.kinds.shape[1]
    text, mask = torch.zeros(2, 9, dim), torch.ones(2, 9)
    given = {"question": text[:1, :7], "text": text, "mask": mask}
    training = joined.training
    _export(_Together(joined.eval()), given, out / "joint.onnx")
    joined.train(training)


def _export(layers: torch.nn.Module, given: dict[str, torch.Tensor], out: Path) -> None:
    """Layers as a graph, their matrices in int8, arranged once for all for what runs it.

    Needs the package `onnx`.
    """
    from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions
    from onnxruntime.quantization import QuantType, quantize_dynamic

    axes = {name: {0: "texts", 1: "places"} for name in ("text", "mask")}
    axes |= {"question": {1: "asked"}} if "question" in given else {}
    axes["found"] = axes["text"] if out.stem == "shared" else {0: "texts"}
    with TemporaryDirectory() as folder:
        whole, small = Path(folder) / "whole.onnx", Path(folder) / "small.onnx"
        torch.onnx.export(
            layers.eval(), tuple(given.values()), str(whole), dynamo=False, opset_version=20,
            input_names=list(given), output_names=["found"],
            dynamic_axes=axes,
        )  # fmt: skip
        # Unsigned: processors without VNNI would overflow with signed ones, and read otherwise.
        quantize_dynamic(
            whole, small, per_channel=True, weight_type=QuantType.QUInt8,
            extra_options={"WeightSymmetric": True},
        )  # fmt: skip
        options = SessionOptions()
        options.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = str(out)
        InferenceSession(small, options, providers=["CPUExecutionProvider"])


def rounded(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Vectors (pieces, dim) as int8 with a float16 scale per row."""
    scales = (np.maximum(np.abs(vectors).max(axis=1), 1e-4) / 127).astype(np.float16)
    rows = np.clip(np.round(vectors / scales.astype(np.float32)[:, None]), -127, 127)
    return rows.astype(np.int8), scales
