#!/usr/bin/env python3
"""The gateway behind real nginx, HAProxy and Caddy with the README's settings, over TCP and over a Unix socket."""

import base64
import re
import sys
import time

import proxy_settings
from harness import Gateway, quantile, run
from streams import Stream
from wire import Reader, connect, encode, event, request, write

BASE = "/evento"
SITE = "gateway.example"
WORKER = "01JD000000000000000000000W"
# Half of the events are at the client within this, in seconds. Proxies that gather hold them back for 200 ms (HAProxy
# without `http-no-delay`) or until the next heartbeat.
MOMENT = 0.05


class Trial:
    def __init__(self, checks, kind, way, folder):
        self.checks, self.kind, self.title = checks, kind, f"{kind.name} over {way}"
        self.folder, self.way = folder, way

    def check(self, name, holds, found=""):
        return self.checks.check(f"{self.title}: {name}", holds, found)

    def equal(self, name, found, wanted):
        return self.checks.equal(f"{self.title}: {name}", found, wanted)

    def run(self):
        path = self.folder / "socket"
        trusted = "unix" if self.way == "unix" else "127.0.0.1"
        self.gateway = Gateway(
            self.folder, "--base-path", BASE, "--unix-socket", path, "--trusted-proxy", trusted, "--allowed-host", SITE,
            "--log-level", "debug")
        self.upstream = str(path) if self.way == "unix" else self.gateway.address
        with self.gateway, self.kind(self.folder, self.upstream) as proxy:
            self.proxy = proxy
            self.routes()
            self.names_in_paths()
            self.decoded_slashes()
            self.forwarded_address()
            self.refusals()
            self.large_bodies()
            self.kept_connections()
            self.streams()
            self.shutdown()

    def send(self, method, target, body=None, fields=(), address=None):
        return request(address or self.proxy.address, method, BASE + target, body, fields, SITE)

    def routes(self):
        first = event("routes", version=1)
        answer = self.send("POST", "/events", {"events": [first]})
        self.equal("POST /events", answer.status, 201)
        written = answer.json()["events"][0]
        self.equal("Location is below the base path", answer.field("Location"), f"{BASE}/events/{written['id']}")
        self.cursor = written["cursor"]
        for method, target, body, status in [
            ("GET", "/events?first=1", None, 200),
            ("HEAD", "/events", None, 200),
            ("POST", "/events/query", {"first": 1}, 200),
            ("GET", f"/events/{written['id']}", None, 200),
            ("GET", "/events?after=now&wait=1", None, 200),
            ("PUT", "/subscribers/mailer", {"worker_id": WORKER}, 201),
            ("GET", "/subscribers/mailer", None, 200),
            ("GET", f"/subscribers/mailer/workers/{WORKER}", None, 200),
            ("PUT", "/subscribers/mailer/cursor", {"cursor": self.cursor}, 200),
            ("PATCH", "/subscribers/mailer", {"enabled": False}, 200),
            ("GET", "/subscribers", None, 200),
            ("DELETE", "/subscribers/mailer", None, 204),
            ("GET", "/healthz", None, 200),
            ("GET", "/readyz", None, 200),
            ("GET", "/metrics", None, 200),
            ("GET", "/openapi.yaml", None, 200),
            ("OPTIONS", "/events", None, 204),
            ("GET", "/nowhere", None, 404),
        ]:
            name = target.replace(written["id"], "{id}").replace(WORKER, "{worker_id}")
            self.equal(f"{method} {name}", self.send(method, target, body).status, status)
        self.equal("a conflict", self.send("POST", "/events", {"events": [first]}).code, "invalid_original_version")

    def names_in_paths(self):
        snapshot = {"cursor": self.cursor, "data": {"a": 1}}
        for name in ["bank%2FAccount", "a%2Fb%2Fc", "%2F", "a%252Fb", "a%20b", "%C3%A9", "a;b=c", "a%3Fb", "a%23b", "a+b"]:
            put = self.send("PUT", f"/snapshots/{name}/1/x", snapshot)
            got = self.send("GET", f"/snapshots/{name}/1/x")
            # The one that is at hand without the proxy tells whether the name has arrived as it was sent.
            direct = self.send("GET", f"/snapshots/{name}/1/x", address=self.gateway.address)
            self.equal(f"a snapshot of type {name}", (put.status, got.status, direct.status), (204, 200, 200))
        for name in ["%2E%2E", "..", "."]:
            put = self.send("PUT", f"/snapshots/{name}/1/x", snapshot)
            direct = self.send("GET", f"/snapshots/{name}/1/x", address=self.gateway.address)
            self.check(f"a snapshot of type {name} is kept under that name, or refused",
                       (put.status, direct.status) == (204, 200) or put.status in (400, 404) and direct.status == 404,
                       f"{put.status} {direct.status}")

    def decoded_slashes(self):
        """Nginx decodes what stands in the path where `proxy_pass` has one of its own."""
        if self.kind is not proxy_settings.Nginx:
            return
        change = lambda text: text.replace("http://evento;", f"http://evento{BASE}/;")
        with self.kind(self.folder, self.upstream, change) as proxy:
            put = self.send("PUT", "/snapshots/deco%2Fded/1/x", {"cursor": self.cursor, "data": 1}, address=proxy.address)
            got = self.send("GET", "/snapshots/deco%2Fded/1/x")
            self.equal("a snapshot through a proxy that decodes %2F is the same one", (put.status, got.status), (204, 200))

    def client_in_log(self, fields, address=None, marker="x"):
        self.send("GET", "/healthz", fields=[("X-Request-Id", marker), *fields], address=address)
        line = self.gateway.wait_for(rf"(?m)^.*request_id={marker}\b.*$").group(0)
        return re.search(r"client=(\S+)", line).group(1)

    def forwarded_address(self):
        made_up = [("X-Forwarded-For", "198.51.100.7")]
        found = self.client_in_log([], marker=f"plain-{self.way}")
        self.equal("the client's address is what the proxy says", found, "127.0.0.1")
        found = self.client_in_log(made_up, marker=f"made-up-{self.way}")
        # The proxy's peer is 127.0.0.1: trusted too where the proxy is, since both are on this machine.
        wanted = {"127.0.0.1"} if self.way == "unix" or self.kind is proxy_settings.Caddy else {"198.51.100.7"}
        self.check("an address that the client made up counts only where the hop behind it is trusted", found in wanted, found)
        if self.way == "unix":
            found = self.client_in_log(made_up, address=self.gateway.address, marker="untrusted")
            self.equal("a peer that is no trusted proxy is not believed", found, "127.0.0.1")

    def refusals(self):
        self.equal("405 with Allow", (lambda a: (a.status, a.field("Allow") is not None))(self.send("DELETE", "/events")),
                   (405, True))
        answer = self.send("POST", "/events/query", {}, [("Expect", "200-ok")])
        self.check("an unknown Expect is 417, or dropped by the proxy", answer.status in (417, 200), answer.status)
        answer = self.send("POST", "/events", "a=b", [("Content-Type", "application/x-www-form-urlencoded")])
        self.equal("415", (answer.status, answer.code), (415, "unsupported_media_type"))
        answer = request(self.proxy.address, "GET", f"{BASE}/healthz", host="evil.example")
        wanted = 200 if self.way == "unix" else 421
        self.equal("another Host (checked over TCP alone)", answer.status, wanted)

    def large_bodies(self):
        data = base64.b64encode(b"x" * 5_500_000).decode()
        events = [{**event("large"), "data_base64": data} for _ in range(2)]
        for item in events:
            del item["data"]
        answer = self.send("POST", "/events", {"events": events})
        self.equal("a body of 14 MiB", answer.status, 201)
        answer = self.send("GET", "/events?aggregator_type=peers/Thing&aggregator_id=large&first=1")
        self.equal("an answer of 7 MiB", (answer.status, answer.is_complete, len(answer.body) > 5_500_000), (200, True, True))
        with connect(self.proxy.address, 20) as connection:
            try:
                connection.sendall(encode("POST", f"{BASE}/events", None,
                                          [("Content-Length", 17_000_000), ("Content-Type", "application/json")], SITE))
                connection.sendall(b" " * 17_000_000)
            except OSError:
                pass  # Refused before all of it was sent: the answer is there.
            answer = Reader(connection, 20).response()
        self.equal("a body of 17 MB is the gateway's 413", (answer.status, answer.code), (413, "content_too_large"))
        with connect(self.proxy.address, 20) as connection:
            connection.sendall(encode("POST", f"{BASE}/events/query", None,
                                      [("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")], SITE))
            connection.sendall(b"1\r\n{\r\n")
            connection.sendall(b"1\r\n}\r\n0\r\n\r\n")
            self.equal("a chunked body", Reader(connection, 20).response().status, 200)

    def kept_connections(self):
        before = self.accepted_connections()
        with connect(self.proxy.address, 20) as connection:
            reader = Reader(connection, 20)
            statuses = set()
            for index in range(300):
                connection.sendall(encode("GET", f"{BASE}/events?first=1", None, (), SITE))
                statuses.add(reader.response().status)
        self.equal("300 requests on one connection", statuses, {200})
        new = self.accepted_connections() - before
        self.check("the proxy keeps its connections to the gateway", new < 30, f"{new} new ones")

    def accepted_connections(self):
        text = request(self.gateway.address, "GET", f"{BASE}/metrics").body.decode()
        return int(re.search(r"^evento_connections_accepted_total (\d+)", text, re.M).group(1))

    def streams(self):
        for ndjson in (False, True):
            name = "NDJSON" if ndjson else "SSE"
            target = f"{BASE}/events/stream?after=now&aggregator_type=peers/Thing&aggregator_id={name}"
            with Stream(self.proxy.address, target, ndjson, host=SITE) as stream:
                self.equal(f"{name}: the stream's head comes at once", stream.head.status, 200)
                delays = []
                for index in range(20):
                    write(self.gateway.address, event(name, data=index), base=BASE)
                    committed = time.monotonic()
                    arrived = stream.wait_for_events(index + 1)
                    if not arrived:
                        break
                    delays.append(max(0, arrived[-1][0] - committed))
                worst = f"p50 {quantile(delays, 0.5) * 1e3:.2f} ms, worst {max(delays) * 1e3:.2f} ms" if delays else "none"
                self.check(f"{name}: each event is there a moment after its commit",
                           len(delays) == 20 and quantile(delays, 0.5) < MOMENT, worst)
                cursor = stream.cursor
            write(self.gateway.address, *[event(name, data=index) for index in range(20, 40)], base=BASE)
            target = f"{BASE}/events/stream?aggregator_type=peers/Thing&aggregator_id={name}"
            with Stream(self.proxy.address, target, ndjson, [("Last-Event-ID", cursor)], SITE) as stream:
                arrived = stream.wait_for_events(20) or []
                self.equal(f"{name}: goes on after its cursor without loss or doubles",
                           [item["node"]["data"] for _, item in arrived], list(range(20, 40)))

    def shutdown(self):
        streams = [Stream(self.proxy.address, f"{BASE}/events/stream?after=now", ndjson, host=SITE)
                   for ndjson in (False, True)]
        with connect(self.proxy.address, 20) as waiting:
            waiting.sendall(encode("GET", f"{BASE}/events?after=now&wait=30", None, (), SITE))
            time.sleep(0.5)  # for the held read to arrive: the check below is on what comes of it
            code = self.gateway.stop()
            answer = Reader(waiting, 20).response()
        self.equal("SIGTERM: a held read is answered", answer.status, 200)
        self.equal("SIGTERM: streams end with a complete body", [stream.wait_for_end() for stream in streams],
                   ["complete", "complete"])
        self.equal("SIGTERM: the gateway ends well", code, 0)
        for stream in streams:
            stream.close()
        answer = self.send("GET", "/healthz")
        self.check("without a gateway the proxy says so", answer.status in (502, 503, 504), answer.status)


def script(checks, folder):
    wanted = sys.argv[1:] or [kind.name for kind in proxy_settings.ALL]
    for kind in proxy_settings.ALL:
        for way in ("TCP", "unix"):
            if kind.name in wanted:
                place = folder / f"{kind.name}-{way}"
                place.mkdir()
                try:
                    Trial(checks, kind, way, place).run()
                except (OSError, RuntimeError, AttributeError) as error:
                    checks.check(f"{kind.name} over {way} runs to the end", False, repr(error))


if __name__ == "__main__":
    run(script)
