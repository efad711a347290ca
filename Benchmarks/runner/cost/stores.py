"""Stores of the kinds that make a request dear, each made once in a run, through the API."""

import base64
import json
import selectors
import socket
from pathlib import Path

from .conversation import Answers, ask
from .watched import Watched, get, post

PER_WRITE = 1000
MIB = 1 << 20
BIG = 8 * MIB - 2
# Subscribers are put by so many connections at once: those share commits.
CONNECTIONS = 64
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Stores:
    """Makes stores on demand, and remembers what requests need of them: ids and cursors."""

    def __init__(self, folder: Path, is_short: bool):
        self.folder = folder
        self.names = 20_000 if is_short else 200_000
        self.subscribers = 5_000 if is_short else 200_000
        self.big_events = 6 if is_short else 20
        self._made: dict[str, dict] = {}
        self._count = 0

    def path(self, name: str) -> Path:
        """Where the store of that name is. An empty one is new for each gateway."""
        if name == "empty":
            self._count += 1
            return self.folder / f"empty-{self._count}.sqlite"
        return self.folder / f"{name}.sqlite"

    def facts(self, name: str) -> dict:
        if name == "empty":
            return {}
        if name not in self._made:
            with Watched(self.path(name), folder=self.folder) as server:
                self._made[name] = getattr(self, f"_make_{name}")(server)
        return self._made[name]

    def _make_names(self, server: Watched) -> dict:
        """Very many names of one type, routing keys, kinds of event with one key, types, and events of an aggregate."""
        count = self.names
        _fill(server, count, lambda n: event("wide", f"a{n}", f"Name{n}", routing_key="hub"))
        _fill(server, count, lambda n: event("wide", f"b{n}", "Same", routing_key=f"key{n}"))
        _fill(server, count, lambda n: event(f"type{n}", "one", "Same"))
        _fill(server, count, lambda n: event("wide", "long", "Plain", routing_key="hub"))
        last = server.write([event("wide", "last", "Last", routing_key="last")])[0]
        return {"end": last["cursor"]}

    def _make_large(self, server: Watched) -> dict:
        """Events of the largest payload, events that fill a page, ordinary ones, and the largest snapshot."""
        text = "x" * BIG
        big = []
        for n in range(self.big_events):
            written = event("large", f"big{n}", "Big", data=text, id=ulid(n), timestamp=1)
            server.write([written])
            big.append(ulid(n))
        page = "y" * 80_000
        for start in range(0, 100, 10):
            server.write([event("large", f"page{n}", "Page", data=page) for n in range(start, start + 10)])
        ordinary = [
            event(
                "large", f"ordinary{n % 50}", "Ordinary", data={"text": "z" * 200}, id=ulid(1_000_000 + n), timestamp=1)
            for n in range(PER_WRITE)]
        written = server.write(ordinary)
        cursor = written[-1]["cursor"]
        check(server, post("/snapshots/large/1/one", {"cursor": cursor, "data": text}, method="PUT"), 204)
        return {"big": big, "ordinary": ordinary, "cursor": cursor}

    def _make_subscribers(self, server: Watched) -> dict:
        worker = json.dumps({"worker_id": ulid(7)}).encode()
        _put_all(server.port, [
            post(f"/subscribers/subscriber-{n:06}-{'k' * 80}", worker, method="PUT") for n in range(self.subscribers)])
        return {}


def event(type: str, id_of_aggregate: str, name: str, **more) -> dict:
    return {"aggregator_type": type, "aggregator_id": id_of_aggregate, "name": name, **more}


def ulid(number: int) -> str:
    digits = ""
    for _ in range(26):
        digits = ALPHABET[number % 32] + digits
        number //= 32
    return digits


def base64_text(size: int) -> str:
    return base64.b64encode(b"\xff" * size).decode()


def check(server: Watched, request: bytes, status: int) -> bytes:
    found, body = ask(server.port, request)
    if found != status:
        raise RuntimeError(f"{request[:80]!r} was answered with {found}: {body[:300]!r}")
    return body


def _fill(server: Watched, count: int, make) -> None:
    for start in range(0, count, PER_WRITE):
        server.write([make(n) for n in range(start, min(start + PER_WRITE, count))])


def _put_all(port: int, requests: list[bytes]) -> None:
    """Sends them over several connections, each the next one as soon as it is answered."""
    waiting = iter(requests)
    with selectors.DefaultSelector() as selector:
        for _ in range(CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", port), 30)
            selector.register(connection, selectors.EVENT_READ)
            _next(connection, waiting, selector)
        while selector.get_map():
            for key, _ in selector.select(30):
                answers = Answers(1, False)
                while not answers.is_complete:
                    answers.take(key.fileobj.recv(1 << 16))
                if answers.statuses[0] not in (200, 201):
                    raise RuntimeError(f"a subscriber was answered with {answers.statuses[0]}")
                _next(key.fileobj, waiting, selector)


def _next(connection: socket.socket, waiting, selector) -> None:
    request = next(waiting, None)
    if request is None:
        selector.unregister(connection)
        connection.close()
    else:
        connection.sendall(request)
