"""Who may connect to the web chat, and in which language it greets them."""

import base64
import socket
from pathlib import Path
from typing import Any

import pytest

from index.store import Scope
from ui.server import Gate, ServeError, credentials, listen, loopback, preferred, serve

pytestmark = pytest.mark.filterwarnings("ignore:::gradio")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "example.org"])
def test_other_machines_need_a_password(host: str, tmp_path: Path) -> None:
    with pytest.raises(ServeError, match="--auth"):
        serve(tmp_path, host, 1, None, None, no_auth=False, scope=Scope())


def test_loopback_is_known() -> None:
    assert all(map(loopback, ["127.0.0.1", "localhost", "::1", "127.1.2.3"]))
    assert not any(map(loopback, ["0.0.0.0", "::", "10.0.0.1", "localhost.evil.example"]))


def test_a_busy_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=f"port {port} is in use: choose another with --port"):
            listen("127.0.0.1", port)


def test_passwords_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_text("# who may\n\nkim:비밀\nlee:a:b\n", encoding="utf-8")
    assert credentials(None, file) == {"kim": "비밀", "lee": "a:b"}
    assert credentials("kim:x", None) == {"kim": "x"}
    file.write_text("kim\n", encoding="utf-8")
    with pytest.raises(ServeError, match="line 1: write it as user:password"):
        credentials(None, file)
    file.write_text("\n", encoding="utf-8")
    with pytest.raises(ServeError, match="names no user"):
        credentials(None, file)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("ko-KR,ko;q=0.9,en-US;q=0.8", "ko"),
        ("en-US,en;q=0.9,ko;q=0.8", "en"),
        ("fr,ko;q=0.5,en;q=0.4", "ko"),
        ("fr", "en"),
        ("", "en"),
        ("ko;q=x", "ko"),
    ],
)
def test_the_interface_follows_the_browser(accepted: str, language: str) -> None:
    assert preferred(accepted) == language


def test_the_gate() -> None:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    app = FastAPI()
    app.add_api_route("/", lambda: "in")
    app.add_api_route("/health", lambda: "well")

    def asked(
        gate: Any, path: str = "/", user: str | None = None, host: str = "127.0.0.1:1"
    ) -> int:
        headers = {"host": host}
        if user is not None:
            headers["authorization"] = f"Basic {base64.b64encode(user.encode()).decode()}"
        return int(TestClient(gate).get(path, headers=headers).status_code)

    locked = Gate(app, {"김": "비:밀"}, named=False)
    assert asked(locked) == 401
    assert asked(locked, "/health") == 200
    assert asked(locked, user="김:비:밀", host="example.org") == 200
    assert (
        asked(locked, user="김:비")
        == asked(locked, user="lee:비:밀")
        == asked(locked, user="")
        == 401
    )
    here = Gate(app, {}, named=True)
    assert (
        asked(here) == asked(here, host="localhost:7860") == asked(here, host="[::1]:7860") == 200
    )
    assert asked(here, host="evil.example") == asked(here, host="localhost.evil.example:80") == 403
