"""Time and memory of checking a package with a large supply table: ``python benchmarks/door.py [rows …]``.

One in twenty rows has a quoted note with a comma, one in a hundred a line break in it; shares, ranges, capacities,
labels of missing numbers and blank cells are mixed as in real tables, rows come in no order. Each size is checked in a
process of its own, so that the peak memory is that of the check and of nothing before it. The generator is seeded; the
digest printed last is the same on every machine.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from reshore.countries import COUNTRIES
from reshore.seeds import stream

SIZES = (20_000, 200_000, 2_000_000)
COLUMNS = (
    "good", "supplier", "share", "share_low", "share_high", "capacity_per_year", "unit", "market", "basis", "measure",
    "series", "coverage", "year", "source", "as_of", "confidence", "note",
)  # fmt: skip
CHUNK = 100_000


def write_tables(folder: Path, rows: int) -> None:
    """The package: `rows` rows of supply, and a good for every two hundred of them."""
    goods = max(10, rows // 200)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sources.csv").write_text("source,title\nbench,A made-up source\nsecond,Another\n", encoding="utf-8")
    lines = ["good,label,chain,step,step_order,kind,origin,unit,source,confidence"]
    lines += [f"g{n:06d},Good {n},bench,Step,0,material,primary,t,bench,assumed" for n in range(goods)]
    (folder / "goods.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    codes = np.array(sorted(COUNTRIES)[:200])
    random = stream(11, "benchmark door", rows)
    order = random.permutation(rows)
    with (folder / "supply.csv").open("w", encoding="utf-8", newline="") as out:
        out.write(",".join(COLUMNS) + "\n")
        for start in range(0, rows, CHUNK):
            numbers = order[start : start + CHUNK]
            shares = random.random(len(numbers)) / 400
            tons = random.integers(1, 1_000_000, len(numbers))
            out.writelines(
                row(n, codes, share, ton)
                for n, share, ton in zip(numbers.tolist(), shares.tolist(), tons.tolist(), strict=True)
            )


def row(number: int, codes: np.ndarray, share: float, tons: int) -> str:
    """Row `number` of the table as a line; every tenth has a range, every seventh no capacity."""
    good, supplier = number // 200, codes[number % 200]
    low, high = (repr(share / 2), repr(share * 2)) if number % 10 == 0 else ("", "")
    capacity, unit = ("", "") if number % 7 == 0 else (f"{tons}.5", "t")
    point = ("n/d" if number % 22 == 0 else "neg") if number % 11 == 0 else repr(share)
    note = '"said, twice"' if number % 20 == 0 else ""
    note = '"first line\nand the second: größer"' if number % 100 == 0 else note
    return (
        f"g{good:06d},{supplier},{point},{low},{high},{capacity},{unit},WLD,site,value,series {number % 3},partial,"
        f"{2015 + number % 10},bench,2025-0{1 + number % 9},medium,{note}\n"
    )


def measure(folder: Path) -> None:
    """Checks `folder` and prints seconds, seconds of work of all cores, peak megabytes and the digest."""
    import resource

    from reshore.data import read_package

    start, work = time.perf_counter(), time.process_time()
    digest = read_package(folder).digest
    seconds = time.perf_counter() - start
    print(seconds, time.process_time() - work, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, digest[:16])


def main(sizes: tuple[int, ...]) -> None:
    print(f"{'rows':>9} {'columns':>7} {'MB':>6} {'check s':>8} {'CPU s':>6} {'rows/s':>9} {'peak MB':>8}  digest")
    with tempfile.TemporaryDirectory() as place:
        for size in sizes:
            folder = Path(place) / str(size)
            write_tables(folder, size)
            done = subprocess.run(
                [sys.executable, __file__, "--measure", str(folder)], check=True, capture_output=True, text=True
            )
            seconds, work, peak, digest = done.stdout.split()
            megabytes = (folder / "supply.csv").stat().st_size / 1e6
            print(
                f"{size:9d} {len(COLUMNS):7d} {megabytes:6.0f} {float(seconds):8.2f} {float(work):6.2f} "
                f"{size / float(seconds):9.0f} {float(peak):8.0f}  {digest}",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(Path(sys.argv[2]))
    else:
        main(tuple(int(size) for size in sys.argv[1:]) or SIZES)
