"""What a run found, in sentences: the most decision-relevant first, each with its numbers, its basis and its year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from reshore.chain import ValueChain
from reshore.countries import country_name
from reshore.study.settings import Study
from reshore.study.words import LISTED, first_upper, gap_words, in_words, reading, the
from reshore.units import SHARE, USD, written

MAJORITY = 0.5
HIDDEN = 0.05
DISAGREEMENT = 0.1
MOST = 10
SCENARIOS = 3
NAMED = 3

_BASIS = {
    "site": "by plant site",
    "capacity": "by capacity",
    "seat": "by seat of the owner",
    "origin": "by import origin",
}


@dataclass(frozen=True)
class Tally:
    """Goods by what can be said of their share from concern: more than half, not more, or it cannot be told."""

    over: tuple[str, ...]
    under: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def total(self) -> int:
        """All goods."""
        return len(self.over) + len(self.under) + len(self.open)


def findings(study: Study, chain: ValueChain, tables: Mapping[str, pl.DataFrame]) -> tuple[str, ...]:
    """The findings of a run: at most ten sentences. Goods are counted as `counted_goods` says.

    A study about money begins with the decision, one with scenarios with what stops when.
    """
    parents = {good.good: good.parent for good in chain.goods}
    counted = counted_goods(tables["exposure"], tables["suppliers"], parents)
    exposure = tables["exposure"].filter(pl.col("good").is_in(sorted(counted)))
    sentences = (
        _decision(study, tables),
        *_scenarios(tables),
        _headline(study, exposure),
        _stops(study, tables["cut_sets"], chain),
        _most_exposed(exposure) if study.concern else "",
        _chains(exposure) if study.concern else "",
        _leaders(study, exposure),
        _reliance(study, exposure),
        _firms(exposure, tables["suppliers"]),
        _owners(study, tables["control"]),
        _hidden(exposure),
        _disagreement(exposure),
    )
    return (*[sentence for sentence in sentences if sentence][: MOST - 1], _unknown(exposure))


def lines(sentences: Sequence[str]) -> Iterator[str]:
    """Findings as numbered lines for a terminal."""
    for number, sentence in enumerate(sentences, 1):
        yield f"{number:2}. {sentence}"


def counted_goods(exposure: pl.DataFrame, suppliers: pl.DataFrame, parents: Mapping[str, str | None]) -> frozenset[str]:
    """The goods that counts are over, so that nothing is counted twice.

    Of a good and its variants, the good itself is counted where its own shares have sizes; its variants where only they
    have, also when the shares of the good are rolled up from theirs.
    """
    goods = exposure["good"].to_list()
    rolled = set(suppliers.filter(pl.col("rolled_up") & (pl.col("level") == "country"))["good"])
    known = set(exposure.filter(is_sized())["good"]) - rolled
    variants: dict[str, list[str]] = {}
    for good in goods:
        parent = parents.get(good)
        if parent is not None:
            variants.setdefault(parent, []).append(good)

    def any_known(good: str) -> bool:
        return good in known or any(any_known(variant) for variant in variants.get(good, ()))

    def level(good: str) -> list[str]:
        if good in known or not any_known(good):
            return [good]
        return [one for variant in variants[good] for one in level(variant)]

    roots = [good for good in goods if parents.get(good) not in set(goods)]
    return frozenset(one for good in roots for one in level(good))


def is_sized() -> pl.Expr:
    """Whether the size of any supplier of a good is known."""
    return (
        pl.col("largest_supplier").is_not_null()
        | (pl.col("concern_share_high") < 1)
        | (pl.col("concern_share_low") > 0)
    ).fill_null(False)


def tally(exposure: pl.DataFrame) -> Tally:
    """Goods by whether more than half of supply surely comes from concern, surely does not, or cannot be told."""
    low, high = pl.col("concern_share_low"), pl.col("concern_share_high")
    over = exposure.filter(low > MAJORITY)["good"].to_list()
    under = exposure.filter(high <= MAJORITY)["good"].to_list()
    judged = {*over, *under}
    return Tally(tuple(over), tuple(under), tuple(good for good in exposure["good"] if good not in judged))


def most_exposed(exposure: pl.DataFrame) -> pl.DataFrame:
    """Goods by the share that surely comes from concern, largest first; then by what it could be; ties by key."""
    known = exposure.filter(pl.col("concern_share_low") > 0)
    return known.sort("concern_share_low", "concern_share_high", "good", descending=[True, True, False])


def _decision(study: Study, tables: Mapping[str, pl.DataFrame]) -> str:
    """What to fund, what it is worth with its range, and how far from the best plan it can be."""
    if "fund_plans" not in tables or tables["fund_plans"].is_empty():
        return ""
    plan = tables["fund_plans"].filter(pl.col("plan") == "chosen").row(0, named=True)
    beside = _committed(tables)
    if not plan["built"]:
        return (
            f"Fund nothing{beside}: under the rules of the study no candidate avoids any expected loss for its money."
        )
    deals = tables["fund_deals"].sort("lost_usd", "project", descending=[True, False])
    names = deals["label"].unique(maintain_order=True).to_list()
    named = in_words(names) if len(names) <= NAMED else f"{len(names)} projects, above all {in_words(names[:1])},"
    face, cost, worth, low, high, bound = (
        written(plan[name], USD)
        for name in ("face_usd", "subsidy_usd", "worth_usd", "worth_usd_low", "worth_usd_high", "bound_usd")
    )
    loss = "risk-weighted" if study.fund is not None and study.fund.risk_weight > 0 else "expected"
    years = _years(tables)
    return (
        f"Fund {named} with {face} USD{years}{beside}, at {cost} USD of cost to the public: that avoids {worth} USD of "
        f"{loss} loss ({low} to {high} over the range of the odds), and no plan under the same rules is worth more "
        f"than {bound} USD (certified gap {gap_words(plan['gap_share'])})."
    )


def _committed(tables: Mapping[str, pl.DataFrame]) -> str:
    """What is committed already, apart from the plan."""
    made = tables.get("fund_commitments", pl.DataFrame())
    if made.is_empty():
        return ""
    return f", beside {written(float(made['amount_usd'].sum()), USD)} USD of deals that are made already"


def _years(tables: Mapping[str, pl.DataFrame]) -> str:
    """How much is awarded in each year, where money comes by year."""
    dated = tables["fund_deals"].filter(pl.col("award_year").is_not_null())
    by_year = dated.group_by("award_year").agg(pl.col("amount_usd").sum()).sort("award_year")
    parts = [f"{written(amount, USD)} in {year}" for year, amount in by_year.iter_rows()]
    return f" ({in_words(parts)})" if parts else ""


def _scenarios(tables: Mapping[str, pl.DataFrame]) -> tuple[str, ...]:
    """What stops when, in the worst scenarios; why where nothing does."""
    if "stress_scenarios" not in tables:
        return ()
    order = ("unserved_share", "alike_unserved_share", "scenario")
    rows = tables["stress_scenarios"].sort(order, descending=[True, True, False]).head(SCENARIOS)
    return tuple(
        row["finding"] if row["nothing_because"] is None else f"{row['finding'].rstrip('.')}: {row['nothing_because']}."
        for row in rows.iter_rows(named=True)
    )


def _headline(study: Study, exposure: pl.DataFrame) -> str:
    if not study.concern:
        known = exposure.filter(is_sized()).height
        return (
            f"{country_name(study.home)}: the study names no country of concern; who supplies is known, with sizes, "
            f"for {known} of {exposure.height} goods."
        )
    found = tally(exposure)
    concern = in_words([the(code) for code in study.concern])
    over, under, open_ = len(found.over), len(found.under), len(found.open)
    goods = f"{found.total} goods" if found.total != 1 else "1 good"
    return (
        f"{country_name(study.home)}: of {goods}, {over} {'gets' if over == 1 else 'get'} more than half of world "
        f"supply from countries of concern ({concern}), {under} {'does' if under == 1 else 'do'} not, and {open_} "
        "cannot be judged, because sources give too few shares."
    )


def _stops(study: Study, cut_sets: pl.DataFrame, chain: ValueChain) -> str:
    total = len(chain.final_goods)
    if not total:
        return ""
    single = cut_sets.filter(
        (pl.col("level") == "country")
        & (pl.col("size") == 1)
        & pl.col("good").is_in(list(chain.final_goods))
        & (pl.col("members") != study.home)
    )
    uses = f"any of {total} final uses" if total != 1 else "the only final use"
    if single.is_empty():
        return f"No single foreign country is known to be able to stop {uses}."
    sure = single.filter(pl.col("reading") == "certain")
    code, stopped = _most_stopped(sure if sure.height else single, chain)
    may = single.filter((pl.col("members") == code) & (pl.col("reading") == "possible")).height
    if not sure.height:
        return (
            f"No single foreign country surely stops {uses}; {the(code)} may stop {len(stopped)}, because "
            f"nobody else is known by name to supply part of what goes into {'it' if len(stopped) == 1 else 'them'}: "
            f"{in_words(stopped)}."
        )
    more = (
        f"; {may} more may stop, because nobody else is known by name to supply part of what they need" if may else ""
    )
    verb = "stops" if len(stopped) == 1 else "stop"
    return (
        f"Without {the(code)} alone, {len(stopped)} of {total} final uses surely {verb} once stocks are used up: "
        f"{in_words(stopped)}{more}."
    )


def _most_stopped(rows: pl.DataFrame, chain: ValueChain) -> tuple[str, list[str]]:
    counts = rows.group_by("members").agg(pl.col("good").n_unique())
    code = str(counts.sort("good", "members", descending=[True, False])["members"][0])
    return code, [chain[good].label for good in rows.filter(pl.col("members") == code)["good"].unique().sort()]


def _most_exposed(exposure: pl.DataFrame) -> str:
    top = most_exposed(exposure).head(LISTED)
    if top.is_empty():
        return "No good has a known share from countries of concern."
    parts = [
        f"{row['label']} ({reading(row['concern_share'], row['concern_share_low'], row['concern_share_high'])}, "
        f"{_basis(row['basis'])}, {row['year'] or 'year not stated'}{_doubt(row['confidence'])})"
        for row in top.iter_rows(named=True)
    ]
    return f"Most exposed, by share of world supply from countries of concern: {in_words(parts)}."


def _basis(basis: str | None) -> str:
    return _BASIS.get(basis or "", f"on mixed bases: {basis}" if basis else "basis not stated")


def _doubt(confidence: str | None) -> str:
    return {"low": ", from a weak source", "assumed": ", assumed"}.get(confidence or "", "")


def _chains(exposure: pl.DataFrame) -> str:
    rows = []
    for (chain,), group in exposure.group_by(["chain"], maintain_order=True):
        found = tally(group)
        rows.append((len(found.over) / found.total, str(chain).replace("-", " "), found))
    if len(rows) < 2:
        return ""
    rows.sort(key=lambda row: (-row[0], row[1]))
    parts = [
        f"{name} {len(found.over)} of {found.total} ({len(found.open)} cannot be judged)" for _, name, found in rows
    ]
    return f"By chain, goods with more than half from concern: {in_words(parts, 10)}."


def _leaders(study: Study, exposure: pl.DataFrame) -> str:
    named = exposure.filter(pl.col("largest_supplier").is_not_null())
    counts = named.group_by("largest_supplier").len().sort("len", "largest_supplier", descending=[True, False])
    if counts.is_empty():
        return ""
    (first, most), *others = counts.head(4).iter_rows()
    shown = {first, *(code for code, _ in others)}
    home = named.filter(pl.col("largest_supplier") == study.home).height
    parts = [f"{the(code)} of {count}" for code, count in others]
    parts += [] if study.home in shown else [f"{the(study.home)} of {home or 'none'}"]
    tail = f"; {in_words(parts)}" if parts else ""
    goods = "goods" if named.height != 1 else "good"
    return first_upper(
        f"{the(first)} is the largest known supplier of {most} of {named.height} {goods} with figures{tail}."
    )


def _reliance(study: Study, exposure: pl.DataFrame) -> str:
    low = pl.coalesce(pl.col("net_import_reliance_share"), pl.col("net_import_reliance_share_low"))
    known = exposure.with_columns(low.alias("least")).filter(
        pl.col("least").is_not_null() | pl.col("net_import_reliance_share_high").is_not_null()
    )
    if known.is_empty():
        return ""
    whole = known.filter(pl.col("least") >= 0.995).sort("label")["label"].to_list()
    over = known.filter(pl.col("least") > MAJORITY).height
    tail = f", and all of {in_words(whole, 8)}" if whole else ""
    goods = "goods" if known.height != 1 else "good"
    return first_upper(
        f"{the(study.home)} imports, net of exports, more than half of what it uses of {over} of {known.height} "
        f"{goods} with figures on its own use{tail}."
    )


def _firms(exposure: pl.DataFrame, suppliers: pl.DataFrame) -> str:
    least = pl.coalesce(pl.col("largest_firm_share"), pl.col("largest_firm_share_low")).alias("least")
    rows = exposure.with_columns(least).filter(pl.col("least") > MAJORITY)
    rows = rows.sort("least", "good", descending=[True, False])
    if rows.is_empty():
        return ""
    names = dict(suppliers.filter(pl.col("level") == "organization").select("supplier", "label").iter_rows())
    parts = [
        f"{names.get(row['largest_firm'], row['largest_firm'])} has "
        f"{reading(row['largest_firm_share'], row['largest_firm_share_low'], row['largest_firm_share_high'])} of "
        f"{row['label']}"
        for row in rows.iter_rows(named=True)
    ]
    goods = "goods" if rows.height != 1 else "good"
    return f"One firm supplies more than half of {rows.height} {goods}: {in_words(parts)}."


@dataclass(frozen=True)
class Answering:
    """Organizations with known controllers, and those of them last in line behind which a country of concern stands.

    ``abroad`` are those that surely answer to concern while they sit elsewhere.
    """

    total: int
    sure: tuple[str, ...]
    possible: tuple[str, ...]
    abroad: tuple[str, ...]


def answering(study: Study, control: pl.DataFrame) -> Answering:
    """Names of the organizations that answer to countries of concern."""
    last = control.filter(pl.col("is_ultimate")).sort("label", "organization")
    concern = list(study.concern)
    rows = last.filter(pl.col("controller_seat").is_in(concern))
    sure = rows.filter(pl.col("certainty") == "certain").unique("organization", keep="first", maintain_order=True)
    possible = rows.unique("organization", keep="first", maintain_order=True).join(sure, on="organization", how="anti")
    abroad = sure.filter(~pl.col("seat").is_in(concern))
    names = (tuple(found["label"]) for found in (sure, possible, abroad))
    return Answering(last["organization"].n_unique(), *names)


def _owners(study: Study, control: pl.DataFrame) -> str:
    found = answering(study, control)
    if not found.total or not (found.sure or found.possible):
        return ""
    where = f", {in_words(found.abroad)} among them although seated elsewhere" if found.abroad else ""
    verb = "answers" if len(found.sure) == 1 else "answer"
    more = f"; {len(found.possible)} more may, because stakes are not known" if found.possible else ""
    return (
        f"Owners: of {found.total} organizations with known controllers, {len(found.sure)} surely {verb} to countries "
        f"of concern{where}{more}."
    )


def _hidden(exposure: pl.DataFrame) -> str:
    """Goods that look safer than their suppliers; only where the weights of inputs are known, not assumed."""
    gap = pl.col("concern_look_through_share_low") - pl.col("concern_share_high")
    rows = exposure.with_columns(gap.alias("gap")).filter((pl.col("gap") > HIDDEN) & ~pl.col("look_through_assumed"))
    rows = rows.sort("gap", "good", descending=[True, False])
    if rows.is_empty():
        return ""
    row = rows.row(0, named=True)
    shown = reading(row["concern_share"], row["concern_share_low"], row["concern_share_high"])
    goods = "goods look safer than their" if rows.height != 1 else "good looks safer than its"
    return (
        f"Hidden dependence: {rows.height} {goods} suppliers are; {row['label']} shows {shown} from concern, and at "
        f"least {written(row['concern_look_through_share_low'], SHARE)} when suppliers of suppliers are counted."
    )


def _disagreement(exposure: pl.DataFrame) -> str:
    rows = exposure.filter(pl.col("largest_supplier_spread_share") > DISAGREEMENT)
    rows = rows.sort("largest_supplier_spread_share", "good", descending=[True, False])
    if rows.is_empty():
        return ""
    row = rows.row(0, named=True)
    points = written(100 * row["largest_supplier_spread_share"])
    goods = f"{rows.height} goods, most on" if rows.height != 1 else "1 good,"
    return (
        f"Sources differ by more than ten points on the largest supplier of {goods} {row['label']} ({points} points): "
        "bases and years are not the same, and every figure is shown."
    )


def _unknown(exposure: pl.DataFrame) -> str:
    known = exposure.filter(is_sized())
    weak = known.filter(pl.col("confidence").is_in(["low", "assumed"])).height
    old = known.filter(pl.col("data_age_years") >= 5).height
    unknown = exposure.height - known.height
    return (
        f"What we do not know: {unknown} of {exposure.height} goods {'has' if unknown == 1 else 'have'} no supplier of "
        f"known size; of the other {known.height}, {weak} {'rests' if weak == 1 else 'rest'} on weak or assumed "
        f"figures and {old} on figures five or more years old."
    )
