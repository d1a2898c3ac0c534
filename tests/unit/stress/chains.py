"""Small chains for stress tests, with hand-checkable numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reshore.chain import build_chain
from reshore.data import DataPackage, build_package
from reshore.stress import Hit, Scenario, StressSettings
from reshore.stress.case import StressCase, build_stress_case

FACT = {"source": "survey", "as_of": "2025", "confidence": "high"}
Rows = Sequence[Mapping[str, object]]


def package(goods: Rows, inputs: Rows = (), supply: Rows = (), demand: Rows = (), firms: Rows = ()) -> DataPackage:
    """A package of these rows, the usual cells filled in."""
    good = {"chain": "c", "step": "s", "step_order": 0, "kind": "component", "origin": "primary", "final": False}
    fed = {row["good"] for row in inputs} | {row["parent"] for row in goods if row.get("parent")}
    kinds = {row["good"] for row in goods if row.get("parent")}
    rows = [
        {**good, **({"origin": None} if row["good"] in fed - kinds else {}), **row, "label": row["good"].title()}  # type: ignore[attr-defined]
        for row in goods
    ]
    share = {"market": "WLD", "basis": "site", "measure": "volume", "coverage": "complete", "year": 2025}
    return build_package(
        {
            "sources": [{"source": "survey", "title": "A survey"}],
            "goods": [{**FACT, **row} for row in rows],
            "inputs": [{"need": "essential", "role": "consumed", **FACT, **row} for row in inputs],
            "organizations": [
                {"label": str(row["organization"]).title(), "kind": "firm", **FACT, **row} for row in firms
            ],
            "supply": [{**share, **FACT, **row} for row in supply],
            "demand": [{**FACT, **row} for row in demand],
        },
        "small",
        "A small chain",
        price_year=2025,
    )


def stress_case(
    data: DataPackage, home: str = "USA", seed: int = 0, controlled_by: Mapping[str, tuple[str, ...]] | None = None,
    **settings: object,
) -> StressCase:  # fmt: skip
    """The case of a package, seen from `home`."""
    chosen = StressSettings(**{"draws": 0, **settings})  # type: ignore[arg-type]  # names of fields to values
    return build_stress_case(build_chain(data), data["demand"], controlled_by or {}, home, (), chosen, seed)


def shares(good: str, **by_place: float) -> list[dict[str, object]]:
    """Supply rows of one good: ``shares("magnet", CHN=0.94, JPN=0.06)``."""
    return [{"good": good, "supplier": place, "share": share} for place, share in by_place.items()]


def magnets(**more: object) -> DataPackage:
    """94 % of magnets are Chinese; China uses 65 % of them, the United States 10 %; two months are in stock."""
    use = {"good": "magnet", "year": 2025}
    return package(
        [{"good": "magnet", "final": True, "market_size_usd_per_year": 1200.0}],
        supply=shares("magnet", CHN=0.94, JPN=0.06),
        demand=[
            {**use, "country": "CHN", "use_share": 0.65},
            {**use, "country": "USA", "use_share": 0.10},
            {"good": "magnet", "country": "WLD", "stock_months": 2.0},
        ],
        **more,  # type: ignore[arg-type]
    )


def cut(*countries: str, months: int = 12, name: str = "cut", **more: object) -> Scenario:
    """A scenario in which `countries` deliver nothing."""
    options = {key: more.pop(key) for key in ("pool", "rationing", "by") if key in more}
    return Scenario(name, name.title(), (Hit("supply-cut", tuple(countries), **more),), months=months, **options)  # type: ignore[arg-type]
