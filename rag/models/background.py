"""Async streams read from ordinary code, so that waiting for a server can be broken off at once."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")

_LOOK = 0.05  # seconds between two looks at whether to stop
_PATIENCE = 5.0  # seconds that a connection may take to close


@lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    """One event loop in a thread of its own: connections that are kept open belong to a loop."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="remote-models", daemon=True).start()
    return loop


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, also where another event loop is running in this thread."""
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()


def pump(
    source: Callable[[], AsyncIterator[T]], over: Callable[[], bool], silence: float
) -> Generator[T, None, None]:
    """The items of an async iterator as they come; its exception, if it ends with one.

    Ends early when `over` says so, looked at between items and while waiting. TimeoutError when
    nothing comes for `silence` seconds. However it ends, closing included, the source is cancelled
    and has let go of its connection when this returns.
    """
    items: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
    begun, ended = threading.Event(), threading.Event()

    async def read() -> None:
        begun.set()
        try:
            async for item in source():
                items.put((item, None))
            items.put((None, StopAsyncIteration()))
        except BaseException as error:
            items.put((None, error))
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            ended.set()

    task = asyncio.run_coroutine_threadsafe(read(), _loop())
    try:
        yield from _received(items, over, silence)
    finally:
        task.cancel()
        if begun.is_set():
            ended.wait(_PATIENCE)


def _received(
    items: "queue.SimpleQueue[tuple[T | None, BaseException | None]]",
    over: Callable[[], bool],
    silence: float,
) -> Iterator[T]:
    waited = 0.0
    while not over():
        try:
            item, error = items.get(timeout=_LOOK)
        except queue.Empty:
            waited += _LOOK
            if waited >= silence:
                raise TimeoutError from None
            continue
        waited = 0.0
        if isinstance(error, StopAsyncIteration):
            return
        if error is not None:
            raise error
        yield item  # type: ignore[misc]
