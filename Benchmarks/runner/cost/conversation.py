"""Requests as bytes over raw sockets, so that what no HTTP library would send can be sent too."""

import selectors
import socket
import time

PIECE = 1 << 18


class Answers:
    """Counts the complete answers in the bytes of one connection; their bodies are read and dropped."""

    def __init__(self, wanted: int, is_head: bool):
        self.wanted = wanted
        self.is_head = is_head
        self.statuses: list[int] = []
        self.received = 0
        self.closes = False
        # The last answer's body, if it is to be kept.
        self.body: bytearray | None = None
        self._head = bytearray()
        self._rest = 0

    @property
    def is_complete(self) -> bool:
        return len(self.statuses) >= self.wanted and self._rest == 0

    def take(self, data: bytes) -> None:
        self.received += len(data)
        view = memoryview(data)
        while view and not self.is_complete:
            if self._rest:
                part = view[:self._rest]
                if self.body is not None:
                    self.body += part
                self._rest -= len(part)
                view = view[len(part):]
                continue
            before = len(self._head)
            self._head += view
            end = self._head.find(b"\r\n\r\n", max(0, before - 3))
            if end < 0:
                return
            view = view[end + 4 - before:]
            head = bytes(self._head[:end])
            self._head.clear()
            self._begin(head)

    def _begin(self, head: bytes) -> None:
        lines = head.split(b"\r\n")
        status = int(lines[0].split()[1])
        if status < 200:
            return  # 100 Continue goes before the answer
        fields = dict(line.lower().split(b":", 1) for line in lines[1:])
        self.statuses.append(status)
        self.closes = self.closes or fields.get(b"connection", b"").strip() == b"close"
        if b"transfer-encoding" in fields:
            self.closes = True  # a stream, whose end is not waited for
            return
        if self.is_head or status in (204, 304):
            return
        self._rest = int(fields[b"content-length"])
        if self.body is not None:
            self.body.clear()


class Client:
    """One connection, opened again after the gateway has closed it."""

    def __init__(self, port: int):
        self.port = port
        self._connection: socket.socket | None = None

    def connect(self) -> socket.socket:
        if self._connection is None:
            self._connection = socket.create_connection(("127.0.0.1", self.port))
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection.setblocking(False)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def converse(clients: list[Client], payload: bytes, answers: int, is_head: bool, patience: float) -> list[Answers]:
    """Sends the same bytes on each connection, and waits for so many answers on each, at most so long.

    What has not been sent when the gateway ends a connection stays unsent, and what has not been answered uncounted.
    """
    end = time.monotonic() + patience
    results = []
    with selectors.DefaultSelector() as selector:
        for client in clients:
            result = Answers(answers, is_head)
            results.append(result)
            talk = [client, memoryview(payload), result]
            selector.register(client.connect(), selectors.EVENT_READ | selectors.EVENT_WRITE, talk)
        while selector.get_map():
            left = end - time.monotonic()
            ready = selector.select(left) if left > 0 else []
            if not ready:
                for key in list(selector.get_map().values()):
                    key.data[0].close()
                break
            for key, events in ready:
                if not _step(key, events, selector):
                    selector.unregister(key.fileobj)
                    client, _, result = key.data
                    if result.closes or not result.is_complete:
                        client.close()
    return results


def _step(key, events: int, selector) -> bool:
    """Sends and receives what can be at once. Returns whether there is more to come."""
    client, unsent, result = key.data
    if events & selectors.EVENT_WRITE and unsent:
        try:
            key.data[1] = unsent = unsent[key.fileobj.send(unsent[:PIECE]):]
        except BlockingIOError:
            pass
        except OSError:
            key.data[1] = unsent = unsent[:0]  # it reads no more; its answer may be there
        if not unsent:
            selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
    if events & selectors.EVENT_READ:
        try:
            data = key.fileobj.recv(PIECE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        result.take(data)
        if not data:
            result.closes = True
            return False
    if result.is_complete and unsent:
        result.closes = True  # answered before all of it was sent: nothing else can be sent behind it
    return not result.is_complete


def ask(port: int, request: bytes, patience: float = 60) -> tuple[int, bytes]:
    """One request on a connection of its own, with the whole of its answer."""
    with socket.create_connection(("127.0.0.1", port), patience) as connection:
        connection.sendall(request)
        answers = Answers(1, False)
        answers.body = bytearray()
        while not answers.is_complete:
            data = connection.recv(PIECE)
            if not data:
                raise RuntimeError("the gateway closed the connection before it had answered")
            answers.take(data)
    return answers.statuses[0], bytes(answers.body)
