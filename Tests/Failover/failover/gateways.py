"""Gateway processes, each on a port that it keeps."""

import http.client
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from servers.processes import HOST, Failure, free_ports, last_lines

STOP_SECONDS = 20


class Gateway:
    """An `evento-gateway serve` that can be killed and started again on the same port."""

    def __init__(self, program, folder, number, database, options=(), environment=None):
        self.environment = environment or {}
        self.number, self.port = number, free_ports(1)[0]
        self.log = Path(folder) / f"gateway{number}.log"
        self.command = [program, "serve", "--port", str(self.port), "--database", database, *options]
        self.process = None

    def start(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("EVENTO_", "PG"))}
        environment |= self.environment
        position = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
        end = time.monotonic() + 30
        while not re.search(rb"listens on http", self.log.read_bytes()[position:]):
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failure(f"Gateway {self.number} did not start:\n{last_lines(self.log)}")
            time.sleep(0.02)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Returns the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None


class Client:
    """One connection to a port, made again after an error."""

    def __init__(self, port, timeout):
        self.port, self.timeout = port, timeout
        self.connection = None

    def request(self, method, target, body=None, headers=None):
        """The status and the body; raises OSError or HTTPException if there is no complete response."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(HOST, self.port, timeout=self.timeout)
        try:
            self.connection.request(method, target, body, {"Content-Type": "application/json"} | (headers or {}))
            response = self.connection.getresponse()
            return response.status, response.read()
        except BaseException:
            self.close()
            raise

    def open(self, target, headers):
        """A response whose body the caller reads."""
        self.close()
        self.connection = http.client.HTTPConnection(HOST, self.port, timeout=self.timeout)
        self.connection.request("GET", target, headers=headers)
        return self.connection.getresponse()

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


ERRORS = (OSError, http.client.HTTPException)
