"""History as a check: cuts that happened, run on the shipped data, against what is on record.

No parameter is chosen to hit what happened. `docs/validation.md` holds the same numbers; where the model and the record
disagree, the page says so, and these tests hold the disagreement too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from reshore.chain import build_chain
from reshore.data import DataPackage, read_package
from reshore.shipped import shipped
from reshore.stress.case import build_stress_case
from reshore.stress.outcomes import try_out
from reshore.study import read_study
from reshore.study.control import control_at
from reshore.study.stress import as_known, known_until, stress_study
from reshore.units import USD, written

PAGE = Path(__file__).resolve().parents[2] / "docs" / "validation.md"
WEEKS_PER_MONTH = 365.25 / 7 / 12
STUDIES = {
    "magnets-2025": "history/magnets-2025",
    "japan-korea-2019": "history/japan-korea-2019",
    "neon-2022": "history/neon-2022",
    "ban": "gallium-germanium-ban",
}


@cache
def package() -> DataPackage:
    return read_package(shipped("packages") / "critical-2026")


@cache
def tables(name: str) -> Mapping[str, pl.DataFrame]:
    study = read_study(shipped("studies") / f"{STUDIES[name]}.toml")
    chain = build_chain(package(), *study.chains)
    return stress_study(study, package(), chain, control_at(package(), study.at))


def scenario(name: str) -> dict[str, Any]:
    return tables(name)["stress_scenarios"].row(0, named=True)


def good(name: str, key: str) -> dict[str, Any]:
    return tables(name)["stress_goods"].row(by_predicate=pl.col("good") == key, named=True)


def worst(name: str, key: str, column: str) -> float:
    return float(tables(name)["stress_uses"].filter(pl.col("good") == key)[column].to_numpy().min())


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def weeks(row: dict[str, Any], *, ranged: bool = False) -> str:
    """Time to survive, in weeks."""
    point, low, high = (f"{row[f'time_to_survive_months{end}'] * WEEKS_PER_MONTH:.0f}" for end in ("", "_low", "_high"))
    return f"{point} ({low} to {high})" if ranged else point


def money(row: dict[str, Any], name: str) -> str:
    low, point, high = (written(row[f"{name}{end}"], USD) for end in ("_low", "", "_high"))
    return f"{point} ({low} to {high})"


def least_license() -> float:
    """The share of licenses from the third month on at which no final use in Korea runs short, by halving."""
    from dataclasses import replace

    from reshore.stress import Span

    study = read_study(shipped("studies") / f"{STUDIES['japan-korea-2019']}.toml")
    chain = as_known(study, package(), build_chain(package(), *study.chains))
    demand = known_until(package()["demand"], study.stress.figures_until)
    case = build_stress_case(chain, demand, {}, study.home, study.allies, study.stress)
    whole = study.scenarios[0]

    def loses(granted: float) -> bool:
        hits = tuple(replace(hit, granted_share=(*hit.granted_share[:-1], Span.of(granted))) for hit in whole.shocks)
        return try_out(case, replace(whole, shocks=hits)).alike_unserved_share > 1e-6

    low, high = 0.0, 1.0
    while high - low > 0.005:
        middle = (low + high) / 2
        low, high = (middle, high) if loses(middle) else (low, middle)
    return high


def lines() -> list[str]:
    """The rows of the table on the page, from the model."""
    magnet, oxide = good("magnets-2025", "ndfeb-magnet"), good("magnets-2025", "dy-tb-oxide")
    resist, acid = good("japan-korea-2019", "photoresist"), good("japan-korea-2019", "hydrogen-fluoride")
    neon, korea, ban = good("neon-2022", "neon"), scenario("japan-korea-2019"), scenario("ban")
    vehicles = worst("magnets-2025", "electric-vehicle", "alike_share_low")
    chips = {name: [worst(name, "packaged-chip", column) for column in ("served_share", "alike_share_low")]
             for name in ("japan-korea-2019", "neon-2022")}  # fmt: skip
    unserved = f"{percent(korea['unserved_share_low'])} to {percent(korea['unserved_share_high'])}"
    rows = {
        "magnets 2025: weeks until magnets run short in Europe": weeks(magnet, ranged=True),
        "magnets 2025: weeks until dysprosium and terbium oxide runs short": weeks(oxide, ranged=True),
        "magnets 2025: magnets to be had in the worst month": percent(magnet["least_share"]),
        "magnets 2025: electric vehicles served in the worst month, hardest draws": percent(vehicles),
        "Japan and Korea 2019: weeks until resist runs short": weeks(resist),
        "Japan and Korea 2019: weeks until hydrogen fluoride runs short": weeks(acid),
        "Japan and Korea 2019: chips served in the worst month, half licensed": percent(chips["japan-korea-2019"][0]),
        "Japan and Korea 2019: unserved over the year, softest to hardest draws": unserved,
        "Japan and Korea 2019: licenses with which nothing runs short in a year": percent(least_license()),
        "neon 2022: weeks until neon runs short": weeks(neon),
        "neon 2022: neon to be had in the worst month": percent(neon["least_share"]),
        "neon 2022: chips served in the worst month, best plan": percent(chips["neon-2022"][0]),
        "neon 2022: chips served in the worst month, hardest draws": percent(chips["neon-2022"][1]),
        "gallium and germanium: loss at home, best plan": money(ban, "home_loss_usd"),
        "gallium and germanium: loss at home, sharing alike": money(ban, "home_alike_loss_usd"),
        "gallium and germanium: with what hangs on it": money(ban, "downstream_loss_usd"),
    }
    return [f"| {what} | {found} |" for what, found in rows.items()]


def test_the_page_holds_what_the_model_finds():
    found = [
        line
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if re.match(r"\| (magnets|Japan|neon|gall)", line)
    ]
    assert found == lines(), "run `python -m tests.golden.test_history`"


def test_magnets_became_scarce_within_the_weeks_that_were_reported_and_never_stopped_whole():
    # On record: stocks of 2 to 16 weeks, plants paused about 60 days after the controls, exports down by 75 %.
    found = good("magnets-2025", "ndfeb-magnet")
    low, high = (float(found[f"time_to_survive_months_{end}"]) * WEEKS_PER_MONTH for end in ("low", "high"))
    assert low <= 16
    assert high >= 2
    assert found["is_short"]
    assert float(found["least_share"]) > 0.25
    assert worst("magnets-2025", "electric-vehicle", "alike_share_low") > 0.5
    # Where the page says that the model disagrees: lines paused, and at the point it sees no vehicle fall short.
    assert worst("magnets-2025", "electric-vehicle", "alike_share") == pytest.approx(1, abs=1e-6)


def test_resist_for_korea_is_only_whole_if_most_of_it_is_licensed():
    # On record: no large stop. The model agrees only where licenses flow after the first weeks; it knows no substitute.
    found = scenario("japan-korea-2019")
    assert float(found["unserved_share_low"]) == pytest.approx(0, abs=1e-6)
    assert float(found["unserved_share"]) > 0.02


def test_neon_stops_no_chips_within_the_year():
    # On record: no wide stop.
    assert worst("neon-2022", "packaged-chip", "served_share") == pytest.approx(1, abs=1e-6)
    assert worst("neon-2022", "packaged-chip", "alike_share_low") > 0.5


def test_gallium_and_germanium_are_a_matter_of_billions_at_most():
    # Published: USD 3.4 bn of GDP, 1.7 to 9.0 (USGS OFR 2024-1057). Ours holds only the space chain.
    found = scenario("ban")
    assert float(found["home_loss_usd_low"]) == pytest.approx(0, abs=1)
    assert float(found["downstream_loss_usd_low"]) > 1e8
    assert float(found["downstream_loss_usd_high"]) < 9.0e9


def main() -> None:
    """Writes the table of the page anew: ``python -m tests.golden.test_history``, after data or model have changed."""
    text = PAGE.read_text(encoding="utf-8").splitlines()
    first = text.index("|---|---|")
    last = next(k for k in range(first, len(text)) if not text[k])
    PAGE.write_text("\n".join([*text[: first + 1], *lines(), *text[last:], ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
