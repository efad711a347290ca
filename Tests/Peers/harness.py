"""What every script here needs: a gateway of its own, checks that are printed and counted, HTTP over a plain socket."""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOTAL_TIME = 600


class Checks:
    """Prints one line per check; the script's exit code says whether all of them held."""

    def __init__(self):
        self.passed = 0
        self.failed = []

    def check(self, name, holds, found=""):
        if holds:
            self.passed += 1
            print(f"ok    {name}" + (f"  [{short(str(found))}]" if found != "" else ""), flush=True)
        else:
            self.failed.append(name)
            print(f"FAIL  {name}  [{found}]", flush=True)
        return holds

    def equal(self, name, found, wanted):
        return self.check(name, found == wanted, found if found == wanted else f"{found!r}, and not {wanted!r}")

    def finish(self):
        print(f"{self.passed} checks hold, {len(self.failed)} fail")
        for name in self.failed:
            print(f"  failed: {name}")
        sys.exit(1 if self.failed or not self.passed else 0)


def short(text):
    return text if len(text) <= 80 else text[:38] + " … " + text[-38:]


def run(script, total_time=TOTAL_TIME):
    """Runs `script(checks, folder)` in a temporary folder, for so many seconds at most, and exits."""

    def too_long(_signal, _frame):
        raise TimeoutError(f"the script took longer than {total_time} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(total_time)
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="evento-peers-") as folder:
        script(checks, pathlib.Path(folder))
    checks.finish()


def gateway_command():
    given = os.environ.get("EVENTO_GATEWAY")
    if given:
        return given
    for kind in ("release", "debug"):
        built = ROOT / ".build" / kind / "evento-gateway"
        if built.exists():
            return str(built)
    sys.exit("There is no evento-gateway: run 'swift build --product evento-gateway', or name one with EVENTO_GATEWAY.")


def program(name, package):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if not found:
        sys.exit(f"There is no {name}: install {package}.")
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A program that this script started, and stops by its id."""

    def __init__(self, command, output, **options):
        self.output = pathlib.Path(output)
        self.sink = open(self.output, "wb")
        self.process = subprocess.Popen(
            command, stdout=self.sink, stderr=self.sink, stdin=subprocess.DEVNULL, **options)

    @property
    def pid(self):
        return self.process.pid

    def text(self):
        return self.output.read_text(errors="replace")

    def is_running(self):
        return self.process.poll() is None

    def wait_for(self, pattern, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, self.text())
            if found:
                return found
            if not self.is_running():
                break
            time.sleep(0.02)
        raise RuntimeError(f"{self.output.name} does not say {pattern!r}:\n{self.text()[-2000:]}")

    def stop(self, number=signal.SIGTERM, seconds=15):
        if self.is_running():
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.sink.close()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Gateway(Process):
    """`evento-gateway serve` on a free port."""

    def __init__(self, folder, *options, name="gateway", port=0, descriptors=None, environment=None):
        command = [gateway_command(), "serve", "--port", str(port)]
        if "--database" not in options:
            command += ["--database", str(pathlib.Path(folder) / f"{name}.sqlite")]
        if descriptors:
            command = ["/bin/sh", "-c", f'ulimit -n {descriptors} && exec "$@"', "sh"] + command
        clean = {key: value for key, value in os.environ.items() if not key.startswith("EVENTO_")}
        super().__init__(
            command + [str(option) for option in options], pathlib.Path(folder) / f"{name}.log",
            env={**clean, **(environment or {})})
        try:
            self.port = int(self.wait_for(r"listens on http://[^ ,]*?:(\d+)").group(1))
        except BaseException:
            self.stop()
            raise
        self.address = ("127.0.0.1", self.port)

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def token_file(folder, **roles):
    """A token for each name and role, and the file that has them."""
    tokens = {name: secrets.token_hex(16) for name in roles}
    path = pathlib.Path(folder) / "tokens"
    path.write_text("".join(
        f"{name} {role} sha256:{hashlib.sha256(tokens[name].encode()).hexdigest()}\n" for name, role in roles.items()))
    return path, tokens


# HTTP over a plain socket: the standard library's client tidies up what these scripts want to send as it is.

def connect(address, seconds=10):
    if isinstance(address, (str, pathlib.Path)):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(seconds)
        connection.connect(str(address))
    else:
        connection = socket.create_connection(address, seconds)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(seconds)
    return connection


class Response:
    def __init__(self, status, reason, version, fields, body=b"", is_complete=True):
        self.status, self.reason, self.version, self.fields = status, reason, version, fields
        self.body, self.is_complete = body, is_complete

    def field(self, name):
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return self.json()["code"]
        return None


class Malformed(Exception):
    """What came is not a well-formed HTTP/1.1 response."""


class Reader:
    """Takes responses from a socket, strictly."""

    def __init__(self, connection, wait=10):
        self.connection = connection
        self.connection.settimeout(wait)
        self.buffer = b""
        self.has_ended = False

    def more(self):
        if self.has_ended:
            return False
        try:
            piece = self.connection.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            piece = b""
        if not piece:
            self.has_ended = True
            return False
        self.buffer += piece
        return True

    def until(self, mark):
        while mark not in self.buffer:
            if not self.more():
                return None
        found, self.buffer = self.buffer.split(mark, 1)
        return found

    def exactly(self, count):
        while len(self.buffer) < count:
            if not self.more():
                break
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def head(self):
        """The next response's head, or None where the connection has ended before it."""
        text = self.until(b"\r\n\r\n")
        if text is None:
            if self.buffer:
                raise Malformed(f"the connection ended within a head: {self.buffer[:80]!r}")
            return None
        lines = text.split(b"\r\n")
        found = re.fullmatch(rb"(HTTP/1\.[01]) (\d{3}) ([\t\x20-\x7e\x80-\xff]*)", lines[0])
        if not found:
            raise Malformed(f"no status line: {lines[0][:80]!r}")
        fields = []
        for line in lines[1:]:
            field = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)", line)
            if not field:
                raise Malformed(f"no field line: {line[:80]!r}")
            fields.append((field[1].decode(), field[2].decode("latin-1").rstrip()))
        return Response(int(found[2]), found[3].decode("latin-1"), found[1].decode(), fields)

    def chunk(self):
        """The next chunk's data, b"" for the last one, None where the body breaks off."""
        size = self.until(b"\r\n")
        if size is None:
            return None
        count = int(size.split(b";")[0], 16)
        data = self.exactly(count + 2)
        if len(data) < count + 2 or data[-2:] != b"\r\n":
            return None
        return data[:-2]

    def response(self, method="GET"):
        while True:
            response = self.head()
            if response is None or response.status >= 200:
                break
        if response is None or method == "HEAD" or response.status in (204, 304):
            return response
        if "chunked" in (response.field("Transfer-Encoding") or "").lower():
            while True:
                data = self.chunk()
                if data is None:
                    response.is_complete = False
                    break
                response.body += data
                if not data:
                    break
        elif response.field("Content-Length") is not None:
            length = int(response.field("Content-Length"))
            response.body = self.exactly(length)
            response.is_complete = len(response.body) == length
        else:
            while self.more():
                pass
            response.body, self.buffer = self.buffer, b""
        return response


def answer_faults(response):
    """What no answer of the gateway may be, whatever was asked."""
    faults = []
    if not response.field("Date"):
        faults.append("there is no Date")
    if not response.field("X-Request-Id"):
        faults.append("there is no X-Request-Id")
    if response.field("Content-Length") and response.field("Transfer-Encoding"):
        faults.append("there are both framings")
    if not response.is_complete:
        faults.append("the body is not complete")
    if response.status >= 500 and response.status not in (501, 503, 505):
        faults.append(f"the status is {response.status}")
    if response.status >= 400 and response.body:
        if response.field("Content-Type") != "application/problem+json":
            faults.append(f"the error is {response.field('Content-Type')}")
        elif response.json().get("status") != response.status or not response.code:
            faults.append("the problem has another status, or no code")
    return faults


def request(address, method, target, body=None, fields=(), host="localhost", seconds=20):
    """One request on a connection of its own, its target as it is given."""
    with connect(address, seconds) as connection:
        connection.sendall(encode(method, target, body, fields, host))
        response = Reader(connection, seconds).response(method)
        if response is None:
            raise ConnectionError("the connection ended without an answer")
        return response


def encode(method, target, body=None, fields=(), host="localhost"):
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
    elif isinstance(body, str):
        body = body.encode()
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"] + [f"{name}: {value}" for name, value in fields]
    names = {name.lower() for name, _ in fields}
    if body is not None and "content-length" not in names:
        lines.append(f"Content-Length: {len(body)}")
        if "content-type" not in names:
            lines.append("Content-Type: application/json")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def event(aggregate="a", name="Happened", data=1, type="peers/Thing", **members):
    return {"aggregator_type": type, "aggregator_id": aggregate, "name": name, "data": data, **members}


def write(address, *events, base="", fields=(), host="localhost"):
    answer = request(address, "POST", f"{base}/events", {"events": list(events)}, fields, host)
    if answer.status not in (200, 201):
        raise RuntimeError(f"the write was answered with {answer.status}: {answer.body[:300]!r}")
    return answer.json()["events"]


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


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
