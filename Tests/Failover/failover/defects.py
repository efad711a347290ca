"""A proxy that makes a gateway look broken in one way: each of its defects must make a check fail."""

import http.server
import json
import sys
import threading

from servers.processes import HOST

from .gateways import ERRORS, Client
from .ulid import ulid

# One in so many requests, pages or events is hit.
SPARSE = 5


class Defect:
    """Passes everything on. Each defect changes one thing."""
    check: str
    in_loss = False

    def __init__(self):
        self.count = 0

    def is_due(self):
        self.count += 1
        return self.count % SPARSE == 0

    def write(self, request, forward):
        """A status and a JSON value for a `POST /events`."""
        return forward(request)

    def edges(self, edges, proxy):
        """What becomes of the events of a page, or of one event of a stream; `proxy` is the number of the proxy."""
        return edges

    def other(self, method, target, status, body, forward):
        return status, body


class LostWrite(Defect):
    """Confirms a write, and drops it."""
    check = "every confirmed write is in the log once"

    def write(self, request, forward):
        if "version" in request["events"][0] or "condition" in request or not self.is_due():
            return forward(request)
        return 201, {"events": [
            {"id": event["id"], "aggregator_type": event["aggregator_type"], "aggregator_id": event["aggregator_id"],
             "version": 1, "cursor": "lost"} for event in request["events"]]}


class DoubleWrite(Defect):
    """Stores a write again under other ids."""
    check = "nothing is in the log that was refused, or never written"

    def write(self, request, forward):
        response = forward(request)
        if response[0] == 201 and "version" not in request["events"][0] and "condition" not in request and self.is_due():
            forward({"events": [event | {"id": ulid(1e9)} for event in request["events"]]})
        return response


class TornWrite(Defect):
    """Stores only a part of a write."""
    check = "a write is in the log as a whole, in its order, or not at all"

    def write(self, request, forward):
        if len(request["events"]) < 2 or "version" in request["events"][0] or not self.is_due():
            return forward(request)
        status, response = forward({"events": request["events"][:-1]})
        return status, {"events": response["events"] + [response["events"][-1] | {"id": request["events"][-1]["id"]}]}


class TwoWinners(Defect):
    """Confirms a write whose version another one has."""
    check = "each version, and each seat, has one winner"

    def write(self, request, forward):
        status, response = forward(request)
        if status != 409 or response["code"] != "invalid_original_version" or not self.is_due():
            return status, response
        return 201, {"events": [
            {"id": event["id"], "aggregator_type": event["aggregator_type"], "aggregator_id": event["aggregator_id"],
             "version": event["version"], "cursor": "two"} for event in request["events"]]}


class RefusedAndStored(Defect):
    """Refuses a write, and stores it."""
    check = "nothing is in the log that was refused, or never written"

    def write(self, request, forward):
        status, response = forward(request)
        if status != 201 or request["events"][0]["aggregator_type"] != "load/Shared" or not self.is_due():
            return status, response
        return 409, {"code": "invalid_original_version", "current_version": request["events"][0]["version"]}


class ChangedResponse(Defect):
    """Responds to a repeated write in another way."""
    check = "a repeated write gets its first response"

    def write(self, request, forward):
        status, response = forward(request)
        return (201, response) if status == 200 else (status, response)


class LateWrite(Defect):
    """Responds before the write is done: the event is in the log a while later."""
    check = "a write that begins after the response to another is later in the log"

    def write(self, request, forward):
        if request["events"][0]["aggregator_type"] != "load/Open" or not self.is_due():
            return forward(request)
        threading.Timer(0.3, forward, [request]).start()
        return 201, {"events": [event | {"version": 1, "cursor": "late"} for event in request["events"]]}


class NotVisible(Defect):
    """Does not find an event that was confirmed."""
    check = "a confirmed write can be read through every gateway"

    def other(self, method, target, status, body, forward):
        is_event = target.startswith("/events/0") and status == 200
        return (404, b'{"code":"event_not_found"}') if is_event else (status, body)


class SkippedEvent(Defect):
    """Leaves an event out of a page or a stream."""
    check = "every reader got each event once, in the order of the log"

    def edges(self, edges, proxy):
        return edges[1:] if len(edges) < 50 and self.is_due() else edges


class RepeatedEvent(Defect):
    """Sends an event of a page or a stream twice."""
    check = "every reader got each event once, in the order of the log"

    def edges(self, edges, proxy):
        return edges[:1] + edges if len(edges) < 50 and self.is_due() else edges


class ChangedContent(Defect):
    """Changes a payload, for every reader."""
    check = "events have the content that was written"

    def edges(self, edges, proxy):
        return [edge | {"node": edge["node"] | {"data": {"n": 0}}}
                if edge["node"]["data"]["n"] % SPARSE == 0 else edge for edge in edges]


class ChangedVersion(Defect):
    """Gives an event another version, for every reader."""
    check = "the versions of each aggregate are 1, 2, 3 … in the order of the log"

    def edges(self, edges, proxy):
        return [edge | {"node": edge["node"] | {"version": 5}} if edge["node"]["version"] == 4 else edge
                for edge in edges]


class TwoOrders(Defect):
    """Shows two events in another order than the other gateway."""
    check = "every gateway has the same log"

    def edges(self, edges, proxy):
        return [edges[1], edges[0], *edges[2:]] if len(edges) > 50 and proxy == 1 else edges


class SilentSkip(Defect):
    """Accepts a cursor of the lost history, and goes on at the end of the new one."""
    check = "a reader that got lost events stops with 409 cursor_not_in_history, and gets nothing more"
    in_loss = True

    def other(self, method, target, status, body, forward):
        if status == 409 and method == "GET" and b"cursor_not_in_history" in body and "wait=1" in target:
            return forward(method, target.split("?")[0] + "?first=100&wait=1&after=now")
        return status, body


class AcceptedCursor(Defect):
    """Accepts a cursor of the lost history for a subscriber."""
    check = "every cursor of the lost history is refused, wherever a cursor is taken"
    in_loss = True

    def other(self, method, target, status, body, forward):
        return (200, b"{}") if status == 409 and target.startswith("/subscribers") else (status, body)


ALL = [LostWrite, DoubleWrite, TornWrite, TwoWinners, RefusedAndStored, ChangedResponse, LateWrite, NotVisible,
       SkippedEvent, RepeatedEvent, ChangedContent, ChangedVersion, TwoOrders, SilentSkip, AcceptedCursor]


class Proxy:
    """An HTTP server before a gateway."""

    def __init__(self, gateway_port, defect, number):
        self.server = _Server((HOST, 0), _handler(gateway_port, defect, number))
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(gateway_port, defect, number):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_):
            pass

        def setup(self):
            super().setup()
            self.client = Client(gateway_port, 20)

        def finish(self):
            self.client.close()
            super().finish()

        def forward(self, method, target, body=None):
            return self.client.request(method, target, body)

        def handle_request(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                if self.path.startswith("/events/stream") and self.command == "GET":
                    return self.stream()
                if self.path == "/events" and self.command == "POST":
                    status, response = defect.write(json.loads(body), self.write)
                    return self.respond(status, json.dumps(response).encode())
                status, response = self.forward(self.command, self.path, body or None)
                if self.path.startswith("/events?") and status == 200:
                    response = self.page(json.loads(response))
                else:
                    status, response = defect.other(self.command, self.path, status, response, self.forward)
                self.respond(status, response)
            except ERRORS:
                self.close_connection = True

        do_GET = do_POST = do_PUT = handle_request

        def write(self, request):
            # A defect can write after the connection has been used again.
            client = Client(gateway_port, 20)
            status, body = client.request("POST", "/events", json.dumps(request))
            client.close()
            return status, json.loads(body)

        def page(self, page):
            page["edges"] = defect.edges(page["edges"], number)
            return json.dumps(page).encode()

        def respond(self, status, body):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def stream(self):
            response = self.client.open(self.path, {"Accept": "application/x-ndjson"})
            if response.status != 200:
                return self.respond(response.status, response.read())
            self.close_connection = True
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            while line := response.readline():
                message = json.loads(line)
                lines = [message]
                if message["type"] == "event":
                    lines = [message | edge for edge in defect.edges([message], number)]
                self.wfile.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    return Handler
