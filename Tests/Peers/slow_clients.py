#!/usr/bin/env python3
"""Clients that send or read too slowly, or too much: others are answered all the while, and each holds only what is its."""

import re
import resource
import select
import socket
import sys
import threading
import time

from harness import Gateway, Process, program, quantile, run
from streams import Stream
from wire import Reader, connect, encode, event, request, write

# The defaults are sized for the open network; with these the ends are seen within seconds.
SHORT = ["--head-timeout", 2, "--body-grace", 2, "--write-timeout", 2, "--idle-timeout", 4, "--stream-heartbeat", 1]
BUFFER = 262_144


class Bystander:
    """Another client, which probes and writes all the while, each time on a new connection and on one that it keeps."""

    def __init__(self, gateway):
        self.gateway, self.times, self.faults = gateway, [], []
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        count = 0
        while not self.ends.is_set():
            start = time.monotonic()
            try:
                if count % 2:
                    answer = request(self.gateway.address, "GET", "/healthz", seconds=10)
                else:
                    answer = request(self.gateway.address, "POST", "/events", {"events": [event("bystander")]}, seconds=10)
                if answer.status not in (200, 201):
                    self.faults.append(answer.status)
            except (OSError, ValueError) as error:
                self.faults.append(repr(error))
            self.times.append(time.monotonic() - start)
            count += 1
            self.ends.wait(0.01)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()

    def verdict(self, checks, title):
        checks.check(f"{title}: another client got every answer", self.times and not self.faults,
                     self.faults[:3] or f"{len(self.times)} answers, p50 {quantile(self.times, 0.5) * 1e3:.1f} ms, "
                     f"p99 {quantile(self.times, 0.99) * 1e3:.1f} ms, worst {max(self.times) * 1e3:.1f} ms")


def attack_tools(checks, folder):
    """slowhttptest's four modes: slow heads, slow bodies, overlapping ranges, slow readers."""
    tool = program("slowhttptest", "Debian's slowhttptest")
    modes = {
        "slow heads (-H)": (["-H", "-i", "1"], "/healthz"),
        "slow bodies (-B)": (["-B", "-i", "1", "-s", "8192", "-t", "POST", "-f", "application/json"], "/events/query"),
        "ranges (-R)": (["-R", "-a", "10", "-b", "3000", "-t", "HEAD"], "/openapi.yaml"),
        "slow readers (-X)": (["-X", "-k", "10", "-w", "256", "-y", "512", "-n", "1", "-z", "32"], "/openapi.yaml"),
    }
    for index, (title, (options, target)) in enumerate(modes.items()):
        with Gateway(folder, *SHORT, name=f"tool-{index}") as gateway, Bystander(gateway) as bystander:
            # Connections, how many a second, for how long, and how long the tool waits for its own probe.
            command = [tool, *options, "-c", "1000", "-r", "300", "-l", "12", "-p", "5",
                       "-u", f"http://127.0.0.1:{gateway.port}{target}"]
            with Process(command, folder / f"slowhttptest-{index}.log") as attack:
                attack.process.wait(60)
                text = re.sub(r"\x1b\[[0-9;]*m", "", attack.text())
            bystander.ends.set()
            bystander.thread.join()
            bystander.verdict(checks, f"slowhttptest, {title}")
            states = re.findall(r"service available:\s+(\w+)", text)
            checks.check(f"slowhttptest, {title}: the tool itself finds the service available",
                         states and states[-1] == "YES", f"{states.count('NO')} of {len(states)} times not")
            checks.check(f"slowhttptest, {title}: the gateway runs", gateway.is_running())


def slow_loris(checks, folder):
    """1,000 connections that send a byte of a head now and then."""
    with Gateway(folder, "--head-timeout", 5, name="loris") as gateway:
        head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"a" * 1000
        connections = [connect(gateway.address) for _ in range(1000)]
        with Bystander(gateway) as bystander:
            for index in range(8):
                for connection in connections:
                    try:
                        connection.send(head[index * 5:index * 5 + 5])
                    except OSError:
                        pass  # Closed by its deadline: counted below.
                time.sleep(1)
        bystander.verdict(checks, "1,000 slow-loris connections")
        statuses = [status_of(connection) for connection in connections]
        checks.equal("1,000 slow-loris connections: each got 408 and was closed", statuses.count("408"), 1000)


def status_of(connection):
    with connection:
        try:
            response = Reader(connection, 10).response()
            return str(response.status) if response else "closed"
        except OSError as error:
            return str(error)


def reads_nothing(checks, folder):
    """A client that asks and asks and never reads: what is kept for it is bounded, and its requests are left unread."""
    with Gateway(folder, "--write-timeout", 60, name="reads-nothing") as gateway:
        write(gateway.address, *[event("large", data="x" * 4_000) for _ in range(200)])
        for _ in range(20):
            answer = len(request(gateway.address, "GET", "/events?first=50").body)
        clients = []
        before = gateway.resident_bytes()
        for _ in range(200):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(gateway.address)
            client.setblocking(False)
            clients.append(client)
        wanted = encode("GET", "/events?first=50") * 500
        for client in clients:
            client.send(wanted)
        with Bystander(gateway) as bystander:
            time.sleep(5)
        bystander.verdict(checks, "200 clients that never read")
        each = (gateway.resident_bytes() - before) / len(clients)
        # Nothing more is read from a client that has its buffer full; the answers at both ends of the buffer are kept
        # whole. Arrays that grow have up to twice the room that they need.
        allowed = 2 * (BUFFER + 2 * answer)
        checks.check("200 clients that never read hold the buffer, and the answers at its ends, each", each <= allowed,
                     f"{each / 1024:.0f} KiB, of a buffer of {BUFFER // 1024} and answers of {answer // 1024}")
        for client in clients:
            client.close()


def stalled_streams(checks, folder):
    """A client that takes nothing of its stream is closed at the write deadline, and others on the log never notice."""
    with Gateway(folder, *SHORT, name="stalled") as gateway:
        for _ in range(20):
            write(gateway.address, *[event("large", data="x" * 100_000) for _ in range(10)])
        # Once, so that what the store keeps for all is there.
        with Stream(gateway.address, "/events/stream") as stream:
            stream.wait_for_events(200)
        before = gateway.resident_bytes()
        clients = []
        for _ in range(20):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(gateway.address)
            client.sendall(encode("GET", "/events/stream"))
            clients.append(client)
        start = time.monotonic()
        broken = select.poll()
        for client in clients:
            broken.register(client, select.POLLHUP | select.POLLERR | select.POLLRDHUP)
        ended, peak = {}, 0
        with Bystander(gateway) as bystander:
            while len(ended) < len(clients) and time.monotonic() - start < 25:
                for number, _ in broken.poll(100):
                    ended[number] = time.monotonic() - start
                    broken.unregister(number)
                peak = max(peak, gateway.resident_bytes())
        bystander.verdict(checks, "20 streams that nobody reads")
        checks.check("20 streams that nobody reads: each was closed at the write deadline of 2 s",
                     len(ended) == 20 and max(ended.values()) < 15,
                     f"{len(ended)} closed" + (f", the last after {max(ended.values()):.1f} s" if ended else ""))
        checks.check("20 streams that nobody reads hold a bounded buffer each",
                     peak - before < 20 * 5 * BUFFER, f"{(peak - before) / 20 / 1024:.0f} KiB resident each at most")
        for client in clients:
            client.close()


def no_descriptors(checks, folder):
    """All descriptors are taken: who has a connection is served, and the server goes on once there is room."""
    with Gateway(folder, name="descriptors", descriptors=64) as gateway:
        kept = connect(gateway.address)
        reader = Reader(kept, 10)
        kept.sendall(encode("GET", "/healthz"))
        checks.equal("few descriptors: a first client is answered", reader.response().status, 200)
        crowd = []
        for _ in range(200):
            client = socket.create_connection(gateway.address, 5)
            crowd.append(client)
        time.sleep(1)
        checks.check("few descriptors: all of them are taken", gateway.descriptors() >= 60, gateway.descriptors())
        start = resource_seconds(gateway)
        statuses = []
        for _ in range(50):
            kept.sendall(encode("GET", "/healthz") + encode("POST", "/events", {"events": [event("kept")]}))
            statuses += [reader.response().status, reader.response().status]
            time.sleep(0.02)
        checks.equal("few descriptors: who has a connection is served", sorted(set(statuses)), [200, 201])
        busy = resource_seconds(gateway) - start
        checks.check("few descriptors: the server does not spin", busy < 0.9, f"{busy:.2f} s of processor time in 1 s")
        for client in crowd:
            client.close()
        answer = request(gateway.address, "GET", "/readyz", seconds=15)
        checks.equal("few descriptors: new clients are served once there is room", answer.status, 200)
        kept.close()


def resource_seconds(gateway):
    fields = open(f"/proc/{gateway.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


PARTS = {"tools": attack_tools, "loris": slow_loris, "unread": reads_nothing, "streams": stalled_streams,
         "descriptors": no_descriptors}


def script(checks, folder):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    for name, part in PARTS.items():
        if name in (sys.argv[1:] or PARTS):
            part(checks, folder)


if __name__ == "__main__":
    run(script)
