"""The command line of the runner."""

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from . import compare, paths
from .sections import SECTIONS


@dataclass
class Settings:
    rounds: int
    seconds: float
    events: int
    short: bool = False
    cases: tuple[str, ...] = ()
    slack: float = 1.0
    before: Path | None = None
    growth: bool = False

    def timed(self, connections: int) -> list:
        return ["--connections", connections, "--seconds", self.seconds, "--warm-up", 0.5]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="Benchmarks/run", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures the gateway against yardsticks and peers, by turns, and prints ratios.",
        epilog="sections:\n" + "\n".join(f"  {name:12} {s.ABOUT}" for name, s in SECTIONS.items()))
    parser.add_argument(
        "sections", nargs="*", metavar="section", help="all but catchup, cost, growth and the peers, where none is named")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement")
    parser.add_argument("--events", type=int, default=1_000_000, help="of the store that pages are read from")
    parser.add_argument("--json", type=Path, help="write everything that was measured to this file")
    parser.add_argument("--short", action="store_true", help="catchup, cost, postgresql: smaller stores and fewer requests")
    parser.add_argument("--case", action="append", default=[], help="cost: only cases with this text in their title")
    parser.add_argument("--slack", type=float, default=1, help="cost: how many times its bound a figure may be")
    parser.add_argument(
        "--before", type=Path, help="catchup: a checkout with built benchmarks, whose programs in Swift run beside")
    parser.add_argument(
        "--growth", action="store_true", help="catchup: only with ten times as many events (minutes, 4 GB)")
    parser.add_argument("--gateway", type=Path, help="measure this build of the command, as EVENTO_GATEWAY does")
    parser.add_argument("--no-build", action="store_true")
    arguments = parser.parse_args()
    if arguments.gateway:
        os.environ["EVENTO_GATEWAY"] = str(arguments.gateway.resolve())
    names = arguments.sections or [
        name for name in SECTIONS if name not in ("catchup", "cost", "peers", "postgresql", "hummingbird", "growth")]
    for name in names:
        if name not in SECTIONS:
            parser.error(f"there is no section {name}")
    if not arguments.no_build:
        paths.build(
            sorted({tool for name in names for tool in SECTIONS[name].TOOLS}),
            sorted({tool for name in names for tool in getattr(SECTIONS[name], "OF_PRODUCT", [])}))
    paths.WORK.mkdir(exist_ok=True)
    settings = Settings(
        arguments.rounds, arguments.seconds, arguments.events, arguments.short, tuple(arguments.case),
        arguments.slack, arguments.before, arguments.growth)
    outcomes = []
    for name in names:
        for outcome in measured(SECTIONS[name], settings):
            outcome["section"] = name
            outcomes.append(outcome)
            print(outcome.pop("text", None) or compare.table(outcome), flush=True)
            if arguments.json:
                write(arguments.json, settings, outcomes)
    missed = [r for o in outcomes for r in o["ratios"] if not r["met"]]
    print(f"\n{len(missed)} of {sum(len(o['ratios']) for o in outcomes)} targets are missed.")
    sys.exit(1 if missed else 0)


def measured(section, settings: Settings):
    if hasattr(section, "outcomes"):
        return section.outcomes(settings)
    return (compare.run(comparison, settings.rounds) for comparison in section.comparisons(settings))


def write(path: Path, settings: Settings, outcomes: list) -> None:
    about = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "machine": platform.machine(),
             "system": platform.platform(), "settings": vars(settings)}
    path.write_text(json.dumps({"about": about, "comparisons": outcomes}, indent=1, default=str))
