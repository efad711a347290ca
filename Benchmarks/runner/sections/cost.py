"""The dearest request of every route and header within the default limits, each against bounds."""

import json
import os
import re

from .. import paths
from ..cost import bodies, case, heads, reads, report, streams
from ..cost.beside import Beside
from ..cost.stores import Stores
from ..cost.watched import HEALTHZ, Watched

ABOUT = "the dearest request of each kind: processor time, memory, and what others wait, each against a bound"
TOOLS: list[str] = []
# A gateway that has grown by no more serves the next case too.
KEPT = 1 << 20


def outcomes(settings):
    """Prints each case as it is measured, and gives what exceeds its bound."""
    case.Figure.slack = settings.slack
    # Two runs may go on at once.
    stores = Stores(paths.fresh_folder(f"cost-{os.getpid()}"), settings.short)
    groups = {
        "paths, queries, headers": heads.cases(), "bodies": bodies.cases(),
        "many names, resends, reads, subscribers": reads.cases(stores),
        "streams, unread answers": streams.cases(settings.short)}
    check_threat_model([case.title for cases in groups.values() for case in cases])
    chosen = [
        (group, case) for group, cases in groups.items() for case in cases
        if (case.short or not settings.short) and all(word in case.title for word in settings.cases)]
    print(f"\n### The dearest requests, {len(chosen)} of them\n\n{report.HEADER}", flush=True)
    found: list[tuple[str, case.Outcome]] = []
    with Bench(stores, 0.1 if settings.short else 1.0) as bench:
        for group, one in chosen:
            outcome = bench.measured(one)
            found.append((group, outcome))
            print(report.row(outcome), flush=True)
    # Of a gateway that has failed the log is kept.
    for file in [*stores.folder.glob("*.sqlite*"), *stores.folder.glob("tokens")]:
        file.unlink()
    if not any(stores.folder.iterdir()):
        stores.folder.rmdir()
    yield {
        "title": "The dearest requests", "text": report.summary(found),
        "results": {outcome.title: as_json(outcome) for _, outcome in found},
        "ratios": [
            {"ours": outcome.title, "figure": name, "median": figure.excess, "at_most": 1, "met": figure.excess <= 1}
            for _, outcome in found for name, figure in outcome.figures.items()],
    }


def check_threat_model(titles: list[str]) -> None:
    """Each case that docs/threat-model.md names is there."""
    for line in (paths.PRODUCT / "docs" / "threat-model.md").read_text().splitlines():
        _, named, cases = line.partition("`Benchmarks/run cost`")
        for title in re.findall('"([^"]+)"', cases) if named and line.startswith("|") else []:
            if not any(one.startswith(title.removesuffix(" …")) for one in titles):
                raise RuntimeError(f"docs/threat-model.md names a case that is none: {title}")


class Bench:
    """Measures cases, each in a gateway that holds no memory of another."""

    def __init__(self, stores: Stores, seconds: float):
        self.stores = stores
        self.seconds = seconds
        self.beside = Beside()
        self._server: Watched | None = None
        self._made_for: tuple = ()
        self._resident = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop()
        self.beside.close()

    def measured(self, one) -> case.Outcome:
        """A case, once more where it exceeds a bound: another program may have had the processors."""
        outcome = self._attempt(one)
        for _ in range(case.RETRIES):
            if not outcome.exceeded:
                break
            self._stop()
            outcome = outcome.better_of(self._attempt(one))
        return outcome

    def _attempt(self, one) -> case.Outcome:
        facts = self.stores.facts(one.store)
        server = self._gateway(one)
        try:
            kinds = case.small(server) if one.beside_store else {"healthz": HEALTHZ}
            arrangement = case.Arrangement(server, self.beside, kinds, self.seconds)
            outcome = one.measure(arrangement, facts)
            if not outcome.delayed.isdisjoint(outcome.exceeded):
                self._allow_for_machine(outcome)
            # Once memory has been taken, the next case would find it free.
            if server.resident_bytes() > self._resident + KEPT:
                self._stop()
        except Exception as error:
            if server.process.poll() is None:
                raise RuntimeError(f"case \"{one.title}\": {error}") from error
            # Its log is kept.
            self._stop()
            outcome = case.Outcome(
                one.title, {"answer": case.NO_ANSWER}, total=0, loop_times=0, sent=0, received=0,
                answer="the gateway has ended")
        return outcome

    def _allow_for_machine(self, outcome: case.Outcome) -> None:
        """Measures what others wait in a gateway where nothing happens: the machine may have become busy."""
        with Watched(self.stores.path("empty"), folder=self.stores.folder) as server:
            quiet = case.Arrangement(server, self.beside, case.small(server), max(self.seconds, 0.5))
            delays = quiet.control().phase
        for kind in outcome.delayed:
            figure = outcome.figures[kind]
            figure.limit = max(figure.limit, case.DELAY + delays.p99(kind))

    def _gateway(self, one) -> Watched:
        """The one of the case before, where it will do."""
        made_for = (one.store, *one.options, *one.needs.values())
        if self._server is None or made_for != self._made_for:
            self._stop()
            options = list(one.options)
            if tokens := one.needs.get("tokens"):
                file = self.stores.folder / "tokens"
                file.write_text(tokens)
                options += ["--token-file", file]
            self._server = Watched(self.stores.path(one.store), *options, folder=self.stores.folder)
            self._made_for = made_for
            self._resident = self._server.resident_bytes()
        return self._server

    def _stop(self) -> None:
        if self._server:
            self._server.stop()
            self._server = None


def as_json(outcome: case.Outcome) -> dict:
    return json.loads(json.dumps(outcome, default=vars))
