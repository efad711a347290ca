"""What a probe is: bytes that are sent on a connection of their own, and what may come of them.

An outcome is written as the statuses of all answers in order, then `open` or `close` for the connection:
`400 close`, `200 200 open`. `wait` stands for a request that the server takes to be incomplete, `close` alone for an end
without an answer.
"""

import dataclasses


@dataclasses.dataclass
class Probe:
    name: str
    section: str
    sent: list
    allowed: tuple
    # Whether a request that is known to be good may follow on the same connection, to find out whether it is open.
    has_marker: bool = True
    ends_sending: bool = False
    # What the first answer must fulfil beside: called with it, says what is wrong or None.
    also: object = None
    pause: float = 0.0


def probe(name, section, sent, *allowed, **options):
    pieces = sent if isinstance(sent, list) else [sent]
    return Probe(name, section, [piece.encode("latin-1") if isinstance(piece, str) else piece for piece in pieces],
                 allowed, **options)


def get(target="/healthz", *lines, version="HTTP/1.1", host="Host: localhost", method="GET"):
    head = [f"{method} {target} {version}"] + ([host] if host else []) + list(lines)
    return "\r\n".join(head) + "\r\n\r\n"


def query(body, *lines, version="HTTP/1.1", length=True):
    """A request whose body is read: `POST /events/query`. An empty object reads a page."""
    head = [f"POST /events/query {version}", "Host: localhost"]
    if length:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head + list(lines)) + "\r\n\r\n" + body


def chunked(body, *lines):
    return query(body, "Transfer-Encoding: chunked", *lines, length=False)


# What a body holds that would be a request if it were not a body.
SMUGGLED = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
REFUSED = ("400 close",)
