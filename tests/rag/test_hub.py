"""Getting a model from a hub: a small one on loopback, asked by processes of ours."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save

from rag.models import hub
from rag.models.errors import ModelError
from tests.rag import tiny_models

pytestmark = pytest.mark.integration

SMALL = "Qwen/Qwen3-0.6B"
COMMIT = sha1(b"commit").hexdigest()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.build(tmp_path_factory.mktemp("tiny"), "qwen3", context=8192)


class Hub(ThreadingHTTPServer):
    """Serves the files of `models` as the hub does; breaks `drops` connections halfway and is
    silent in the middle of `stalls` others."""

    daemon_threads = True

    def __init__(self, models: dict[str, dict[str, bytes]]) -> None:
        super().__init__(("127.0.0.1", 0), Pages)
        self.models = models
        self.gets: list[tuple[str, str | None]] = []
        self.drops = self.stalls = 0
        self.go_on = threading.Event()
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
        if self.command == "GET" and name.endswith(".safetensors") and self.server.stalls:
            self.server.stalls -= 1
            drop = stall = True
        else:
            stall = False
        self.say(206 if start else 200, data[start:], cut=drop, stall=stall, **told)

    def say(
        self, status: int, data: bytes, cut: bool = False, stall: bool = False, **headers: str
    ) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data[: len(data) // 2] if cut else data)
        if stall:
            self.server.go_on.wait(30)
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
def pull(loopback: Hub, tmp_path: Path) -> Callable[..., Any]:
    """`rag models pull` in a process whose hub is ours; `wait=False` leaves it running."""

    def run(name: str, wait: bool = True, **more: str) -> Any:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
        environment |= {
            "HF_ENDPOINT": loopback.url, "HF_HUB_CACHE": str(tmp_path / "hub"),
            "RAG_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_TELEMETRY": "1", **more,
        }  # fmt: skip
        command = [str(Path(sys.executable).with_name("rag")), "models", "pull", name]
        if not wait:
            return subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

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


@pytest.fixture
def large(loopback: Hub) -> bytes:
    """Weights of a model at the hub, of several of the 10 MB pieces that files are written in."""
    weights = save({"w": np.arange(6 << 20, dtype=np.float32)})
    loopback.models["some/large"] = {"config.json": b"{}", "model.safetensors": weights}
    return weights


def first(tmp_path: Path) -> Path:
    """The file that is on its way."""
    return next(tmp_path.glob("hub/*/blobs/*.part"))


def parts(loopback: Hub) -> list[str | None]:
    """Which parts of the weights were asked for."""
    return [part for name, part in loopback.gets if name.endswith(".safetensors")]


def test_a_broken_connection_is_taken_up(
    pull: Callable[..., Any], loopback: Hub, large: bytes
) -> None:
    loopback.drops = 1
    done = pull("some/large")
    assert done.returncode == 0, done.stderr
    assert (Path(done.stdout.strip()) / "model.safetensors").read_bytes() == large
    assert parts(loopback) == [None, "bytes=10485760-"]


def test_a_killed_pull_is_taken_up(
    pull: Callable[..., Any], loopback: Hub, large: bytes, tmp_path: Path
) -> None:
    loopback.stalls = 1
    running = pull("some/large", wait=False)
    deadline = time.monotonic() + 60
    while not [*tmp_path.glob("hub/*/blobs/*.part")] or first(tmp_path).stat().st_size < 10 << 20:
        assert time.monotonic() < deadline and running.poll() is None
        time.sleep(0.05)
    running.kill()
    running.communicate()
    loopback.go_on.set()
    done = pull("some/large")
    assert done.returncode == 0, done.stderr
    assert (Path(done.stdout.strip()) / "model.safetensors").read_bytes() == large
    assert parts(loopback) == [None, "bytes=10485760-"]
    assert not [*tmp_path.glob("hub/*/blobs/*.part*")]


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
