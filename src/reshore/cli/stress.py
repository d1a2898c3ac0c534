"""``reshore stress``: what stops, when, and what it costs when countries or firms stop delivering."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reshore.cli.talk import Progress, as_json, say, show_rows

if TYPE_CHECKING:
    import polars as pl

    from reshore.data import DataPackage
    from reshore.study import Study

HEADINGS = ("Final use", "Best plan", "If all share alike", "Short from month", "Held back by", "Loss, USD")
LADDER_HEADINGS = ("Runs out", "Hit", "From", "Stock", "Time to survive", "Back after")
LADDER_SHOWN = 10
AT = "2026-11-01"


@click.command("stress", help="Stress PACKAGE with a cut, or a STUDY with its scenarios.")
@click.argument("path", metavar="PACKAGE|STUDY", type=click.Path())
@click.option(
    "--cut", "cuts", multiple=True, help="Who stops: countries or organizations; several, or split by commas."
)
@click.option("--home", default="USA", show_default=True, help="The country that asks, ISO 3166-1 alpha-3.")
@click.option("--ally", "allies", multiple=True, help="An ally; several times, or split by commas.")
@click.option("--good", "goods", multiple=True, help="Only these goods and their variants; likewise.")
@click.option("--chain", "chains", multiple=True, help="Only this chain; likewise.")
@click.option("--months", type=int, default=12, show_default=True, help="How long it lasts.")
@click.option("--ramp", type=float, default=0.0, show_default=True, help="Months of a straight rise to full strength.")
@click.option("--severity", type=float, default=1.0, show_default=True, help="Share of deliveries that stops.")
@click.option("--by", type=click.Choice(["site", "seat", "control"]), default="site", show_default=True,
              help="What ties a supplier to a country.")  # fmt: skip
@click.option("--draws", type=int, default=0, show_default=True, help="Draws over the ranges of all figures.")
@click.option("--csv", "csv_", help="Print this table of the answer as CSV.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(path: str, csv_: str | None, json_: bool, quiet: bool, **options: Any) -> int:
    """Stresses a chain and says what stops."""
    from reshore.chain import build_chain
    from reshore.data import read_package
    from reshore.study import read_study
    from reshore.study.control import control_at
    from reshore.study.run import check_chains
    from reshore.study.stress import stress_study

    context = click.get_current_context()
    progress = Progress(quiet or json_)
    is_study = Path(path).suffix == ".toml"
    if is_study:
        given = [
            name for name in options if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
        ]
        if given:
            raise click.UsageError(f"a study has its own scenarios: leave out --{given[0].rstrip('s')}", context)
        study = read_study(path)
        if not study.scenarios:
            raise click.UsageError(f"{path} has no scenarios; add [[scenarios]]", context)
        path = str(study.package_path)
    with progress.step("reading tables"):
        package = read_package(path)
    if not is_study:
        study = _study(path, package, context, **options)
    check_chains(study, package)
    with progress.step("following owners"):
        control = control_at(package, study.at)
    chain = build_chain(package, *study.chains)
    tables = stress_study(study, package, chain, control, progress.step)
    if json_:
        click.echo(as_json("stress", manifest={"study": study.digest, "data": package.digest}, tables=tables))
    elif csv_:
        click.echo(_csv(tables, csv_), nl=False)
    else:
        _show(tables)
        _say_odds(study)
        say(f"next: reshore run {study.file} -o out" if is_study else f"next: reshore worst-cut {path} -k 2")
    return 0


def _study(path: str, package: DataPackage, context: click.Context, *, cuts: tuple[str, ...], home: str,
           allies: tuple[str, ...], goods: tuple[str, ...], chains: tuple[str, ...], months: int, ramp: float,
           severity: float, by: str, draws: int) -> Study:  # fmt: skip
    """The study that the options describe: one scenario in which all of `cuts` stop together."""
    from reshore.countries import COUNTRIES, country_name
    from reshore.study import make_study

    names = split(cuts)
    if not names:
        raise click.UsageError("say who stops: --cut CHN, or give a study with scenarios", context)
    firms = frozenset(package["organizations"]["organization"])
    labels = dict(package["organizations"].select("organization", "label").iter_rows())
    struck: dict[str, dict[str, Any]] = {
        "supply-cut": {"countries": [name for name in names if name in COUNTRIES or name not in firms]},
        "plant-loss": {"organizations": [name for name in names if name in firms and name not in COUNTRIES]},
    }
    shared = {"goods": split(goods), "severity_share": severity, "ramp_months": ramp}
    shocks = [{"shock": kind, **who, **shared} for kind, who in struck.items() if any(who.values())]
    words = " and ".join(country_name(name) if name in COUNTRIES else labels.get(name, name) for name in names)
    return make_study(
        {
            "study": {
                "title": f"If {words} stops", "question": f"What stops if {words} stops?", "package": path,
                "home": home, "allies": split(allies), "concern": [], "at": AT,
            },
            "exposure": {"chains": split(chains)},
            "stress": {"draws": draws},
            "scenarios": [{"name": "cut", "label": f"If {words} stops", "months": months, "by": by, "shocks": shocks}],
        },
        "command line",
    )  # fmt: skip


def split(words: tuple[str, ...]) -> list[str]:
    """Parts of options that were given several times, or split by commas."""
    return [part.strip() for word in words for part in word.split(",") if part.strip()]


def _csv(tables: Mapping[str, pl.DataFrame], name: str) -> str:
    from reshore.stress import STRESS_TABLES
    from reshore.tables import csv_bytes
    from reshore.tables.cells import did_you_mean

    for table in STRESS_TABLES:
        if table.name in (name, f"stress_{name}"):
            return csv_bytes(table, tables[table.name]).decode()
    known = [table.name for table in STRESS_TABLES]
    raise click.UsageError(f"no table '{name}'; {did_you_mean(name, known)}")


def _show(tables: Mapping[str, pl.DataFrame]) -> None:
    import polars as pl

    for row in tables["stress_scenarios"].iter_rows(named=True):
        click.echo(row["finding"])
        if row["nothing_because"]:
            click.echo(f"Why: {row['nothing_because']}.")
            continue
        if row["misses"]:
            click.echo(f"Not hit: {row['misses']}.")
        goods = tables["stress_goods"].filter(pl.col("scenario") == row["scenario"])
        uses = tables["stress_uses"].filter(pl.col("scenario") == row["scenario"])
        half = goods.filter(pl.col("least_share") < 0.5).height
        out = goods.filter(pl.col("is_short")).height
        click.echo(
            f"Of {goods.height} goods that are hit or run short, {half} fall below half of usual use if all share "
            f"alike; stocks of {out} end before supply is back."
        )
        show_rows(
            HEADINGS, [_use(group) for _, group in uses.group_by("good", maintain_order=True) if _is_short(group)]
        )
        first = goods.filter(pl.col("is_short")).sort("time_to_survive_months", "good").head(LADDER_SHOWN)
        if first.height:
            click.echo("")
            show_rows(LADDER_HEADINGS, [_rung(one) for one in first.iter_rows(named=True)])
        loss = _range(row, "home_loss_usd")
        if row["home_loss_usd"] is not None:
            alike = _range(row, "home_alike_loss_usd")
            click.echo(f"Loss at home, final uses of known value: USD {loss} at best, {alike} if all share alike.")
        click.echo("")


def _say_odds(study: Study) -> None:
    """What the odds leave to nothing happening, where all scenarios have odds."""
    from reshore.stress.scenarios import odds_of_nothing
    from reshore.stress.sentences import span_words

    nothing = odds_of_nothing(study.scenarios)
    if nothing is not None:
        click.echo(f"Odds that none of this comes, by the study's opinion: {span_words(nothing)}.")


def _is_short(group: pl.DataFrame) -> bool:
    return bool((group["served_share"] < 1).any() or (group["alike_share"] < 1).any())


def _use(group: pl.DataFrame) -> tuple[str, ...]:
    """A final use: its worst month in both readings, from when, why, and what it costs."""
    import polars as pl

    from reshore.units import SHARE, USD, written

    short = group.filter(pl.col("served_share") < 1)
    alike = group.filter(pl.col("alike_share") < 1)
    month = str(short["month"][0]) if short.height else f"({alike['month'][0]})"
    known = group["unserved_usd"].is_not_null().all()
    loss = float(group["unserved_usd"].to_numpy().sum()) if known else None
    return (
        group["label"][0],
        written(group["served_share"].min(), SHARE),  # type: ignore[arg-type]  # a column of numbers
        written(group["alike_share"].min(), SHARE),  # type: ignore[arg-type]  # the same
        month,
        (short["bound_by_label"][0] if short.height else None) or "",
        written(loss, USD),
    )


def _rung(row: dict[str, Any]) -> tuple[str, ...]:
    from reshore.units import SHARE, written

    back = row["time_to_recover_months"]
    return (
        row["label"],
        written(row["hit_share"], SHARE),
        row["hit_places"] or "",
        _months(row["stock_months"]),
        _months(row["time_to_survive_months"]),
        "not in time" if back is None else _months(back),
    )


def _months(months: float) -> str:
    from reshore.units import written

    text = written(months)
    return f"{text} month{'' if text == '1' else 's'}"


def _range(row: dict[str, Any], name: str) -> str:
    from reshore.units import written

    low, high = row[f"{name}_low"], row[f"{name}_high"]
    point = written(row[name])
    return point if low == high else f"{point} ({written(low)} to {written(high)})"
