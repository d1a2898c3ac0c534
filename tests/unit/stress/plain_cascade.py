"""A second implementation of the cascade for tests: dense matrices, whole sweeps, nothing clever."""

from __future__ import annotations

import numpy as np


def matrices(network):
    """Flows W (supplier by buyer) and needs, dense."""
    n = network.firm_count
    flows, needs = np.zeros((n, n)), np.zeros((n, n), int)
    flows[network.supplier, network.buyer] = network.value
    needs[network.supplier, network.buyer] = network.need
    return flows, needs


def iterate(network, psi, replaceability, sweeps=400_000, fall=0.0, stop_rise=None):
    """Remaining production h downstream and upstream by ``h(t+1) = F(h(t))`` from `psi`."""
    flows, needs = matrices(network)
    n = network.firm_count
    sold, bought = flows.sum(1) + network.final_demand, flows.sum(0) + network.value_added
    same_sector = network.sector[:, None] == np.arange(len(network.sectors))
    by_sector = same_sector.T.astype(float) @ flows
    lam = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if needs[i, j] == 2:
                lam[i, j] = flows[i, j] / by_sector[network.sector[i], j]
            elif needs[i, j] == 1:
                lam[i, j] = flows[i, j] / bought[j]
    essential = np.where(needs == 2, lam, 0.0)
    linear = np.where(needs == 1, lam, 0.0)
    upward = np.divide(flows, sold[:, None], out=np.zeros_like(flows), where=sold[:, None] > 0)
    same_market = (network.market[:, None] == network.market).astype(float)
    down, up = psi.copy(), psi.copy()
    for _ in range(sweeps):
        sigma = np.ones(n)
        if replaceability:
            left = same_market @ (sold * down)
            sigma = np.minimum(1.0, np.divide(sold, left, out=np.ones(n), where=left > 1e-300))
        gone = sigma * (1 - down)
        worst = np.max([(essential * same_sector[:, [k]]).T @ gone for k in range(same_sector.shape[1])], axis=0)
        new_down = np.clip(np.minimum(psi, 1 - np.maximum(worst, linear.T @ gone)), 0, 1)
        new_up = np.clip(np.minimum(psi, 1 - upward @ (1 - up)), 0, 1)
        falls = (np.max(down - new_down), np.max(up - new_up))
        down, up = np.minimum(down, new_down), np.minimum(up, new_up)
        if max(falls) <= (fall if stop_rise is None else stop_rise):
            break
    return down, up


def index_of_each(network, replaceability, **options):
    """Index of every firm failing alone."""
    weights = (network.output / network.output.sum()).astype(float)
    found = []
    for k in range(network.firm_count):
        psi = np.ones(network.firm_count)
        psi[k] = 0.0
        down, up = iterate(network, psi, replaceability, **options)
        found.append(float(weights @ (1 - np.minimum(down, up))))
    return np.array(found)


def in_rounds(asked, usual, made):
    """What everybody gets by the published steps of Inoue and Todo; exact with fractions.

    In every round all who are left get, in usual quantities, the smallest that anybody still wants; who has all it
    wants leaves. When that is more than what is left of production, they share it in equal ratio.
    """
    wants = {k: asked[k] / usual[k] for k in range(len(asked)) if usual[k] > 0}
    got = dict.fromkeys(wants, 0)
    while wants:
        least = min(wants.values())
        needed = sum(least * usual[k] for k in wants)
        if made <= needed:
            ratio = made / sum(usual[k] for k in wants)
            got |= {k: got[k] + ratio for k in wants}
            break
        got |= {k: got[k] + least for k in wants}
        wants = {k: want - least for k, want in wants.items() if want > least}
        made -= needed
    return [got.get(k, 0) * usual[k] for k in range(len(asked))]


def random_network(seed, n=25, links=3.0, sectors=5, final=0.5, added=0.5, loops=False, scale=1.0):
    """A random network; `final` and `added` are the odds of a firm having final demand and value added."""
    from reshore.stress.cascade import network_from_arrays

    rng = np.random.default_rng(seed)
    sector = rng.integers(0, sectors, n)
    pairs = {(int(i), int(j)) for i, j in rng.integers(0, n, (int(n * links), 2)) if loops or i != j}
    pairs |= {(0, 1)}
    i, j = (np.array(side) for side in zip(*sorted(pairs), strict=True))
    need = rng.choice(3, (sectors, sectors), p=[0.15, 0.45, 0.4])
    value = rng.lognormal(0, 1.5, len(i)) * scale
    return network_from_arrays(
        supplier=i,
        buyer=j,
        value=value,
        need=need[sector[i], sector[j]],
        sector=sector,
        final_demand=np.where(rng.random(n) < final, rng.lognormal(0, 1, n), 0.0) * scale,
        value_added=np.where(rng.random(n) < added, rng.lognormal(0, 1, n), 0.0) * scale,
    )
