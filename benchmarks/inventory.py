"""Time of a day of the model with stocks, and agreement with the C++ simulator of its authors.

``python benchmarks/inventory.py [1k/10 10k/10 100k/10 ...] [--peer PROGRAM]``

PROGRAM is a build of github.com/HiroyasuInoue/ProductionNetworkSimulator that the user has; it runs serially on the
same network, disruption and rule. Times are CPU milliseconds per day with the set-up taken off (the difference of a
short and a long run), medians over interleaved rounds. With ``equal_ratio`` the two differ: the peer goes on charging
final demand for rounds of sharing out in which it no longer takes part, and hands out less than was made.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.cascade import size, synthetic
from reshore.seeds import stream
from reshore.stress.cascade import RATIONING, Network, network_from_arrays
from reshore.stress.cascade.inventory import Habits, next_days

STOCK_DAYS, ADJUSTMENT_DAYS, SHORT = 15, 6, 2


def with_final_demand(firms: int, links: int, seed: int) -> Network:
    """The network of ``benchmarks/cascade.py`` in which final demand takes as much again as firms, or all."""
    plain, _ = synthetic(firms, links, seed)
    sold = np.bincount(plain.supplier, plain.value, firms)
    bought = np.bincount(plain.buyer, plain.value, firms)
    return network_from_arrays(
        supplier=plain.supplier,
        buyer=plain.buyer,
        value=plain.value,
        need=plain.need,
        sector=plain.sector,
        final_demand=np.where(sold > 0, sold, bought + 1.0),
    )


def peer(program: str, network: Network, loss: np.ndarray, rule: str, days: int) -> tuple[float, np.ndarray]:
    """CPU seconds of the peer, and its production by day."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        flows = zip(network.supplier.tolist(), network.buyer.tolist(), network.value.tolist(), strict=True)
        (place / "flows").write_text("".join(f"{i} {j} {value!r}\n" for i, j, value in flows))
        for name, values in (("final", network.final_demand), ("normal", network.output), ("loss", loss)):
            (place / name).write_text("".join(f"{k} {value!r}\n" for k, value in enumerate(values.tolist())))
        (place / "sectors").write_text("".join(f"{k} {code} 0\n" for k, code in enumerate(network.sector.tolist())))
        rank = list(RATIONING).index(rule)
        words = [program, "-m", "-R", str(rank), "-i", str(STOCK_DAYS), "-T", str(ADJUSTMENT_DAYS), "-t", str(days),
                 "-d", "loss", "-X", "made", "flows", "final", "normal", "sectors"]  # fmt: skip
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(words, cwd=folder, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        made = np.loadtxt(place / "made")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, made[made[:, 0] >= 0, 1]


def compare(firms: int, links: int, rule: str, days: int, rounds: int, program: str | None) -> None:
    network = with_final_demand(firms, links, 1)
    random = stream(1, f"benchmark disruption {firms}/{links}")
    loss = np.where(random.random(firms) < 0.1, random.random(firms), 0.0)
    habits = Habits(STOCK_DAYS, ADJUSTMENT_DAYS, rule)

    def ours(count: int) -> tuple[float, np.ndarray]:
        start = time.process_time()
        made = next_days(network, loss, count, habits)
        return time.process_time() - start, made

    ours(SHORT)
    spent: dict[str, list[float]] = {"reshore": [], "peer": []}
    worst = 0.0
    for _ in range(rounds):
        long, made = ours(days)
        spent["reshore"].append(1e3 * (long - ours(SHORT)[0]) / (days - SHORT))
        if program is not None:
            long, series = peer(program, network, loss, rule, days)
            spent["peer"].append(1e3 * (long - peer(program, network, loss, rule, SHORT)[0]) / (days - SHORT))
            worst = float(np.abs(made.sum(axis=1) / series - 1.0).max())
    mine = statistics.median(spent["reshore"])
    print(f"{firms:,} firms, {network.flow_count:,} links, {rule}: {mine:.3f} ms per day", end="")
    if program is not None:
        theirs = statistics.median(spent["peer"])
        print(f"; peer {theirs:.3f} ms, {theirs / mine:.0f}x; production differs by {worst:.1e} at most", end="")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", default=["1k/10", "10k/10"], help="firms/links, such as 100k/10")
    parser.add_argument("--peer", help="the peer's program")
    parser.add_argument("--days", type=int, default=22)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rule", choices=list(RATIONING), action="append", help="rationing rule; several")
    chosen = parser.parse_args()
    for words in chosen.sizes:
        for rule in chosen.rule or ["proportional"]:
            compare(*size(words), rule, chosen.days, chosen.rounds, chosen.peer)


if __name__ == "__main__":
    main()
