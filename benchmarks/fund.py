"""Time, memory and certified gap of funding plans: by cuts, written out in full, and in a modelling library.

``python -m benchmarks.fund [sizes]``; by default all of `SIZES`, from the smallest. Each plan is sought in a process
of its own, so that its memory is its own, and is stopped after ten minutes.

The chain is synthetic and seeded: eight steps, one to three essential inputs per good, one to six suppliers among
twenty countries. Each scenario cuts one to three countries in part; half of the odds are that nothing happens. Projects
add 2 to 15 percent of world output of a good; instruments differ in ticket, cost and budget, which together pay for a
third of what is asked for. The library is linopy with HiGHS, where it can be imported: the same data as one program,
written as its manual would. All plans must agree within their gaps.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, replace

import numpy as np

from reshore.chain import build_chain
from reshore.countries import COUNTRIES
from reshore.flow import Cut, Project, Terms, World, build_world, cut_off
from reshore.flow.program import stocks_of, worth_of
from reshore.flow.security import Outlook, Security
from reshore.funding.budgets import Pool
from reshore.funding.choice import build_choice
from reshore.funding.fund import Fund
from reshore.funding.portfolio import Candidate, Offer, Rules
from reshore.seeds import stream

from benchmarks.flow import synthetic  # isort: skip

GAP = 0.01
LIMIT_SECONDS = 600
YEAR_USD = 1e9
SHARE_PAID = 1 / 3


@dataclass(frozen=True)
class Size:
    """How many of everything."""

    projects: int
    instruments: int
    scenarios: int
    goods: int
    months: int


SIZES = {
    "small": Size(20, 4, 5, 40, 12),
    "middle": Size(60, 8, 20, 100, 24),
    "large": Size(200, 12, 100, 200, 24),
}
METHODS = {"small": ("cuts", "extensive", "library"), "middle": ("cuts", "extensive", "library"), "large": ("cuts",)}


def chain_of(size: Size) -> World:
    """The world of a chain with essential inputs only: what any modelling library can say in one line."""
    tables = synthetic(size.goods)
    inputs = tables["inputs"].with_columns(need=_all("essential"), role=_all("consumed"), life_years=_all(None))  # type: ignore[attr-defined]
    return build_world(build_chain({**tables, "inputs": inputs}))  # type: ignore[dict-item]


def _all(value: object):
    import polars as pl

    return pl.lit(value, dtype=pl.Float64 if value is None else pl.String)


def case(size: Size) -> tuple[World, tuple[Outlook, ...], list[Project], list[Candidate], list[Offer], Rules]:
    """Everything that a plan is made of."""
    world = chain_of(size)
    random = stream(11, "benchmark fund", size.projects)
    codes = sorted(COUNTRIES)[1:20]
    terms = Terms(home=sorted(COUNTRIES)[0], months=size.months)
    situations = [
        cut_off(world, [Cut((place,), severity=float(random.uniform(0.5, 1)), months=12)
                        for place in random.choice(codes, int(random.integers(1, 4)), replace=False).tolist()], terms)
        for _ in range(size.scenarios)
    ]  # fmt: skip
    situations.append(cut_off(world, (), terms))
    odds = [*(0.5 * random.dirichlet(np.ones(size.scenarios))).tolist(), 0.5]
    odds[-1] = 1.0 - math.fsum(odds[:-1])
    values = YEAR_USD * random.uniform(0.5, 2, world.final.size)
    outlooks, drawn = [], []
    for number, (one, share) in enumerate(zip(situations, odds, strict=True)):
        plain = replace(one, value=values, rationing="pro_rata")
        drawn.append((random.random(size.projects) < 0.8).astype(float))
        outlooks.append(Outlook(f"s{number}", share, plain))
    projects, candidates, offers = [], [], []
    tickets = [(float(random.uniform(1, 20)), float(random.uniform(60, 300))) for _ in range(size.instruments)]
    rates = random.uniform(0.01, 1, size.instruments)
    for number in range(size.projects):
        good = world.goods[int(random.integers(0, size.goods))]
        projects.append(Project(good, float(random.uniform(0.02, 0.15)), build_months=float(random.integers(0, 6))))
        candidates.append(Candidate(f"p{number:03d}", f"Project {number}", float(random.uniform(10, 150))))
        offers += [
            Offer(f"p{number:03d}", f"i{k:02d}", low, high, float(rates[k]), f"i{k:02d}")
            for k, (low, high) in enumerate(tickets)
        ]
    whole = np.array([project.by_month(size.months) for project in projects])
    outlooks = [replace(one, profiles=luck[:, None] * whole) for one, luck in zip(outlooks, drawn, strict=True)]
    asked = math.fsum(candidate.asks for candidate in candidates)
    pools = tuple(Pool(f"i{k:02d}", face=SHARE_PAID * asked / size.instruments) for k in range(size.instruments))
    return world, tuple(outlooks), projects, candidates, offers, Rules(pools)


def by_fund(size: Size, method: str) -> tuple[float, float, float]:
    """Worth, bound and gap of the plan that `Fund` finds."""
    world, outlooks, projects, candidates, offers, rules = case(size)
    fund = Fund(Security(world, outlooks, tuple(projects)), candidates, offers, rules, GAP, method=method)  # type: ignore[arg-type]
    found = fund.best()
    return found.worth, found.bound, found.gap_share


def by_library(size: Size) -> tuple[float, float, float]:
    """The same in linopy: one program of all scenarios, solved by HiGHS to the same gap."""
    import linopy
    import xarray as xr

    world, outlooks, projects, candidates, offers, rules = case(size)
    model = linopy.Model()
    choice = build_choice(candidates, offers, rules)  # for names only: every rule is written anew below
    names = [candidate.name for candidate in choice.candidates]
    s, g = range(len(outlooks)), range(len(world.goods))
    t, f = range(size.months), range(world.final.size)
    dims = {"s": list(s), "g": list(g), "t": list(t)}

    def stacked(what) -> xr.DataArray:
        return xr.DataArray(np.stack([what(outlook) for outlook in outlooks]), dims=list(dims), coords=dims)

    start, hold = zip(*(stocks_of(world, outlook.situation) for outlook in outlooks), strict=True)
    built = model.add_variables(binary=True, coords=[names], dims=["p"], name="built")
    deals = [f"{offer.candidate} {offer.instrument}" for offer in choice.offers]
    who = xr.DataArray([offer.candidate for offer in choice.offers], dims="o", coords={"o": deals}, name="p")
    pool = xr.DataArray([offer.pool for offer in choice.offers], dims="o", coords={"o": deals}, name="pool")

    def per_deal(values) -> xr.DataArray:
        return xr.DataArray(np.array(values, dtype=float), dims="o", coords={"o": deals})

    taken = model.add_variables(binary=True, coords=[deals], dims=["o"], name="taken")
    amount = model.add_variables(lower=0, coords=[deals], dims=["o"], name="amount")
    model.add_constraints(amount <= per_deal([offer.high for offer in choice.offers]) * taken)
    model.add_constraints(amount >= per_deal([offer.low for offer in choice.offers]) * taken)
    model.add_constraints(taken <= built.sel(p=who.values).rename({"p": "o"}).assign_coords(o=deals))
    asks = xr.DataArray([candidate.asks for candidate in candidates], dims="p", coords={"p": names})
    model.add_constraints(amount.groupby(who).sum() >= asks * built)
    faces = xr.DataArray([one.face for one in rules.pools], dims="pool", coords={"pool": [o.name for o in rules.pools]})
    model.add_constraints(amount.groupby(pool).sum() <= faces)

    made = model.add_variables(lower=0, coords=dims, dims=list(dims), name="made")
    limit = xr.DataArray(
        np.broadcast_to(np.stack(hold)[:, :, None], (len(s), len(g), len(t))), dims=list(dims), coords=dims
    )
    stock = model.add_variables(lower=0, upper=limit, name="stock")
    asked = xr.DataArray(
        np.stack([outlook.situation.asked.sum(axis=1) for outlook in outlooks]), dims=["s", "f", "t"],
        coords={"s": list(s), "f": list(f), "t": list(t)},
    )  # fmt: skip
    served = model.add_variables(lower=0, upper=asked, name="served")
    adds = np.zeros((len(projects), len(outlooks), len(world.goods), size.months))
    for number, project in enumerate(projects):
        for place, outlook in enumerate(outlooks):
            adds[number, place, world.index[project.good]] = outlook.profiles[number] / 12
    added = xr.DataArray(adds, dims=["p", *dims], coords={"p": names, **dims})
    for good in g:  # a good has few projects: written good by good the program stays sparse
        mine = [k for k, project in enumerate(projects) if world.index[project.good] == good]
        room = stacked(lambda outlook: outlook.situation.room).sel(g=good)
        left = made.sel(g=good)
        if mine:
            few = [names[k] for k in mine]
            left = left - (added.sel(g=good, p=few) * built.sel(p=few)).sum("p")
        model.add_constraints(left <= room)
    edges = world.consumed
    users = xr.DataArray(edges.input, dims="e", name="g")
    needs = (
        (made.isel(g=xr.DataArray(edges.good, dims="e")) * xr.DataArray(edges.amount, dims="e")).groupby(users).sum()
    )
    ends = (served * xr.DataArray(world.final_share, dims="f", coords={"f": list(f)})).groupby(
        xr.DataArray(world.final, dims="f", coords={"f": list(f)}, name="g")
    ).sum()  # fmt: skip
    opening = stacked(lambda outlook: outlook.situation.arriving)
    opening[:, :, 0] = opening[:, :, 0] + np.stack(start)
    carried, used, gone = (
        term.fillna(0) for term in (1 * stock.shift(t=1), needs.reindex(g=list(g)), ends.reindex(g=list(g)))
    )
    balance = made - stock + carried - used - gone
    model.add_constraints(balance >= -opening)
    weight = np.stack([
        outlook.odds * worth_of(outlook.situation).sum(axis=1) * outlook.situation.value.max() / 1e6
        for outlook in outlooks
    ])  # fmt: skip
    worth = xr.DataArray(weight, dims=["s", "f", "t"], coords=asked.coords)
    model.add_objective((worth * served).sum(), sense="max")
    model.solve("highs", io_api="direct", mip_rel_gap=1e-6, output_flag=False, time_limit=LIMIT_SECONDS)
    fund = Fund(Security(world, outlooks, tuple(projects)), candidates, offers, rules, GAP)
    plan = np.round(model.solution["built"].to_numpy())
    return fund.worth(plan)[0], math.nan, math.nan


def one(name: str, method: str) -> None:
    """Seeks one plan and prints what it took as JSON."""
    start, clock = time.process_time(), time.perf_counter()
    size = SIZES[name]
    worth, bound, gap = by_library(size) if method == "library" else by_fund(size, method)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({
        "worth": worth, "bound": bound, "gap": gap, "cpu": time.process_time() - start,
        "clock": time.perf_counter() - clock, "mb": memory,
    }))  # fmt: skip


def row(name: str, method: str) -> None:
    """Runs one plan in a process of its own and prints its line."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.fund", "--one", name, method], capture_output=True, text=True,
            timeout=LIMIT_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        print(f"{name:>7} {method:>10}   no answer in {LIMIT_SECONDS} s", flush=True)
        return
    if done.returncode:
        print(f"{name:>7} {method:>10}   {done.stderr.strip().splitlines()[-1]}", flush=True)
        return
    found = json.loads(done.stdout.splitlines()[-1])
    gap = "" if math.isnan(found["gap"]) else f"{found['gap']:.2%}"
    print(f"{name:>7} {method:>10} {found['worth']:>12.4f} {found['bound']:>12.4f} {gap:>7} {found['clock']:>8.1f} "
          f"{found['cpu']:>8.1f} {found['mb']:>8.0f}", flush=True)  # fmt: skip


def main(names: list[str]) -> None:
    """Prints a line per size and method."""
    heads = ("size", "method", "worth USD M", "bound USD M", "gap", "clock s", "cpu s", "peak MB")
    print("{:>7} {:>10} {:>12} {:>12} {:>7} {:>8} {:>8} {:>8}".format(*heads))
    try:
        import linopy  # noqa: F401  # only whether it is there

        library = True
    except ImportError:
        library = False
        print("linopy is not installed: no comparison with a modelling library")
    for name in names or list(SIZES):
        size = SIZES[name]
        print(f"{name}: {size.projects} projects × {size.instruments} instruments × {size.scenarios} scenarios × "
              f"{size.goods} goods × {size.months} months")  # fmt: skip
        for method in METHODS[name]:
            if method != "library" or library:
                row(name, method)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3])
    else:
        arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        arguments.add_argument(
            "sizes", nargs="*", metavar="size", help=f"of {', '.join(SIZES)}; all where none is named"
        )
        named = arguments.parse_args().sizes
        if unknown := [name for name in named if name not in SIZES]:
            arguments.error(f"no size {', '.join(unknown)}; choose from {', '.join(SIZES)}")
        main(named)
