"""HTTP over a plain socket: the standard library's client tidies up what these scripts want to send as it is."""

import contextlib
import json
import pathlib
import re
import socket


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
