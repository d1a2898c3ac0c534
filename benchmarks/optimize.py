"""What records, screening, scaling and verification cost: ``python benchmarks/optimize.py``.

Multi-period supply of three sizes: goods over 24 months, from capacity and stock, with shortages at a price, and each
good but the first ones using two others. The same program is (a) built and solved here, from blocks to a verified
answer, and (b) written as arrays by hand and given to the solver, with the same options and nothing before or after.
Runs alternate; times are CPU seconds, the least of three. Last column: choosing among equal answers as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import highspy
import numpy as np

from reshore.optimize import Builder, Program, Session, rank_weights, solve
from reshore.optimize.highs import OPTIONS, SOLVER
from reshore.seeds import stream

SIZES = (100, 1_000, 4_000)
MONTHS = 24
REPEATS = 3


def figures(goods: int) -> dict[str, np.ndarray]:
    random = stream(7, "benchmark optimize", goods)
    shape = (goods, MONTHS)
    user = np.repeat(np.arange(10, goods), 2)
    return {
        "capacity": random.uniform(2, 4, shape),
        "cost": np.broadcast_to(random.uniform(1, 2, (goods, 1)), shape),
        "need": random.uniform(0, 3, shape) * (random.random((goods, 1)) < 0.3),
        "user": user,
        "input": ((np.arange(user.size) % 2 + random.random(user.size)) * (user // 2)).astype(np.int64),
        "amount": random.uniform(0.05, 0.3, user.size),
    }


def by_blocks(data: dict[str, np.ndarray]) -> Program:
    goods = data["capacity"].shape[0]
    builder = Builder()
    made = builder.variables("made", (goods, MONTHS), high=data["capacity"], cost=data["cost"])
    short = builder.variables("short", (goods, MONTHS), cost=20.0)
    kept = builder.variables("kept", (goods, MONTHS), cost=0.01)
    row = np.arange(goods * MONTHS).reshape(goods, MONTHS)
    terms = [
        (row, made, 1.0), (row, short, 1.0), (row, kept, -1.0), (row[:, 1:], kept[:, :-1], 1.0),
        (row[data["input"]], made[data["user"]], -data["amount"][:, None]),
    ]  # fmt: skip
    need = data["need"].ravel()
    builder.require("balance", terms, goods * MONTHS, low=need, high=need, says=lambda k: f"balance {k}")
    return builder.build()


def by_hand(data: dict[str, np.ndarray]) -> float:
    """Columns are laid out one after the other: made, short, kept; entries are written straight into columns."""
    goods = data["capacity"].shape[0]
    count = goods * MONTHS
    order = np.argsort(data["user"], kind="stable")
    per_good = np.bincount(data["user"], minlength=goods)
    length = np.repeat(1 + per_good, MONTHS)
    start = np.concatenate([[0], np.cumsum(length)])
    index, value = np.empty(start[-1], np.int32), np.empty(start[-1])
    index[start[:-1]], value[start[:-1]] = np.arange(count), 1.0
    place = np.arange(order.size) - np.repeat(np.cumsum(per_good) - per_good, per_good)
    spot = start[(data["user"][order][:, None] * MONTHS + np.arange(MONTHS))] + 1 + place[:, None]
    index[spot] = data["input"][order][:, None] * MONTHS + np.arange(MONTHS)
    value[spot] = -data["amount"][order][:, None]
    last = np.arange(count) % MONTHS == MONTHS - 1
    kept_start = np.concatenate([[0], np.cumsum(2 - last)])
    kept_index, kept_value = np.empty(kept_start[-1], np.int32), np.empty(kept_start[-1])
    kept_index[kept_start[:-1]], kept_value[kept_start[:-1]] = np.arange(count), -1.0
    second = kept_start[:-1][~last] + 1
    kept_index[second], kept_value[second] = np.arange(count)[~last] + 1, 1.0

    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = 3 * count, count
    lp.col_cost_ = np.concatenate([data["cost"].ravel(), np.full(count, 20.0), np.full(count, 0.01)])
    lp.col_lower_ = np.zeros(3 * count)
    lp.col_upper_ = np.concatenate([data["capacity"].ravel(), np.full(2 * count, np.inf)])
    lp.row_lower_ = lp.row_upper_ = data["need"].ravel()
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    short_start = start[-1] + np.arange(count + 1)
    starts = np.concatenate([start[:-1], short_start[:-1], short_start[-1] + kept_start])
    lp.a_matrix_.start_ = starts.astype(np.int32)
    lp.a_matrix_.index_ = np.concatenate([index, np.arange(count, dtype=np.int32), kept_index])
    lp.a_matrix_.value_ = np.concatenate([value, np.ones(count), kept_value])
    highs = highspy.Highs()
    for name, option in OPTIONS.items():
        highs.setOptionValue(name, option)
    highs.passModel(lp)
    highs.run()
    return float(highs.getInfo().objective_function_value)


def cpu(work: Callable[..., float], *given: object) -> tuple[float, float]:
    begin = time.process_time()
    value = work(*given)
    return time.process_time() - begin, value


def answered(data: dict[str, np.ndarray]) -> float:
    return solve(by_blocks(data)).objective


def chosen(data: dict[str, np.ndarray]) -> float:
    program = by_blocks(data)
    return solve(program, ties=rank_weights(program.n_columns)).objective


def built(data: dict[str, np.ndarray]) -> float:
    return by_blocks(data).n_rows


def loaded(program: Program) -> float:
    return Session(program).program.n_rows


def main() -> None:
    heads = ("goods", "rows", "entries", "build s", "load s", "all s", "by hand s", "ratio", "with ties s")
    print(f"{SOLVER}; {MONTHS} months")
    print("".join(f"{head:>12}" for head in heads))
    for goods in SIZES:
        data = figures(goods)
        program = by_blocks(data)
        works = {built: data, loaded: program, answered: data, by_hand: data, chosen: data}
        runs = [{work: cpu(work, given) for work, given in works.items()} for _ in range(REPEATS)]
        least = {work: min(run[work][0] for run in runs) for work in works}
        ours, theirs = runs[0][answered][1], runs[0][by_hand][1]
        if abs(ours - theirs) > 1e-9 * abs(theirs):
            raise AssertionError(f"{ours} here, {theirs} by hand")
        seconds = [least[built], least[loaded], least[answered], least[by_hand]]
        cells = [
            f"{goods:>12}{program.n_rows:>12}{program.matrix.nnz:>12}",
            *(f"{second:>12.3f}" for second in seconds),
        ]
        print("".join(cells) + f"{least[answered] / least[by_hand]:>12.2f}{least[chosen]:>12.3f}", flush=True)


if __name__ == "__main__":
    main()
