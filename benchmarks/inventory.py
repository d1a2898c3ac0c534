"""Time of a day of the model with stocks, and agreement with the C++ simulator of its authors.

``python -m benchmarks.inventory [1k/10 10k/10 100k/10 ...] [--peer PROGRAM] [--rule RULE] [--departures]``

PROGRAM is a build of github.com/HiroyasuInoue/ProductionNetworkSimulator that the user has; it runs serially on the
same network, disruption and rule. Times are CPU milliseconds per day with the set-up taken off (the difference of a
short and a long run), medians over interleaved rounds, both on one thread; the ratio is of medians.

By equal ratios the peer departs from the published steps in two ways: a customer that ordered nothing is served in the
first round like everybody, and final demand is charged for rounds after it has all it wants, so that less is handed
out than made. So these rules are run twice: *as usual*, where production differs by what the departures do, and
*mild*, where neither can occur (no order falls to nothing, and final demand buys only where firms do not), so that both
must agree. ``--departures`` shows that there is nothing else: plain rounds are ours without the two departures and the
peer's with them.

After a hundred days and more, where production has all but ceased, the series also part with final demand last: the
peer takes what firms order for demand less final demand, which rounding then swallows.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.cascade import size, synthetic
from reshore.seeds import stream
from reshore.stress.cascade import RATIONING, Habits, Network, network_from_arrays
from reshore.stress.cascade.inventory import next_days

SHORT = 2


@dataclass(frozen=True)
class Conditions:
    """How firms keep stocks, what part of the losses holds, and whether final demand buys from suppliers of firms."""

    name: str
    stock_days: int
    adjustment_days: int
    loss_share: float
    final_demand_everywhere: bool


USUAL = Conditions("as usual", 15, 6, 1.0, True)
MILD = Conditions("mild", 5, 60, 0.5, False)


def case(firms: int, links: int, conditions: Conditions) -> tuple[Network, np.ndarray]:
    """The network of ``benchmarks/cascade.py`` with final demand, and what a tenth of its firms lose."""
    plain, _ = synthetic(firms, links, 1)
    sold = np.bincount(plain.supplier, plain.value, firms)
    bought = np.bincount(plain.buyer, plain.value, firms)
    network = network_from_arrays(
        supplier=plain.supplier,
        buyer=plain.buyer,
        value=plain.value,
        need=plain.need,
        sector=plain.sector,
        final_demand=np.where(sold > 0, sold if conditions.final_demand_everywhere else 0.0, bought + 1.0),
    )
    random = stream(1, f"benchmark disruption {firms}/{links}")
    return network, np.where(random.random(firms) < 0.1, random.random(firms), 0.0) * conditions.loss_share


def peer(
    program: str, network: Network, loss: np.ndarray, rule: str, days: int, conditions: Conditions
) -> tuple[float, np.ndarray]:
    """CPU seconds of the peer, and its production by day."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        flows = zip(network.supplier.tolist(), network.buyer.tolist(), network.value.tolist(), strict=True)
        (place / "flows").write_text("".join(f"{i} {j} {value!r}\n" for i, j, value in flows))
        for name, values in (("final", network.final_demand), ("normal", network.output), ("loss", loss)):
            (place / name).write_text("".join(f"{k} {value!r}\n" for k, value in enumerate(values.tolist())))
        (place / "sectors").write_text("".join(f"{k} {code} 0\n" for k, code in enumerate(network.sector.tolist())))
        rank = list(RATIONING).index(rule)
        words = [program, "-m", "-R", str(rank), "-i", str(conditions.stock_days), "-T",
                 str(conditions.adjustment_days), "-t", str(days), "-d", "loss", "-X", "made",
                 "flows", "final", "normal", "sectors"]  # fmt: skip
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(words, cwd=folder, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        made = np.loadtxt(place / "made")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, made[made[:, 0] >= 0, 1]


def compare(firms: int, links: int, rule: str, conditions: Conditions, chosen: argparse.Namespace) -> None:
    network, loss = case(firms, links, conditions)
    habits = Habits(conditions.stock_days, conditions.adjustment_days, rule)
    days = chosen.days

    def ours(count: int) -> tuple[float, np.ndarray]:
        start = time.process_time()
        made = next_days(network, loss, count, habits)
        return time.process_time() - start, made

    def theirs(count: int) -> tuple[float, np.ndarray]:
        return peer(chosen.peer, network, loss, rule, count, conditions)

    ours(SHORT)
    repeats = max(1, 200_000 // network.flow_count)
    spent: dict[str, list[float]] = {"reshore": [], "peer": []}
    worst = 0.0
    for _ in range(chosen.rounds):
        for _ in range(repeats):
            long, made = ours(days)
            spent["reshore"].append(1e3 * (long - ours(SHORT)[0]) / (days - SHORT))
        if chosen.peer is not None:
            long, series = theirs(days)
            spent["peer"].append(1e3 * (long - theirs(SHORT)[0]) / (days - SHORT))
            worst = float(np.abs(made.sum(axis=1) / series - 1.0).max())
    mine = statistics.median(spent["reshore"])
    print(f"{firms:,} firms, {network.flow_count:,} links, {rule}, {conditions.name}: {mine:.3f} ms per day", end="")
    if chosen.peer is not None:
        other = statistics.median(spent["peer"])
        print(f"; peer {other:.3f} ms, {other / mine:.0f}x; production differs by {worst:.1e} at most", end="")
    print(flush=True)


def in_rounds(asked: np.ndarray, usual: np.ndarray, made: float, final: int | None, departs: bool) -> np.ndarray:
    """What everybody gets by the published steps, or as the peer departs from them; entry `final` is final demand."""
    wants, got = asked / usual, np.zeros(len(asked))
    inside = np.ones(len(asked), bool) if departs else wants > 0
    while (wants[inside] > 0).any():
        low = wants[inside & (wants > 0)].min()
        needed = low * usual[inside].sum()
        if departs and final is not None and not inside[final]:
            needed += low * usual[final]
        if made <= needed:
            inside &= wants > 0
            got[inside] += made / usual[inside].sum()
            break
        got[inside] += low
        wants[inside] -= low
        inside &= wants > 0
        made -= needed
    return got * usual


def plain_days(
    network: Network, loss: np.ndarray, days: int, rule: str, conditions: Conditions, departs: bool
) -> np.ndarray:
    """Production by day, firm after firm in rounds."""
    use, normal, final, count = network.value, network.output, network.final_demand, network.firm_count
    stock_days, tau = conditions.stock_days, conditions.adjustment_days
    kinds = len(network.sectors)
    keys, slot = np.unique(
        network.buyer.astype(np.int64) * kinds + network.sector[network.supplier], return_inverse=True
    )
    buyer, needed = keys // kinds, np.bincount(slot, use)
    sales = [np.flatnonzero(network.supplier == i) for i in range(count)]
    stock, got, made, course = stock_days * use, use.copy(), normal.copy(), []
    for _ in range(days):
        pace, held = made / normal, np.bincount(slot, stock)
        used = np.divide(pace[buyer] * needed, held, out=np.zeros(len(held)), where=held > 0)
        stock = np.maximum(0.0, stock + got - stock * used[slot])
        wanted = use * pace[network.buyer]
        got = order = np.maximum(0.0, wanted + (stock_days * wanted - stock) / tau)
        demand = final + np.bincount(network.supplier, order, count)
        most = normal * (1.0 - loss)
        np.minimum.at(most, buyer, np.bincount(slot, stock) / needed * normal[buyer])
        made, got = np.minimum(most, demand), order.copy()
        for i in np.flatnonzero((made < demand) | departs).tolist():
            some = sales[i]
            if rule == "equal_ratio" and final[i] > 0:
                parts = in_rounds(
                    np.append(order[some], final[i]), np.append(use[some], final[i]), made[i], len(some), departs
                )
                got[some] = parts[:-1]
            else:
                left = made[i] - max(0.0, min(final[i], made[i] - order[some].sum()))
                got[some] = in_rounds(order[some], use[some], left, None, departs)
        course.append(made.sum())
    return np.array(course)


def show_departures(chosen: argparse.Namespace) -> None:
    firms, links, days = *size("1k/10"), 12
    network, loss = case(firms, links, USUAL)
    for rule in ("equal_ratio", "equal_ratio_final_demand_last"):
        made = {"reshore": next_days(network, loss, days, Habits(USUAL.stock_days, USUAL.adjustment_days, rule)).sum(1)}
        made["peer"] = peer(chosen.peer, network, loss, rule, days, USUAL)[1]
        for departs, words in ((False, "the published steps"), (True, "the two departures")):
            plain = plain_days(network, loss, days, rule, USUAL, departs)
            gaps = {name: float(np.abs(series / plain - 1.0).max()) for name, series in made.items()}
            print(
                f"{rule}, plain rounds with {words}: " + ", ".join(f"{n} differs by {g:.1e}" for n, g in gaps.items())
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", default=["1k/10", "10k/10"], help="firms/links, such as 100k/10")
    parser.add_argument("--peer", help="the peer's program")
    parser.add_argument("--days", type=int, default=22)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rule", choices=list(RATIONING), action="append", help="rationing rule; several")
    parser.add_argument("--departures", action="store_true", help="what the peer does other than published")
    chosen = parser.parse_args()
    if chosen.departures:
        if chosen.peer is None:
            parser.error("--departures needs --peer")
        show_departures(chosen)
        return
    for words in chosen.sizes:
        for rule in chosen.rule or list(RATIONING):
            for conditions in (USUAL, MILD) if rule.startswith("equal_ratio") else (USUAL,):
                compare(*size(words), rule, conditions, chosen)


if __name__ == "__main__":
    main()
