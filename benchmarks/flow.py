"""Processor time and memory of the flow program on synthetic chains and of one what-if on the shipped one.

``python benchmarks/flow.py [sizes]``; by default 200, 2,000 and 10,000 goods over 24 months.

A synthetic chain has eight steps; each good takes one to three inputs from the step before, one in ten of them only
important and one in ten a tool, and has one to six suppliers among twenty countries. The last step is final. One
country stops all deliveries for a year. The generator is seeded, so sizes compare between machines.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np

from reshore.chain import build_chain
from reshore.countries import COUNTRIES
from reshore.data import read_package
from reshore.flow import Cut, Outcome, Situation, Terms, World, build_flow, build_world, cut_off, run_flow
from reshore.optimize import solve
from reshore.seeds import stream

from benchmarks.exposure import frame  # isort: skip

SIZES = (200, 2_000, 10_000)
STEPS = 8
MONTHS = 24
PACKAGE = Path(__file__).parent.parent / "packages" / "critical-2026"


def synthetic(count: int) -> dict[str, object]:
    """Tables of a chain of `count` goods."""
    random = stream(7, "benchmark flow", count)
    names = [f"g{number:05d}" for number in range(count)]
    step = np.arange(count) * STEPS // count
    starts = np.searchsorted(step, np.arange(STEPS + 1))
    inputs: dict[str, list[object]] = {"good": [], "input": [], "need": [], "role": [], "life_years": []}
    for number in range(starts[1], count):
        low, high = starts[step[number] - 1], starts[step[number]]
        for other in sorted(set(random.integers(low, high, random.integers(1, 4)).tolist())):
            kind = random.random()
            inputs["good"].append(names[number])
            inputs["input"].append(names[other])
            inputs["need"].append("important" if kind < 0.1 else "essential")
            inputs["role"].append("capital" if kind > 0.9 else "consumed")
            inputs["life_years"].append(8.0 if kind > 0.9 else None)
    codes = sorted(COUNTRIES)[:20]
    supply: dict[str, list[object]] = {"good": [], "supplier": [], "share": []}
    for name in names:
        size = int(random.integers(1, 7))
        weights = random.dirichlet(np.full(size, 0.7))
        for country, weight in zip(random.choice(codes, size, replace=False).tolist(), weights.tolist(), strict=True):
            supply["good"].append(name)
            supply["supplier"].append(country)
            supply["share"].append(weight)
    rows, edges = len(supply["good"]), len(inputs["good"])
    return {
        "goods": frame("goods", {
            "good": list(names), "label": list(names), "chain": ["c"] * count, "step": [str(s) for s in step],
            "step_order": [int(s) for s in step], "kind": ["component"] * count,
            "final": [bool(s == STEPS - 1) for s in step],
        }),
        "inputs": frame("inputs", {**inputs, "source": ["s"] * edges}),
        "organizations": frame("organizations", {"organization": []}),
        "supply": frame("supply", {
            **supply, "market": ["WLD"] * rows, "basis": ["site"] * rows, "measure": ["value"] * rows,
            "coverage": ["complete"] * rows, "source": ["s"] * rows, "confidence": ["medium"] * rows,
            "year": [2024] * rows,
        }),
    }  # fmt: skip


def timed(work, *arguments):
    """Seconds of this process and result: on a shared machine the clock measures the neighbors."""
    start = time.process_time()
    result = work(*arguments)
    return time.process_time() - start, result


def situation_of(world: World) -> Situation:
    return cut_off(world, [Cut((sorted(COUNTRIES)[0],), months=12)], Terms(months=MONTHS))


HEADER = ("goods", "inputs", "world s", "program s", "short", "rows", "flow s", "peak MB", "unserved")


def measured(count: int) -> float:
    """Prints the row of one size; seconds of the flow."""
    chain = build_chain(synthetic(count))
    made, world = timed(build_world, chain)
    situation = situation_of(world)
    built, _ = timed(build_flow, world, situation)
    took, outcome = timed(run_flow, world, situation)
    tracemalloc.start()
    run_flow(world, situation)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    short = 0 if outcome.solved is None else int(outcome.solved.kept.sum())
    rows = 0 if outcome.solved is None else outcome.solved.flow.program.n_rows
    lost = 1 - outcome.served.sum() / situation.asked.sum()
    row = (count, len(chain.inputs), f"{made:.2f}", f"{built:.2f}", short, rows, f"{took:.2f}", f"{peak:.0f}",
           f"{lost:.1%}")  # fmt: skip
    print(" ".join(f"{cell:>9}" for cell in row), flush=True)
    return took


def sizes(counts: tuple[int, ...]) -> None:
    print(" ".join(f"{cell:>9}" for cell in HEADER))
    seconds = [measured(count) for count in counts]
    if len(counts) > 1:
        print(f"time grows with goods to the power {np.polyfit(np.log(counts), np.log(seconds), 1)[0]:.2f}")


def what_ifs() -> None:
    """One what-if on the shipped chain: every supplying country stops everything, or its largest good, or half."""
    package = read_package(PACKAGE)
    chain = build_chain(package)
    world = build_world(chain, package["demand"])
    countries = [place for place in world.supply["site"].everyone if place in COUNTRIES]
    largest = {}
    for place in countries:
        share = world.supply_of((place,))
        largest[place] = world.goods[int(share.argmax())]
    cuts = [Cut((place,)) for place in countries]
    cuts += [Cut((place,), (largest[place],), months=12) for place in countries]
    cuts += [Cut((place,), severity=0.5, ramp_months=3) for place in countries]
    home = "USA"
    cuts = [cut for cut in cuts if home not in cut.places]
    run_flow(world, cut_off(world, cuts[:1], Terms(home=home, months=MONTHS)))

    def answer(cut: Cut) -> Outcome:
        return run_flow(world, cut_off(world, [cut], Terms(home=home, months=MONTHS)))

    outcomes = [timed(answer, cut) for cut in cuts]
    times = np.array([took for took, _ in outcomes]) * 1e3
    plans = np.array([timed(getattr, outcome, "plan")[0] for _, outcome in outcomes[:20]]) * 1e3
    slowest = cuts[int(times.argmax())]
    print(f"{len(world.goods)} goods, {MONTHS} months, {times.size} what-ifs: median {np.median(times):.1f} ms, "
          f"95 % within {np.quantile(times, 0.95):.1f} ms, slowest {times.max():.1f} ms ({slowest.places[0]}); "
          f"plan behind it {np.median(plans):.1f} ms more")  # fmt: skip
    whole = cut_off(world, [Cut(("CHN",))], Terms(home=home, months=MONTHS))
    took, _ = timed(lambda: solve(build_flow(world, whole).program))
    mine, _ = timed(lambda: run_flow(world, whole))
    print(f"CHN stops everything: {mine * 1e3:.0f} ms; the whole program from scratch {took * 1e3:.0f} ms")


if __name__ == "__main__":
    what_ifs()
    sizes(tuple(int(size) for size in sys.argv[1:]) or SIZES)
