"""A gateway whose event loop, whole process and memory are watched through /proc."""

import json
import os
import time
from pathlib import Path

from ..processes import Gateway
from .conversation import ask

HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
EVENT_LOOP = "event-loop"  # as HTTPServer names it
PEAK_OF_MEMORY = "5"  # proc(5), clear_refs


class Watched(Gateway):
    """Settings are the defaults, the log's among them, but for what a case names."""

    def __init__(self, database, *options, folder):
        super().__init__(database, "--log-level", "info", *options, folder=folder)
        self.pid = self.process.pid
        # Of the whole process, threads that have ended included: clock_getcpuclockid(3).
        self._clock = (~self.pid << 3) | 2
        self._loop = self._event_loop()

    def _event_loop(self) -> str:
        """The thread that serves the connections, which begins after the port is taken."""
        ask(self.port, HEALTHZ)
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            if Path(f"/proc/{self.pid}/task/{thread}/comm").read_text().strip() == EVENT_LOOP:
                return thread
        raise RuntimeError(f"the gateway has no thread named {EVENT_LOOP}")

    def _thread_time(self) -> int:
        # In nanoseconds: Documentation/scheduler/sched-stats.rst of the kernel.
        return int(Path(f"/proc/{self.pid}/task/{self._loop}/schedstat").read_text().split()[0])

    def loop_seconds(self) -> float:
        return self._thread_time() / 1e9

    def total_seconds(self) -> float:
        return time.clock_gettime(self._clock)

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text(PEAK_OF_MEMORY)

    def peak_bytes(self) -> int:
        return self._status("VmHWM")

    def resident_bytes(self) -> int:
        return self._status("VmRSS")

    def _status(self, name: str) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
        raise RuntimeError(f"/proc/{self.pid}/status has no {name}: the gateway has ended")

    def write(self, events: list[dict]) -> list[dict]:
        status, body = ask(self.port, post("/events", {"events": events}))
        if status not in (200, 201):
            raise RuntimeError(f"a write was answered with {status}: {body[:300]!r}")
        return json.loads(body)["events"]


def get(target: str, *fields: str, method: str = "GET", host: str = "localhost") -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {host}", *fields, "", ""]).encode()


def post(target: str, body, *fields: str, method: str = "POST") -> bytes:
    """A request with a body: bytes as they are, anything else as JSON."""
    if not isinstance(body, bytes):
        body = json.dumps(body, separators=(",", ":")).encode()
    if not any(field.lower().startswith("content-type:") for field in fields):
        fields = ("Content-Type: application/json", *fields)
    return get(target, *fields, f"Content-Length: {len(body)}", method=method) + body
