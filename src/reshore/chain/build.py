"""From a checked package to a value chain."""

from __future__ import annotations

from typing import Protocol

import polars as pl

from reshore.chain.graph import ValueChain
from reshore.chain.records import Good, Input, Organization
from reshore.chain.series import read_series


class Tables(Protocol):
    """What is needed of a data package: its tables by name."""

    def __getitem__(self, name: str) -> pl.DataFrame: ...


def build_chain(package: Tables, *chains: str) -> ValueChain:
    """The value chain of `package`: goods, inputs and the figures of supply, each in key order.

    Parameters
    ----------
    package
        A data package: ``package["goods"]`` and so on are its checked tables.
    chains
        Chains to select, each with everything upstream of it; none stands for all.

    Raises
    ------
    KeyError
        When the package has no good in one of `chains`; the message names those there are.
    """
    goods = tuple(
        Good(**row)
        for row in package["goods"]
        .select(
            "good",
            "label",
            "chain",
            "step",
            "step_order",
            "kind",
            "parent",
            "origin",
            pl.col("final").fill_null(value=False),
            "unit",
            "world_output_per_year",
            "market_size_usd_per_year",
            "market_size_usd_per_year_low",
            "market_size_usd_per_year_high",
        )
        .sort("good")
        .iter_rows(named=True)
    )
    inputs = tuple(
        Input(**row)
        for row in package["inputs"]
        .select("good", "input", "need", "role", "life_years", "amount_per_unit", "output_share", "yield_share")
        .sort("good", "input")
        .iter_rows(named=True)
    )
    bodies = package["organizations"].select("organization", "label", "seat", "kind").sort("organization")
    organizations = {row[0]: Organization(*row) for row in bodies.iter_rows()}
    chain = ValueChain(goods, inputs, organizations, read_series(package["supply"], organizations))
    return chain.select(*chains) if chains else chain
