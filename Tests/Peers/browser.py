#!/usr/bin/env python3
"""What web pages can do, in a real headless Chromium: an EventSource resumes; other origins and rebound names are shut out."""

import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

from harness import Gateway, run, token_file
from relay import Relay
from wire import event, request, write

PAGES = pathlib.Path(__file__).parent / "pages"


class Collector:
    """Serves the pages, and takes what they report."""

    def __init__(self):
        self.reports, self.arrived = [], threading.Condition()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page = PAGES / self.path.split("?")[0].lstrip("/")
                self.answer(200 if page.is_file() else 404, page.read_bytes() if page.is_file() else b"")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with collector.arrived:
                    collector.reports.append(json.loads(body))
                    collector.arrived.notify_all()
                self.answer(204, b"")

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, condition, seconds=60):
        """The latest report that fulfils the condition, or the latest of all, or None."""
        with self.arrived:
            self.arrived.wait_for(lambda: self.reports and condition(self.reports[-1]), seconds)
            return self.reports[-1] if self.reports else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Browser:
    """Chromium with one page open; it and its helpers are a process group of their own."""

    def __init__(self, folder, page, *options):
        found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if not found:
            sys.exit("There is no chromium: install Debian's chromium.")
        home = folder / f"browser-{time.monotonic_ns()}"
        self.process = subprocess.Popen(
            [found, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
             # The gateway's own rules are to be seen, and not the browser's further ones.
             "--disable-features=LocalNetworkAccessChecks,HttpsUpgrades",
             f"--user-data-dir={home}", *options, page],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def event_source(checks, folder):
    """An EventSource is cut by its network and by the gateway's death, and goes on: nothing lost, nothing twice."""
    with Collector() as collector:
        origin = f"http://127.0.0.1:{collector.port}"
        gateway = Gateway(folder, "--allowed-origin", origin, name="follow")
        with Relay(gateway.address) as relay:
            stream = f"http://127.0.0.1:{relay.port}/events/stream"
            page = f"{origin}/follower.html?stream={urllib.parse.quote(stream, safe='')}"
            with Browser(folder, page):
                count = 0

                def more(amount, pause=0.0):
                    nonlocal count
                    for _ in range(amount):
                        write(gateway.address, event("followed", data=count))
                        count += 1
                        time.sleep(pause)

                def received():
                    report = collector.wait(lambda report: len(report["received"]) >= count, 30) or {}
                    return report.get("received")

                more(20)
                checks.equal("EventSource: receives what is stored", received(), list(range(count)))
                more(20)
                checks.equal("EventSource: receives what commits", received(), list(range(count)))
                for turn in range(3):
                    more(10)
                    checks.check(f"EventSource: cut {turn + 1} cuts a connection", relay.cut() >= 1)
                    more(20, 0.01)
                    checks.equal(f"EventSource: resumes after cut {turn + 1}", received(), list(range(count)))
                writer = threading.Thread(target=more, args=(30, 0.005))
                writer.start()
                while writer.is_alive():
                    relay.cut()
                    time.sleep(0.05)
                writer.join()
                checks.equal("EventSource: resumes after cuts in the middle of a burst", received(), list(range(count)))
                gateway.stop(signal.SIGKILL)
                gateway = Gateway(folder, "--allowed-origin", origin, name="follow", port=gateway.port)
                more(20)
                checks.equal("EventSource: resumes after kill -9 of the gateway", received(), list(range(count)))
                checks.equal("EventSource: the gateway stops in good order below it", gateway.stop(), 0)
                gateway = Gateway(folder, "--allowed-origin", origin, name="follow", port=gateway.port)
                more(20)
                checks.equal("EventSource: resumes after a stop in good order", received(), list(range(count)))
                report = collector.reports[-1]
                checks.check("EventSource: it was connected anew each time", report["opened"] >= 6,
                             f"opened {report['opened']} times, {report['errors']} errors")
        gateway.stop()


def attempt(folder, collector, host, gateway, token=None):
    """What a page of that host could do."""
    collector.reports.clear()
    address = urllib.parse.quote(f"http://127.0.0.1:{gateway.port}", safe="")
    page = f"http://{host}:{collector.port}/foreign.html?gateway={address}" + (f"&token={token}" if token else "")
    with Browser(folder, page):
        return collector.wait(lambda report: True) or {}


def written(gateway, token=None):
    fields = [("Authorization", f"Bearer {token}")] if token else []
    page = request(gateway.address, "GET", "/events?aggregator_type=browser/Page", None, fields).json()
    return sorted(edge["node"]["aggregator_id"] for edge in page["edges"])


READS = ["get", "withToken"]
WRITES = ["postUntyped", "postPlain", "postJSON", "deletion"]


def shut_out(checks, title, results):
    for name in READS + ["head"] + WRITES + (["eventSource"] if "eventSource" in results else []):
        checks.check(f"{title}: {name} fails", "failed" in results.get(name, {}), results.get(name))
    for name in ("blindGet", "blindPost"):
        found = results.get(name, {})
        checks.check(f"{title}: {name} shows nothing", found.get("status") == 0 and not found.get("readable"), found)
    checks.check(f"{title}: a script element gets nothing", "failed" in results.get("script", {}), results.get("script"))


def origins(checks, folder):
    with Collector() as collector:
        named = f"http://127.0.0.1:{collector.port}"

        with Gateway(folder, name="closed") as gateway:
            write(gateway.address, event("secret"))
            results = attempt(folder, collector, "127.0.0.1", gateway)
            shut_out(checks, "an origin that is not named", results)
            checks.equal("an origin that is not named: nothing was written", written(gateway), [])

        with Gateway(folder, "--allowed-origin", named, name="named") as gateway:
            write(gateway.address, event("secret"))
            results = attempt(folder, collector, "localhost", gateway)
            shut_out(checks, "an origin beside the named one", results)
            checks.equal("an origin beside the named one: nothing was written", written(gateway), [])
            results = attempt(folder, collector, "127.0.0.1", gateway)
            for name in READS:
                found = results.get(name, {})
                checks.check(f"a named origin: {name} is read, X-Request-Id too",
                             found.get("status") == 200 and found.get("readable") and found.get("requestID"), found)
            for name, status in [("postUntyped", 201), ("postPlain", 415), ("postJSON", 201), ("deletion", 404)]:
                checks.equal(f"a named origin: {name}", results.get(name, {}).get("status"), status)
            checks.equal("a named origin: EventSource", results.get("eventSource"), {"received": True})
            checks.equal("a named origin: what was written", written(gateway), ["blind", "json", "untyped"])

        tokens, values = token_file(folder, page="write")
        with Gateway(folder, "--allowed-origin", named, "--token-file", tokens, name="tokens") as gateway:
            token = values["page"]
            write(gateway.address, event("secret"), fields=[("Authorization", f"Bearer {token}")])
            results = attempt(folder, collector, "127.0.0.1", gateway, token)
            for name, status in [("get", 200), ("postUntyped", 201), ("postJSON", 201), ("deletion", 403), ("withToken", 200)]:
                checks.equal(f"a named origin with a token: {name}", results.get(name, {}).get("status"), status)
            checks.equal("a named origin with a token: what was written", written(gateway, token), ["json", "untyped"])
            results = attempt(folder, collector, "127.0.0.1", gateway, "wrong")
            checks.equal("a named origin with a wrong token: get", results.get("get", {}).get("status"), 401)
            results = attempt(folder, collector, "localhost", gateway, token)
            shut_out(checks, "an origin beside the named one, with a stolen token", results)


def rebinding(checks, folder):
    """A name that an attacker's name server lets point here, so that the page is of the gateway's own origin."""
    page = (b"GET /rebound", (PAGES / "rebound.html").read_bytes())
    for options, wanted in [
        ((), {"get": 421, "post": 421, "eventSource": "error"}),
        (("--allowed-host", "rebind.example"), {"get": 200, "post": 201, "eventSource": "open"}),
    ]:
        title = "a rebound name that is named by --allowed-host" if options else "a rebound name"
        with Collector() as collector, Gateway(folder, *options, name=f"rebound{len(options)}") as gateway, \
                Relay(gateway.address, page) as relay:
            report = urllib.parse.quote(f"http://127.0.0.1:{collector.port}/report", safe="")
            address = f"http://rebind.example:{relay.port}/rebound?report={report}"
            with Browser(folder, address, "--host-resolver-rules=MAP rebind.example 127.0.0.1"):
                results = collector.wait(lambda report: True) or {}
            for name, value in wanted.items():
                checks.equal(f"{title}: {name}", results.get(name), value)
            checks.equal(f"{title}: what was written", written(gateway), ["rebound"] if options else [])


def script(checks, folder):
    parts = {"eventsource": event_source, "origins": origins, "rebinding": rebinding}
    for name, part in parts.items():
        if name in (sys.argv[1:] or parts):
            part(checks, folder)


if __name__ == "__main__":
    run(script)
