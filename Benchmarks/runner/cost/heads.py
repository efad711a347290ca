"""Request lines and header sections as long as the limits allow, full of what has to be looked at."""

import hashlib

from .case import Case
from .watched import HEALTHZ, get, post

# Below --max-request-line-bytes and --max-header-bytes, with some room for what is around.
TARGET = (16 << 10) - 40
SECTION = (32 << 10) - 400
TOKEN = "t" * 43
BEHIND_PROXY = ("--trusted-proxy", "127.0.0.1")


def long(unit: str, size: int, start: str = "", end: str = "") -> str:
    """As many of the units as fit."""
    return start + unit * ((size - len(start) - len(end)) // len(unit)) + end


def numbered(form: str, size: int) -> str:
    """As many as fit, each with its number in it."""
    parts, length, number = [], 0, 0
    while True:
        part = form.format(number)
        length += len(part)
        if length > size:
            return "".join(parts)
        parts.append(part)
        number += 1


def target(title: str, text: str, method: str = "GET", **more) -> Case:
    return Case(title, get(text, method=method), is_head=method == "HEAD", **more)


def paths() -> list[Case]:
    slashes, escapes = long("/", TARGET), long("%61", TARGET, "/events/")
    snapshot = long("/a", TARGET, "/snapshots")
    return [
        target("path: one long segment", long("a", TARGET, "/events/")),
        target("path: one long segment that is no resource", long("a", TARGET, "/")),
        target("path: slashes", slashes),
        target("path: slashes, DELETE", slashes, "DELETE"),
        target("path: slashes, OPTIONS", slashes, "OPTIONS"),
        target("path: segments of one byte", long("/a", TARGET)),
        target("path: escapes", escapes),
        target("path: escapes, a method that is 405", escapes, "DELETE"),
        target("path: escapes, OPTIONS", escapes, "OPTIONS"),
        target("path: escapes, HEAD", escapes, "HEAD"),
        target("path: escapes of three bytes of UTF-8", long("%E2%82%AC", TARGET, "/events/")),
        target("path: segments of an escape each", long("/%61", TARGET)),
        target("path: escapes that are none", long("%zz", TARGET, "/events/")),
        target("path: snapshot of many segments", snapshot),
        target("path: snapshot of many segments, a method that is 405", snapshot, "POST"),
        target("path: snapshot of many segments, OPTIONS", snapshot, "OPTIONS"),
        target("path: snapshot of segments of an escape each", long("/%61", TARGET, "/snapshots")),
        target("path: snapshot of slashes", long("/", TARGET, "/snapshots/")),
        target("path: subscriber of escapes", long("%61", TARGET, "/subscribers/")),
        target("path: dots", long("/..", TARGET, "/events")),
        target("path: absolute form with a long host", long("a", TARGET, "http://", "/healthz")),
        target("method: a long one", "/healthz", "A" * TARGET),
        target("request line: 16 MB", "/" + "a" * ((16 << 20) - 40),
               options=("--max-request-line-bytes", f"{16 << 20}")),
    ]


def queries() -> list[Case]:
    return [
        target("query: names without values", long("&a", TARGET, "/events?a")),
        target("query: one parameter over and over", long("&first=1", TARGET, "/events?first=1")),
        target("query: different names", f"/events?{numbered('{}=1&', TARGET - 20)}z=1"),
        target("query: ampersands", long("&", TARGET, "/events?")),
        target("query: equals signs", long("=", TARGET, "/events?a")),
        target("query: one value of escapes", long("%61", TARGET, "/events?aggregator_type=")),
        target("query: one name of escapes", long("%61", TARGET, "/events?", "=1")),
        target("query: pairs of escapes", long("&%61=%62", TARGET, "/events?%61=%62")),
        target("query: plus signs", long("+", TARGET, "/events?routing_key=")),
        target("query: a long cursor", long("A", TARGET, "/events?after=")),
        target("query: a long number", long("1", TARGET, "/events?first=")),
        target("query: of /healthz", long("&a=1", TARGET, "/healthz?a=1")),
        target("query: of /events/stream", long("&first=1", TARGET, "/events/stream?first=1")),
        target("query: of /subscribers", long("&first=1", TARGET, "/subscribers?first=1")),
        target("query: of a snapshot", long("&encoding=auto", TARGET, "/snapshots/a/b/c?encoding=auto")),
    ]


def header(title: str, *fields: str, path: str = "/healthz", method: str = "GET", **more) -> Case:
    return Case(title, get(path, *fields, method=method), **more)


def of_many(name: str, form: str, count: int = 90) -> list[str]:
    """Fields of one name, each full of list members."""
    size = SECTION // count - len(name) - 4
    return [f"{name}: {long(form, size)}" for _ in range(count)]


def headers() -> list[Case]:
    ranges = long("a/b;q=0.1,", SECTION)
    hops = long("for=1.1.1.1,", SECTION)
    addresses = long("127.0.0.1,", SECTION)
    origin = "Origin: http://localhost"
    token = hashlib.sha256(TOKEN.encode()).hexdigest()
    with_tokens = {"needs": {"tokens": f"tester admin sha256:{token}\n"}}
    stream = "/events/stream?after=now"
    cases = [
        header(f"Accept: many ranges, {path}", f"Accept: {ranges}", path=path)
        for path in (stream, "/healthz", "/readyz", "/")]
    cases += [
        header("Accept: many parameters", f"Accept: {long(';a=b', SECTION, 'text/event-stream')}", path=stream),
        header("Accept: commas", f"Accept: {long(',', SECTION)}", path=stream),
        header("Accept: 90 fields of ranges", *of_many("Accept", "a/b,"), path=stream),
        header("Accept: a long weight", f"Accept: {long('1', SECTION, 'text/event-stream;q=0.')}", path=stream),
        header("X-Forwarded-For: many, no proxy", f"X-Forwarded-For: {addresses}", origin),
        header("X-Forwarded-For: many, behind a proxy", f"X-Forwarded-For: {addresses}", origin, options=BEHIND_PROXY),
        header(
            "X-Forwarded-For: commas, behind a proxy",
            f"X-Forwarded-For: {long(',', SECTION)}", origin, options=BEHIND_PROXY),
        header(
            "X-Forwarded-For: 90 fields, behind a proxy",
            *of_many("X-Forwarded-For", "127.0.0.1,"), origin, options=BEHIND_PROXY),
        header(
            "X-Forwarded-Proto: many, behind a proxy",
            f"X-Forwarded-Proto: {long('http,', SECTION)}", origin, options=BEHIND_PROXY),
        header("Forwarded: many hops, no proxy", f"Forwarded: {hops}", origin),
        header("Forwarded: many hops, behind a proxy", f"Forwarded: {hops}", origin, options=BEHIND_PROXY),
        header(
            "Forwarded: many hops of the proxy's own",
            f"Forwarded: {long('for=127.0.0.1,', SECTION)}", origin, options=BEHIND_PROXY),
        header(
            "Forwarded: many pairs, behind a proxy",
            f"Forwarded: {long('a=b;', SECTION)}", origin, options=BEHIND_PROXY),
        header(
            "Forwarded: one long address, behind a proxy",
            f"Forwarded: for={long('1', SECTION)}", origin, options=BEHIND_PROXY),
        header(
            "Forwarded: quotes, behind a proxy",
            f"Forwarded: for={long(chr(34), SECTION)}", origin, options=BEHIND_PROXY),
        header("Forwarded: many hops, logged", f"Forwarded: {hops}", options=(*BEHIND_PROXY, "--log-level", "debug")),
        header("Authorization: a long token", f"Authorization: Bearer {'t' * SECTION}", path="/events", **with_tokens),
        header(
            "Authorization: many words",
            f"Authorization: Bearer{' t' * (SECTION // 2)}", path="/events", **with_tokens),
        header("Authorization: blanks", f"Authorization: Bearer{' ' * SECTION}t", path="/events", **with_tokens),
        header("Authorization: on a probe", f"Authorization: Bearer {'t' * SECTION}", **with_tokens),
        header("Authorization: no tokens", f"Authorization: Bearer {'t' * SECTION}", path="/events?first=0"),
        header("Origin: a long one", f"Origin: {long('a', SECTION, 'http://')}"),
        header(
            "Origin: a long one, some allowed",
            f"Origin: {long('a', SECTION, 'http://')}", options=("--allowed-origin", "https://a.example")),
        header("Origin: dots", f"Origin: {long('a.', SECTION, 'http://')}"),
        header("Origin: 90 fields", *of_many("Origin", "a")),
        Case("Host: a long one", get("/healthz", host="a" * SECTION)),
        Case("Host: labels", get("/healthz", host=long("a.", SECTION))),
        Case("Host: digits behind a colon", get("/healthz", host=long("1", SECTION, "localhost:"))),
        Case("Host: brackets", get("/healthz", host=long("1:", SECTION, "[", "]"))),
        header(
            "Content-Type: many parameters",
            f"Content-Type: {long(';a=b', SECTION, 'application/json')}", path="/events", method="POST"),
        header(
            "Content-Type: semicolons",
            f"Content-Type: {long(';', SECTION, 'application/json')}", path="/events", method="POST"),
        header("Content-Type: one long name", f"Content-Type: {long('a', SECTION)}", path="/events", method="POST"),
        header("Content-Encoding: many", f"Content-Encoding: {long('a,', SECTION)}", path="/events", method="POST"),
        header("X-Request-Id: a long one", f"X-Request-Id: {'a' * SECTION}"),
        header("X-Request-Id: 90 fields", *of_many("X-Request-Id", "a")),
        header("Last-Event-ID: a long one", f"Last-Event-ID: {'A' * SECTION}", path=stream),
        header("Last-Event-ID: 90 fields", *of_many("Last-Event-ID", "A"), path=stream),
        header("Connection: many options", f"Connection: {long('a,', SECTION)}"),
        header("Connection: 90 fields", *of_many("Connection", "a,")),
        header("Expect: a long one", f"Expect: {'a' * SECTION}"),
        header("Expect: many", f"Expect: {long('100-continue,', SECTION)}"),
        header(
            "Transfer-Encoding: many",
            f"Transfer-Encoding: {long('chunked,', SECTION)}", path="/events", method="POST"),
        header(
            "Content-Length: many",
            f"Content-Length: {long('1,', SECTION, end='1')}", path="/events", method="POST"),
        header("Content-Length: digits", f"Content-Length: {long('0', SECTION)}", path="/events", method="POST"),
        header("Upgrade: many", f"Upgrade: {long('a/1,', SECTION)}", "Connection: upgrade"),
        header(
            "If-None-Match: many",
            f"If-None-Match: {long(chr(34) + 'a' + chr(34) + ',', SECTION)}", path="/openapi.yaml"),
        *(
            header(f"If-None-Match: {title}, HEAD", f"If-None-Match: {long(unit, SECTION)}", path="/openapi.yaml",
                   method="HEAD", is_head=True)
            for title, unit in [
                ("tags of one byte", "a,"), ("weak tags", 'W/"a",'), ("commas", ","), ("blanks", " ,"),
                ("bytes above ASCII", "é,")]),
        header(
            "Access-Control-Request-Headers: many", f"Access-Control-Request-Headers: {long('a,', SECTION)}",
            "Access-Control-Request-Method: POST", "Origin: https://a.example", path="/events", method="OPTIONS",
            options=("--allowed-origin", "https://a.example")),
        header("Cookie: a long one", f"Cookie: {long('a=b;', SECTION)}"),
        header("fields: 99 of them", *(f"x{n}: 1" for n in range(98))),
        header("fields: 99 long ones", *(f"x{n}: {'a' * (SECTION // 100 - 10)}" for n in range(98))),
        header("fields: 98 of one name", *("x: 1" for _ in range(98))),
        header("fields: blanks around a value", f"x: {' ' * SECTION}a"),
        header("fields: a long name", f"{'x' * SECTION}: a"),
        header("fields: bytes above ASCII", f"x: {'é' * (SECTION // 2)}"),
        header("fields: one too many", *("x: 1" for _ in range(130))),
    ]
    return cases


def pipelined() -> list[Case]:
    def many(title: str, request: bytes, size: int, **more) -> Case:
        count = size // len(request)
        return Case(title, request * count, requests=count, **more)

    dear = get("/events", f"Forwarded: {long('for=1.1.1.1,', SECTION)}", "Origin: http://a.example")
    accept = get("/readyz", f"Accept: {long('a/b;q=0.1,', SECTION)}")
    path = get(long("%61", TARGET, "/events/"))
    megabytes = 5 << 20
    return [
        many("pipelined: 64 KB of GET /healthz", HEALTHZ, 64 << 10),
        many("pipelined: 64 KB of OPTIONS *", get("*", method="OPTIONS"), 64 << 10),
        many("pipelined: 64 KB of 404", get("/a"), 64 << 10),
        many("pipelined: 64 KB of 400", get("/events?a"), 64 << 10),
        many("pipelined: 64 KB of reads", get("/events?first=1"), 64 << 10),
        many("pipelined: 5 MB of GET /healthz", HEALTHZ, megabytes),
        many("pipelined: 5 MB of dear Forwarded", dear, megabytes, options=BEHIND_PROXY),
        many("pipelined: 5 MB of dear Accept", accept, megabytes),
        many("pipelined: 5 MB of dear paths", path, megabytes),
        many("16 clients at once: 320 KB of dear Forwarded each", dear, 320 << 10, clients=16, options=BEHIND_PROXY),
        many("16 clients at once: 320 KB of dear paths each", path, 320 << 10, clients=16),
        Case("pipelined: empty lines before a request", b"\r\n" * 16_000 + HEALTHZ),
    ]


def cases() -> list[Case]:
    return paths() + queries() + headers() + pipelined()
