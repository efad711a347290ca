"""Streams of events, read as they come."""

import contextlib
import json
import socket
import threading
import time

from wire import Reader, connect, encode


class Stream:
    """A stream that is read on a thread of its own: each event with the moment at which it came."""

    def __init__(self, address, target="/events/stream?after=now", ndjson=False, fields=(), host="localhost", seconds=60):
        self.ndjson = ndjson
        self.events = []
        self.cursor = None
        self.ending = None
        self.arrived = threading.Condition()
        self.connection = connect(address, seconds)
        accept = "application/x-ndjson" if ndjson else "text/event-stream"
        self.connection.sendall(encode("GET", target, None, [("Accept", accept), *fields], host))
        self.reader = Reader(self.connection, seconds)
        self.head = self.reader.head()
        self.thread = threading.Thread(target=self._follow, daemon=True)
        self.thread.start()

    def _follow(self):
        text = b""
        is_chunked = "chunked" in ((self.head and self.head.field("Transfer-Encoding")) or "").lower()
        ending = "broken"
        try:
            while True:
                if is_chunked:
                    data = self.reader.chunk()
                    if data is None:
                        break
                    if not data:
                        ending = "complete"
                        break
                elif self.reader.buffer or self.reader.more():
                    data, self.reader.buffer = self.reader.buffer, b""
                else:
                    ending = "closed"
                    break
                text += data
                mark = b"\n" if self.ndjson else b"\n\n"
                while mark in text:
                    message, text = text.split(mark, 1)
                    self._take(message)
        except OSError as error:
            ending = f"broken: {error}"
        with self.arrived:
            self.ending = ending
            self.arrived.notify_all()

    def _take(self, message):
        now = time.monotonic()
        if self.ndjson:
            line = json.loads(message) if message.strip() else {}
            found = line if line.get("type") == "event" else None
            cursor = line.get("cursor")
        else:
            lines = [line.partition(b": ") for line in message.split(b"\n")]
            values = {name.decode(): value.decode() for name, _, value in lines}
            found = json.loads(values["data"]) if "data" in values else None
            cursor = values.get("id")
        with self.arrived:
            self.cursor = cursor or self.cursor
            if found:
                self.events.append((now, found))
            self.arrived.notify_all()

    def wait_for_events(self, count, seconds=15):
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.events) >= count or self.ending, seconds)
            return self.events[:count] if len(self.events) >= count else None

    def wait_for_end(self, seconds=15):
        with self.arrived:
            self.arrived.wait_for(lambda: self.ending, seconds)
            return self.ending

    def close(self):
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
