"""Models on this machine: the list, the choice of `auto`, and getting one from a hub on loopback."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save

from rag.models import choose, hub, manage, memory
from rag.models.errors import ModelError
from rag.settings import Generation, Settings
from tests.rag import tiny_models

SMALL, LARGE, OWN_CODE = "Qwen/Qwen3-0.6B", "Qwen/Qwen3-1.7B", "XiaomiMiMo/MiMo-7B-RL"
COMMIT = sha1(b"commit").hexdigest()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.build(tmp_path_factory.mktemp("tiny"), "qwen3", context=8192)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache, for us and for the hub's library."""
    folder = tmp_path / "hub"
    folder.mkdir()
    monkeypatch.setenv("HF_HUB_CACHE", str(folder))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(choose, "_chosen", {})
    return folder


def put(cache: Path, hub_id: str, files: Path, *, without: str = "") -> Path:
    """Lay a model's files into the cache as the hub's library does."""
    repository = cache / f"models--{hub_id.replace('/', '--')}"
    folder = repository / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    for file in files.iterdir():
        if file.name != without:
            (folder / file.name).symlink_to(file)
    return folder


# --- auto ----------------------------------------------------------------------------------------


def test_auto_is_the_builtin_reader_without_models(cache: Path) -> None:
    assert choose.pick(None, Settings()) == choose.BUILTIN
    assert choose.pick("auto", Settings(model="other")) == choose.BUILTIN
    assert choose.pick(None, Settings(model="other")) == "other"


def test_auto_takes_the_largest_that_fits(
    cache: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cache, SMALL, tiny)
    put(cache, LARGE, tiny)
    assert [model.id for model in choose.cached()] == [LARGE, SMALL]
    monkeypatch.setattr(memory, "available", lambda device: 1 << 20)
    assert choose.pick(None, Settings()) == choose.BUILTIN, "neither fits"
    monkeypatch.setattr(memory, "available", lambda device: 1 << 40)
    assert choose.pick(None, Settings()) == LARGE
    monkeypatch.setattr(memory, "available", lambda device: 1 << 20)
    assert choose.pick(None, Settings()) == LARGE, "what it takes itself does not count against it"


@pytest.mark.parametrize("lacking", ["model.safetensors", "config.json"])
def test_auto_passes_by_what_is_half_there(cache: Path, tiny: Path, lacking: str) -> None:
    put(cache, SMALL, tiny)
    put(cache, LARGE, tiny, without=lacking)
    assert choose.pick(None, Settings()) == SMALL


def test_auto_passes_by_missing_and_damaged_weights(
    cache: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cache, SMALL, tiny)
    folder = put(cache, LARGE, tiny, without="model.safetensors")
    shard = folder / "model-00001-of-00002.safetensors"
    shard.symlink_to(tiny / "model.safetensors")
    assert [model.id for model in choose.cached()] == [SMALL], "the second shard is still to come"
    shard.unlink()
    (folder / "model.safetensors").write_bytes((tiny / "model.safetensors").read_bytes()[:-9])
    assert choose.pick(None, Settings()) == SMALL


def test_auto_runs_no_foreign_code_unasked(cache: Path, tiny: Path) -> None:
    put(cache, OWN_CODE, tiny)
    assert choose.pick(None, Settings()) == choose.BUILTIN
    allowed = Settings(generation=Generation(allow_remote_code=(OWN_CODE,)))
    assert choose.pick(None, allowed) == OWN_CODE


def test_the_answer_says_which_model_it_was(
    cache: Path, tiny: Path, home: Path, rag: Callable[..., Any]
) -> None:
    (home / "rag.toml").write_text("[generation]\nthinking_budget = 8\nanswer_budget = 8\n")
    asking = ("ask", "마지스트랄 스몰의 매개변수는 몇 개인가?", "-k", "1", "--json", "--home", home)
    assert rag(*asking).json["reader"] == choose.BUILTIN
    put(cache, SMALL, tiny)
    assert rag(*asking).json["reader"] == SMALL


# --- the list ------------------------------------------------------------------------------------


def test_the_list(cache: Path, tiny: Path) -> None:
    put(cache, SMALL, tiny)
    rows = {row.id: row for row in manage.listed(Settings())}
    assert rows[SMALL].cached and rows[SMALL].fits and rows[SMALL].reasons
    assert rows[SMALL].memory < 3e8, "what the files say"
    assert not rows[LARGE].cached and rows[LARGE].memory > 3.4e9
    assert rows["deepseek-ai/DeepSeek-R1"].fits is False
    assert {"ko", "en"} <= set(rows[SMALL].languages)
    deep = rows["LGAI-EXAONE/EXAONE-Deep-2.4B"]
    assert deep.non_commercial and deep.own_code and "NC" in str(deep.licence)


# --- a hub ---------------------------------------------------------------------------------------


class Hub(ThreadingHTTPServer):
    """Serves the files of `models` as the hub does; breaks `drops` connections halfway."""

    daemon_threads = True

    def __init__(self, models: dict[str, dict[str, bytes]]) -> None:
        super().__init__(("127.0.0.1", 0), Pages)
        self.models = models
        self.gets: list[tuple[str, str | None]] = []
        self.drops = 0
        self.sizes: dict[str, int] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Pages(BaseHTTPRequestHandler):
    """What `snapshot_download` asks for: a model, its tree, its files and parts of them."""

    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, *args: Any) -> None: ...

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if found := re.fullmatch(
            r"/(?:api/models/)?(\w+/[\w.-]+?)(?:/(tree|revision|resolve)/(.*))?", path
        ):
            model, kind, rest = found.groups()
            files = self.server.models.get(model)
            if model == "some/gated":
                self.say(403, b"", X_Error_Code="GatedRepo")
            elif files is None:
                self.say(404, b"", X_Error_Code="RepoNotFound")
            elif kind == "resolve":
                self.file(files, rest.partition("/")[2])
            elif kind == "tree":
                self.json([self.entry(name, data) for name, data in files.items()])
            else:
                self.json({"id": model, "sha": COMMIT, "siblings": []})
        else:
            self.say(404, b"")

    def entry(self, name: str, data: bytes) -> dict[str, Any]:
        return {"type": "file", "path": name, "size": len(data), "oid": sha1(data).hexdigest()}

    def json(self, value: Any) -> None:
        self.say(200, json.dumps(value).encode(), Content_Type="application/json")

    def file(self, files: dict[str, bytes], name: str) -> None:
        if name not in files:
            return self.say(404, b"", X_Error_Code="EntryNotFound")
        data, asked = files[name], self.headers["Range"]
        told = {"ETag": f'"{sha1(data).hexdigest()}"', "X_Repo_Commit": COMMIT}
        if self.command == "GET":
            self.server.gets.append((name, asked))
        elif name in self.server.sizes:
            told["X_Linked_Size"] = str(self.server.sizes[name])
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if start:
            told["Content_Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        drop = self.command == "GET" and name.endswith(".safetensors") and self.server.drops > 0
        self.server.drops -= drop
        self.say(206 if start else 200, data[start:], cut=drop, **told)

    def say(self, status: int, data: bytes, cut: bool = False, **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection |= cut


@pytest.fixture
def loopback(tiny: Path) -> Iterator[Hub]:
    files = {file.name: file.read_bytes() for file in tiny.iterdir()}
    others = {"pytorch_model.bin": b"x", "original/model.safetensors": b"x", "run.py": b"x"}
    serving = Hub(
        {SMALL: files | others, "some/pickled": {"config.json": b"{}", "model.bin": b"x"}}
    )
    thread = threading.Thread(target=serving.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield serving
    serving.shutdown()
    serving.server_close()
    thread.join(5)


@pytest.fixture
def pull(loopback: Hub, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`rag models pull` in a process whose hub is ours."""

    def run(name: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {
            k: v for k, v in os.environ.items() if k not in ("HF_HUB_OFFLINE", "HF_TOKEN")
        }
        environment |= {
            "HF_ENDPOINT": loopback.url, "HF_HUB_CACHE": str(tmp_path / "hub"),
            "RAG_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_TELEMETRY": "1", **more,
        }  # fmt: skip
        program = Path(sys.executable).with_name("rag")
        return subprocess.run(
            [program, "models", "pull", name], env=environment, capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip

    return run


def test_pull_gets_what_is_needed_and_no_more(
    pull: Callable[..., Any], loopback: Hub, tiny: Path
) -> None:
    done = pull("qwen3-0.6b", TQDM_POSITION="-1")
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip())
    assert {file.name for file in folder.iterdir()} == {file.name for file in tiny.iterdir()}
    assert (folder / "model.safetensors").read_bytes() == (tiny / "model.safetensors").read_bytes()
    with safe_open(folder / "model.safetensors", "pt") as opened:
        assert opened.keys()
    assert f"{SMALL}: " in done.stderr and "to get" in done.stderr
    assert "100%" in done.stderr, "a bar"
    assert "Fetching" not in done.stderr and "Reconstruct" not in done.stderr
    fetched = len(loopback.gets)
    again = pull(SMALL)
    assert again.returncode == 0 and Path(again.stdout.strip()) == folder
    assert len(loopback.gets) == fetched, "nothing twice"


def test_a_broken_connection_is_taken_up(pull: Callable[..., Any], loopback: Hub) -> None:
    """In the middle of a file, which the hub's library writes in pieces of 10 MB."""
    weights = save({"w": np.arange(6 << 20, dtype=np.float32)})
    loopback.models["some/large"] = {"config.json": b"{}", "model.safetensors": weights}
    loopback.drops = 1
    done = pull("some/large")
    assert done.returncode == 0, done.stderr
    assert (Path(done.stdout.strip()) / "model.safetensors").read_bytes() == weights
    ranges = [part for name, part in loopback.gets if name.endswith(".safetensors")]
    assert ranges == [None, "bytes=10485760-"]


@pytest.mark.parametrize(
    ("name", "environment", "reasons"),
    [
        ("some/model", {}, ("some/model: is not at the hub",)),
        ("some/gated", {}, ("some/gated: is given only to those who accept", "HF_TOKEN")),
        ("some/pickled", {}, ("some/pickled: has no weights as safetensors",)),
        (SMALL, {"HF_ENDPOINT": "http://127.0.0.1:9"}, (SMALL, "cannot be reached")),
        (SMALL, {"HF_HUB_OFFLINE": "1"}, (SMALL, "HF_HUB_OFFLINE")),
        ("qwen3-0.6bb", {}, ("did you mean Qwen/Qwen3-0.6B?",)),
    ],
)
def test_pull_fails_in_one_line(
    pull: Callable[..., Any], name: str, environment: dict[str, str], reasons: tuple[str, ...]
) -> None:
    done = pull(name, **environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("rag: ") and done.stderr.count("\n") == 1, done.stderr
    assert all(reason in done.stderr for reason in reasons), done.stderr


def test_pull_looks_at_the_disk_first(pull: Callable[..., Any], loopback: Hub) -> None:
    loopback.sizes["model.safetensors"] = 10**17
    done = pull(SMALL)
    assert done.returncode == 1 and "of disk and" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert loopback.gets == []


@pytest.mark.parametrize("name", ["", "qwen", "/", "../x", "a/b/c", "/tmp/x", "x/"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(ModelError, match="is no name of a model"):
        hub.hub_id(name)
    assert hub.hub_id("qwen3:0.6b") == hub.hub_id("Qwen3-0.6B") == SMALL
    assert hub.hub_id("someone/else") == "someone/else"


def test_settings_are_read(tiny: Path, cache: Path) -> None:
    put(cache, SMALL, tiny)
    halved = replace(Settings(), generation=Generation(quantise="int8"))
    plain, small = manage.listed(Settings())[0], manage.listed(halved)[0]
    assert plain.id == small.id == SMALL and small.memory < plain.memory
