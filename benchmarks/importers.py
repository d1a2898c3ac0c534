"""Time and memory of importers: ``python benchmarks/importers.py [FOLDER OF OPEN DATA SETS]``.

The two releases of the USGS, the ETO chip explorer and three sizes of BACI: the sample once, and repeated under further
years until it has ten and forty times its rows. Each import runs in a process of its own, so that the peak memory is
its own. Data sets that are not there are left out. The digest printed last is the same on every machine.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
REPEATS = (1, 10, 40)


def repeat(source: Path, target: Path, times: int) -> int:
    """Writes the trade of `source` under `times` years into `target`; the number of rows."""
    header, *lines = source.read_text(encoding="utf-8").splitlines()
    with target.open("w", encoding="utf-8", newline="") as out:
        out.write(f"{header}\n")
        for number in range(times):
            out.writelines(f"{2021 - number}{line[4:]}\n" for line in lines)
    return times * len(lines)


def measure(name: str, path: Path) -> None:
    """Imports `path` and prints seconds, peak megabytes, notes and the digest."""
    import resource

    from reshore.importers import IMPORTERS, import_package

    importer = next(importer for importer in IMPORTERS if importer.name == name)
    start = time.perf_counter()
    package = import_package(importer, path)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(seconds, peak, len(package.notes), package.digest[:16])


def report(label: str, name: str, path: Path, rows: int) -> None:
    """One line of the table."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure", name, str(path)], check=True, capture_output=True, text=True
    )
    seconds, peak, notes, digest = done.stdout.split()
    rate = rows / float(seconds)
    print(f"{label:24} {rows:9d} {float(seconds):8.2f} {rate:9.0f} {float(peak):8.0f} {notes:>6}  {digest}", flush=True)


def main(folder: Path) -> None:
    print(f"{'data set':24} {'rows':>9} {'import s':>8} {'rows/s':>9} {'peak MB':>8} {'notes':>6}  digest")
    for label, name, place, rows in (
        ("ETO chip explorer", "eto", "eto_chip_explorer", 1_971),
        ("USGS 2026", "usgs", "usgs_mcs2026/MCS2026_Commodities_Data.csv", 8_886),
        ("USGS 2025 and 2026", "usgs", "usgs_mcs2026", 10_136),
        ("SBIR review sample", "sbir", "sbir_awards_sample", 226),
    ):
        if (folder / place).exists():
            report(label, name, folder / place, rows)
    sample = folder / "baci_sample" / "baci_hs_2021_exporters_AFG_ZAF.csv"
    if not sample.exists():
        return
    with tempfile.TemporaryDirectory() as made:
        for times in REPEATS:
            target = Path(made) / f"baci_{times}.csv"
            rows = repeat(sample, target, times)
            report(f"BACI, {times} years", "baci", target, rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], Path(sys.argv[3]))
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
