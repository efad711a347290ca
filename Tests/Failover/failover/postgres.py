"""Runs a statement of the superuser over a connection of its own: a part of PostgreSQL's protocol 3.0
(https://www.postgresql.org/docs/15/protocol.html), so that a probe costs no process."""

import socket
import struct

from servers.processes import HOST


class Connection:
    def __init__(self, port, timeout, database="postgres"):
        self.socket = socket.create_connection((HOST, port), timeout)
        self.stream = self.socket.makefile("rb")
        parameters = f"user\0postgres\0database\0{database}\0\0".encode()
        self.socket.sendall(struct.pack("!II", len(parameters) + 8, 3 << 16) + parameters)
        self._result()

    def query(self, sql):
        """The rows, with texts."""
        text = sql.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!I", len(text) + 4) + text)
        return self._result()

    def _result(self):
        """Reads up to ReadyForQuery."""
        rows, error = [], None
        while True:
            kind, length = struct.unpack("!cI", self._read(5))
            body = self._read(length - 4)
            if kind == b"D":
                rows.append(self._row(body))
            elif kind == b"E":
                error = " ".join(field[1:] for field in body.decode().split("\0") if field[:1] in ("C", "M"))
                if not body.startswith(b"SERROR"):
                    raise ConnectionError(error)
            elif kind == b"N" and b"canceling wait" in body:
                # The commit is not on a standby: https://www.postgresql.org/docs/15/warm-standby.html
                error = "no standby has the commit"
            elif kind == b"Z":
                if error:
                    raise ConnectionError(error)
                return rows

    def _read(self, count):
        data = self.stream.read(count)
        if len(data) < count:
            raise ConnectionError("the server closed the connection")
        return data

    @staticmethod
    def _row(body):
        (count,), values, position = struct.unpack_from("!H", body), [], 2
        for _ in range(count):
            (length,) = struct.unpack_from("!i", body, position)
            position += 4
            values.append(None if length < 0 else body[position:position + length].decode())
            position += max(length, 0)
        return values

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
