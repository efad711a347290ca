"""Figures of a run."""

import json
import statistics
from collections import Counter


def figures(load, readers, rounds, seconds):
    stored = [write for write in load.writes if write.is_stored]
    latencies = sorted((write.responded_at - write.sent_at) * 1000 for write in stored)
    return {
        "seconds": round(seconds, 1),
        "writes": len(load.writes),
        "stored_writes": len(stored),
        "stored_events": sum(len(write.events) for write in stored),
        "refused_writes": sum(write.is_refused for write in load.writes),
        "conflicts": sum((write.body or {}).get("code") == "invalid_original_version" for write in load.writes),
        "failed_conditions": sum((write.body or {}).get("code") == "condition_failed" for write in load.writes),
        "writes_without_response": sum(write.status is None for write in load.writes),
        "settled_by_retry": sum(write.status == 200 for write in load.writes),
        "attempts": {str(status): count for status, count in
                     Counter(status for _, _, status in load.attempts).most_common()},
        "write_ms": {"median": round(statistics.median(latencies), 1), "p99": round(quantile(latencies, 0.99), 1),
                     "max": round(latencies[-1], 1)} if latencies else None,
        "readers": {reader.name: {"events": len(reader.events), "connections": reader.connections,
                                  "errors": {str(status): count for status, count in reader.refusals.items()}}
                    for reader in readers},
        "rounds": rounds,
    }


def quantile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def print_figures(values, path=None):
    if path:
        with open(path, "w") as file:
            json.dump(values, file, indent=2)
            file.write("\n")
    print(json.dumps(values), flush=True)
