"""The layers as they are kept, back in the torch module that trained them.

What training begins from need not be kept beside what the program loads: int8 matrices, back in
float32, are where a further training goes on. The mean of the joint layers before and after it is
written by `python -m index.bundled.training.kept MODEL BEFORE AFTER`, to the second folder.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from index.bundled.training.align import Pieces, extended
from index.bundled.training.joined import Joined, kept, write_joint
from index.cross_encoder import LONGEST

_OWN = "joined."
_INT8 = ("_quantized", "_scale", "_zero_point")
_KINDS = ("/Expand_output_0", "text")  # what the vectors of both kinds are added to


def again(model: Path, folder: Path, pieces: Pieces) -> Joined:
    """The layers that `joined.write` wrote to a folder; the model gives their shape alone, and its
    own upper layers, which are not read back.

    Needs the package `onnx`.
    """
    net = Joined(extended(model, pieces))
    state = net.state_dict()
    for graph in ("shared", "joint"):
        for name, value in _parameters(folder / f"{graph}.onnx"):
            state[name].copy_(torch.from_numpy(value.astype(np.float32)).view_as(state[name]))
    with np.load(folder / "pieces.npz", allow_pickle=False) as stored:
        scales, places, begin = (
            stored[name].astype(np.float32) for name in ("scales", "places", "begin")
        )
    words = net.embeddings.word_embeddings.weight.data
    rows = [np.load(folder / f"{script}.npy", allow_pickle=False) for script in ("latin", "hangul")]
    vectors = torch.from_numpy(np.concatenate(rows).astype(np.float32) * scales[:, None])
    words[[i for i, _ in kept(pieces)]] = vectors[: len(rows[0])]
    words[pieces.first :] = vectors[len(rows[0]) :]
    kinds = net.embeddings.token_type_embeddings.weight.data[0]
    net.embeddings.position_embeddings.weight.data[:LONGEST] = torch.from_numpy(places) - kinds
    level = net.embeddings.LayerNorm
    level.weight.data, level.bias.data = torch.from_numpy(begin)
    return net


def _parameters(graph: Path) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """The parameters of a graph by the names that `Joined` gives them."""
    import onnx
    from onnx import numpy_helper

    whole = onnx.load(str(graph)).graph
    known = {each.name: numpy_helper.to_array(each) for each in whole.initializer}
    kinds = {}
    for name, value in known.items():
        if name.startswith(_OWN) and not name.endswith(_INT8):
            yield name.removeprefix(_OWN), value
    for node in whole.node:
        if node.op_type == "Add" and node.input[0] in _KINDS and node.input[1] in known:
            kinds[node.input[0]] = known[node.input[1]]
        if stem := next((n.removesuffix(_INT8[0]) for n in node.input if n.endswith(_INT8[0])), ""):
            rows, scale, zero = (known[stem + suffix] for suffix in _INT8)
            # A matrix has lost its name, which that of its bias tells.
            name = next(each for each in (stem, *node.input) if each.startswith(_OWN))
            name = name.removesuffix("_Transposed").replace(".bias", ".weight")
            yield name.removeprefix(_OWN), ((rows.astype(np.float32) - zero) * scale).T
    if kinds:
        yield "kinds", np.stack([kinds[given] for given in _KINDS])


def mean(nets: Sequence[Joined]) -> Joined:
    """The first of several, with the mean of the parameters of all."""
    states = [net.state_dict() for net in nets]
    nets[0].load_state_dict({n: torch.stack([s[n] for s in states]).mean(0) for n in states[0]})
    return nets[0]


def main() -> None:
    """Read the arguments and write the mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("model", "before", "after"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    pieces = Pieces(given.model)
    both = [again(given.model, folder, pieces) for folder in (given.before, given.after)]
    write_joint(mean(both), given.after)


if __name__ == "__main__":
    main()
