"""``reshore demo``: the shipped data and studies, copied to where one can change them."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from reshore.cli.talk import Progress, say, target


@click.command("demo", help="Write the shipped data and studies into FOLDER, to try things out.")
@click.argument("folder", type=click.Path(), default="demo")
@click.option("--force", is_flag=True, help="Write over what is there.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(folder: str, force: bool, quiet: bool) -> int:
    """Copies packages and studies and says what to type next."""
    from reshore.countries import COUNTRIES
    from reshore.data import read_package
    from reshore.shipped import shipped

    place = target(folder, force)
    assert place is not None
    with Progress(quiet).step("copying data and studies"):
        for kind in ("packages", "studies"):
            shutil.copytree(shipped(kind), Path(place) / kind, dirs_exist_ok=True)
        package = read_package(place / "packages" / "critical-2026")
    shares = package["supply"]["share"]
    suppliers = package["organizations"].height
    countries = len(set(package["supply"]["supplier"]) & set(COUNTRIES))
    click.echo(
        f"{place}/  {package['goods'].height} goods, {suppliers} organizations, {countries} countries · "
        f"{100 * shares.null_count() / max(len(shares), 1):.0f} % of supply rows without a share"
    )
    click.echo(f"try:   reshore check {place}/packages/critical-2026")
    click.echo(f"       reshore measure {place}/packages/critical-2026 --home USA")
    click.echo(f"       reshore run {place}/studies/critical-2026.toml -o out          where a country depends on whom")
    click.echo(f"       reshore run {place}/studies/osc-one-billion.toml -o out-money  what stops, and what to fund")
    say("every fact in the tables names its source; unknown cells are left empty")
    return 0
