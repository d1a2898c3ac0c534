"""CPU time of `reshore --help` beyond the start of the interpreter: the best of several runs, in milliseconds."""

from __future__ import annotations

import resource
import subprocess
import sys

RUNS = 15
LIMIT_MS = 150.0


def cpu_ms(words: list[str]) -> float:
    """Least user and system time of a child process over several runs."""
    best = float("inf")
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
    return best


def main() -> None:
    """Prints the interpreter's start, the help, and the difference beside its limit."""
    bare = cpu_ms([sys.executable, "-c", "pass"])
    print(f"interpreter alone  {bare:7.1f} ms")
    for words in (["--help"], ["--version"]):
        full = cpu_ms([sys.executable, "-m", "reshore", *words])
        print(
            f"reshore {words[0]:10} {full:7.1f} ms   beyond the start {full - bare:6.1f} ms   limit {LIMIT_MS:.0f} ms"
        )


if __name__ == "__main__":
    main()
