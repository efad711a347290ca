"""Contestants by turns, and what comes out as ratios."""

import statistics
from dataclasses import dataclass, field
from typing import Callable


@dataclass
class Target:
    """What one contestant has to be, as a multiple of another."""

    ours: str
    theirs: str
    at_least: float | None = None
    at_most: float | None = None
    figure: str = "rate"
    # The figure of the other one, where it has another name.
    against: str | None = None


@dataclass
class Comparison:
    title: str
    contestants: dict[str, Callable[[], dict]]
    targets: list[Target] = field(default_factory=list)


def run(comparison: Comparison, rounds: int) -> dict:
    """Each round runs every contestant once, in turn, every other round in the opposite order."""
    results: dict[str, list[dict]] = {name: [] for name in comparison.contestants}
    for number in range(rounds):
        names = list(comparison.contestants)
        for name in names if number % 2 == 0 else reversed(names):
            results[name].append(comparison.contestants[name]())
    ratios = []
    for target in comparison.targets:
        against = target.against or target.figure
        pairs = [
            a[target.figure] / b[against]
            for a, b in zip(results[target.ours], results[target.theirs]) if b.get(against)
        ]
        if not pairs:
            continue
        median = statistics.median(pairs)
        ratios.append({
            "ours": target.ours, "theirs": target.theirs, "figure": target.figure, "against": against,
            "median": median, "lowest": min(pairs), "highest": max(pairs),
            "at_least": target.at_least, "at_most": target.at_most,
            "met": (target.at_least is None or median >= target.at_least)
                   and (target.at_most is None or median <= target.at_most),
        })
    return {"title": comparison.title, "results": results, "ratios": ratios}


# Figures that only some results have.
EXTRA = [
    "start_ms", "bytes_per_connection", "bytes_per_follower", "received_share", "received_mb_rate", "close_p50_ms",
    "close_p99_ms", "skipped", "ns", "disk_bytes", "instructions", "reader_cpu_us", "total_cpu_us", "bytes_per_event"]


def table(outcome: dict) -> str:
    lines = [f"\n### {outcome['title']}\n", "| | requests /s | events /s | p50 us | p99 us | p99.9 us | server CPU us | RSS MiB |",
             "|---|---|---|---|---|---|---|---|"]
    notes = []
    for name, results in outcome["results"].items():
        def middle(key, scale=1.0, digits=0):
            values = [r[key] for r in results if r.get(key) is not None]
            return f"{statistics.median(values) * scale:.{digits}f}" if values else ""
        lines.append(
            f"| {name} | {middle('rate')} | {middle('events_rate')} | {middle('p50_us')} | {middle('p99_us')} | {middle('p999_us')} "
            f"| {middle('cpu_us', digits=1)} | {middle('resident_bytes', 1 / 2**20, 1)} |")
        extra = [f"{key} {middle(key, digits=3).rstrip('0').rstrip('.')}" for key in EXTRA if middle(key)]
        if extra:
            notes.append(f"- {name}: {', '.join(extra)}")
    lines += ["", *notes] if notes else []
    if outcome["ratios"]:
        lines += ["", "| ratio | median | spread | target | |", "|---|---|---|---|---|"]
    for ratio in outcome["ratios"]:
        bounds = [f">= {ratio['at_least']}"] if ratio["at_least"] is not None else []
        bounds += [f"<= {ratio['at_most']}"] if ratio["at_most"] is not None else []
        verdict = "" if not bounds else "met" if ratio["met"] else "**missed**"
        what = f"{ratio['ours']} / {ratio['theirs']}"
        if ratio["against"] != ratio["figure"]:
            what = f"{ratio['ours']}: {ratio['figure']} / {ratio['against']}"
        elif ratio["figure"] not in ("rate", "events_rate"):
            what += f" ({ratio['figure']})"
        lines.append(
            f"| {what} | {ratio['median']:.2f} "
            f"| {ratio['lowest']:.2f} - {ratio['highest']:.2f} | {' '.join(bounds)} | {verdict} |")
    return "\n".join(lines)
