"""Servers under test, and what they use, from /proc."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import paths

TICK = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1


def pinned(command: list, core: int | None) -> list[str]:
    command = [str(part) for part in command]
    if core is None or CORES < 2 or shutil.which("taskset") is None:
        return command
    return ["taskset", "-c", str(core), *command]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A server process on loopback, with its children; stopped by SIGTERM to the one that was started."""

    def __init__(self, command: list, port: int, core: int | None = None, folder: Path | None = None,
                 environment: dict | None = None, patience: float = 60):
        self.port = port
        began = time.monotonic()
        self.log = open((folder or paths.WORK) / f"server-{port}.log", "wb")
        self.process = subprocess.Popen(
            pinned(command, core), stdout=self.log, stderr=self.log, cwd=folder,
            env={**os.environ, **(environment or {})})
        while not self._answers():
            if self.process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {self.process.returncode}: see {self.log.name}")
            if time.monotonic() - began > patience:
                self.stop()
                raise RuntimeError(f"{command[0]} does not listen on {port}: see {self.log.name}")
            time.sleep(0.001)
        self.start_seconds = time.monotonic() - began

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        if self.process.returncode in (0, -signal.SIGTERM):
            os.unlink(self.log.name)  # of one that failed it is kept

    def _processes(self) -> list[int]:
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            for task in _list(f"/proc/{pid}/task"):
                waiting += map(int, _read(f"/proc/{pid}/task/{task}/children").split())
        return found

    def cpu_seconds(self) -> float:
        """Processor time used so far by all of it, by processes that have ended too."""
        total = 0
        for pid in self._processes():
            fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
            if fields:
                total += sum(map(int, fields[11:15]))
        return total / TICK

    def resident_bytes(self) -> int:
        total = 0
        for pid in self._processes():
            for line in _read(f"/proc/{pid}/status").splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1]) * 1024
        return total


class Gateway(Server):
    def __init__(self, database: Path | str, *options, core: int | None = None, folder: Path | None = None,
                 program: Path | None = None):
        port = free_port()
        command = [program or paths.gateway(), "serve", "--database", database, "--port", port, "--log-level", "error", *options]
        super().__init__(command, port, core, folder)


def load(mode: str, port: int, *options, core: int | None = None) -> dict:
    """One run of the load driver."""
    command = pinned([paths.TOOLS / "event-load", mode, "--port", port, *options], core)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if not done.stdout:
        raise RuntimeError(f"{' '.join(command)} failed")
    return json.loads(done.stdout)


def measured(server: Server, mode: str, *options, core: int | None = None) -> dict:
    """One run of the load driver, with what the server used for it (its warm-up included)."""
    before = server.cpu_seconds()
    result = load(mode, server.port, *options, core=core)
    result["server_cpu_seconds"] = server.cpu_seconds() - before
    # The warm-up is counted in the time that the server used, so in the requests too.
    warm_up = float(options[options.index("--warm-up") + 1]) if "--warm-up" in options else 0.5
    result["cpu_us"] = (
        result["server_cpu_seconds"] * 1e6 / max(1, result["requests"] * (1 + warm_up / result["seconds"])))
    result["resident_bytes"] = server.resident_bytes()
    return result


def tool(name: str, *arguments, core: int | None = None) -> dict:
    """One of our programs that print a JSON object."""
    done = subprocess.run(
        pinned([paths.TOOLS / name, *arguments], core), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""  # a process or thread that has ended meanwhile


def _list(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []
