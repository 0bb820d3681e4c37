"""What the tests of models share; torch is imported only where it is asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Small models are fastest on one thread."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One model of each architecture with random weights, on disk."""
    from tests.rag import tiny_models

    base = tmp_path_factory.mktemp("models")
    return {kind: tiny_models.build(base, kind) for kind in tiny_models.KINDS}
