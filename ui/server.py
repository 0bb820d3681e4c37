"""Serving the web chat: who may connect, which port, and the page for each language."""

import base64
import binascii
import errno
import os
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.article import Language
from corpus.errors import RagError
from index.store import Scope
from rag.settings import load

if TYPE_CHECKING:
    from fastapi import FastAPI

    from ui.chat import Chat

Message = dict[str, Any]
App = Callable[[Message, Any, Callable[[Message], Awaitable[None]]], Awaitable[None]]

STYLE = Path(__file__).parent / "static" / "chat.css"
_LANGUAGES: tuple[Language, ...] = ("ko", "en")


class ServeError(RagError):
    """The chat cannot be served as asked."""


def serve(
    folder: Path,
    host: str,
    port: int,
    auth: str | None,
    auth_file: Path | None,
    *,
    no_auth: bool,
    scope: Scope,
) -> None:
    """Serve the chat of a home folder until it is stopped. Raises RagError in one line."""
    users = credentials(auth, auth_file)
    if not users and not no_auth and not loopback(host):
        raise ServeError(
            f"{host} can be reached from other machines: add --auth USER:PASS or --auth-file FILE, "
            "or --no-auth to let everyone in"
        )
    settings = load(folder)
    listening = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    print("starting the chat …", file=sys.stderr, flush=True)
    # Gradio reads these when it is imported: no calls home, and nothing outside the home folder.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(folder / "gradio")
    import uvicorn

    from rag.home import open_answerer
    from ui.chat import Chat

    answerer = open_answerer(folder, settings)
    chat = Chat(folder, settings, answerer.stream, scope, folders=loopback(host))
    gate = Gate(application(chat), users, named=loopback(host) and not users)
    config = uvicorn.Config(gate, log_level="warning", timeout_graceful_shutdown=1)
    print(f"the chat is on http://{shown}:{port} (stop with Ctrl-C)", file=sys.stderr, flush=True)
    uvicorn.Server(config).run(sockets=[listening])


def application(chat: "Chat") -> "FastAPI":
    """The routes: a page for each language, `/` leading to the reader's, and `/health`."""
    import gradio as gr
    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse, RedirectResponse

    from ui.app import build, theme

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/health")
    def health() -> JSONResponse:
        if chat.contents().problem is None:
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "the index cannot be read"}, status_code=503)

    @app.get("/")
    def start(request: Request) -> RedirectResponse:
        return RedirectResponse(f"{preferred(request.headers.get('accept-language', ''))}/")

    for language in _LANGUAGES:
        gr.mount_gradio_app(
            app, build(chat, language), f"/{language}", footer_links=[], run_history=False,
            show_error=False, max_file_size=1, theme=theme(), css_paths=[STYLE],
        )  # fmt: skip
    return app


def preferred(accepted: str) -> Language:
    """Korean when a browser's `Accept-Language` puts it before English, else English."""
    ranked: list[tuple[float, int, Language]] = []
    for place, entry in enumerate(accepted.lower().split(",")):
        tag, _, quality = entry.strip().partition(";q=")
        weight = float(quality) if quality.replace(".", "", 1).isdigit() else 1.0
        for language in _LANGUAGES:
            if tag == language or tag.startswith(f"{language}-"):
                ranked.append((-weight, place, language))
    return min(ranked)[2] if ranked else "en"


def loopback(host: str) -> bool:
    """Whether only this machine can reach a host."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def credentials(auth: str | None, auth_file: Path | None) -> dict[str, str]:
    """Passwords by user, from `USER:PASS` or a file of such lines. Raises ServeError."""
    if auth is not None:
        lines, where = [auth], "--auth"
    elif auth_file is not None:
        where = str(auth_file)
        try:
            lines = auth_file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ServeError(f"{where}: cannot be read ({error})") from error
    else:
        return {}
    users: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        user, colon, password = line.strip().partition(":")
        if not (user and colon and password):
            raise ServeError(f"{where}, line {number}: write it as user:password")
        users[user] = password
    if not users:
        raise ServeError(f"{where}: names no user; write lines like user:password")
    return users


def listen(host: str, port: int) -> socket.socket:
    """A socket that already listens, so that a busy port shows before anything is loaded."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"port {port} is in use: choose another with --port, or stop what uses it"
        elif error.errno == errno.EACCES:
            reason = f"port {port} may not be used: choose one above 1023 with --port"
        else:
            reason = f"{host}:{port} cannot be used ({error.strerror}): choose another --host"
        raise ServeError(reason) from error
    return listening


class Gate:
    """Lets in who knows a password (HTTP Basic); with `named`, who asks for this machine by name.

    The latter keeps a page from elsewhere, whose own name was made to lead to this machine, from
    reading the chat through the browser.
    """

    def __init__(self, app: Any, users: Mapping[str, str], *, named: bool) -> None:
        self._app, self._users, self._must_be_named = app, users, named

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] != "/health":
            headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
            if self._users and not self._known(headers.get(b"authorization", "")):
                head = [(b"www-authenticate", b'Basic realm="chat", charset="UTF-8"')]
                await _refuse(send, 401, head)
                return
            if self._must_be_named and not _names_this_machine(headers.get(b"host", "")):
                await _refuse(send, 403, [])
                return
        await self._app(scope, receive, send)

    def _known(self, header: str) -> bool:
        kind, _, encoded = header.partition(" ")
        if kind.lower() != "basic":
            return False
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        wanted = self._users.get(user)
        # A user who does not exist takes as long as one who does.
        same = secrets.compare_digest(password.encode(), (wanted or "").encode())
        return same and wanted is not None


def _names_this_machine(host: str) -> bool:
    name, colon, port = host.rpartition(":")
    return loopback(name if colon and port.isdecimal() else host)


async def _refuse(send: Any, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
