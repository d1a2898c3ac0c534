"""Time and memory of the complexity measures, beside the ecomplexity package in the same run.

    python benchmarks/complexity.py [--sizes 300,1000,5000] [--locations 240] [--repeats 3] [--without-package]

Both start from the same matrix of export values and end with the same measures; the log-supermodularity check of the
package is switched off, as nothing here corresponds to it. The package runs once per size, for it is slow; our time is
the median of the repeats. Memory is the peak of a fresh process that does nothing else, less what importing takes.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import resource
import statistics
import time
import warnings
from multiprocessing.connection import Connection

import numpy as np

from reshore.exposure.complexity import made, measure_complexity
from reshore.seeds import stream


def exports(locations: int, goods: int) -> np.ndarray:
    """A random panel: log-normal sizes, commonness and cells, two cells in three traded."""
    random = stream(1, "complexity benchmark", goods)
    values = random.lognormal(0, 1.5, (locations, 1)) * random.lognormal(0, 1, (1, goods))
    values = values * random.lognormal(0, 1.5, (locations, goods)) * (random.random((locations, goods)) < 2 / 3)
    values[np.arange(goods) % locations, np.arange(goods)] += 1.0
    return values


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(locations: int, goods: int, repeats: int, pipe: Connection) -> None:
    values = exports(locations, goods)
    measure_complexity(made(values[:20, :30]))
    before = peak_megabytes()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        found = measure_complexity(made(values))
        seconds.append(time.perf_counter() - start)
    pipe.send((statistics.median(seconds), peak_megabytes(), peak_megabytes() - before,
               found.economic_complexity_index, found.product_complexity_index))  # fmt: skip


def theirs(locations: int, goods: int, pipe: Connection) -> None:
    import pandas as pd
    from ecomplexity import ecomplexity

    values = exports(locations, goods)
    frame = pd.DataFrame(
        {
            "year": 2024,
            "loc": np.repeat(np.arange(locations), goods),
            "good": np.tile(np.arange(goods), locations),
            "value": values.ravel(),
        }
    )
    small = frame[(frame["loc"] < 20) & (frame["good"] < 30)]
    columns = {"time": "year", "loc": "loc", "prod": "good", "val": "value"}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        ecomplexity(small, columns, check_logsupermodularity=False, verbose=False)
        before, start = peak_megabytes(), time.perf_counter()
        found = ecomplexity(frame, columns, check_logsupermodularity=False, verbose=False)
    seconds = time.perf_counter() - start
    found = found.sort_values(["loc", "good"])
    index, product = found["eci"].to_numpy().reshape(locations, goods), found["pci"].to_numpy()[:goods]
    pipe.send((seconds, peak_megabytes(), peak_megabytes() - before, index[:, 0], product))


def in_fresh_process(work, *arguments):
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(*arguments, sender))
    process.start()
    sender.close()
    result = receiver.recv()
    process.join()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="300,1000,5000", help="numbers of goods, split by commas")
    parser.add_argument("--locations", type=int, default=240)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--without-package", action="store_true", help="time only reshore")
    options = parser.parse_args()
    print(f"{options.locations} locations; seconds, and megabytes of the whole process (added by the work)")
    print(
        f"{'goods':>6} {'reshore':>9} {'package':>9} {'ratio':>7} {'reshore MB':>15} {'package MB':>15} {'max diff':>9}"
    )
    for goods in (int(size) for size in options.sizes.split(",")):
        seconds, peak, added, index, product = in_fresh_process(ours, options.locations, goods, options.repeats)
        line = f"{goods:>6} {seconds:>9.4f}"
        if options.without_package:
            print(f"{line} {'':>9} {'':>7} {peak:>8.0f} (+{added:>4.0f})", flush=True)
            continue
        slow, slow_peak, slow_added, other, other_product = in_fresh_process(theirs, options.locations, goods)
        apart = max(np.abs(index - other).max(), np.abs(product - other_product).max())
        print(
            f"{line} {slow:>9.3f} {slow / seconds:>6.0f}x {peak:>8.0f} (+{added:>4.0f}) {slow_peak:>8.0f} "
            f"(+{slow_added:>4.0f}) {apart:>9.1e}",
            flush=True,
        )


if __name__ == "__main__":
    main()
