"""Owners: who is last in line behind the organizations of the data."""

from __future__ import annotations

import polars as pl

from reshore.countries import country_name
from reshore.report.grid import result_grid
from reshore.report.page import Block, Figure, Page
from reshore.study.findings import answering
from reshore.study.words import in_words

_COLUMNS = ("label", "seat", "controller_label", "controller_seat", "certainty", "routes", "votes_share")


def control(page: Page) -> Block:
    """Ultimate controllers; those of concern behind organizations that sit elsewhere come first."""
    study = page.results.study
    intro = (
        f"Who is last in line behind an organization by votes, shares, board seats and posts, on {study.at}. Stakes "
        "that are not known make a controller possible, never certain."
    )
    frame = page.results["control"].filter(pl.col("is_ultimate"))
    if frame.is_empty():
        return Block("Owners", intro, after="The data name no stakes or posts that give control.")
    concern = list(study.concern)
    abroad = pl.col("controller_seat").is_in(concern) & ~pl.col("seat").is_in(concern)
    frame = frame.with_columns(abroad.fill_null(False).alias("abroad"))
    frame = frame.sort("abroad", "certainty", "label", "controller", descending=[True, False, False, False])
    return Block("Owners", intro, (_figure(page, frame),))


def _figure(page: Page, frame: pl.DataFrame) -> Figure:
    shown = frame.filter(pl.col("abroad") | pl.col("controller_seat").is_in(list(page.results.study.concern)))
    rows = tuple(
        (
            row["label"], country_name(row["seat"]) if row["seat"] else "seat unknown",
            row["routes"].replace(";", ", "), row["certainty"], row["controller_label"],
            country_name(row["controller_seat"]) if row["controller_seat"] else "seat unknown", bool(row["abroad"]),
        )
        for row in shown.head(40).iter_rows(named=True)
    )  # fmt: skip
    package = page.results.package
    cited = {key for table in ("stakes", "posts") for key in package[table]["source"]}
    return Figure(
        "control-ultimate",
        _title(page),
        "Left: the organization and where it sits. Right: who is last in line behind it, and from where.",
        "Who controls whom. " + "; ".join(f"{row[0]} ({row[1]}) by {row[4]} ({row[5]})" for row in rows[:12]) + ".",
        result_grid(page.results, "control", frame, _COLUMNS, page.by_key, "Ultimate controllers"),
        page.cite(sorted(cited)),
        "reshore why OUT ORGANIZATION control",
        rows,
    )


def _title(page: Page) -> str:
    found = answering(page.results.study, page.results["control"])
    verb = "answers" if len(found.sure) == 1 else "answer"
    where = in_words(found.abroad, 4) if found.abroad else "none of them"
    sits = "sits" if len(found.abroad) < 2 else "sit"
    return (
        f"Of {found.total} organizations with known controllers, {len(found.sure)} surely {verb} to countries of "
        f"concern and {len(found.possible)} more may; {where} {sits} elsewhere"
    )
