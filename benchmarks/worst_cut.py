"""Time until a worst cut is proved: ``python benchmarks/worst_cut.py [k ...]``.

(a) A synthetic chain of 150 goods over 24 months whose goods have two to eight suppliers out of 40 countries; (b) the
package ``critical-2026``, every country that makes anything, as the study for the United States sees it. Countries stop
altogether: their plants are lost, or they withhold. ``sets`` is what trying every set would look at, ``looked at`` how
many the proof took; CPU seconds of one thread.
"""

from __future__ import annotations

import sys
import time
from math import comb
from pathlib import Path

import numpy as np

from reshore.flow import BYS, NOBODY, Cut, Edges, Shares, Terms, World
from reshore.seeds import stream
from reshore.stress.worst_cut import Rules, flow_strikes, worst_cuts

GOODS, COUNTRIES, MONTHS = 150, 40, 24
STUDY = Path(__file__).resolve().parents[1] / "studies" / "critical-2026.toml"


def edges(good: list[int], used: list[int], amount: np.ndarray, half: np.ndarray) -> Edges:
    return Edges(np.array(good, np.int64), np.array(used, np.int64), amount, half, np.full(len(good), 120.0))


def synthetic() -> World:
    random = stream(7, "benchmark worst cut")
    good: list[int] = []
    used: list[int] = []
    for user in range(20, GOODS):
        for other in sorted(set(random.integers(max(0, user - 60), user - 5, random.integers(1, 4)).tolist())):
            good.append(user)
            used.append(other)
    users = np.bincount(used, minlength=GOODS)
    final = np.flatnonzero(users == 0)
    who, makes, share = [], [], []
    for number in range(GOODS):
        size = int(random.integers(2, 9))
        places = sorted(random.choice(COUNTRIES, size, replace=False).tolist())
        makes += [number] * size
        who += [(f"C{place:02d}",) for place in places]
        share += random.dirichlet(np.full(size, 0.6)).tolist()
    supply = Shares(np.array(makes), tuple(who), np.array(share))
    none = edges([], [], np.zeros(0), np.zeros(0, bool))
    nothing = np.zeros(0, np.int64)
    return World(
        tuple(f"g{k}" for k in range(GOODS)), dict.fromkeys(BYS, supply),
        edges(good, used, 1.0 / users[used], random.random(len(good)) < 0.2), none, none, nothing, nothing,
        np.zeros(0), np.zeros(0), final, np.ones(final.size), random.uniform(0, 4, GOODS), NOBODY,
        random.uniform(1, 10, final.size), {},
    )  # fmt: skip


def critical() -> tuple[World, Terms]:
    from reshore.chain import build_chain
    from reshore.data import read_package
    from reshore.study import read_study
    from reshore.study.control import control_at
    from reshore.study.stress import stress_case

    study = read_study(STUDY)
    package = read_package(study.package_path)
    case = stress_case(study, package, build_chain(package, *study.chains), control_at(package, study.at))
    return case.world, Terms(home=case.home, allies=case.allies, months=MONTHS, rationing="pro_rata")


def row(name: str, world: World, terms: Terms, size: int, *, is_lost: bool) -> str:
    begin = time.process_time()
    strikers = [place for place in world.supply["site"].everyone if len(place) == 3 and place != terms.home]
    strikes = flow_strikes(world, strikers, terms, cut=Cut((), is_lost=is_lost))
    found = worst_cuts(strikes, Rules(size=size))
    (cut,) = found.cuts
    seconds = time.process_time() - begin
    sets = sum(comb(len(strikers), most) for most in range(size + 1))
    share, greedy = cut.loss / found.at_stake, found.greedy_loss / found.at_stake
    how, who = "lost" if is_lost else "withheld", ", ".join(cut.members)
    return (
        f"{name:<14}{how:<10}{len(world.goods):>6}{len(strikers):>10}{size:>4}{sets:>9}{cut.evaluations:>11}"
        f"{seconds:>8.1f}{share:>9.4f}{cut.gap_share:>9.1e}{greedy:>9.4f}  {who}"
    )


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or [1, 2, 3]
    print(f"{'chain':<14}{'cut':<10}{'goods':>6}{'countries':>10}{'k':>4}{'sets':>9}{'looked at':>11}{'CPU s':>8}"
          f"{'loss':>9}{'gap':>9}{'greedy':>9}")  # fmt: skip
    chains = [("synthetic", synthetic(), Terms(months=MONTHS)), ("critical-2026", *critical())]
    for name, world, terms in chains:
        for is_lost in (True, False):
            for size in sizes:
                print(row(name, world, terms, size, is_lost=is_lost), flush=True)


if __name__ == "__main__":
    main()
