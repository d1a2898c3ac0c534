"""What a run found, in sentences: the most important first, each with its numbers, its basis and its year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from reshore.chain import ValueChain
from reshore.countries import country_name
from reshore.study.settings import Study
from reshore.units import SHARE, written

MAJORITY = 0.5
HIDDEN = 0.1
LISTED = 5

_BASIS = {
    "site": "by plant site",
    "capacity": "by capacity",
    "seat": "by seat of the owner",
    "origin": "by import origin",
}


def findings(study: Study, chain: ValueChain, tables: Mapping[str, pl.DataFrame]) -> tuple[str, ...]:
    """The findings of a run: at most ten sentences.

    Counts leave out goods that are variants of another good of the chain with figures of its own, so that nothing is
    counted twice.
    """
    exposure = _counted(tables["exposure"], chain)
    sentences = (
        _headline(study, exposure),
        _most_exposed(exposure),
        _chains(exposure),
        _leaders(study, exposure),
        _single_points(study, tables["cut_sets"], chain),
        _hidden(exposure),
        _firms(exposure, tables["suppliers"]),
        _reliance(study, exposure),
        _disagreement(exposure),
        _unknown(exposure),
    )
    return tuple(sentence for sentence in sentences if sentence)


def in_words(names: Sequence[str], limit: int = LISTED) -> str:
    """Names as they stand in a sentence, the first `limit` of them."""
    shown = list(names[:limit])
    if len(names) > limit:
        return f"{', '.join(shown)} and {len(names) - limit} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "none"


def reading(point: float | None, low: float | None, high: float | None) -> str:
    """A share as people read it: the figure, or its range where only that is known."""
    if point is not None and (low is None or high is None or abs(high - low) < 5e-4):
        return written(point, SHARE)
    if low is not None and high is not None and high - low < 0.9995:
        return f"{written(low, SHARE)} to {written(high, SHARE)}"
    return "an unknown share"


def _counted(exposure: pl.DataFrame, chain: ValueChain) -> pl.DataFrame:
    known = set(exposure.filter(pl.col("basis").is_not_null())["good"])
    variants = [good.good for good in chain.goods if good.parent is not None and good.parent in known]
    return exposure.filter(~pl.col("good").is_in(variants))


def _judged(exposure: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Goods surely with more than half from concern, goods surely with less, and those that cannot be told."""
    low, high = pl.col("concern_share_low"), pl.col("concern_share_high")
    over = exposure.filter(low > MAJORITY)
    under = exposure.filter(high <= MAJORITY)
    open_ = exposure.filter((low.is_null()) | ((low <= MAJORITY) & (high > MAJORITY)))
    return over, under, open_


def _headline(study: Study, exposure: pl.DataFrame) -> str:
    over, under, open_ = _judged(exposure)
    concern = in_words([country_name(code) for code in study.concern])
    return (
        f"{_home(study)}: of {over.height + under.height} goods that can be judged, {over.height} get more than half "
        f"of world supply from countries of concern ({concern}); {open_.height} more cannot be judged, because sources "
        "give too few shares."
    )


def _home(study: Study) -> str:
    return country_name(study.home)


def _most_exposed(exposure: pl.DataFrame) -> str:
    top = most_exposed(exposure).head(LISTED)
    if top.is_empty():
        return "No good has a known share from countries of concern."
    parts = [
        f"{row['label']} ({reading(row['concern_share'], row['concern_share_low'], row['concern_share_high'])}, "
        f"{_BASIS.get(row['basis'], row['basis'])}, {row['year'] or 'year not stated'})"
        for row in top.iter_rows(named=True)
    ]
    return f"Most exposed: {in_words(parts)}."


def most_exposed(exposure: pl.DataFrame) -> pl.DataFrame:
    """Goods by the share that surely comes from concern, largest first; then by what it could be; ties by key."""
    known = exposure.filter(pl.col("concern_share_low") > 0)
    return known.sort("concern_share_low", "concern_share_high", "good", descending=[True, True, False])


def _chains(exposure: pl.DataFrame) -> str:
    rows = []
    for (chain,), group in exposure.group_by(["chain"], maintain_order=True):
        over, _, open_ = _judged(group)
        rows.append((over.height / group.height, str(chain).replace("-", " "), over.height, group.height, open_.height))
    if len(rows) < 2:
        return ""
    rows.sort(key=lambda row: (-row[0], row[1]))
    parts = [f"{name} {count} of {total} ({unknown} open)" for _, name, count, total, unknown in rows]
    return f"By chain, goods with more than half from concern: {in_words(parts, 10)}."


def _leaders(study: Study, exposure: pl.DataFrame) -> str:
    named = exposure.filter(pl.col("largest_supplier").is_not_null())
    counts = named.group_by("largest_supplier").len().sort("len", "largest_supplier", descending=[True, False])
    if counts.is_empty():
        return ""
    parts = [f"{country_name(code)} of {count}" for code, count in counts.head(4).iter_rows()]
    home = named.filter(pl.col("largest_supplier") == study.home).height
    tail = "" if any(country_name(study.home) in part for part in parts) else f"; {_home(study)} of {home}"
    return f"Largest known supplier among {named.height} goods with figures: {in_words(parts)}{tail}."


def _single_points(study: Study, cut_sets: pl.DataFrame, chain: ValueChain) -> str:
    total = len(chain.final_goods)
    single = cut_sets.filter(
        (pl.col("level") == "country")
        & (pl.col("size") == 1)
        & pl.col("good").is_in(list(chain.final_goods))
        & (pl.col("members") != study.home)
    )
    if single.is_empty():
        return f"No single foreign country is known to be able to stop any of the {total} final uses."
    sure = single.filter(pl.col("reading") == "certain")
    word, rows = ("surely stops", sure) if sure.height else ("may stop", single)
    counts = rows.group_by("members").agg(pl.col("good").n_unique())
    code, count = counts.sort("good", "members", descending=[True, False]).row(0)
    stopped = [chain[good].label for good in rows.filter(pl.col("members") == code)["good"].unique().sort()]
    return (
        f"Losing {country_name(code)} alone {word} {count} of {total} final uses once stocks are used up: "
        f"{in_words(stopped)}."
    )


def _hidden(exposure: pl.DataFrame) -> str:
    gap = pl.col("concern_look_through_share_low") - pl.col("concern_share_high")
    rows = (
        exposure.with_columns(gap.alias("gap")).filter(pl.col("gap") > 0).sort("gap", "good", descending=[True, False])
    )
    if rows.is_empty():
        return ""
    row = rows.row(0, named=True)
    assumed = " (inputs weighted equally where their value is unknown)" if row["look_through_assumed"] else ""
    shown = reading(row["concern_share"], row["concern_share_low"], row["concern_share_high"])
    return (
        f"Hidden dependence: {row['label']} shows {shown} from concern, and at least "
        f"{written(row['concern_look_through_share_low'], SHARE)} when suppliers of suppliers are "
        f"counted{assumed}; this holds for {rows.height} goods."
    )


def _firms(exposure: pl.DataFrame, suppliers: pl.DataFrame) -> str:
    least = pl.coalesce(pl.col("largest_firm_share"), pl.col("largest_firm_share_low")).alias("least")
    rows = exposure.with_columns(least).filter(pl.col("least") > MAJORITY)
    rows = rows.sort("least", "good", descending=[True, False])
    if rows.is_empty():
        return ""
    names = dict(suppliers.filter(pl.col("level") == "organization").select("supplier", "label").iter_rows())
    parts = [
        f"{names.get(row['largest_firm'], row['largest_firm'])} "
        f"({reading(row['largest_firm_share'], row['least'], row['largest_firm_share_high'])} of {row['label']})"
        for row in rows.head(4).iter_rows(named=True)
    ]
    return f"One firm makes more than half of {rows.height} goods: {in_words(parts)}."


def _reliance(study: Study, exposure: pl.DataFrame) -> str:
    low = pl.coalesce(pl.col("net_import_reliance_share"), pl.col("net_import_reliance_share_low"))
    known = exposure.with_columns(low.alias("least")).filter(pl.col("least").is_not_null())
    if known.is_empty():
        return ""
    whole = known.filter(pl.col("least") >= 0.995).sort("label")["label"].to_list()
    over = known.filter(pl.col("least") > MAJORITY).height
    tail = f", and all of {in_words(whole)}" if whole else ""
    return (
        f"{_home(study)} imports more than half of what it uses of {over} of {known.height} goods with official "
        f"figures{tail}."
    )


def _disagreement(exposure: pl.DataFrame) -> str:
    rows = exposure.filter(pl.col("largest_supplier_spread_share") > HIDDEN)
    rows = rows.sort("largest_supplier_spread_share", "good", descending=[True, False])
    if rows.is_empty():
        return ""
    row = rows.row(0, named=True)
    return (
        f"Sources disagree by more than ten points on the largest supplier of {rows.height} goods, most on "
        f"{row['label']} ({written(100 * row['largest_supplier_spread_share'])} points): bases and years differ, and "
        "both are shown."
    )


def _unknown(exposure: pl.DataFrame) -> str:
    unsized = exposure.filter(pl.col("largest_supplier_share").is_null()).height
    weak = exposure.filter(pl.col("confidence").is_in(["low", "assumed"])).height
    old = exposure.filter(pl.col("data_age_years") >= 5).height
    return (
        f"What we do not know: {unsized} of {exposure.height} goods have no supplier of known size, {weak} rest on "
        f"weak or assumed figures, {old} on figures that are five years old or older."
    )


def lines(sentences: Sequence[str]) -> Iterator[str]:
    """Findings as numbered lines for a terminal."""
    for number, sentence in enumerate(sentences, 1):
        yield f"{number:2}. {sentence}"
