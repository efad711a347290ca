"""Small requests that ask much of a store: of one with very many names, of one with large events, of many subscribers."""

import json

from .case import Case
from .stores import BIG, PER_WRITE, Stores, event, ulid
from .watched import get, post

READERS = 8
FILTERS = 200
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
        read("an aggregate, a routing key that it has not", "aggregator_type=wide&aggregator_id=long&routing_key=last&first=1"),
        read("a wait for a type", "aggregator_type=wide&after=now&wait=1", looks=WAKINGS),
        read("a wait for a routing key", "routing_key=last&after=now&wait=1", looks=WAKINGS, clients=100),
        ask("200 filters of one type", {"aggregators": [wide] * FILTERS, "first": 1}),
        ask("200 names", {"aggregators": some, "first": 1}),
        ask("200 names, 1000 events", {"aggregators": some, "first": 1000}),
        ask("200 aggregates, a name that they have not", {"aggregators": aggregates, "first": 1}),
        ask("one aggregate, 200 names that it has not", {"aggregators": absent, "first": 1}, clients=2),
        ask("200 types, the last event", {"aggregators": types, "last": 1}),
        ask("a type with a routing key, 200 times", {"aggregators": [wide] * FILTERS, "routing_key": "last", "first": 1}),
        write("a write unless there is an event of a type", [wide]),
        write("a write unless there is one of 200 types", types),
        write("a write unless there is one of 200 names", some),
        write("a write unless an aggregate has one of 200 names", absent),
        write("a write unless an aggregate ever had one of 200 names", absent, of_all=True),
        Case("many names: GET /metrics", get("/metrics"), store="names", beside_store=True, clients=READERS),
    ]


def large(stores: Stores) -> list[Case]:
    """Requests that name large events, and many."""
    def with_ids(ids: list[str], data: str = '"other"') -> bytes:
        """A resend with other content, as short as it can be."""
        return post("/events", {"events": [
            event("l", "b", "B", id=id, data=json.loads(data)) for id in ids]})

    def case(title: str, payload, **more) -> Case:
        return Case(title, payload, **{"store": "large", "beside_store": True, "looks": FEW, **more})

    def resend(facts, count: int, data) -> bytes:
        return post("/events", {"events": [
            event("large", f"big{n}", "Big", data=data, id=facts["big"][n], timestamp=1) for n in range(count)]})

    def altered(facts) -> bytes:
        """The same up to the last byte of the last event."""
        events = [dict(e) for e in facts["ordinary"]]
        events[-1]["data"] = {"text": "z" * 199 + "y"}
        return post("/events", {"events": events})

    big, text = stores.big_events, "x" * BIG
    return [
        case("resend: one stored event of 8 MB, its id 250 times", lambda facts: with_ids(facts["big"][:1] * 250), looks=250),
        case("resend: one stored event of 8 MB, the same content 250 times but for its data", lambda facts: post(
            "/events", {"events": [event("large", "big0", "Big", id=facts["big"][0], timestamp=1, data=1)] * 250}), looks=250),
        case("resend: stored events of 8 MB, each with other data", lambda facts: resend(facts, big, 1), looks=big),
        case("resend: a stored event of 8 MB, the same content", lambda facts: resend(facts, 1, text), unbounded=("write",)),
        case("resend: a stored event of 8 MB, another last byte", lambda facts: resend(facts, 1, text[:-1] + "y"),
             unbounded=("write",)),
        case("resend: 1000 ordinary events", lambda facts: post("/events", {"events": facts["ordinary"]}), looks=PER_WRITE),
        case("resend: 1000 ordinary events, the last one altered", altered, looks=PER_WRITE),
        case("resend: 1000 ids, other content", lambda facts: with_ids([e["id"] for e in facts["ordinary"]]), looks=PER_WRITE),
        case("resend: one id 1000 times", lambda facts: with_ids([facts["ordinary"][0]["id"]] * PER_WRITE), looks=PER_WRITE),
        case("resend: a new id 1000 times", lambda facts: with_ids([ulid(NEW)] * PER_WRITE), looks=PER_WRITE),
        case("resend: 999 ordinary events and a new one", lambda facts: post(
            "/events", {"events": [*facts["ordinary"][:-1], event("large", "new", "New", id=ulid(NEW + 1), timestamp=1)]}), looks=PER_WRITE),
        case("read: an event of 8 MB", lambda facts: get(f"/events/{facts['big'][0]}"), clients=1),
        case("read: an event of 8 MB as base64", lambda facts: get(f"/events/{facts['big'][0]}?encoding=base64"), clients=1),
        case("read: an event of 8 MB, HEAD", lambda facts: get(f"/events/{facts['big'][0]}", method="HEAD"), is_head=True, asks=BIG),
        case("read: a page of 8 MB", lambda facts: get("/events?first=1000&aggregator_type=large&name=Page"), clients=1),
        case("read: a page of 8 MB, HEAD", lambda facts: get("/events?first=1000&aggregator_type=large&name=Page", method="HEAD"),
             is_head=True, asks=BIG),
        case("read: events of 8 MB, first=1000", lambda facts: get("/events?first=1000"), clients=1),
        case("read: last=1000", lambda facts: get("/events?last=1000"), clients=READERS),
        case("read: last=65535 as base64", lambda facts: get("/events?last=65535&encoding=base64"), clients=READERS),
        case("read: 200 filters of one aggregate, 1000 events", lambda facts: post("/events/query", {
            "aggregators": [{"aggregator_type": "large", "aggregator_id": f"ordinary{n % 50}"} for n in range(FILTERS)],
            "first": 1000}), clients=READERS),
        case("read: a snapshot of 8 MB", lambda facts: get("/snapshots/large/1/one"), clients=1),
        case("read: a snapshot of 8 MB as base64", lambda facts: get("/snapshots/large/1/one?encoding=base64"), clients=1),
        case("write: a snapshot of 8 MB", lambda facts: post(
            "/snapshots/large/1/one", {"cursor": facts["cursor"], "data": text}, method="PUT"),
            unbounded=("write",)),
        case("read: a damaged cursor of a subscriber", lambda facts: post(
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
