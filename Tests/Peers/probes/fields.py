"""Field lines and Host: RFC 9112 §3.2 and §5, RFC 9110 §5 and §7.2."""

from probes.probe import REFUSED, get, probe

SYNTAX = "RFC 9112 §5.1"
VALUE = "RFC 9110 §5.5"
HOST = "RFC 9112 §3.2"


def not_injected(response):
    return "a field was injected" if response.field("X-Injected") else None


def fresh_request_id(response):
    value = response.field("X-Request-Id") or ""
    return None if len(value) == 26 and value.isalnum() else f"X-Request-Id is {value!r}"


def host(value):
    return get(host=f"Host: {value}" if value is not None else None)


PROBES = [
    probe("a blank before the colon", SYNTAX, get("/healthz", "X-Thing : a"), *REFUSED),
    probe("a tab before the colon", SYNTAX, get("/healthz", "X-Thing\t: a"), *REFUSED),
    probe("a blank before Content-Length's colon", SYNTAX, get("/healthz", "Content-Length : 5"), *REFUSED),
    probe("a blank before Transfer-Encoding's colon", SYNTAX, get("/healthz", "Transfer-Encoding : chunked"), *REFUSED),
    probe("a line without a colon", SYNTAX, get("/healthz", "X-Thing"), *REFUSED),
    probe("an empty name", SYNTAX, get("/healthz", ": a"), *REFUSED),
    probe("a blank within the name", SYNTAX, get("/healthz", "X Thing: a"), *REFUSED),
    probe("a delimiter within the name", SYNTAX, get("/healthz", "X(Thing): a"), *REFUSED),
    probe("a quotation mark within the name", SYNTAX, get("/healthz", 'X"Thing": a'), *REFUSED),
    probe("a NUL within the name", SYNTAX, get("/healthz", "X-Th\0ing: a"), *REFUSED),
    probe("a byte above ASCII within the name", SYNTAX, get("/healthz", "X-Th\xefng: a"), *REFUSED),
    probe("all token characters as a name", "RFC 9110 §5.6.2", get("/healthz", "!#$%&'*+-.^_`|~9aZ: a"), "200 open"),
    probe("an empty value", VALUE, get("/healthz", "X-Thing:"), "200 open"),
    probe("blanks around the value", VALUE, get("/healthz", "X-Thing: \t a \t "), "200 open"),
    probe("no blank behind the colon", SYNTAX, get("/healthz", "X-Thing:a"), "200 open"),
    probe("a byte above ASCII in the value", VALUE, get("/healthz", "X-Thing: \xe9\xff"), "200 open"),
    probe("a NUL in the value", VALUE, get("/healthz", "X-Thing: a\0b"), *REFUSED),
    probe("a bare CR in the value", VALUE, get("/healthz", "X-Thing: a\rb"), *REFUSED),
    probe("a bare LF in the value", VALUE, get("/healthz", "X-Thing: a\nb: c"), *REFUSED),
    probe("a bare LF that would end the head", "RFC 9112 §2.2", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\n", *REFUSED),
    probe("CR CR LF behind a field", "RFC 9112 §2.2", get("/healthz", "X-Thing: a\r"), *REFUSED),
    probe("an escape character in the value", VALUE, get("/healthz", "X-Thing: \x1b[31m"), *REFUSED),
    probe("DEL in the value", VALUE, get("/healthz", "X-Thing: \x7f"), *REFUSED),
    probe("a folded line", "RFC 9112 §5.2", get("/healthz", "X-Thing: a", " b"), *REFUSED),
    probe("a line folded with a tab", "RFC 9112 §5.2", get("/healthz", "X-Thing: a", "\tb"), *REFUSED),
    probe("a folded Transfer-Encoding", "RFC 9112 §5.2", get("/healthz", "Transfer-Encoding:", " chunked"), *REFUSED),
    probe("a folded Content-Length", "RFC 9112 §5.2", get("/healthz", "Content-Length:", " 5"), *REFUSED),
    probe("a blank before the first field", "RFC 9112 §2.2",
          "GET /healthz HTTP/1.1\r\n Host: localhost\r\n\r\n", *REFUSED),
    probe("a line of blanks alone", "RFC 9112 §5.2", get("/healthz", "  "), *REFUSED),
    probe("100 fields", "RFC 6585 §5", get("/healthz", *[f"X-{n}: a" for n in range(99)]), "200 open"),
    probe("101 fields", "RFC 6585 §5", get("/healthz", *[f"X-{n}: a" for n in range(100)]), "431 close"),
    probe("100,000 fields", "RFC 6585 §5", get("/healthz", *["X: a"] * 100_000), "431 close"),
    probe("a value of 30,000 bytes", "RFC 6585 §5", get("/healthz", "X-Thing: " + "a" * 30_000), "200 open"),
    probe("a value of 40,000 bytes", "RFC 6585 §5", get("/healthz", "X-Thing: " + "a" * 40_000), "431 close"),
    probe("a name of 40,000 bytes", "RFC 6585 §5", get("/healthz", "X" * 40_000 + ": a"), "431 close"),
    probe("a header section without end", "RFC 6585 §5",
          "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + "X-Thing: a\r\n" * 50_000, "431 close"),

    probe("no Host in HTTP/1.1", HOST, host(None), *REFUSED),
    probe("two Hosts", HOST, get("/healthz", "Host: evil.example"), *REFUSED),
    probe("two equal Hosts", HOST, get("/healthz", "Host: localhost"), *REFUSED),
    probe("two Hosts in other letters", HOST, get("/healthz", "hOST: evil.example"), *REFUSED),
    probe("an empty Host", HOST, host(""), "400 close", "421 open"),
    probe("a list in Host", HOST, host("localhost, evil.example"), *REFUSED),
    probe("two names in Host", HOST, host("localhost evil.example"), *REFUSED),
    probe("user information in Host", HOST, host("evil@localhost"), *REFUSED),
    probe("a path in Host", HOST, host("localhost/evil"), *REFUSED),
    probe("a query in Host", HOST, host("localhost?evil"), *REFUSED),
    probe("a fragment in Host", HOST, host("localhost#evil"), *REFUSED),
    probe("a scheme in Host", HOST, host("http://localhost"), *REFUSED),
    probe("a backslash in Host", HOST, host("localhost\\evil"), *REFUSED),
    probe("a NUL in Host", HOST, host("local\0host"), *REFUSED),
    probe("an escape in Host", HOST, host("localhos%74"), "400 close", "421 open"),
    probe("a byte above ASCII in Host", HOST, host("loc\xe4lhost"), *REFUSED),
    probe("Host with a port", HOST, host("localhost:8080"), "200 open"),
    probe("Host with an empty port", "RFC 3986 §3.2.3", host("localhost:"), "200 open", "400 close"),
    probe("Host with port 65536", HOST, host("localhost:65536"), *REFUSED),
    probe("Host with a port that is no number", HOST, host("localhost:http"), *REFUSED),
    probe("Host with a signed port", HOST, host("localhost:+80"), *REFUSED),
    probe("Host with two ports", HOST, host("localhost:80:90"), *REFUSED),
    probe("Host with an IPv4 address", HOST, host("127.0.0.1"), "200 open"),
    probe("Host with an IPv6 address", HOST, host("[::1]:8080"), "200 open"),
    probe("Host with an IPv6 address without brackets", HOST, host("::1"), *REFUSED),
    probe("Host with an open bracket", HOST, host("[::1"), *REFUSED),
    probe("Host with text behind the bracket", HOST, host("[::1]evil"), *REFUSED),
    probe("Host of capitals", "RFC 9110 §4.2.3", host("LOCALHOST"), "200 open"),
    probe("Host of another machine, without tokens", "http-api.md §9.3", host("evil.example"), "421 open", "421 close"),
    probe("Host that only begins with a loopback name", "http-api.md §9.3", host("localhost.evil.example"),
          "421 open", "421 close"),
    probe("Host that only looks like a loopback address", "http-api.md §9.3", host("127.0.0.1.evil.example"),
          "421 open", "421 close"),
    probe("Host with a point at its end", "http-api.md §9.3", host("localhost."), "200 open", "421 open"),
    probe("Host as a decimal number", "http-api.md §9.3", host("2130706433"), "421 open"),

    probe("a sane X-Request-Id comes back", "http-api.md §12.4", get("/healthz", "X-Request-Id: peers-1.a_B"), "200 open",
          also=lambda response: None if response.field("X-Request-Id") == "peers-1.a_B" else "it does not"),
    probe("an X-Request-Id with blanks is replaced", "http-api.md §12.4", get("/healthz", "X-Request-Id: a b"), "200 open",
          also=fresh_request_id),
    probe("an X-Request-Id of 129 characters is replaced", "http-api.md §12.4",
          get("/healthz", "X-Request-Id: " + "a" * 129), "200 open", also=fresh_request_id),
    probe("an X-Request-Id of a byte above ASCII is replaced", "http-api.md §12.4",
          get("/healthz", "X-Request-Id: \x85\xe9"), "200 open", also=fresh_request_id),
    probe("two X-Request-Ids are replaced", "http-api.md §12.4",
          get("/healthz", "X-Request-Id: a", "X-Request-Id: b"), "200 open", also=fresh_request_id),
    probe("CR LF in X-Request-Id injects nothing", VALUE,
          get("/healthz", "X-Request-Id: a\r\nX-Injected: yes"), "200 open", also=not_injected),
    probe("%0d%0a in X-Request-Id injects nothing", VALUE,
          get("/healthz", "X-Request-Id: a%0d%0aX-Injected: yes"), "200 open", also=not_injected),
    probe("%0d%0a in Origin injects nothing", VALUE,
          get("/healthz", "Origin: http://a%0d%0aX-Injected: yes"), "403 open", also=not_injected),
    probe("UTF-8 that folds to CR LF injects nothing", VALUE,
          get("/healthz", "X-Request-Id: a\xe5\x98\x8d\xe5\x98\x8aX-Injected: yes"), "200 open", also=not_injected),
    probe("Last-Event-ID with %0d%0a injects nothing", VALUE,
          get("/events/stream", "Last-Event-ID: a%0d%0aX-Injected: yes"), "400 open", also=not_injected),
    probe("two Last-Event-IDs", "http-api.md §5.2", get("/events/stream", "Last-Event-ID: a", "Last-Event-ID: b"), "400 open"),
    probe("two Authorizations", "RFC 9110 §5.3", get("/healthz", "Authorization: Bearer a", "Authorization: Bearer b"),
          "200 open", "401 open"),
    probe("an Upgrade to h2c is ignored", "RFC 9110 §7.8",
          get("/healthz", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
          "200 open"),
    probe("an Upgrade to websocket is ignored", "RFC 9110 §7.8",
          get("/healthz", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
              "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="), "200 open"),
    probe("X-HTTP-Method-Override changes nothing", METHOD := "RFC 9110 §9.1",
          get("/healthz", "X-HTTP-Method-Override: DELETE"), "200 open"),
    probe("X-Original-URL changes nothing", METHOD, get("/healthz", "X-Original-URL: /metrics"), "200 open",
          also=lambda response: "the other path is served" if b"# TYPE" in response.body else None),
    probe("a Range is ignored", "RFC 9110 §14.2", get("/healthz", "Range: bytes=0-1"), "200 open", "206 open"),
]
