"""A real HTTP server on loopback that speaks the streaming protocol, and breaks it, as models do."""

import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

THOUGHT = "문서 [1]을 본다. 240억 개라고 한다."
REPLY = "매개변수는 240억 개입니다 [1]."


def pieces(text: str, size: int = 3) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


class Handler(BaseHTTPRequestHandler):
    """One answer for each kind of model name; what was asked is kept in `server.asked`."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def log_message(self, *args: Any) -> None: ...

    def do_GET(self) -> None:
        self.server.visits.append(self.path)
        if self.server.slow:
            time.sleep(self.server.slow)
        self.reply(200, self.server.models)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        asked = json.loads(body)
        self.server.asked.append({**asked, "authorization": self.headers["Authorization"]})
        try:
            ANSWERS[asked["model"].rpartition("/")[2]](self)
        except (BrokenPipeError, ConnectionResetError):
            self.server.disconnected.set()

    def reply(self, status: int, body: Any, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def raw(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def event(self, value: Any) -> None:
        self.raw(b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n")

    def part(self, choices: list[Any], **more: Any) -> None:
        whole = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        self.event({**whole, "choices": choices, **more})

    def delta(self, **fields: Any) -> None:
        self.part([{"index": 0, "delta": fields, "finish_reason": None}])

    def done(self, reason: str | None = "stop", usage: bool = True) -> None:
        if reason:
            self.part([{"index": 0, "delta": {}, "finish_reason": reason}])
        if usage:
            counts = {"prompt_tokens": 50, "completion_tokens": 40, "total_tokens": 90}
            self.part([], usage=counts)
        self.raw(b"data: [DONE]\n\n")
        self.raw(b"")

    def drop(self) -> None:
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, Any]] = []
        self.visits: list[str] = []
        self.disconnected = threading.Event()
        self.models: Any = {"object": "list", "data": []}
        self.slow = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


# --- how each model answers ----------------------------------------------------------------------


def apart(field: str) -> Callable[[Handler], None]:
    def answer(h: Handler) -> None:
        h.begin()
        h.delta(role="assistant", content="")
        for piece in pieces(THOUGHT):
            h.delta(**{field: piece})
        for piece in pieces(REPLY):
            h.delta(content=piece)
        h.done()

    return answer


def inline(text: str, reason: str = "stop") -> Callable[[Handler], None]:
    def answer(h: Handler) -> None:
        h.begin()
        for piece in pieces(text):
            h.delta(content=piece)
        h.done(reason)

    return answer


def only_reasoning(h: Handler) -> None:
    h.begin()
    for piece in pieces(REPLY):
        h.delta(reasoning_content=piece)
    h.done("length" if h.server.asked[-1]["seed"] else "stop")


def dropped(h: Handler) -> None:
    h.begin()
    h.delta(content="매개변수는 ")
    h.drop()


def ended_early(h: Handler) -> None:
    h.begin()
    h.delta(content="매개변수는 ")
    h.done(None, usage=False)


def failing_midway(h: Handler) -> None:
    h.begin()
    h.delta(content="매개변수는 ")
    h.event(
        {"error": {"message": "CUDA error:\n device-side assert", "type": "server", "code": 500}}
    )
    h.drop()


def endless(h: Handler) -> None:
    h.begin()
    for _ in range(100_000):
        h.delta(content="또 ")
        time.sleep(0.002)


def silent(h: Handler) -> None:
    h.begin()
    h.delta(content="매개변수는 ")
    # A server sees that nobody listens any more when it reads, or writes, and nobody is there.
    h.connection.settimeout(10)
    if h.connection.recv(1) == b"":
        h.server.disconnected.set()
    h.close_connection = True


def invalid_utf8(h: Handler) -> None:
    h.begin()
    h.delta(content="매개변수는 ")
    h.raw('data: {"choices": [{"delta": {"content": "매개'.encode() + b'\xff\xfe"}}]}\n\n')
    h.done()


def malformed(h: Handler) -> None:
    h.begin()
    h.delta(content="매개변수는 ")
    h.raw(b'data: {"choices": [{"delta": \n\n')
    h.done()


def split_bytes(h: Handler) -> None:
    """Characters and events cut anywhere by the network, as they are."""
    h.begin()
    whole = b""
    for piece in pieces(f"<think>\n{THOUGHT}\n</think>\n\n{REPLY}"):
        value = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m",
                 "choices": [{"index": 0, "delta": {"content": piece}}]}  # fmt: skip
        whole += b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"
    for at in range(0, len(whole), 7):
        h.raw(whole[at : at + 7])
    h.done()


def refusing(status: int, message: str, **headers: str) -> Callable[[Handler], None]:
    return lambda h: h.reply(
        status, {"error": {"message": message, "code": status}},
        Content_Type="application/json", **headers,
    )  # fmt: skip


def a_page(h: Handler) -> None:
    h.reply(200, b"<html>It works!</html>", Content_Type="text/html")


ANSWERS: dict[str, Callable[[Handler], None]] = {
    "vllm-qwen3-8b": apart("reasoning"),
    "llama-qwen3-8b": apart("reasoning_content"),
    "ollama-qwen3-8b": inline(f"<think>\n{THOUGHT}\n</think>\n\n{REPLY}"),
    "EXAONE-Deep-2.4B": inline(f"{THOUGHT}\n</thought>\n\n{REPLY}"),
    "gpt-oss-20b": inline(
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant"
        f"<|channel|>final<|message|>{REPLY}<|return|>"
    ),
    "plain": inline(REPLY),
    "ran-out": inline(f"<think>\n{THOUGHT}", "length"),
    "only-reasoning": only_reasoning,
    "dropped": dropped,
    "ended-early": ended_early,
    "failing-midway": failing_midway,
    "endless": endless,
    "silent": silent,
    "invalid-utf8": invalid_utf8,
    "malformed": malformed,
    "split-bytes": split_bytes,
    "no-key": refusing(401, "Invalid API key"),
    "unknown": refusing(404, "model 'unknown' not found"),
    "busy": refusing(429, "too many requests", Retry_After="7"),
    "broken": refusing(500, "out of memory\nTraceback …"),
    "too-long": refusing(400, "the request exceeds the available context size"),
    "page": a_page,
}
