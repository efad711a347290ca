"""Connections, pipelining, HTTP/1.0, HEAD: RFC 9112 §9, RFC 9110 §7.6.1 and §9.3.2."""

from probes.probe import SMUGGLED, get, probe, query

PERSIST = "RFC 9112 §9.3"
PIPELINE = "RFC 9112 §9.3.2"
HEAD = "RFC 9110 §9.3.2"


def says(name, value):
    def check(response):
        found = response.field(name) or ""
        return None if found.lower() == value else f"{name} is {found!r}"
    return check


def has_length_and_no_body(response):
    if response.body:
        return "there is a body"
    return None if int(response.field("Content-Length") or 0) > 0 else "there is no Content-Length"


PROBES = [
    probe("two requests in one piece", PIPELINE, get() * 2, "200 200 open"),
    probe("100 requests in one piece", PIPELINE, get() * 100, " ".join(["200"] * 100 + ["open"])),
    probe("a slow request before a quick one is answered first", PIPELINE,
          get("/events?first=0") + get("/nowhere"), "200 404 open"),
    probe("a body between two requests", PIPELINE, get() + query("{}") + get(), "200 200 200 open"),
    probe("nothing is answered behind a bad request", "RFC 9112 §9.6", "BAD\r\n\r\n" + get() + get(), "400 close"),
    probe("nothing is answered behind a bad length", "RFC 9112 §6.3",
          query("{}" + get(), "Content-Length: 2"), "400 close", "200 200 open"),
    probe("nothing is answered behind a bad chunk", "RFC 9112 §7.1",
          "POST /events/query HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n" + get(), "400 close"),
    probe("nothing is answered behind Connection: close", "RFC 9112 §9.6", get("/healthz", "Connection: close") + get(),
          "200 close", also=says("Connection", "close")),
    probe("a good request before a bad one is answered", PIPELINE, get() + "BAD\r\n\r\n", "200 400 close"),
    probe("404 and 405 leave the connection open", PERSIST, get("/nowhere") + get("/healthz", method="PUT") + get(),
          "404 405 200 open", "404 411 200 open"),
    probe("a request in the middle of the next piece", PIPELINE,
          [get()[:10], get()[10:] + get()[:30], get()[30:]], "200 200 open", pause=0.05),
    probe("a request that is split within CR LF", PIPELINE, [get()[:-3], "\n\r", "\n"], "200 open", pause=0.05),

    probe("Connection: close in other letters", PERSIST, get("/healthz", "connection: CLOSE"), "200 close"),
    probe("Connection: close in a list", PERSIST, get("/healthz", "Connection: foo, close"), "200 close"),
    probe("Connection: close on a second line", PERSIST, get("/healthz", "Connection: foo", "Connection: close"),
          "200 close"),
    probe("Connection: keep-alive, close", PERSIST, get("/healthz", "Connection: keep-alive, close"), "200 close"),
    probe("an empty Connection", PERSIST, get("/healthz", "Connection:"), "200 open"),
    probe("Connection: closed is not close", PERSIST, get("/healthz", "Connection: closed"), "200 open"),
    probe("Connection: Host does not take the Host away", "RFC 9110 §7.6.1", get("/healthz", "Connection: Host"),
          "200 open", "400 close"),
    probe("Proxy-Connection means nothing", "RFC 9112 §C.2.2", get("/healthz", "Proxy-Connection: close"), "200 open"),

    probe("HTTP/1.0 without a Host", PERSIST, get(version="HTTP/1.0", host=None), "200 close", has_marker=False),
    probe("HTTP/1.0 closes", PERSIST, get(version="HTTP/1.0"), "200 close", also=says("Connection", "close")),
    probe("HTTP/1.0 and keep-alive", PERSIST, get("/healthz", "Connection: keep-alive", version="HTTP/1.0"),
          "200 open", "200 close"),
    probe("HTTP/1.0, keep-alive and close", PERSIST,
          get("/healthz", "Connection: keep-alive, close", version="HTTP/1.0"), "200 close"),
    probe("HTTP/1.0 with two Hosts", "RFC 9112 §3.2", get("/healthz", "Host: a", version="HTTP/1.0"), "400 close"),
    probe("HTTP/1.0 with another Host, without tokens", "http-api.md §9.3",
          get(version="HTTP/1.0", host="Host: evil.example"), "421 close"),
    probe("HTTP/1.0 POST with a length", "RFC 9112 §6.2", query("{}", version="HTTP/1.0"), "200 close"),
    probe("HTTP/1.0 POST without a length", "RFC 9112 §6.3", query("{}", version="HTTP/1.0", length=False),
          "400 close", "411 close", "400 400 close"),
    probe("HTTP/1.0 gets no chunks", "RFC 9112 §6.1", get("/events", version="HTTP/1.0"), "200 close",
          also=lambda response: "it is chunked" if response.field("Transfer-Encoding") else None),
    probe("HTTP/1.0 pipelined without keep-alive", PERSIST, get(version="HTTP/1.0") * 2, "200 close"),

    probe("HEAD of a document", HEAD, get("/openapi.yaml", "Connection: close", method="HEAD"), "200 close",
          also=has_length_and_no_body),
    probe("HEAD of a page", HEAD, get("/events", "Connection: close", method="HEAD"), "200 close",
          also=has_length_and_no_body),
    probe("HEAD of nothing", HEAD, get("/nowhere", "Connection: close", method="HEAD"), "404 close",
          also=has_length_and_no_body),
    probe("HEAD with a fault", HEAD, get("/healthz", "Content-Length: x", method="HEAD"), "400 close"),
    probe("HEAD of a stream", "http-api.md §12.3", get("/events/stream", "Connection: close", method="HEAD"), "405 close"),
    probe("204 has no body and no length", "RFC 9110 §8.6", get("/events", method="OPTIONS"), "204 open",
          also=lambda response: "there is a length" if response.field("Content-Length") else None),
    probe("a body that is a request, then a HEAD", PIPELINE, query(SMUGGLED, "Connection: close"), "400 close"),
    probe("an unknown path below a known one", "http-api.md §10.2", get("/events/stream/more"), "404 open"),
    probe("Accept that allows neither format of a stream", "RFC 9110 §12.5.1",
          get("/events/stream", "Accept: text/html"), "406 open"),
    probe("Accept on anything else is ignored", "http-api.md §12.3", get("/events?first=0", "Accept: text/html"), "200 open"),
    probe("nothing at all, and the end", "RFC 9112 §9.6", "", "close", has_marker=False, ends_sending=True),
    probe("an empty line alone, and the end", "RFC 9112 §2.2", "\r\n", "close", "400 close", has_marker=False,
          ends_sending=True),
]
