"""`critical-2026`: how much is in it, that every figure has a source, and that figures are as published."""

from __future__ import annotations

import csv
import re

import polars as pl
import pytest

from reshore.chain import build_chain
from reshore.countries import BLOCS, PLACEHOLDERS
from reshore.data import TABLES, package_files, read_package
from reshore.exposure import Case, measure
from reshore.flow.build import build_world
from reshore.funding.candidates import Defaults, read_options
from reshore.shipped import shipped
from reshore.units import UNITS, convertible

FOLDER = shipped("packages") / "critical-2026"
FACTS = [table.name for table in TABLES if table.name != "sources" and "source" in {c.name for c in table.columns}]
CASE_STUDIES = (
    "hwatsing", "smic", "hua-hong", "ymtc", "goldwind", "crrc-hami",
    "northwood-space", "spacex", "sila", "tesla", "rivian",
)  # fmt: skip
WITHOUT_ADDRESS = {
    "general-knowledge",
    "company-research-note-september-2026-not-indepen-e3b0",
    "op-ed-on-small-firm-industrial-policy-figures-as-e3b0",
    "start-up-funding-data-set-july-2026-not-independ-e3b0",
}


@pytest.fixture(scope="module")
def package():
    return read_package(FOLDER)


@pytest.fixture(scope="module")
def usgs(shared_data):
    """Values of the USGS data release as text, by chapter, section, country, statistic, detail and year."""
    with open(shared_data / "usgs_mcs2026" / "MCS2026_Commodities_Data.csv", encoding="cp1252", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def evidence(shared_data):
    path = shared_data.parent / "evidence" / "supply_facts.csv"
    if not path.is_file():
        pytest.skip("the collected facts are not there")
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("table", "least"),
    [
        ("goods", 60), ("inputs", 90), ("organizations", 150), ("stakes", 100), ("posts", 8), ("supply", 250),
        ("demand", 30), ("measures", 90), ("partnerships", 140), ("instruments", 45), ("awards", 150), ("programs", 80),
        ("rules", 100),
    ],
)  # fmt: skip
def test_the_package_holds_at_least_what_it_promises(package, table, least):
    assert package[table].height >= least


@pytest.mark.parametrize("firm", CASE_STUDIES)
def test_each_case_study_firm_has_rows_that_say_something_about_it(package, firm):
    says = {
        "supply": package["supply"].filter(pl.col("supplier") == firm).height,
        "needs": package["needs"].filter(pl.col("anchor") == firm).height,
        "hurdles": package["hurdles"].filter(pl.col("organization") == firm).height,
        "resources": package["resources"].filter(pl.col("organization") == firm).height,
        "partnerships": package["partnerships"]
        .filter((pl.col("supplier") == firm) | (pl.col("anchor") == firm))
        .height,
        "projects": package["projects"].filter(pl.col("organization") == firm).height,
    }
    assert sum(count > 0 for count in says.values()) >= 2, says


def test_the_package_has_no_problem_and_no_note(package):
    assert package.notes == ()


def test_the_files_are_those_that_the_writer_makes(package):
    for name, data in package_files(package, sealed=False).items():
        assert (FOLDER / name).read_bytes() == data, f"{name}: run `make docs`"


def test_every_row_of_a_fact_has_a_source_that_can_be_looked_up(package):
    address = dict(package["sources"].select("source", "url").iter_rows())
    for name in FACTS:
        assert package[name]["source"].null_count() == 0, name
        assert set(package[name]["source"]) <= set(address), name
    assert {source for source, url in address.items() if url is None} == WITHOUT_ADDRESS


def test_what_is_general_knowledge_is_marked_as_assumed(package):
    for name in FACTS:
        rows = package[name].filter(pl.col("source") == "general-knowledge")
        assert set(rows["confidence"]) <= {"assumed"}, name


def test_each_publication_stands_under_one_key_so_that_repeats_do_not_look_like_agreement(package):
    # parts of a code of law share the address of the collection
    sources = package["sources"].filter(~pl.col("title").str.starts_with("United States Code"))
    addresses = sources["url"].drop_nulls().str.replace("^https?://(www[.])?", "").str.strip_chars_end("/")
    assert addresses.is_unique().all(), addresses.filter(~addresses.is_unique()).to_list()


def test_sources_are_public_addresses_not_mirrors_by_number(package):
    hosts = package["sources"]["url"].drop_nulls().str.extract("^https?://([^/]+)")
    assert not [host for host in hosts if re.fullmatch(r"[0-9.:]+", host)]


@pytest.mark.parametrize(
    ("firm", "holder"),
    [
        ("hwatsing", "sichuan-sasac"),
        ("crrc-hami", "sasac"),
        ("goldwind", "xinjiang-wind-power"),
        ("goldwind", "china-three-gorges-renewables"),
        ("mp-materials", "us-department-of-defense"),
        ("mp-materials", "shenghe-resources"),
        ("smic", "big-funds-1-and-2"),
        ("hua-hong", "big-fund-2"),
        ("ymtc", "hubei-changsheng"),
        ("intel", "us-department-of-commerce"),
        ("lithium-americas", "us-department-of-energy"),
        ("korea-zinc", "us-department-of-defense"),
        ("vulcan-elements", "us-department-of-commerce"),
        ("trilogy-metals", "us-department-of-defense"),
    ],
)
def test_the_owners_of_a_firm_lead_to_its_state_holder(package, firm, holder):
    owners: dict[str, set[str]] = {}
    for owner, owned in package["stakes"].select("owner", "owned").iter_rows():
        owners.setdefault(owned, set()).add(owner)
    seen: set[str] = set()
    stack = [firm]
    while stack:
        for owner in owners.get(stack.pop(), set()) - seen:
            seen.add(owner)
            stack.append(owner)
    assert holder in seen


@pytest.mark.parametrize(
    ("owner", "owned", "share"),
    [
        # company announcement 2025-038: 66,752,273 shares, 28.1982 % of the capital
        ("qingkong-venture", "hwatsing", 0.281982),
        # 433.3 million shares at USD 20.47, stated as 9.9 %
        ("us-department-of-commerce", "intel", 0.099),
        # 13G/A of February 2021: 13,716,288 shares, 8.0 % of the class
        ("shenghe-resources", "mp-materials", 0.08),
        # April 2025: largest of 23 holders of the parent
        ("hubei-changsheng", "ymtc-holdings", 0.2689),
        # USD 625 million for 38 % of the venture at Thacker Pass
        ("general-motors", "lithium-americas-thacker-pass", 0.38),
        ("denso", "coherent-silicon-carbide", 0.125),
    ],
)
def test_stakes_are_as_published(package, owner, owned, share):
    rows = package["stakes"].filter((pl.col("owner") == owner) & (pl.col("owned") == owned))
    assert share in rows["equity_share"].to_list()


def test_stakes_that_sources_state_differently_stand_side_by_side(package):
    rows = package["stakes"].filter(
        (pl.col("owner") == "us-department-of-defense") & (pl.col("owned") == "mp-materials")
    )
    assert rows["source"].n_unique() == 3


def test_the_stock_of_little_giants_follows_from_batches_and_reviews(package):
    """End of 2025: 3,916 + 1,079 + 2,430 + 3,673 + 3,012 + 3,482 = 17,592, against 17,600 stated."""
    measures = package["measures"]

    def value(organization, name, period):
        row = measures.filter(
            (pl.col("organization") == organization) & (pl.col("measure") == name) & (pl.col("period") == period)
        )
        return row["value"].item()

    kept = value("little-giants", "titles_kept", "2025")  # batch 4 and what was left of batch 1
    kept += value("little-giants-batch-2", "titles_kept", "2023") + value(
        "little-giants-batch-3", "titles_kept", "2024"
    )
    new = sum(
        value(f"little-giants-batch-{n}", "titles_new", year) for n, year in ((5, "2023"), (6, "2024"), (7, "2025"))
    )
    assert kept + new == 17592
    assert value("little-giants", "titles_valid", "2025-11") == pytest.approx(17592, rel=0.001)


def test_the_sheet_of_the_entry_tier_gives_at_most_100_points(package):
    """Innovation 40, growth 30 and specialization 30: the best rung of each ladder counts."""
    sheet = package["rules"].filter((pl.col("rule") == "chn-innovative-sme-2022") & (pl.col("kind") == "score"))
    best = sheet.with_columns(pl.col("clause").str.split(".").list.first().alias("ladder")).group_by("ladder").agg(
        pl.col("points").max()
    )  # fmt: skip
    assert best["points"].sum() == 100
    of = dict(
        best.with_columns(pl.col("ladder").str.split("-").list.first())
        .group_by("ladder")
        .agg(pl.sum("points"))
        .iter_rows()
    )
    assert of == {"innovation": 40, "growth": 30, "specialization": 30}


def test_no_placeholder_is_ever_the_largest_supplier(package):
    case = Case(build_chain(package), "USA", concern=("CHN",), at="2026-06-30", indicators=package["indicators"])
    largest = measure(case)["exposure"]["largest_supplier"].drop_nulls()
    kinds = dict(package["organizations"].select("organization", "kind").iter_rows())
    assert largest.len() > 30
    assert not [one for one in largest if one in PLACEHOLDERS or one in BLOCS or kinds.get(one) == "placeholder"]


def test_a_flow_can_be_built_and_every_final_use_has_a_value(package):
    chain = build_chain(package)
    world = build_world(chain, package["demand"])
    without = [chain.goods[final].good for final, usd in zip(world.final, world.value_usd, strict=True) if usd != usd]
    assert without == []


def test_every_final_use_has_a_market_with_a_source_or_an_assumption_that_is_told(package):
    final = package["goods"].filter(pl.col("final"))
    assert final.height >= 12
    assert final["market_size_usd_per_year"].null_count() == 0
    told = package["cells"].filter(table="goods")["row_key"].to_list()
    silent = final.filter((pl.col("source") == "general-knowledge") & pl.col("note").is_null())["good"]
    assert not set(silent) - set(told)


def test_capacities_of_projects_convert_to_the_units_of_their_goods(package):
    units = dict(package["goods"].select("good", "unit").iter_rows())
    for project, good, unit in package["projects"].select("project", "good", "unit").drop_nulls("unit").iter_rows():
        assert units[good] is not None, project
        assert convertible(UNITS[unit], UNITS[units[good]]), (project, unit, units[good])


def test_most_projects_at_home_can_be_set_against_world_output(package):
    """Those left out have no stated capacity, or make goods of which nobody counts the world output."""
    found, left_out = read_options(
        package, build_chain(package), ("USA",), ("announced", "funded", "building"), Defaults()
    )
    assert len(found) >= 30
    assert len(left_out) < 20
    goods = {option.capacity.good for option in found}
    assert goods >= {
        "ndfeb-magnet", "ndpr-oxide", "dy-tb-oxide", "ndpr-metal", "gallium", "germanium", "graphite-anode-material",
        "silicon-anode-material", "lfp-cathode", "lithium-chemical", "separator", "silicon-carbide-wafer",
        "glass-substrate",
    }  # fmt: skip


def test_alternatives_are_kinds_of_one_good_and_not_several_inputs_that_matter(package):
    """Where one input can stand in for another, the good needs their common kind, and wholly."""
    parent = dict(package["goods"].select("good", "parent").drop_nulls().iter_rows())
    needs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for good, used, need in package["inputs"].select("good", "input", "need").iter_rows():
        if need != "minor" and used in parent:
            needs.setdefault((good, parent[used]), []).append((used, need))
    hidden = {key: kinds for key, kinds in needs.items() if len(kinds) > 1}
    # one aircraft holds actuators with magnets of both kinds, and none can take the place of the other
    assert hidden == {
        ("defense-actuator", "permanent-magnet"): [("ndfeb-magnet", "essential"), ("smco-magnet", "essential")]
    }


@pytest.mark.parametrize(
    ("good", "parent", "kinds"),
    [
        ("rf-amplifier", "compound-semiconductor-wafer", {"gaas-wafer", "gan-wafer"}),
        ("graphite-anode-material", "anode-graphite", {"battery-grade-graphite", "synthetic-graphite"}),
        ("electric-vehicle", "traction-motor", {"permanent-magnet-motor", "magnet-free-motor"}),
        ("nacelle", "drive-train", {"geared-drive-train", "direct-drive-train"}),
        ("power-converter", "power-module", {"silicon-power-module", "silicon-carbide-power-module"}),
        ("solar-array", "satellite-solar-cell", {"space-solar-cell", "silicon-space-solar-cell"}),
    ],
)
def test_what_stands_in_for_each_other_is_modelled_as_kinds(package, good, parent, kinds):
    assert set(package["goods"].filter(parent=parent)["good"]) == kinds
    assert package["inputs"].filter(good=good, input=parent)["need"].to_list() == ["essential"]


def test_without_gallium_no_amplifier_is_made(package):
    """Gallium arsenide and gallium nitride stand in for each other, but both are made of gallium."""
    inputs = package["inputs"]
    for wafer in package["goods"].filter(parent="compound-semiconductor-wafer")["good"]:
        assert inputs.filter(good=wafer, input="gallium")["need"].to_list() == ["essential"]


@pytest.mark.parametrize(
    ("good", "low", "point", "high", "why"),
    [
        # IEA: 169.6776 kt of China over its share of 0.7023, times 5.323 t of carbonate per t of lithium
        ("lithium-chemical", 1.2e6, 169677.6 / 0.7023 * 5.323, 290000 * 5.323, "IEA and USGS"),
        # IEA: 1,794.8245 kt of China over 0.9571
        ("anode-graphite", 1.6e6, 1794824.5 / 0.9571, 2.07e6, "IEA"),
        # 2,069 kt of graphite anodes, 84.4 % of them synthetic
        ("synthetic-graphite", 1.65e6, 2069000 * 0.844, 1.8e6, "SNE and EVTank"),
        # 8.7 % of 121.6 GW are of direct drive
        ("direct-drive-train", None, 121600 * 0.087, None, "GWEC"),
        # 41,000 t at 20 GWh per 4,000 t
        ("silicon-anode-material", 100, 41 * 20 / 4, 205, "SNE and Group14"),
        # mean of 15,000 wafers a month at the start and 40,000 at the end of 2024, twelve months
        ("cowos-packaging", 240000, (15000 + 40000) / 2 * 12, 480000, "TrendForce"),
    ],
)
def test_derived_world_outputs_are_what_their_arithmetic_gives(package, good, low, point, high, why):
    row = package["goods"].filter(good=good).row(0, named=True)
    assert row["world_output_per_year"] == pytest.approx(point, rel=0.02), why
    for end, value in (("low", low), ("high", high)):
        if value is not None:
            assert row[f"world_output_per_year_{end}"] == pytest.approx(value, rel=0.01), (good, end)


def test_tools_that_wear_have_a_life(package):
    capital = package["inputs"].filter(pl.col("role") == "capital")
    assert capital["life_years"].null_count() == 0


def test_figures_of_one_origin_inside_a_row_of_another_point_to_rows_that_exist(package):
    keys = {table.name: table.key for table in TABLES}
    for name, row_key, column in package["cells"].select("table", "row_key", "column").iter_rows():
        known = package[name].select(
            pl.concat_str([pl.col(k).fill_null("") for k in keys[name]], separator=" | ").alias("key")
        )
        assert row_key in known["key"], (name, row_key)
        assert column in package[name].columns


def number(text: str) -> float:
    return float(text.replace(",", ""))


@pytest.mark.parametrize(
    ("good", "chapter", "detail", "series"),
    [
        ("gallium", "GALLIUM", "Primary production", "primary low-purity production"),
        ("natural-graphite", "GRAPHITE (NATURAL)", "Mine production", "mine production"),
        ("rare-earth-ore", "RARE EARTHS", "Mine production", "mine production, rare-earth oxide"),
    ],
)
def test_shares_of_mines_agree_with_the_geological_survey(package, usgs, good, chapter, detail, series):
    """Production of 2025 over the larger of the printed total and the sum of the parts."""
    rows = [r for r in usgs if r["MCS chapter"] == chapter and r["Year"] == "2025" and r["Section"].startswith("World")]
    rows = [r for r in rows if r["Statistics"] == "Production"]
    total = next(number(r["Value"]) for r in rows if r["Country"].startswith("World total"))
    parts = [
        number(r["Value"])
        for r in rows
        if r["Statistics_detail"] == detail and r["Value"][0].isdigit() and not r["Country"].startswith("World total")
    ]
    published = sorted(round(value / max(total, sum(parts)), 4) for value in parts if value)
    ours = package["supply"].filter(
        pl.col("source").str.starts_with("usgs"), good=good, market="WLD", basis="site", series=series
    )
    shares = sorted(round(share, 4) for share in ours["share"].drop_nulls() if share > 0)
    assert shares == pytest.approx(published, abs=1e-4)
    assert package["goods"].filter(good=good)["world_output_per_year"].item() == total


@pytest.mark.parametrize(
    ("good", "chapter", "detail"),
    [
        ("gallium", "GALLIUM", "Consumption, reported"),
        ("natural-graphite", "GRAPHITE (NATURAL)", "Consumption, apparent"),
        ("rare-earth-compounds", "RARE EARTHS", "Consumption, apparent, compounds and metals"),
    ],
)
def test_consumption_of_the_united_states_agrees_with_the_geological_survey(package, usgs, good, chapter, detail):
    published = {
        r["Year"]: number(r["Value"]) for r in usgs if r["MCS chapter"] == chapter and r["Statistics_detail"] == detail
    }
    assert set(published) == {"2021", "2022", "2023", "2024", "2025"}
    rows = package["indicators"].filter(
        (pl.col("good") == good) & (pl.col("indicator") == "consumption") & (pl.col("country") == "USA")
    )
    ours = {period: value for period, value in rows.select("period", "value").iter_rows() if value is not None}
    assert ours == published
    use = package["demand"].filter((pl.col("good") == good) & (pl.col("country") == "USA") & (pl.col("year") == 2025))
    assert use["use_per_year"].to_list() == [published["2025"]]


def test_nothing_that_may_not_be_passed_on_is_in_the_package(package, evidence):
    closed = [row for row in evidence if row["redistributable"] == "no"]
    assert len(closed) == 8
    urls = package["sources"]["url"].drop_nulls().to_list()
    for row in closed:
        assert row["source_url"] not in urls
        good = row["good"].replace("_", "-")
        known = package["supply"].filter(pl.col("good") == good)["share"].drop_nulls().to_list()
        assert float(row["value"]) / 100 not in known, row


def test_every_share_that_was_collected_is_in_the_package_with_its_value(package, evidence):
    """As a point or inside the range that the source states; shares of parts of a good stand among the indicators."""
    columns = ("source", "share", "share_low", "share_high")
    named = {f"share{end}": f"value{end}" for end in ("", "_low", "_high")}
    shares = package["indicators"].filter(pl.col("unit") == "share").rename({new: old for old, new in named.items()})
    rows = pl.concat([package["supply"].select(columns), shares.select(columns)])
    own: dict[str, list[tuple[float | None, ...]]] = {}
    address = dict(package["sources"].select("source", "url").iter_rows())
    for source, *ends in rows.iter_rows():
        own.setdefault(_address(address[source]), []).append(tuple(ends))
    missing = []
    for fact in evidence:
        if fact["redistributable"] == "no" or fact["quantity"] != "share" or not fact["source_url"]:
            continue
        share = float(fact["value"]) / 100
        for point, low, high in own.get(_address(fact["source_url"]), []):
            if point is not None and abs(point - share) < 6e-4:
                break
            if (low, high) != (None, None) and (low or 0.0) - 6e-4 <= share <= (high or 1.0) + 6e-4:
                break
        else:
            missing.append((fact["good"], fact["entity"], fact["value"], fact["unit"]))
    # three makers with all of it are a count of makers here
    assert [row[0] for row in missing] == ["hbm"], missing


def _address(url: str | None) -> str:
    return re.sub("^https?://(www[.])?", "", url or "").rstrip("/")
