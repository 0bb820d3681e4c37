"""An answer being made in a thread of its own, so that stopping need not wait for the next word."""

import queue
import threading
from collections.abc import Generator, Iterator

from rag.events import Event


class Run:
    """Drains an event stream in the background. Whoever leaves early calls `stop`.

    The thread owns the stream: it alone advances it and closes it, which stops generation, at the
    first event after `stop`. `dropped` is for the reader: nobody wants to see this answer any more.
    """

    def __init__(self, stream: Iterator[Event]) -> None:
        self.dropped = False
        self._stream = stream
        self._events: queue.SimpleQueue[Event | Exception | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        threading.Thread(target=self._drain, name="answer", daemon=True).start()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Let `batches` end now, and the stream be closed as soon as it can be."""
        self._stopped.set()
        self._events.put(None)

    def batches(self) -> Iterator[list[Event]]:
        """The events in order, each time all that have come since the last time.

        Raises what the stream raised, after the events before it.
        """
        while True:
            events: list[Event] = []
            item = self._events.get()
            while item is not None and not isinstance(item, Exception):
                events.append(item)
                if self._events.empty():
                    break
                item = self._events.get()
            if self.stopped:
                return
            if events:
                yield events
            if isinstance(item, Exception):
                raise item
            if item is None:
                return

    def _drain(self) -> None:
        try:
            for event in self._stream:
                if self.stopped:
                    break
                self._events.put(event)
        except Exception as error:  # raised again in the thread that reads `batches`
            self._events.put(error)
        finally:
            if isinstance(self._stream, Generator):
                self._stream.close()
            self._events.put(None)
