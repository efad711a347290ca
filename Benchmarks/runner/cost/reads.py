"""Small requests that ask much of a store: one of very many names, one of large events, one of many subscribers."""

from .bodies import FILTERS
from .case import Case
from .stores import BIG, PER_WRITE, Stores, event, ulid
from .watched import get, post

READERS = 8
FEW = 4
# Numbers of ids that no store has.
NEW = 50_000_000
# A second of waiting may look so often.
WAKINGS = 20


def names(stores: Stores) -> list[Case]:
    """Filters on a type, a routing key or an aggregate with very much of everything."""
    count = stores.names

    def read(title: str, query: str, **more) -> Case:
        return Case(
            f"many names: {title}", get(f"/events?{query}"), store="names", beside_store=True,
            **{"clients": READERS, **more})

    def ask(title: str, body: dict, **more) -> Case:
        return Case(
            f"many names: {title}", post("/events/query", body), store="names", beside_store=True, looks=FILTERS,
            **{"clients": READERS, **more})

    def write(title: str, filters: list[dict], of_all: bool = False) -> Case:
        def payload(facts):
            condition = {"fail_if_events_match": filters} | ({} if of_all else {"after": facts["end"]})
            return post("/events", {"events": [event("conditional", "one", "Happened")], "condition": condition})
        # A commit costs more than a probe, whatever it is for.
        return Case(
            f"many names: {title}", payload, store="names", beside_store=True, looks=max(len(filters), FEW))

    # What the event loop does for others in that second is more than what it does for them.
    waiting = {"clients": 100, "looks": WAKINGS, "unbounded": ("loop",)}
    wide = {"aggregator_type": "wide"}
    absent = [{**wide, "aggregator_id": "long", "name": f"Name{n}"} for n in range(FILTERS)]
    aggregates = [{**wide, "aggregator_id": f"a{n}", "name": "Same"} for n in range(FILTERS)]
    types = [{"aggregator_type": f"type{n}"} for n in range(FILTERS)]
    some = [{**wide, "name": f"Name{n * (count // FILTERS)}"} for n in range(FILTERS)]
    return [
        read("a type, one event", "aggregator_type=wide&first=1"),
        read("a type, the last event", "aggregator_type=wide&last=1"),
        read("a type, 1000 events", "aggregator_type=wide&first=1000"),
        read("a type, nothing", "aggregator_type=wide&first=0"),
        read("a routing key, one event", "routing_key=hub&first=1"),
        read("a routing key, 1000 from the end", "routing_key=hub&last=1000"),
        read("events without a routing key", "routing_key=&first=1"),
        read("a type and a routing key", "aggregator_type=wide&routing_key=hub&first=1"),
        read("a type and a rare routing key", "aggregator_type=wide&routing_key=last&first=1"),
        read("an aggregate, a name that it has not", "aggregator_type=wide&aggregator_id=long&name=Same&first=1"),
        read(
            "an aggregate, a routing key that it has not",
            "aggregator_type=wide&aggregator_id=long&routing_key=last&first=1"),
        read("a wait for a type", "aggregator_type=wide&after=now&wait=1", **waiting),
        read("a wait for a routing key", "routing_key=last&after=now&wait=1", **waiting),
        ask("200 filters of one type", {"aggregators": [wide] * FILTERS, "first": 1}),
        ask("200 names", {"aggregators": some, "first": 1}),
        ask("200 names, 1000 events", {"aggregators": some, "first": 1000}),
        ask("200 aggregates, a name that they have not", {"aggregators": aggregates, "first": 1}),
        ask("one aggregate, 200 names that it has not", {"aggregators": absent, "first": 1}, clients=2),
        ask("200 types, the last event", {"aggregators": types, "last": 1}),
        ask(
            "a type with a routing key, 200 times",
            {"aggregators": [wide] * FILTERS, "routing_key": "last", "first": 1}),
        write("a write unless there is an event of a type", [wide]),
        write("a write unless there is one of 200 types", types),
        write("a write unless there is one of 200 names", some),
        write("a write unless an aggregate has one of 200 names", absent),
        write("a write unless an aggregate ever had one of 200 names", absent, of_all=True),
        Case("many names: GET /metrics", get("/metrics"), store="names", beside_store=True, clients=READERS),
    ]


def large(stores: Stores) -> list[Case]:
    """Requests that name large events, and many."""
    def case(title: str, payload, **more) -> Case:
        return Case(title, payload, **{"store": "large", "beside_store": True, "looks": FEW, **more})

    def resend(title: str, events, **more) -> Case:
        """A write of events that are stored: what makes them takes the facts of the store."""
        return case(f"resend: {title}", lambda facts: post("/events", {"events": events(facts)}), **more)

    def read(title: str, target, **more) -> Case:
        return case(f"read: {title}", lambda facts: get(target(facts)), **more)

    def other(id: str) -> dict:
        """An event of that id and other content, as short as it can be."""
        return event("l", "b", "B", id=id, data=1)

    def same(facts, number: int, data) -> dict:
        """A large event that is stored, but for its data."""
        return event("large", f"big{number}", "Big", data=data, id=facts["big"][number], timestamp=1)

    def altered(facts) -> list[dict]:
        """The same up to the last byte of the last event."""
        *events, last = facts["ordinary"]
        return [*events, {**last, "data": {"text": "z" * 199 + "y"}}]

    big, text = stores.big_events, "x" * BIG
    page = "/events?first=1000&aggregator_type=large&name=Page"
    written = {"unbounded": ("write",)}
    some = [{"aggregator_type": "large", "aggregator_id": f"ordinary{n % 50}"} for n in range(FILTERS)]
    return [
        resend("one stored event of 8 MB, its id 250 times", lambda facts: [other(facts["big"][0])] * 250, looks=250),
        resend(
            "one stored event of 8 MB, the same but for its data, 250 times", lambda facts: [same(facts, 0, 1)] * 250,
            looks=250),
        resend(
            "stored events of 8 MB, each with other data", lambda facts: [same(facts, n, 1) for n in range(big)],
            looks=big),
        resend("a stored event of 8 MB, the same", lambda facts: [same(facts, 0, text)], **written),
        resend("a stored event of 8 MB, another last byte", lambda facts: [same(facts, 0, text[:-1] + "y")], **written),
        resend("1000 ordinary events", lambda facts: facts["ordinary"], looks=PER_WRITE),
        resend("1000 ordinary events, the last one altered", altered, looks=PER_WRITE),
        resend("999 ordinary events and a new one", lambda facts: [
            *facts["ordinary"][:-1], event("large", "new", "New", id=ulid(NEW), timestamp=1)], looks=PER_WRITE),
        resend(
            "1000 ids, other content", lambda facts: [other(one["id"]) for one in facts["ordinary"]], looks=PER_WRITE),
        resend("one id 1000 times", lambda facts: [other(facts["ordinary"][0]["id"])] * PER_WRITE, looks=PER_WRITE),
        resend("a new id 1000 times", lambda facts: [other(ulid(NEW))] * PER_WRITE, looks=PER_WRITE),
        read("an event of 8 MB", lambda facts: f"/events/{facts['big'][0]}"),
        read("an event of 8 MB as base64", lambda facts: f"/events/{facts['big'][0]}?encoding=base64"),
        case("read: an event of 8 MB, HEAD", lambda facts: get(f"/events/{facts['big'][0]}", method="HEAD"),
             is_head=True, asks=BIG),
        read("a page of 8 MB", lambda _: page),
        case("read: a page of 8 MB, HEAD", get(page, method="HEAD"), is_head=True, asks=BIG),
        read("events of 8 MB, first=1000", lambda _: "/events?first=1000"),
        read("last=1000", lambda _: "/events?last=1000", clients=READERS),
        read("last=65535 as base64", lambda _: "/events?last=65535&encoding=base64", clients=READERS),
        case("read: 200 filters of 50 aggregates, 1000 events", post(
            "/events/query", {"aggregators": some, "first": 1000}), looks=FILTERS, clients=READERS),
        read("a snapshot of 8 MB", lambda _: "/snapshots/large/1/one"),
        read("a snapshot of 8 MB as base64", lambda _: "/snapshots/large/1/one?encoding=base64"),
        case("write: a snapshot of 8 MB", lambda facts: post(
            "/snapshots/large/1/one", {"cursor": facts["cursor"], "data": text}, method="PUT"), **written),
        case("write: a damaged cursor of a subscriber", lambda facts: post(
            "/subscribers/none/cursor", {"cursor": facts["cursor"][:-1] + "A"}, method="PUT")),
    ]


def subscribers() -> list[Case]:
    def case(title: str, payload: bytes, **more) -> Case:
        return Case(f"many subscribers: {title}", payload, store="subscribers", beside_store=True, **more)

    return [
        case("GET /subscribers", get("/subscribers"), clients=2),
        case("GET /subscribers, HEAD", get("/subscribers", method="HEAD"), is_head=True, asks=1 << 18),
        case("pipelined GET /subscribers", get("/subscribers") * 20, requests=20),
    ]


def cases(stores: Stores) -> list[Case]:
    return names(stores) + large(stores) + subscribers()
