#!/usr/bin/env python3
"""HTTP/1.1 conformance and request smuggling, byte by byte over plain sockets: what the server may answer to each probe,
and that it answers a plain request on a new connection afterwards, every time."""

import concurrent.futures
import socket
import sys
import threading
import time

from harness import Gateway, run
from probes import chunks, connections, fields, framing, request_line
from wire import Malformed, Reader, connect, answer_faults

GROUPS = [("request line", request_line), ("fields", fields), ("framing", framing), ("chunks", chunks),
          ("connections", connections)]
MARKER = "peers-marker"
MARKER_REQUEST = f"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {MARKER}\r\n\r\n".encode()
# How long to wait before a request counts as one that the server takes to be incomplete.
PATIENCE = 3


def send(connection, probe):
    try:
        for index, piece in enumerate(probe.sent):
            if index and probe.pause:
                time.sleep(probe.pause)
            connection.sendall(piece)
        if probe.ends_sending:
            connection.shutdown(socket.SHUT_WR)
        if probe.has_marker:
            connection.sendall(MARKER_REQUEST)
    except OSError:
        pass  # The server may have ended the connection by then: what it answered is there to be read.


def outcome(address, probe):
    """What came of the probe, and what is wrong with the answers as such."""
    statuses, faults, first = [], [], None
    with connect(address, 20) as connection:
        sender = threading.Thread(target=send, args=(connection, probe))
        sender.start()
        is_head = probe.sent[0].startswith(b"HEAD")
        # An answer to the marker, or a close, ends the wait at once; patience is for what gives neither.
        reader = Reader(connection, PATIENCE if not probe.has_marker or "wait" in probe.allowed else 15)
        end = "wait"
        try:
            while True:
                response = reader.response("HEAD" if is_head and not statuses else "GET")
                if response is None:
                    end = "close"
                    break
                if response.status == 200 and response.field("X-Request-Id") == MARKER:
                    end = "open"
                    break
                statuses.append(str(response.status))
                first = first or response
                faults += answer_faults(response)
        except TimeoutError:
            end = "wait" if not statuses else "open"
        except Malformed as fault:
            faults.append(str(fault))
            end = "malformed"
        sender.join()
    if probe.also and first:
        faults.append(probe.also(first))
    return " ".join(statuses + [end]), [fault for fault in faults if fault]


def still_answers(address):
    with connect(address, 20) as connection:
        connection.sendall(MARKER_REQUEST)
        response = Reader(connection, 20).response()
        return response is not None and response.status == 200


def script(checks, folder):
    with Gateway(folder) as gateway:
        def attempt(entry):
            group, probe = entry
            try:
                return group, probe, *outcome(gateway.address, probe), still_answers(gateway.address)
            except OSError as error:
                return group, probe, f"no connection: {error}", [], False

        wanted = sys.argv[1] if len(sys.argv) > 1 else ""
        entries = [(group, probe) for group, module in GROUPS for probe in module.PROBES if wanted in probe.name]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for group, probe, found, faults, answers in pool.map(attempt, entries):
                problem = "; ".join(faults + ([] if answers else ["a new connection is not answered"]))
                if found not in probe.allowed:
                    problem = f"{found}, and not {' or '.join(probe.allowed)}" + (f"; {problem}" if problem else "")
                checks.check(f"{group}: {probe.name} ({probe.section})", not problem, problem or found)
        checks.check("the gateway still runs", gateway.is_running())
        checks.check("nothing crashed or trapped", "Fatal error" not in gateway.text())


if __name__ == "__main__":
    run(script)
