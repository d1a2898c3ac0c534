"""Time, memory and agreement of the systemic risk index: ``python benchmarks/cascade.py [10k/10 100k/3 ...] [--all]``.

Networks are synthetic and seeded: n firms with L customers each on average, 80 sectors. In every round the methods take
their failing firms one after the other, so that a noisy machine disturbs all alike; times are CPU milliseconds per
shock, medians over rounds, and ratios are what to quote. How long a shock takes depends on the firm, so ratios to peers
are of the few firms that the peers take, the same for all; of these the time of two, mostly set-up, is off.

- *rule*: until no firm loses more than 0.01 in a round, as published values were computed; *exact*: to 1e-12.
- *plain sweeps*: the same rule in numpy and scipy, every link in every round.
- *R*: fastcascade through GLcascade, where ``Rscript`` and both packages are installed; nothing is installed here.

With ``--all`` the exact index of every firm is solved on two threads, and up to 10,000 firms the index by the rule is
compared with R firm by firm.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import sparse

from reshore.seeds import stream
from reshore.stress.cascade import Cascade, Network, Rule, measure_systemic_risk, network_from_arrays

SECTORS, CUSTOMERS, USUAL = 80, 12, 0.6
STOP = 1e-2
MOST_FIRMS_IN_R = 10_000


def weights(random: np.random.Generator, size: np.ndarray) -> np.ndarray:
    found = (random.pareto(1.4, len(size)) + 1.0) * np.sqrt(size)
    for _ in range(20):
        found = np.minimum(found, 0.01 * found.sum())
    return found / found.sum()


def synthetic(firms: int, links: int, seed: int) -> tuple[Network, np.ndarray]:
    """The benchmark network, and its needs by pair of sectors (supplier by buyer)."""
    random = stream(seed, f"benchmark cascade {firms}/{links}")
    share = 1.0 / np.arange(1, SECTORS + 1) ** 0.7
    sector = np.concatenate([np.arange(SECTORS), random.choice(SECTORS, firms - SECTORS, p=share / share.sum())])
    random.shuffle(sector)
    size = random.lognormal(0.0, 1.2, firms)
    selling, buying = weights(random, size), weights(random, size)
    usual = np.stack([random.choice(SECTORS, CUSTOMERS, replace=False) for _ in range(SECTORS)])
    members = [np.flatnonzero(sector == k) for k in range(SECTORS)]
    within = [np.cumsum(buying[some]) for some in members]
    mass = np.array([part[-1] for part in within])
    sellers, buyers = np.cumsum(selling), np.cumsum(buying)

    def drawn(cumulated: np.ndarray, chance: np.ndarray) -> np.ndarray:
        return np.minimum(np.searchsorted(cumulated, chance * cumulated[-1]), len(cumulated) - 1)

    pairs = np.zeros(0, np.int64)
    while len(pairs) < firms * links:
        count = int(1.2 * (firms * links - len(pairs))) + 100
        i, j = drawn(sellers, random.random(count)), drawn(buyers, random.random(count))
        odds = np.cumsum(mass[usual[sector[i]]], axis=1)
        place = (odds < (random.random(count) * odds[:, -1])[:, None]).sum(axis=1).clip(max=CUSTOMERS - 1)
        goal = np.where(random.random(count) < USUAL, usual[sector[i], place], -1)
        chance = random.random(count)
        for k in range(SECTORS):
            some = np.flatnonzero(goal == k)
            j[some] = members[k][drawn(within[k], chance[some])]
        pairs = np.concatenate([pairs, (i * firms + j)[i != j]])
        pairs = pairs[np.sort(np.unique(pairs, return_index=True)[1])][: firms * links]
    i, j = pairs // firms, pairs % firms
    value = np.sqrt(size[i] * size[j]) * random.lognormal(0.0, 1.0, len(i))
    need = random.choice(3, (SECTORS, SECTORS), p=[0.15, 0.50, 0.35])
    network = network_from_arrays(
        supplier=i, buyer=j, value=value / value.min(), need=need[sector[i], sector[j]], sector=sector
    )
    return network, need


def plain_sweeps(network: Network) -> Callable[[np.ndarray], np.ndarray]:
    """The index by whole sweeps over sparse matrices."""
    n = network.firm_count
    shape = (n, n)
    own = (network.supplier, network.buyer)
    upward = sparse.csr_matrix((network.value / network.output[network.supplier], own), shape=shape)
    key = network.buyer.astype(np.int64) * (SECTORS + 1) + np.where(
        network.need == 2, network.sector[network.supplier].astype(np.int64) + 1, 0
    )
    kept = network.need > 0
    keys, slot = np.unique(key[kept], return_inverse=True)
    bought = np.bincount(slot, network.value[kept], len(keys))
    cost = np.bincount(network.buyer, network.value, n)
    buyer = keys // (SECTORS + 1)
    total = np.where(keys % (SECTORS + 1) == 0, cost[buyer], bought)
    slots = sparse.csr_matrix((network.value[kept] / total[slot], (slot, network.supplier[kept])), shape=(len(keys), n))
    first = np.flatnonzero(np.concatenate([[True], buyer[1:] != buyer[:-1]]))

    def solve(firms: np.ndarray) -> np.ndarray:
        found = []
        for firm in firms:
            shock = np.zeros(n)
            shock[firm] = 1.0
            down, up = shock.copy(), shock.copy()
            rise = 1.0
            while rise > STOP:
                new_up = np.maximum(shock, upward @ up)
                left = np.bincount(network.market, network.output * (1 - down), len(network.markets))[network.market]
                taken = np.minimum(1.0, np.divide(network.output, left, out=np.ones(n), where=left > 0))
                new = shock.copy()
                worst = np.maximum.reduceat(slots @ (taken * down), first)
                new[buyer[first]] = np.minimum(1.0, np.maximum(new[buyer[first]], worst))
                rise = float(max((new - down).max(), (new_up - up).max()))
                down, up = new, new_up
            found.append(float(network.output_share @ np.maximum(down, up)))
        return np.array(found)

    return solve


R_PROGRAM = """
arguments <- commandArgs(TRUE)
suppressMessages({library(Matrix); library(GLcascade)})
flows <- read.csv(file.path(arguments[1], "flows.csv"))
firms <- read.csv(file.path(arguments[1], "firms.csv"))
sample <- read.csv(file.path(arguments[1], "sample.csv"))$firm
need <- as.matrix(read.csv(file.path(arguments[1], "need.csv"), check.names = FALSE))
rownames(need) <- colnames(need)
n <- nrow(firms)
W <- sparseMatrix(i = flows$i, j = flows$j, x = flows$value, dims = c(n, n))
run <- function(firms_hit) {
  psi <- sparseMatrix(i = firms_hit, j = seq_along(firms_hit), x = 1, dims = c(n, length(firms_hit)))
  sink("/dev/null")
  start <- proc.time()
  result <- GL_cascade(W = W, p = firms$sector, p_market = firms$sector, ess_mat_sec = need, psi_mat = psi,
                       track_h = FALSE, track_conv = FALSE, eps = 1e-2, use_rcpp = TRUE, ncores = 0)
  took <- (proc.time() - start)[1:2]
  sink()
  list(esri = result$ESRI[, 1], seconds = sum(took))
}
few <- run(sample[1:2])
all <- run(sample)
cat((all$seconds - few$seconds) / (length(sample) - 2), format(all$esri, digits = 17), sep = "\\n")
"""


def by_r(network: Network, need: np.ndarray) -> Callable[[np.ndarray], tuple[float, np.ndarray]] | None:
    """Seconds per shock and index by GLcascade with fastcascade; the time of two shocks, mostly set-up, is off."""
    program = shutil.which("Rscript")
    check = [program or "", "-e", "library(GLcascade); library(fastcascade)"]
    if program is None or subprocess.run(check, capture_output=True, check=False).returncode != 0:
        return None

    def solve(firms: np.ndarray) -> tuple[float, np.ndarray]:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            flows = np.column_stack([network.supplier + 1, network.buyer + 1])
            lines = (f"{i},{j},{value!r}" for (i, j), value in zip(flows.tolist(), network.value.tolist(), strict=True))
            (place / "flows.csv").write_text("i,j,value\n" + "\n".join(lines))
            (place / "firms.csv").write_text("sector\n" + "\n".join(map(str, network.sector.tolist())))
            (place / "sample.csv").write_text("firm\n" + "\n".join(str(firm + 1) for firm in firms.tolist()))
            rows = "\n".join(",".join(map(str, row)) for row in need.tolist())
            (place / "need.csv").write_text(",".join(map(str, range(SECTORS))) + "\n" + rows)
            (place / "program.R").write_text(R_PROGRAM)
            done = subprocess.run(
                [program, str(place / "program.R"), folder], capture_output=True, text=True, check=True
            )
        numbers = [float(line) for line in done.stdout.split()]
        return numbers[0], np.array(numbers[1:])

    return solve


def timed(work: Callable[[], np.ndarray]) -> tuple[float, float, np.ndarray]:
    wall, start = time.perf_counter(), time.process_time()
    result = work()
    return time.process_time() - start, time.perf_counter() - wall, result


def size(words: str) -> tuple[int, int]:
    firms, links = words.split("/")
    return int(float(firms.replace("k", "")) * (1000 if "k" in firms else 1)), int(links)


def compare(firms: int, links: int, seed: int, count: int, peer_count: int, rounds: int) -> None:
    network, need = synthetic(firms, links, seed)
    chosen = stream(seed, f"benchmark sample {firms}/{links}").choice(firms, min(count, firms), replace=False)
    names = [network.firms[k] for k in np.sort(chosen)]
    few = np.sort(chosen[:peer_count])
    few_names = [network.firms[k] for k in few]
    by_rule, exact = Cascade(network, Rule(stop_rise=STOP)), Cascade(network)

    def index(cascade: Cascade, some: list[str], threads: int) -> np.ndarray:
        return measure_systemic_risk(cascade, some, threads=threads)["systemic_risk_index"].to_numpy()

    for cascade in (by_rule, exact):
        index(cascade, names[:8], 1)
    plain, r = plain_sweeps(network), by_r(network, need)
    spent: dict[str, list[float]] = {}
    found: dict[str, np.ndarray] = {}
    for _ in range(rounds):
        index(by_rule, few_names, 1)  # what comes first after a peer pays for the memory that it left behind
        for name, work, number in (
            ("rule", lambda: index(by_rule, names, 1), len(names)),
            ("exact", lambda: index(exact, names, 1), len(names)),
            ("plain sweeps", lambda: plain(few), len(few)),
        ):
            cpu, _, found[name] = timed(work)
            spent.setdefault(name, []).append(1e3 * cpu / number)
        set_up, _, _ = timed(lambda: index(by_rule, few_names[:2], 1))
        cpu, _, found["rule, few"] = timed(lambda: index(by_rule, few_names, 1))
        spent.setdefault("rule, few", []).append(1e3 * (cpu - set_up) / (len(few) - 2))
        if r is not None:
            seconds, found["R"] = r(few)
            spent.setdefault("R", []).append(1e3 * seconds)
        for name, cascade in (("rule", by_rule), ("exact", exact)):
            _, one, _ = timed(lambda cascade=cascade: index(cascade, names, 1))
            _, two, _ = timed(lambda cascade=cascade: index(cascade, names, 2))
            spent.setdefault(f"{name}, two threads", []).append(one / two)
    ours = found["rule, few"]
    middle = {name: statistics.median(times) for name, times in spent.items()}
    print(f"\n{firms:,} firms, {network.flow_count:,} links, seed {seed}; {len(names)} shocks, peers {len(few)}")
    for name in ("rule", "exact"):
        print(f"  {name:13} {middle[name]:10.3f} ms   two threads {middle[f'{name}, two threads']:.2f}x")
    print(f"  {'rule, few':13} {middle['rule, few']:10.3f} ms   the firms that the peers take")
    same = middle["rule"] / middle["rule, few"]
    for name in ("plain sweeps", "R"):
        if name in middle:
            print(
                f"  {name:13} {middle[name]:10.3f} ms   {middle[name] / middle['rule, few']:.0f}x rule, "
                f"{middle[name] * same / middle['exact']:.0f}x exact; largest difference to rule "
                f"{np.abs(found[name] - ours).max():.1e}"
            )
    if r is None:
        print("  R             not measured: Rscript with GLcascade and fastcascade was not found")


def everybody(firms: int, links: int, seed: int) -> None:
    network, need = synthetic(firms, links, seed)
    cascade = Cascade(network)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu, wall, index = timed(lambda: measure_systemic_risk(cascade, threads=2)["systemic_risk_index"].to_numpy())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\nall {firms:,} firms, exact: {cpu:.0f} CPU s, {wall:.0f} s; memory {peak:.0f} MB ({before:.0f} MB before); "
        f"mean index {index.mean():.6e}, highest {index.max():.4f}"
    )
    r = by_r(network, need) if firms <= MOST_FIRMS_IN_R else None
    if r is not None:
        by_rule = measure_systemic_risk(Cascade(network, Rule(stop_rise=STOP)))
        order = [network.number_of(firm) for firm in by_rule["firm"]]
        _, theirs = r(np.arange(firms))
        apart = np.abs(by_rule["systemic_risk_index"].to_numpy() - theirs[order]).max()
        print(f"  by the rule, all {firms:,} firms: largest difference to R {apart:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", default=["1k/10", "10k/10"], help="firms/links, such as 100k/3")
    parser.add_argument("--seeds", type=int, default=1, help="how many networks of each size")
    parser.add_argument("--shocks", type=int, default=2048)
    parser.add_argument("--peer-shocks", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--all", action="store_true", help="also solve every firm of each size")
    chosen = parser.parse_args()
    for words in chosen.sizes:
        for seed in range(1, chosen.seeds + 1):
            compare(*size(words), seed, chosen.shocks, chosen.peer_shocks, chosen.rounds)
        if chosen.all:
            everybody(*size(words), 1)


if __name__ == "__main__":
    main()
