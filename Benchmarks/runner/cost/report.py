"""The table: each figure with the most that it may be."""

from .case import Outcome

HEADER = (
    "| case | answer | sent | event loop µs | × /healthz | all threads µs | memory MB | held MB | /healthz p99 ms "
    "| write p99 ms | read p99 ms |\n|---|---|---|---|---|---|---|---|---|---|---|")

GROUPS = (
    "| cases | number | bounds | exceeded | largest share of a bound: event loop | all threads | memory | others' wait |"
    "\n|---|---|---|---|---|---|---|---|")


def row(outcome: Outcome) -> str:
    cells = [
        outcome.title, outcome.answer, size(outcome.sent), cell(outcome, "loop", 1e6), f"{outcome.loop_times:.3g}",
        cell(outcome, "total", 1e6) or f"{outcome.total * 1e6:.0f}", cell(outcome, "memory", 2**-20, 1),
        cell(outcome, "held", 2**-20, 1), *(
            cell(outcome, kind, 1e3, 1) for kind in ("healthz", "write", "read"))]
    return "| " + " | ".join(cells) + " |"


def share(outcomes: list[Outcome], *names: str) -> str:
    """The largest share of a bound."""
    shares = [outcome.figures[name].excess for outcome in outcomes for name in names if name in outcome.figures]
    return f"{max(shares):.2f}" if shares else ""


def cell(outcome: Outcome, name: str, scale: float, digits: int = 0) -> str:
    """A figure; with its bound, where it is exceeded."""
    figure = outcome.figures.get(name)
    if figure is None:
        return ""
    value = f"{figure.value * scale:.{digits}f}"
    return f"**{value}** (≤ {figure.limit * scale:.{digits}f})" if figure.excess > 1 else value


def size(count: int) -> str:
    for unit, scale in (("MB", 1 << 20), ("KB", 1 << 10)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count} B"


def summary(found: list[tuple[str, Outcome]]) -> str:
    """How near each group of cases comes to its bounds, and what exceeds them."""
    lines = ["\n" + GROUPS]
    groups: dict[str, list[Outcome]] = {}
    for group, outcome in found:
        groups.setdefault(group, []).append(outcome)
    for group, outcomes in groups.items():
        shares = [share(outcomes, *names) for names in (
            ("loop",), ("total",), ("memory", "held"), ("healthz", "write", "read"))]
        lines.append(
            f"| {group} | {len(outcomes)} | {sum(len(one.figures) for one in outcomes)} "
            f"| {sum(len(one.exceeded) for one in outcomes)} | " + " | ".join(shares) + " |")
    outcomes = [outcome for _, outcome in found]
    exceeded = [(outcome, name) for outcome in outcomes for name in outcome.exceeded]
    lines += [f"\n{len(exceeded)} of {sum(len(o.figures) for o in outcomes)} bounds are exceeded."]
    lines += [
        f"- {outcome.title}: {name}, {outcome.figures[name].excess:.3g} times its bound" for outcome, name in exceeded]
    return "\n".join(lines)
