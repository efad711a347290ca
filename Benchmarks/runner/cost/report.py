"""The table: each figure with the most that it may be."""

from .case import Outcome

HEADER = (
    "| case | answer | sent | event loop µs | × /healthz | all threads µs | memory MB | held MB | /healthz p99 ms "
    "| write p99 ms | read p99 ms |\n|---|---|---|---|---|---|---|---|---|---|---|")


def row(outcome: Outcome) -> str:
    cells = [
        outcome.title, outcome.answer, size(outcome.sent), cell(outcome, "loop", 1e6), f"{outcome.loop_times:.3g}",
        cell(outcome, "total", 1e6) or f"{outcome.total * 1e6:.0f}", cell(outcome, "memory", 2**-20, 1),
        cell(outcome, "held", 2**-20, 1), *(
            cell(outcome, kind, 1e3, 1) for kind in ("healthz", "write", "read"))]
    return "| " + " | ".join(cells) + " |"


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


def summary(outcomes: list[Outcome]) -> str:
    exceeded = [(outcome, name) for outcome in outcomes for name in outcome.exceeded]
    lines = [f"\n{len(exceeded)} of {sum(len(o.figures) for o in outcomes)} bounds are exceeded."]
    lines += [
        f"- {outcome.title}: {name}, {outcome.figures[name].excess:.3g} times its bound" for outcome, name in exceeded]
    return "\n".join(lines)
