"""The same routes in Hummingbird with GRDB at synchronous=FULL: Peers/HummingbirdPeer, a package of its own."""

from .. import paths
from ..compare import Comparison, Target
from ..processes import Gateway, Server, free_port, load, measured

ABOUT = "the same routes in Hummingbird + GRDB (its build takes minutes)"
TOOLS = ["event-load"]
PACKAGE = paths.BENCHMARKS / "Peers" / "HummingbirdPeer"


def comparisons(settings):
    folder = PACKAGE / ".build-static"
    program = folder / "release" / "hummingbird-peer"
    if not program.exists():
        paths.swift_build(PACKAGE, "hummingbird-peer", *paths.as_in_a_container(folder))

    def peer(core=None) -> Server:
        folder, port = paths.fresh_folder("hummingbird"), free_port()
        return Server([program, port, folder / "store.sqlite"], port, core=core)

    def gateway(core=None) -> Server:
        return Gateway(paths.fresh_folder("writes") / "store.sqlite", core=core)

    def run(start, mode, connections, *options, core=None):
        with start(core) as server:
            return measured(
                server, mode, *settings.timed(connections), *options, core=1 if core is not None else None)

    def page(start):
        with start(0) as server:
            load("write", server.port, "--connections", 1, "--count", 2000)
            return measured(server, "get", "--path", "/events?first=100", *settings.timed(8), core=1)

    def against(title, at_least, measure):
        return Comparison(
            title, {"gateway": lambda: measure(gateway), "Hummingbird + GRDB": lambda: measure(peer)},
            [Target("gateway", "Hummingbird + GRDB", at_least=at_least)])

    yield against("GET /healthz, 64 connections", 5, lambda start: run(start, "get", 64, core=0))
    yield against("Durable single-event POST, 64 connections", 14, lambda start: run(start, "write", 64))
    yield against("Pages of 100 from the beginning, 8 connections", 10, page)
