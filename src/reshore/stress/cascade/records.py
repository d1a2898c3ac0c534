"""The tables of a firm-level network and of what the cascade says about it, as `Table` records."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from reshore.tables import ROW, Column, Finding, Table
from reshore.units import INDEX, SHARE

NEEDS: dict[str, str] = {
    "essential": "the buyer's output falls as far as its purchases of this kind fall (Leontief)",
    "non_essential": "the buyer's output falls by this purchase's share of its costs (linear)",
    "negligible": "the buyer's output does not depend on this purchase",
}
"""What losing an input does to its buyer."""

NEED_CODES: dict[str, int] = {"negligible": 0, "non_essential": 1, "essential": 2}
"""`NEEDS` as they stand in arrays."""


def _values_are_positive(frame: pl.DataFrame) -> Iterator[Finding]:
    for row, value in frame.filter(pl.col("value") <= 0).select(ROW, "value").iter_rows():
        yield Finding(
            row, "value", "out-of-range", f"'{value}'", "a value above 0", "leave out flows that carry nothing"
        )


def _accounts_are_whole(frame: pl.DataFrame) -> Iterator[Finding]:
    """A column is stated for every firm or for none: a blank among numbers is unknown, and unknown is not zero."""
    for name in ("final_demand", "value_added"):
        if name not in frame.columns or frame[name].null_count() in (0, frame.height):
            continue
        for row in frame.filter(pl.col(name).is_null())[ROW]:
            yield Finding(
                row,
                name,
                "unknown-account",
                "an empty cell",
                "a number for every firm, or the column left out",
                "write 0 if the firm has none",
            )


FIRMS = Table(
    name="firms",
    label="Firms",
    description="The firms of a network, each with the sector whose good it makes.",
    key=("firm",),
    required=True,
    columns=(
        Column("firm", "id", "Firm", "Key of the firm."),
        Column("sector", "id", "Sector", "Sector of the firm: firms of one sector make the same kind of input."),
        Column(
            "market",
            "id",
            "Market",
            "Firms of one market can take over each other's customers.",
            absent="the sector is the market",
        ),
        Column(
            "final_demand",
            "number",
            "Sales to final demand",
            "Sales to final demand and abroad, in the unit of the flows.",
            low=0,
            absent="such sales are left out; firms then lose whatever their customers lose",
        ),
        Column(
            "value_added",
            "number",
            "Value added",
            "Costs that are no purchases from firms of the network, in the unit of the flows.",
            low=0,
            absent="such costs are left out; non-essential inputs then weigh by their share of purchases",
        ),
    ),
    rules=(_accounts_are_whole,),
)

FLOWS = Table(
    name="flows",
    label="Flows between firms",
    description="What one firm sells to another in a year; any one unit of money, the same in every row.",
    key=("supplier", "buyer", "item"),
    required=True,
    columns=(
        Column("supplier", "id", "Supplier", "The selling firm."),
        Column("buyer", "id", "Buyer", "The buying firm."),
        Column("item", "id", "Item", "Tells several flows between two firms apart; they are added up.", absent="one"),
        Column("value", "number", "Value", "Value sold per year, above 0."),
        Column(
            "need",
            "category",
            "Need",
            "What losing this input does to the buyer.",
            absent="by the pair of sectors",
            choices=NEEDS,
        ),
        Column(
            "supplier_sector", "id", "Sector of the supplier", "Where there is no firms table.", absent="see the firm"
        ),
        Column("buyer_sector", "id", "Sector of the buyer", "Where there is no firms table.", absent="see the firm"),
    ),
    rules=(_values_are_positive,),
)

ESSENTIALITY = Table(
    name="essentiality",
    label="Essential inputs by pair of sectors",
    description="What losing inputs from one sector does to firms of another.",
    key=("supplier_sector", "buyer_sector"),
    columns=(
        Column("supplier_sector", "id", "Supplying sector", "Sector of the seller.", refers="firms.sector"),
        Column("buyer_sector", "id", "Buying sector", "Sector of the buyer.", refers="firms.sector"),
        Column("need", "category", "Need", "What losing this input does to the buyer.", choices=NEEDS),
    ),
)

LOSSES = Table(
    name="losses",
    label="Losses of production",
    description="How far each firm's production falls after a shock.",
    key=("firm",),
    columns=(
        Column("firm", "id", "Firm", "Key of the firm."),
        Column("loss_share", "number", "Loss", "Share of production lost: the larger of both directions.", unit=SHARE),
        Column("upstream_loss_share", "number", "Loss of demand", "Lost because customers stop.", unit=SHARE),
        Column("downstream_loss_share", "number", "Loss of inputs", "Lost because suppliers stop.", unit=SHARE),
    ),
)

_INDICES = (
    Column(
        "systemic_risk_index",
        "number",
        "Systemic risk",
        "Share of the network's output lost when the firm stops, its own included.",
        unit=INDEX,
    ),
    Column("upstream_index", "number", "Upstream part", "The same through lost demand alone.", unit=INDEX),
    Column("downstream_index", "number", "Downstream part", "The same through lost inputs alone.", unit=INDEX),
    Column(
        "residual_index",
        "number",
        "Residual",
        "Estimate of what is missing from the index at the end; absent where a rule ended the cascade.",
        unit=INDEX,
        absent="a stopping rule ended the cascade",
    ),
)

SYSTEMIC_RISK = Table(
    name="systemic_risk",
    label="Systemic risk of firms",
    description="What the network loses when one firm stops.",
    key=("firm",),
    columns=(
        Column("firm", "id", "Firm", "Key of the firm."),
        Column("output_share", "number", "Own share", "The firm's share of the network's output.", unit=SHARE),
        *_INDICES,
    ),
)

SHOCK_LOSSES = Table(
    name="shock_losses",
    label="Losses by shock",
    description="What the network loses in each shock.",
    key=("shock",),
    columns=(Column("shock", "id", "Shock", "Name of the shock."), *_INDICES),
)

COURSE = Table(
    name="course",
    label="Days of a disruption",
    description="What the network makes day by day, with stocks, orders and rationing; shares of normal.",
    key=("day",),
    columns=(
        Column("day", "integer", "Day", "Days since the start."),
        Column("production_share", "number", "Production", "Production as a share of normal.", unit=SHARE),
        Column(
            "final_demand_served_share",
            "number",
            "Final demand served",
            "Final demand served, as a share of what it asks for.",
            unit=SHARE,
            absent="no final demand is stated",
        ),
        Column(
            "unrationed_production_share",
            "number",
            "Production without rationing",
            "The same if every order were delivered in full, from outside where production falls short.",
            unit=SHARE,
        ),
        Column(
            "unrationed_served_share",
            "number",
            "Served without rationing",
            "Final demand served in that case.",
            unit=SHARE,
            absent="no final demand is stated",
        ),
    ),
)
