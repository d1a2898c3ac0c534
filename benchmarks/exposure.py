"""Time and memory of the exposure tables on synthetic chains of three sizes: ``python benchmarks/exposure.py``.

A chain has steps of goods; each good takes one to four essential inputs from the step before, one in ten is a variant
of another, and each has figures for one to eight countries, of which one in three is partial. One good in a hundred is
marked final. The generator is seeded, so sizes compare between machines.
"""

from __future__ import annotations

import sys
import time
import tracemalloc

import numpy as np
import polars as pl

from reshore.chain import build_chain
from reshore.countries import COUNTRIES
from reshore.data import table
from reshore.exposure import Case, measure
from reshore.seeds import stream
from reshore.tables import frame_schema

SIZES = (130, 2_000, 20_000)
STEPS = 12


def frame(name: str, columns: dict[str, list[object]]) -> pl.DataFrame:
    schema = frame_schema(table(name))
    height = len(next(iter(columns.values())))
    return pl.DataFrame({key: columns.get(key, [None] * height) for key in schema}, schema=schema)


def synthetic(count: int) -> dict[str, pl.DataFrame]:
    random = stream(7, "benchmark exposure", count)
    names = [f"g{number:05d}" for number in range(count)]
    step = np.sort(random.integers(0, STEPS, count))
    starts = np.searchsorted(step, np.arange(STEPS + 1))
    parent: list[object] = [None] * count
    good: list[object] = []
    input_: list[object] = []
    for number in range(count):
        low, high = starts[step[number] - 1] if step[number] else 0, starts[step[number]]
        if high > low:
            for other in sorted(set(random.integers(low, high, random.integers(1, 5)).tolist())):
                good.append(names[number])
                input_.append(names[other])
        if number > starts[step[number]] and random.random() < 0.1:
            parent[number] = names[random.integers(starts[step[number]], number)]
    codes = sorted(COUNTRIES)[:40]
    supply: dict[str, list[object]] = {"good": [], "supplier": [], "share": [], "coverage": []}
    for name in names:
        size = int(random.integers(1, 9))
        weights = random.dirichlet(np.full(size, 0.4))
        is_partial = random.random() < 1 / 3
        for country, weight in zip(random.choice(codes, size, replace=False).tolist(), weights.tolist(), strict=True):
            supply["good"].append(name)
            supply["supplier"].append(country)
            supply["share"].append(weight * (0.8 if is_partial else 1.0))
            supply["coverage"].append("partial" if is_partial else "complete")
    rows, edges = len(supply["good"]), len(good)
    return {
        "goods": frame(
            "goods",
            {
                "good": list(names), "label": list(names), "chain": ["c"] * count, "step": [str(s) for s in step],
                "step_order": [int(s) for s in step], "kind": ["component"] * count, "parent": parent,
                "final": [number >= count - max(1, count // 100) for number in range(count)],
            },
        ),
        "inputs": frame(
            "inputs", {"good": good, "input": input_, "need": ["essential"] * edges, "role": ["consumed"] * edges}
        ),
        "organizations": frame("organizations", {"organization": []}),
        "supply": frame(
            "supply",
            {
                **supply, "market": ["WLD"] * rows, "basis": ["site"] * rows, "measure": ["value"] * rows,
                "source": ["s"] * rows, "confidence": ["medium"] * rows, "year": [2024] * rows,
            },
        ),
    }  # fmt: skip


def main(sizes: tuple[int, ...]) -> None:
    print(f"{'goods':>7} {'inputs':>7} {'supply':>7} {'build s':>8} {'measure s':>9} {'peak MB':>8} {'cut sets':>9}")
    for size in sizes:
        tables = synthetic(size)
        start = time.perf_counter()
        chain = build_chain(tables)
        built = time.perf_counter() - start
        start = time.perf_counter()
        results = measure(case_of(chain))
        measured = time.perf_counter() - start
        tracemalloc.start()
        measure(case_of(chain))
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        cuts = results["cut_sets"].height
        edges, rows = tables["inputs"].height, tables["supply"].height
        print(f"{size:7d} {edges:7d} {rows:7d} {built:8.2f} {measured:9.2f} {peak:8.0f} {cuts:9d}")


def case_of(chain):
    return Case(chain, home="USA", allies=("AUS", "AUT", "BEL"), concern=("CHN", "BLR"), at="2026-11-24")


if __name__ == "__main__":
    main(tuple(int(size) for size in sys.argv[1:]) or SIZES)
