"""Bodies as large as the limits allow, and those of 32 KB, which the event loop itself reads."""

from typing import Callable

from .case import Case
from .heads import long, numbered
from .stores import BIG, base64_text, ulid
from .watched import get, post

# Below --max-body-bytes.
WHOLE = (16 << 20) - 400
# What is smaller is decoded on the event loop.
SMALL = (32 << 10) - 400
METADATA = (64 << 10) - 100
# Levels that are accepted, less those around.
DEPTH = 120
EVENT = '"aggregator_type":"cost","aggregator_id":"one","name":"Happened"'
# A version that is never the next one: what is read and checked is refused then, and leaves the store as it is.
REFUSED = '"version":99'
FILTER = '{"aggregator_type":"a","aggregator_id":"b","name":"c"}'
FILTERS = 200
LONG_FILTERS = f"{FILTERS} long filters"
# An escape of six bytes for one.
ESCAPE = "\\u0061"

# Each makes a body of a size.
Form = Callable[[int], bytes]

# Method and target of each route that takes a body.
ROUTES = {
    "POST /events": ("POST", "/events"),
    "POST /events/query": ("POST", "/events/query"),
    "POST /events/stream": ("POST", "/events/stream"),
    "PUT /subscribers": ("PUT", "/subscribers/cost"),
    "PUT of a cursor": ("PUT", "/subscribers/cost/cursor"),
    "PATCH /subscribers": ("PATCH", "/subscribers/cost"),
    "PUT /snapshots": ("PUT", "/snapshots/cost/1/one"),
}
# Those that the short form has, with bodies of 16 MB.
SHORT = {
    ("POST /events", "unknown members"), ("POST /events", "empty objects in the list"),
    ("POST /events", "small events, too many"), ("POST /events/query", "filters, too many"),
    ("POST /events/query", "a type of escapes"), ("PUT /snapshots", "one long member name"),
}


def object(*members: str) -> str:
    return "{" + ",".join(members) + "}"


def repeated(part: str, size: int, last: str | None = None) -> str:
    """A list's or object's parts, as many as fit."""
    return long(part + ",", size - len(part)) + (last or part)


def nested(size: int) -> str:
    """A list of values, each nested deep."""
    return "[" + repeated("[" * DEPTH + "]" * DEPTH, size - 2) + "]"


def members(size: int) -> str:
    """An object of as many members as fit, each with a name of its own."""
    return "{" + numbered('"m{}":1,', size - 10) + '"z":1}'


def write(*events: str, more: str = "") -> bytes:
    return object('"events":[' + ",".join(events) + "]", *([more] if more else [])).encode()


def event(*more: str, version: str = REFUSED) -> str:
    return object(EVENT, *([version] if version else []), *more)


# Bodies that are wrong for every route.
ANY: dict[str, Form] = {
    "unknown members": lambda size: members(size).encode(),
    "one unknown member over and over": lambda size: object(repeated('"a":1', size)).encode(),
    "one long member name": lambda size: object('"' + "a" * size + '":1').encode(),
    "a member name of escapes": lambda size: object('"' + long(ESCAPE, size) + '":1').encode(),
    "a member name of quotes": lambda size: object('"' + '\\"' * (size // 2) + '":1').encode(),
    "brackets": lambda size: b"[" * size,
    "a nested list": lambda size: nested(size).encode(),
    "white space": lambda size: b" " * size + b"{}",
    "digits": lambda size: b"1" * size,
    "bytes that are not UTF-8": lambda size: b'{"' + b"\xff" * size + b'":1}',
}
# Bodies that are wrong in what a route takes.
OF_EVENTS: dict[str, Form] = {
    "empty objects in the list": lambda size: object('"events":[' + repeated("{}", size) + "]").encode(),
    "numbers in the list": lambda size: object('"events":[' + repeated("1", size) + "]").encode(),
    "lists over and over": lambda size: object(repeated('"events":[]', size)).encode(),
    "small events, too many": lambda size: write(repeated(event(), size - 20)),
    "a condition's filters, too many": lambda size: write(
        event(), more='"condition":{"fail_if_events_match":[' + repeated(FILTER, size - 300) + "]}"),
    "a type of escapes": lambda size: object('"events":[{"aggregator_type":"' + long(ESCAPE, size) + '"}]').encode(),
    "a version of digits": lambda size: write(event(version='"version":' + "1" * size)),
    "events of members that are unknown": lambda size: write(
        repeated(event(numbered('"m{}":1,', 900) + '"z":1'), size - 1100)),
}
OF_FILTERS: dict[str, Form] = {
    "empty objects in the list": lambda size: object('"aggregators":[' + repeated("{}", size) + "]").encode(),
    "lists over and over": lambda size: object(repeated('"aggregators":[]', size)).encode(),
    "filters, too many": lambda size: object('"aggregators":[' + repeated(FILTER, size) + "]").encode(),
    LONG_FILTERS: lambda size: object('"aggregators":[' + ",".join(
        object(f'"aggregator_type":"{n:0>40}"', f'"aggregator_id":"{n:0>40}"') for n in range(FILTERS)) + "]").encode(),
    "a type of escapes": lambda size: object(
        '"aggregators":[{"aggregator_type":"' + long(ESCAPE, size) + '"}]').encode(),
    "a long cursor": lambda size: object('"after":"' + "A" * size + '"').encode(),
}
OF_ROUTE: dict[str, dict[str, Form]] = {
    "POST /events": OF_EVENTS,
    "POST /events/query": OF_FILTERS,
    "POST /events/stream": OF_FILTERS,
    "PUT /subscribers": {
        "a worker of escapes": lambda size: object('"worker_id":"' + long(ESCAPE, size) + '"').encode()},
    "PUT of a cursor": {
        "a long cursor": lambda size: object('"cursor":"' + "A" * size + '"').encode(),
        "a lag of digits": lambda size: object('"cursor":null', '"lag":' + "1" * size).encode()},
    "PATCH /subscribers": {"a nested value": lambda size: object('"enabled":' + nested(size)).encode()},
    "PUT /snapshots": {
        "a long cursor": lambda size: object('"cursor":"' + "A" * size + '"', '"data":1').encode(),
        "data over and over": lambda size: object('"cursor":"A"', repeated('"data":1', size)).encode()},
}


def wrong(size: int, label: str) -> list[Case]:
    cases = []
    for route, (method, path) in ROUTES.items():
        for title, form in (ANY | OF_ROUTE[route]).items():
            # What is wrong for every route is read alike by each.
            short = (route, title) in SHORT if size > SMALL else route == "POST /events" or title not in ANY
            cases.append(Case(
                f"{label} to {route}: {title}",
                lambda _, form=form, path=path, method=method: post(path, form(size), method=method),
                looks=FILTERS if title == LONG_FILTERS else 1, short=short))
    return cases


def of_data(data: str, count: int) -> bytes:
    return write(*[event('"data":' + data)] * count)


def right(size: int, label: str) -> list[Case]:
    """Bodies to POST /events that are read to their end, where the version turns out not to be the next one."""
    count = 2 if size > BIG else 1
    room = min(BIG, size // count - 200)
    many = 1000 if size > BIG else 4
    forms: dict[str, Callable[[], bytes]] = {
        "data nested deep": lambda: of_data(nested(room), count),
        "data of many members": lambda: of_data(members(room), count),
        "data of one member over and over": lambda: of_data(object(repeated('"a":1', room - 10)), count),
        "data of escapes": lambda: of_data('"' + long("\\u00e9", room - 10) + '"', count),
        "data of short escapes": lambda: of_data('"' + "\\n" * (room // 2 - 10) + '"', count),
        "data of numbers": lambda: of_data("[" + repeated("1e9", room - 10) + "]", count),
        "data of white space": lambda: of_data("[" + " " * (room - 10) + "]", count),
        "data of base64": lambda: write(*[event(f'"data_base64":"{base64_text(room * 3 // 4 - 8)}"')] * count),
        "events of many metadata members": lambda: write(
            *[event('"metadata":' + members(size // many - len(event()) - 30))] * many),
    }
    return [
        Case(f"{label} to POST /events: {title}", lambda _, form=form: post("/events", form()))
        for title, form in forms.items()]


def metadata(size: int, label: str) -> list[Case]:
    """One event's metadata, whose members must have names of their own."""
    forms = {
        "many members": lambda: '"metadata":' + members(size),
        "the same member": lambda: '"metadata":' + object(repeated('"a":0', size)),
        "names of escapes": lambda: '"metadata":{' + numbered('"\\u0061{}":1,', size - 10) + '"z":1}',
        "nested deep": lambda: '"metadata":{"a":' + nested(size - 10) + "}",
    }
    return [
        Case(f"{label} of one event's metadata: {title}", lambda _, form=form: post("/events", write(event(form()))))
        for title, form in forms.items()]


def chunked(title: str, path: str, body: bytes, size: int, extension: str = "") -> Case:
    def payload(_) -> bytes:
        return head + b"".join(
            f"{len(body[n:n + size]):x}{extension}\r\n".encode() + body[n:n + size] + b"\r\n"
            for n in range(0, len(body), size)) + b"0\r\n\r\n"

    head = get(path, "Content-Type: application/json", "Transfer-Encoding: chunked", method="POST")
    return Case(title, payload)


def others() -> list[Case]:
    worker = object(f'"worker_id":"{ulid(1)}"').encode()
    text = '"' + "x" * (WHOLE // 2 - 200) + '"'
    trailers = b"".join(b"t%d: a\r\n" % n for n in range(90))
    return [
        Case("16 MB to POST /events: two payloads of 8 MB, written", lambda _: post(
            "/events", write(*[event('"data":' + text, version="")] * 2))),
        Case("16 MB to POST /events: two payloads of 8 MB, 4 clients", lambda _: post(
            "/events", of_data(text, 2)), clients=4),
        Case("17 MB to POST /events: declared, and too much", lambda _: post("/events", b" " * (17 << 20))),
        Case("16 MB to GET /healthz", lambda _: post("/healthz", b" " * WHOLE, method="GET")),
        Case("16 MB to a path that is none", lambda _: post("/none", b" " * WHOLE)),
        Case("16 MB to PUT /subscribers: white space behind", lambda _: post(
            "/subscribers/cost", worker + b" " * WHOLE, method="PUT"), short=False),
        chunked("chunks of one byte, 1 MB of them", "/events", of_data('"' + "x" * (1 << 20) + '"', 1), 1),
        chunked("chunks of one byte with extensions, up to their limit", "/events", b" " * 2000, 1, ";a"),
        chunked("chunks of 64 KB, 17 MB of them", "/events", b" " * (17 << 20), 64 << 10),
        Case(
            "a trailer section of 90 fields",
            get("/events", "Transfer-Encoding: chunked", method="POST") + b"1\r\n{\r\n0\r\n" + trailers + b"\r\n"),
    ]


def cases() -> list[Case]:
    return (
        metadata(SMALL, "32 KB") + metadata(METADATA, "64 KB") + wrong(SMALL, "32 KB") + right(SMALL, "32 KB")
        + right(WHOLE, "16 MB") + wrong(WHOLE, "16 MB") + others())
