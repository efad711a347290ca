"""Readers that follow the log through one gateway, by a stream or by pages, each from its own cursor."""

import json
import os
import subprocess
import threading
import time
import urllib.parse
import zlib
from collections import Counter
from dataclasses import dataclass

from servers.processes import HOST

from .gateways import ERRORS, Client

# Longer than the gap between two heartbeats.
STREAM_SECONDS = 20
RETRY_PAUSE_SECONDS = 0.1
FILTERED_TYPE = "load/Shared"


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as a reader got it."""
    cursor: str
    id: str
    # Of all that the reader got of the event.
    checksum: int

    @classmethod
    def of(cls, edge):
        text = json.dumps(edge["node"], sort_keys=True)
        return cls(edge["cursor"], edge["node"]["id"], zlib.crc32(text.encode()))


# Equal values are kept once: the log is long, and there are many readers.
_pool: dict = {}


def seen(edge):
    value = Seen.of(edge)
    return _pool.setdefault(value, value)


class Reader(threading.Thread):
    def __init__(self, name, port, is_filtered=False):
        super().__init__(name=name, daemon=True)
        self.client = Client(port, STREAM_SECONDS)
        self.query = {"aggregator_type": FILTERED_TYPE} if is_filtered else {}
        self.is_filtered = is_filtered
        # The cursor from which it goes on, and the events that it got.
        self.cursor, self.events = None, []
        # When the latest event came.
        self.latest_at = 0.0
        # The problem document after which it stopped, and when.
        self.refusal, self.refused_at = None, None
        self.connections = 0
        # The number of responses of each status that is not 200.
        self.refusals = Counter()
        self.error = None
        self.is_stopped = False

    def run(self):
        while not self.is_stopped and self.refusal is None:
            try:
                self.read()
            except ERRORS:
                time.sleep(RETRY_PAUSE_SECONDS)
            except Exception as error:
                self.error = f"{type(error).__name__}: {error}"
                return
        self.client.close()

    def stop(self):
        self.is_stopped = True

    def target(self, path, **more):
        query = self.query | ({"after": self.cursor} if self.cursor else {}) | more
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def take(self, edge):
        self.events.append(seen(edge))
        self.cursor = edge["cursor"]
        self.latest_at = time.monotonic()

    def refuse(self, status, body):
        """A client's error ends the reader; after any other status it tries again."""
        self.refusals[status] += 1
        if 400 <= status < 500:
            self.refusal, self.refused_at = json.loads(body), time.monotonic()
        else:
            time.sleep(RETRY_PAUSE_SECONDS)


class StreamReader(Reader):
    def read(self):
        self.connections += 1
        response = self.client.open(self.target("/events/stream"), {"Accept": "application/x-ndjson"})
        if response.status != 200:
            return self.refuse(response.status, response.read())
        while not self.is_stopped and (line := response.readline()):
            if not line.endswith(b"\n"):
                raise ConnectionError("half a line")
            message = json.loads(line)
            if message["type"] == "event":
                self.take(message)
            elif message["type"] == "heartbeat":
                self.cursor = message["cursor"]
        time.sleep(RETRY_PAUSE_SECONDS)


class PageReader(Reader):
    def read(self):
        status, body = self.client.request("GET", self.target("/events", first=100, wait=1))
        if status != 200:
            return self.refuse(status, body)
        page = json.loads(body)
        for edge in page["edges"]:
            self.take(edge)
        self.cursor = page["page_info"]["end_cursor"] or self.cursor


class TailReader(Reader):
    """The command that follows a log. It reconnects by itself."""

    def __init__(self, name, port, program):
        super().__init__(name, port)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENTO_")}
        self.process = subprocess.Popen(
            [program, "tail", "--url", f"http://{HOST}:{port}", "--from", "beginning", "--json"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)

    def start(self):
        # Its log must not fill the pipe.
        self.complaints = []
        threading.Thread(target=self._read_complaints, daemon=True).start()
        super().start()

    def _read_complaints(self):
        for line in self.process.stderr:
            self.complaints.append(line.decode(errors="replace").strip())

    def run(self):
        self.connections = 1
        for line in self.process.stdout:
            message = json.loads(line)
            if message["type"] == "event":
                self.take(message)
        if self.process.wait() != 0 and not self.is_stopped:
            last = self.complaints[-1] if self.complaints else ""
            # The command prints the error of the cursor for people, without its code.
            code = "cursor_not_in_history" if last.startswith("Error: The cursor is from another store") else None
            self.refusal, self.refused_at = {"code": code, "detail": last}, time.monotonic()

    def stop(self):
        super().stop()
        self.process.terminate()
        self.process.wait()


def make_readers(ports, program=None):
    """A stream and a reader of pages at each gateway, some filtered; and with a program, its command that follows a log."""
    readers = []
    for index, port in enumerate(ports):
        readers.append(StreamReader(f"stream {index}", port))
        readers.append(PageReader(f"pages {index}", port))
        readers.append(StreamReader(f"filtered stream {index}", port, is_filtered=True))
        if program:
            readers.append(TailReader(f"tail {index}", port, program))
    return readers


def selected(edges, reader):
    """Those of these edges that a reader is to get."""
    return [seen(edge) for edge in edges
            if not reader.is_filtered or edge["node"]["aggregator_type"] == FILTERED_TYPE]


def read_log(port, seconds=60):
    """All edges of the log, through one gateway."""
    client, edges, cursor = Client(port, STREAM_SECONDS), [], None
    end = time.monotonic() + seconds
    while True:
        target = "/events?first=1000" + (f"&after={cursor}" if cursor else "")
        try:
            status, body = client.request("GET", target)
        except ERRORS as error:
            status, body = None, repr(error)
        if status == 200:
            page = json.loads(body)
            edges += page["edges"]
            cursor = page["page_info"]["end_cursor"]
            if not page["page_info"]["has_next_page"]:
                client.close()
                return edges
        elif time.monotonic() > end:
            raise RuntimeError(f"The log can't be read on port {port}: {status} {body}")
        else:
            time.sleep(RETRY_PAUSE_SECONDS)
