"""The remote chat model against a real server on loopback that speaks, and breaks, the protocol."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage

from rag.models.catalogue import Sampling
from rag.models.chat import Options, collect, read
from rag.models.errors import ModelError
from rag.models.remote import RemoteChat, Served, connect, discover
from tests.rag.chat_server import REPLY, THOUGHT, Handler, Server

pytestmark = pytest.mark.integration

QUESTION = [SystemMessage("Cite."), HumanMessage("몇 개인가?")]


@pytest.fixture
def server() -> Iterator[Server]:
    serving = Server()
    thread = threading.Thread(target=serving.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield serving
    serving.shutdown()
    serving.server_close()
    thread.join(5)


@pytest.fixture
def chat(server: Server) -> Callable[..., RemoteChat]:
    def make(name: str, **more: Any) -> RemoteChat:
        return connect(f"openai:{name}", server.url, **more)

    return make


def said(message: AIMessage) -> tuple[str, str]:
    return message.additional_kwargs.get("reasoning_content", ""), str(message.content)


# --- reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["vllm-qwen3-8b", "llama-qwen3-8b", "ollama-qwen3-8b", "EXAONE-Deep-2.4B", "gpt-oss-20b",
     "split-bytes"],
)  # fmt: skip
def test_thought_and_answer_come_apart(name: str, chat: Callable[..., RemoteChat]) -> None:
    chunks = list(chat(name).stream(QUESTION))
    assert all(isinstance(chunk, AIMessageChunk) for chunk in chunks)
    assert len([piece for chunk in chunks for piece in read(chunk)]) > 10
    thought, answer = said(collect(chunks))
    assert (thought.rstrip(), answer) == (THOUGHT, REPLY)
    outcome = collect(chunks).response_metadata
    assert outcome["finish_reason"] == "stop" and outcome["thinking_closed"]
    assert (outcome["prompt_tokens"], outcome["tokens"]) == (50, 40)
    assert outcome["first_token_seconds"] > 0


def test_reasoning_is_a_content_block(chat: Callable[..., RemoteChat]) -> None:
    message = chat("vllm-qwen3-8b").invoke(QUESTION)
    assert [block["type"] for block in message.content_blocks] == ["reasoning", "text"]
    assert said(message) == (THOUGHT, REPLY)


def test_an_unseen_opener_restates_the_thought(chat: Callable[..., RemoteChat]) -> None:
    chunks = list(chat("EXAONE-Deep-2.4B").stream(QUESTION))
    restated = [c for c in chunks if c.additional_kwargs.get("restated")]
    assert len(restated) == 1
    assert restated[0].additional_kwargs["reasoning_content"].strip() == THOUGHT


def test_no_thought_at_all(chat: Callable[..., RemoteChat]) -> None:
    message = chat("plain").invoke(QUESTION)
    assert said(message) == ("", REPLY)
    assert not message.response_metadata["thinking_closed"]


def test_a_thought_that_ran_out(chat: Callable[..., RemoteChat]) -> None:
    message = chat("ran-out").invoke(QUESTION)
    assert said(message) == (THOUGHT, "")
    assert message.response_metadata["finish_reason"] == "length"
    assert message.response_metadata["exhausted"]


def test_an_answer_taken_for_reasoning_is_put_right(chat: Callable[..., RemoteChat]) -> None:
    message = chat("only-reasoning").invoke(QUESTION, seed=0)
    assert said(message) == ("", REPLY)
    cut = chat("only-reasoning").invoke(QUESTION, seed=1)
    assert said(cut) == (REPLY, "") and cut.response_metadata["exhausted"]


# --- asking --------------------------------------------------------------------------------------


def test_what_the_server_is_asked(server: Server, chat: Callable[..., RemoteChat]) -> None:
    chat("vllm-qwen3-8b").invoke(
        QUESTION, thinking_tokens=100, answer_tokens=50, seed=3, thinking=True
    )
    asked = server.asked[-1]
    assert asked["model"] == "vllm-qwen3-8b" and asked["stream"] is True
    assert asked["max_tokens"] == 150 and asked["seed"] == 3
    assert (asked["temperature"], asked["top_p"], asked["top_k"]) == (0.6, 0.95, 20)
    assert asked["chat_template_kwargs"] == {"enable_thinking": True}
    assert [m["role"] for m in asked["messages"]] == ["system", "user"]
    assert asked["messages"][-1]["content"] == QUESTION[1].content
    chat("vllm-qwen3-8b").invoke(QUESTION, thinking=False, sampling=Sampling(temperature=0.0))
    asked = server.asked[-1]
    assert asked["chat_template_kwargs"] == {"enable_thinking": False}
    assert asked["temperature"] == 0.0 and "top_k" not in asked
    assert asked["messages"][-1]["content"].endswith(" /no_think")


def test_system_prompts_follow_the_family(server: Server, chat: Callable[..., RemoteChat]) -> None:
    chat("EXAONE-Deep-2.4B").invoke(QUESTION)
    [message] = server.asked[-1]["messages"]
    assert message == {"role": "user", "content": "Cite.\n\n몇 개인가?"}


def test_no_key_of_the_environment_is_sent(
    server: Server, chat: Callable[..., RemoteChat], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    chat("plain").invoke(QUESTION)
    assert "sk-secret" not in server.asked[-1]["authorization"]
    chat("plain", api_key="mine").invoke(QUESTION)
    assert server.asked[-1]["authorization"] == "Bearer mine"


def test_a_proxy_does_not_stand_between(
    chat: Callable[..., RemoteChat], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert chat("plain").invoke(QUESTION).content == REPLY


def test_a_url_without_its_path(server: Server) -> None:
    bare = server.url.removesuffix("/v1")
    for name, url in (("plain", bare), ("openai:plain", bare + "/"), ("plain", server.url + "/")):
        assert connect(name, url).invoke(QUESTION).content == REPLY


# --- stopping ------------------------------------------------------------------------------------


def test_closing_the_stream_closes_the_connection(
    server: Server, chat: Callable[..., RemoteChat]
) -> None:
    stream = chat("endless").stream(QUESTION)
    assert next(stream).content.strip() == "또"
    began = time.monotonic()
    stream.close()
    assert time.monotonic() - began < 1
    assert server.disconnected.wait(2), "the server sees that nobody listens any more"


def test_an_event_breaks_off_the_wait(server: Server, chat: Callable[..., RemoteChat]) -> None:
    cancel = threading.Event()
    stream = chat("silent").stream(QUESTION, cancel=cancel)
    chunks = [next(stream)]  # the server falls silent after it
    threading.Timer(0.2, cancel.set).start()
    began = time.monotonic()
    chunks += stream
    assert time.monotonic() - began < 1.5
    assert server.disconnected.wait(2)
    message = collect(chunks)
    assert said(message) == ("", "매개변수는 ")
    assert message.response_metadata["finish_reason"] == "cancelled"


def test_an_answer_that_never_ends(server: Server, chat: Callable[..., RemoteChat]) -> None:
    message = chat("endless").invoke(QUESTION, thinking_tokens=0, answer_tokens=20)
    assert message.response_metadata["finish_reason"] == "length"
    assert 20 <= message.response_metadata["tokens"] < 60
    assert server.disconnected.wait(2)
    server.disconnected.clear()
    message = chat("endless").invoke(QUESTION, time_limit=0.3)
    assert message.response_metadata["finish_reason"] == "length"
    assert server.disconnected.wait(2)


def test_a_server_that_falls_silent(chat: Callable[..., RemoteChat]) -> None:
    with pytest.raises(ModelError, match="sent nothing for too long"):
        chat("silent", silence=0.3).invoke(QUESTION)


# --- failing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no-key", "wants another API key .*401.*Invalid API key.*check the key"),
        ("unknown", "does not know this model .*404.*not found"),
        ("busy", "is busy .*429.*try again in 7 seconds"),
        ("broken", "has failed .*500.*out of memory Traceback"),
        ("too-long", "refused the request .*400.*context size"),
        ("failing-midway", "in the middle.*CUDA error: device-side assert"),
        ("dropped", "dropped the connection in the middle"),
        ("ended-early", "ended in the middle"),
        ("invalid-utf8", "invalid UTF-8"),
        ("malformed", "malformed JSON"),
        ("page", "nothing that is an answer"),
    ],
)
def test_a_failure_is_one_line(
    name: str, reason: str, server: Server, chat: Callable[..., RemoteChat]
) -> None:
    got = []
    with pytest.raises(ModelError, match=reason) as caught:
        for chunk in chat(name).stream(QUESTION):
            got += read(chunk)
    message = str(caught.value)
    assert message.startswith(f"openai:{name}: the server at {server.url} ")
    assert "\n" not in message and len(message) < 400
    assert len(server.asked) == 1, "asked once: only a connection that fails is tried again"
    begun = name in ("failing-midway", "dropped", "ended-early", "invalid-utf8", "malformed")
    assert "".join(piece.text for piece in got) == ("매개변수는 " if begun else "")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_server_that_is_not_there() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(ModelError, match="cannot be reached") as caught:
        connect("openai:m", url).invoke(QUESTION)
    assert "\n" not in str(caught.value)


def test_a_connection_is_tried_again() -> None:
    """The server opens its port only after the first attempt has failed."""
    serving = Server.__new__(Server)
    port = free_port()
    began = threading.Timer(0.4, lambda: _serve_at(serving, port))
    began.start()
    try:
        assert connect("plain", f"http://127.0.0.1:{port}").invoke(QUESTION).content == REPLY
    finally:
        began.join()
        serving.shutdown()
        serving.server_close()


def _serve_at(serving: Server, port: int) -> None:
    Server.__init__(serving)
    serving.server_close()
    ThreadingHTTPServer.__init__(serving, ("127.0.0.1", port), Handler)
    threading.Thread(target=serving.serve_forever, args=(0.02,), daemon=True).start()


@pytest.mark.parametrize(
    ("name", "url", "reason"),
    [
        ("nobody:gpt", None, "nobody:gpt: cannot be used"),
        ("gemini-thing", None, "written provider:name"),
        ("anthropic:claude", None, "anthropic:claude: cannot be used .*langchain-anthropic"),
        ("openai:gpt-4o", None, "openai:gpt-4o: cannot be used .*api_key"),
        ("openai:m", "localhost:8080", "is no address of a server"),
    ],
)
def test_what_cannot_be_connected(
    name: str, url: str | None, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in [key for key in os.environ if key.startswith("OPENAI")]:
        monkeypatch.delenv(key)
    with pytest.raises(ModelError, match=reason) as caught:
        connect(name, url)
    assert "\n" not in str(caught.value)


# --- finding -------------------------------------------------------------------------------------


def test_running_servers_are_found(server: Server) -> None:
    server.models = {"object": "list", "data": [{"id": "qwen3:0.6b"}, {"id": "exaone-deep:2.4b"}]}
    found = discover((free_port(), server.server_port))
    assert found == [
        Served("openai:qwen3:0.6b", server.url),
        Served("openai:exaone-deep:2.4b", server.url),
    ]
    assert connect(*found[0]).family.name == "qwen3"
    assert server.visits == ["/v1/models"]


@pytest.mark.parametrize("told", [b"<html>", b"[1]", b'{"data": [{"name": 1}, 2]}', b"\xff", b"{}"])
def test_other_servers_are_passed_by(told: bytes, server: Server) -> None:
    server.models = told
    assert discover((server.server_port,)) == []


def test_discovery_is_quick(server: Server) -> None:
    server.slow = 5.0
    discover((free_port(),))
    began = time.monotonic()
    assert discover((server.server_port, free_port())) == []
    assert time.monotonic() - began < 0.6


def test_the_context_is_the_servers(server: Server, chat: Callable[..., RemoteChat]) -> None:
    assert chat("plain").context == 4096
    server.models = {"data": [{"id": "plain", "max_model_len": 9000}]}
    assert chat("plain").context == 9000
    server.models = {"data": [{"id": "plain", "meta": {"n_ctx": 2048}}]}
    assert chat("plain").context == 2048
    # Never fewer than a real tokenizer counts, by a margin that still leaves room.
    assert 15 < chat("plain").count_tokens(QUESTION) < 40


def test_options_can_be_set_for_all_calls(server: Server, chat: Callable[..., RemoteChat]) -> None:
    chat("plain", options=Options(answer_tokens=9, thinking=False)).invoke(QUESTION)
    assert server.asked[-1]["max_tokens"] == 9
