"""Others, who use the gateway while a dear request is under way, in a process of their own."""

import multiprocessing
import socket
import threading
import time

from .conversation import Answers

INTERVAL = 0.002
# A delay that is longer counts as this much.
PATIENCE = 30.0


class Beside:
    """Sends a small request of each kind every two milliseconds, and measures each answer's delay."""

    def __init__(self):
        context = multiprocessing.get_context("fork")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other,), daemon=True)
        self._process.start()
        other.close()

    def begin(self, port: int, requests: dict[str, bytes]) -> None:
        self._pipe.send((port, requests))
        self._pipe.recv()

    def end(self) -> dict[str, list[float]]:
        """The delays in seconds, by kind of request; of those that had to wait for another one too."""
        self._pipe.send(None)
        return self._pipe.recv()

    def close(self) -> None:
        self._pipe.close()
        self._process.join(5)
        self._process.kill()


def _serve(pipe) -> None:
    while True:
        try:
            command = pipe.recv()
        except EOFError:
            return
        port, requests = command
        ended = threading.Event()
        delays: dict[str, list[float]] = {kind: [] for kind in requests}
        threads = [
            threading.Thread(target=_watch, args=(port, request, delays[kind], ended))
            for kind, request in requests.items()]
        for thread in threads:
            thread.start()
        pipe.send("begun")
        pipe.recv()
        ended.set()
        for thread in threads:
            thread.join()
        pipe.send(delays)


def _watch(port: int, request: bytes, delays: list[float], ended: threading.Event) -> None:
    connection = None
    while not ended.is_set():
        start = time.monotonic()
        try:
            if connection is None:
                connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
            connection.sendall(request)
            answers = Answers(1, False)
            while not answers.is_complete:
                data = connection.recv(1 << 16)
                if not data:
                    raise OSError("closed")
                answers.take(data)
            delay = time.monotonic() - start
            if answers.statuses[0] >= 500:
                delay = PATIENCE  # not served at all
        except OSError:
            connection, delay = None, PATIENCE
        # Requests that would have been sent meanwhile waited for as long as was left.
        delays.append(delay)
        late = delay - INTERVAL
        while late > 0 and delay < PATIENCE:
            delays.append(late)
            late -= INTERVAL
        ended.wait(max(0.0, start + INTERVAL - time.monotonic()))
