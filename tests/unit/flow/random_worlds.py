"""Small random chains with every kind of relation, their worlds, and cuts: seeded, for oracles and properties."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from reshore.flow import Cut, Project, Terms, World, build_world
from tests.chains import chain_of, edge, good_named

PLACES = ("USA", "JPN", "DEU", "CHN", "RUS")


def demand_frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    """`rows` under the columns of the demand table that a world reads."""
    schema = {"good": pl.String, "country": pl.String, "year": pl.Int64}
    schema |= {f"{name}{end}": pl.Float64 for name in ("use_share", "stock_months") for end in ("", "_low", "_high")}
    return pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)


@dataclass(frozen=True)
class Case:
    """A world with what happens to it."""

    world: World
    cuts: tuple[Cut, ...]
    terms: Terms

    def but(self, **terms: object) -> Case:
        """The same on other terms."""
        return replace(self, terms=replace(self.terms, **terms))  # type: ignore[arg-type]  # names of fields to values


def random_case(seed: int, months: int = 6) -> Case:
    """Case number `seed`: three to seven goods, five places, one or two cuts."""
    random = np.random.default_rng(seed)
    count = int(random.integers(3, 8))
    names = [f"g{k}" for k in range(count)]
    goods = [good_named(name, final=k == count - 1 or random.random() < 0.2) for k, name in enumerate(names)]
    if count > 4 and random.random() < 0.5:  # the first two are kinds of the third
        goods[0]["parent"] = goods[1]["parent"] = names[2]
    inputs = []
    for k in range(count - 1):
        is_kind = "parent" in goods[k]
        users = random.choice(
            np.arange(k + 1, count), size=min(count - 1 - k, int(random.integers(1, 3))), replace=False
        )
        for user in sorted(users.tolist()):
            if is_kind and user <= 2:
                continue
            role = str(random.choice(["consumed", "consumed", "consumed", "capital", "design"]))
            need = str(random.choice(["essential", "essential", "important"])) if role == "consumed" else "essential"
            life = float(random.integers(1, 4)) / 2 if role == "capital" else None
            inputs.append(edge(names[user], names[k], need=need, role=role, life_years=life))
    if count > 3 and random.random() < 0.3:  # scrap of the last good goes back into an earlier one
        inputs.append(edge(names[int(random.integers(1, count - 1))], names[-1], output_share=0.1))
    supply = []
    for name in names:
        shares = random.dirichlet(np.full(len(PLACES), 0.5))
        supply += [{"good": name, "supplier": p, "share": float(s)} for p, s in zip(PLACES, shares, strict=True)]
    use = random.dirichlet(np.full(len(PLACES), 2.0))
    rows = [{"good": g["good"], "country": p, "use_share": float(s)} for g in goods if g["final"]
            for p, s in zip(PLACES, use, strict=True)]  # fmt: skip
    rows += [
        {"good": name, "country": "WLD", "stock_months": float(random.choice([0.0, 0.5, 1.0, 2.5]))} for name in names
    ]
    world = build_world(chain_of(goods, inputs, supply), demand_frame(rows))
    world = replace(world, value_usd=random.uniform(1, 10, world.final.size))
    cuts = tuple(
        Cut(
            (str(random.choice(["CHN", "RUS"])),),
            severity=float(random.choice([0.3, 0.8, 1.0])),
            start_month=int(random.integers(0, 3)),
            ramp_months=int(random.integers(0, 3)),
            is_lost=bool(random.random() < 0.2),
        )
        for _ in range(int(random.integers(1, 3)))
    )
    own = [name for k, name in enumerate(names) if not any(g.get("parent") == name for g in goods)]
    projects = (Project(str(random.choice(own)), float(random.uniform(0, 0.2)), 1, 1, 2, 0.9),)
    return Case(world, cuts, Terms(home="USA", allies=("JPN",), months=months, projects=projects, design_lag_months=2))
