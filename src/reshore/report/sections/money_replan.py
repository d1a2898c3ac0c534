"""What waiting to see is worth: the plan kept and made anew, for all that may come of its first year."""

from __future__ import annotations

import polars as pl

from reshore.report.grid import result_grid
from reshore.report.page import Figure, Page
from reshore.report.sections.money_decision import project_labels
from reshore.report.sections.tracks import Mark, Track, scale, tracks
from reshore.report.words import usd, usd_range
from reshore.study.words import in_words
from reshore.units import SHARE, USD, written

ROWS = 16
_COLUMNS = ("outcome", "odds_share", "kept_usd", "anew_usd", "gain_usd", "bound_usd", "built")


def replan(page: Page) -> Figure | None:
    """Both ways by what comes of the first year; ``None`` where the study does not ask for it."""
    frame = page.results.tables.get("fund_replan", pl.DataFrame())
    if frame.is_empty():
        return None
    frame = frame.sort("gain_usd", "odds_share", "outcome", descending=[True, True, False], nulls_last=True)
    cases, mean = frame.filter(pl.col("odds_share").is_not_null()), frame.filter(pl.col("odds_share").is_null())
    labels, axis = project_labels(page), scale(0.0, max(1.0, *frame["anew_usd"], *frame["bound_usd"].drop_nulls()))
    rows = []
    for row in cases.iter_rows(named=True):
        kept, anew = axis.at(row["kept_usd"]), axis.at(row["anew_usd"])
        marks = [Mark("pale", 0.0, kept)] if kept > 0 else []
        marks += [Mark("solid", kept, anew)] if anew > kept and row["gain_usd"] >= 1 else []
        later = [labels.get(key, key) for key in (row["built"] or "").split(";") if key]
        words = usd(row["kept_usd"]) if row["gain_usd"] < 1 else f"{usd(row['kept_usd'])} → {usd(row['anew_usd'])}"
        odds, built = written(row["odds_share"], SHARE), in_words(later) if later else "nothing more"
        rows.append(Track(row["outcome"], tuple(marks), words, f"in {odds} of draws", f"then {built}"))
    total = mean.row(0, named=True)
    gain = usd_range(total["gain_usd"], total["gain_usd_low"], total["gain_usd_high"])
    return Figure(
        "money-replan",
        f"Waiting to see is worth {gain}",
        "The deals of the first year are made in any case. Light: what is avoided when the plan goes on as chosen. "
        "Dark: what planning the later years anew adds, once it is known which projects of the first succeed.",
        "Plan kept and made anew. " + "; ".join(f"{row.label}, {row.note}: {row.words}" for row in rows) + ".",
        result_grid(page.results, "fund_replan", frame, _COLUMNS, page.by_key, "Plan kept and made anew", spoken=True),
        (),
        "OUT/tables/fund_replan.csv",
        tracks(rows[:ROWS], axis, lambda value: written(value, USD),
               (("pale", "plan kept"), ("solid", "made anew adds")), more=max(0, len(rows) - ROWS)),
    )  # fmt: skip
