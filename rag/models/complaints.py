"""What a server or a provider's library complains of, as one line that says what to do."""

import re
from collections.abc import Iterator
from typing import Any

from rag.models.errors import ModelError

_LONGEST = 200
_STATUS = {
    400: "refused the request",
    401: "wants another API key",
    402: "wants to be paid",
    403: "does not allow this with the given API key",
    404: "does not know this model or address",
    408: "took too long",
    413: "refused the question as too long",
    429: "is busy or a limit is reached",
    503: "is not ready",
}
_ADVICE = {
    400: "ask for fewer passages or another model",
    401: "check the key",
    404: "check name and URL",
    413: "ask for fewer passages",
    429: "try again{later}",
    503: "try again{later}",
}


UNFINISHED = "ended in the middle of the answer; ask again"
NO_ANSWER = "answered with nothing that is an answer; is it a chat server, and the URL right?"
_EMPTY = "No generation chunks"  # LangChain's words for a stream without any delta


def explain(error: BaseException, name: str, where: str, *, begun: bool) -> ModelError:
    """The one-line error for whatever a chat model raised; `begun`: after some of the answer."""
    status = _status(error)
    if status is not None:
        what = _STATUS.get(status, "has failed" if status >= 500 else "refused the request")
        advice = _ADVICE.get(status, "look at its log" if status >= 500 else "check the settings")
        later = _after(error)
        line = f"{where} {what} (status {status}{_said(error)}); {advice.format(later=later)}"
    elif isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        line = f"{where} sent nothing for too long; see whether it is still working"
    elif any(isinstance(e, UnicodeDecodeError) for e in _chain(error)):
        line = f"{where} sent invalid UTF-8; it may be no chat server, or a broken one"
    elif any(isinstance(e, ValueError) for e in _chain(error)) and "JSON" in _names(error):
        line = f"{where} sent malformed JSON; it may be no chat server, or a broken one"
    elif _EMPTY in str(error):
        line = f"{where} {NO_ANSWER}"
    elif is_connection_failure(error) and not begun:
        line = f"{where} cannot be reached; see whether the server is running and the URL is right"
    elif re.search(r"Connect|Protocol|ReadError|Incomplete", _names(error)):
        line = f"{where} dropped the connection in the middle; ask again"
    else:
        line = (
            f"{where} failed{' in the middle' if begun else ''} ({_line(error)}); look at its log"
        )
    return ModelError(f"{name}: {line}")


def is_connection_failure(error: BaseException) -> bool:
    """Whether the connection itself could not be made, so that nothing was asked yet."""
    return any(
        isinstance(e, ConnectionRefusedError) or type(e).__name__ == "ConnectError"
        for e in _chain(error)
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from; libraries wrap the telling one."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = at.__cause__ or at.__context__


def _names(error: BaseException) -> str:
    return " ".join(type(e).__name__ for e in _chain(error))


def _status(error: BaseException) -> int | None:
    """The HTTP status, where libraries put it."""
    for e in _chain(error):
        for value in (getattr(e, "status_code", None), getattr(_response(e), "status_code", None)):
            if isinstance(value, int) and value >= 400:
                return value
    return None


def _response(error: BaseException) -> Any:
    return getattr(error, "response", None)


def _after(error: BaseException) -> str:
    headers: Any = next((r.headers for e in _chain(error) if (r := _response(e)) is not None), {})
    seconds = headers.get("retry-after", "")
    return f" in {seconds} seconds" if str(seconds).isdigit() else " later"


def _said(error: BaseException) -> str:
    """The server's own words, from an OpenAI-shaped body."""
    body = getattr(error, "body", None)
    text = body.get("message") if isinstance(body, dict) else body
    return f": {_shortened(text)}" if isinstance(text, str) and text.strip() else ""


def _line(error: BaseException) -> str:
    return _shortened(str(error)) or type(error).__name__


def _shortened(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= _LONGEST else first[:_LONGEST] + "…"
