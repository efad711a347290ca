"""Writers of UmaDB with its own client: umadb_writers.py PORT PROCESSES THREADS SECONDS; prints one JSON object."""

import json
import multiprocessing
import sys
import threading
import time

import umadb

DATA = b'{"text":"' + b"x" * 189 + b'"}'


def work(port: int, threads: int, seconds: float, counts) -> None:
    def write(number: int) -> None:
        client = umadb.Client(f"http://127.0.0.1:{port}")
        event = [umadb.Event(event_type="MoneyDeposited", data=DATA, tags=[f"account-{number}-{time.time_ns()}"])]
        client.append(event)
        barrier.wait()
        end, count, latencies = time.monotonic() + seconds, 0, []
        while (began := time.monotonic()) < end:
            client.append(event)
            latencies.append(time.monotonic() - began)
            count += 1
        counts.put((count, latencies))

    barrier = threading.Barrier(threads)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(threads)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()


def main() -> None:
    port, processes, threads, seconds = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    counts = multiprocessing.Queue()
    workers = [
        multiprocessing.Process(target=work, args=(port, threads, seconds, counts)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    results = [counts.get(timeout=seconds + 60) for _ in range(processes * threads)]
    for worker in workers:
        worker.join()
    latencies = sorted(latency for _, part in results for latency in part)
    print(json.dumps({
        "rate": sum(count for count, _ in results) / seconds,
        "p50_us": latencies[len(latencies) // 2] * 1e6, "p99_us": latencies[len(latencies) * 99 // 100] * 1e6}))


if __name__ == "__main__":
    main()
