"""Studies: read strictly, run, written, read again, compared and explained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reshore.errors import FilesError, InputError, UsageError
from reshore.study import compare, explain, make_study, read_results, read_study, run, write_results
from tests.small import rows, settings, small_package


@pytest.fixture(scope="module")
def results():
    return run(make_study(settings()), small_package())


def exposure(results, good: str) -> dict[str, object]:
    return next(row for row in results["exposure"].iter_rows(named=True) if row["good"] == good)


def test_shares_of_concern_are_those_of_the_survey(results):
    assert exposure(results, "ore")["concern_share"] == pytest.approx(0.6)
    assert exposure(results, "oxide")["concern_share"] == pytest.approx(0.9)
    magnet = exposure(results, "magnet")
    # 94 % are Chinese; the survey lists countries, so the other 6 % come from elsewhere, Japan among them.
    assert magnet["concern_share_low"] == pytest.approx(0.94)
    assert magnet["ally_share"] is None
    assert (magnet["ally_share_low"], magnet["ally_share_high"]) == (pytest.approx(0), pytest.approx(0.06))


def test_a_good_without_figures_is_unknown_and_not_zero(results):
    motor = exposure(results, "motor")
    assert motor["concern_share"] is None
    assert motor["largest_supplier"] is None


def test_a_placeholder_is_never_the_largest_supplier():
    tables = rows()
    supply = [row for row in tables["supply"] if row["good"] != "ore"]
    fact = {k: v for k, v in tables["supply"][0].items() if k not in ("supplier", "share")}
    supply += [{**fact, "supplier": "XX-VAR", "share": 0.8}, {**fact, "supplier": "USA", "share": 0.2}]
    found = run(make_study(settings()), small_package(supply=supply))
    assert exposure(found, "ore")["largest_supplier"] == "USA"


def test_look_through_ownership_shows_control_from_concern(results):
    # Ministry (CHN) holds 80 % of Holding, which holds 60 % of Film Maker (JPN): control by majority votes, twice.
    film = exposure(results, "film")
    assert film["concern_controlled_share_low"] == pytest.approx(0.95)
    assert film["concern_share_low"] == pytest.approx(0.0)
    links = results["control"].select("organization", "controller", "is_ultimate").rows()
    assert ("film-maker", "ministry", True) in links


def test_findings_name_the_home_and_come_first(results):
    assert results.findings[0].startswith("United States: of ")
    assert 5 <= len(results.findings) <= 10


def test_the_same_study_gives_the_same_run(results):
    again = run(make_study(settings()), small_package())
    assert again.manifest == results.manifest


def test_the_order_of_rows_carries_no_meaning(results):
    tables = {name: list(reversed(table)) for name, table in rows().items()}
    again = run(make_study(settings()), small_package(**tables))
    assert again.manifest["tables"] == results.manifest["tables"]


def test_results_are_read_back_as_they_were_written(results, tmp_path: Path):
    write_results(results, tmp_path / "out", "2026-11-24T00:00:00Z")
    again = read_results(tmp_path / "out")
    assert again.findings == results.findings
    assert again.package.digest == results.package.digest
    assert all(again[name].equals(results[name]) for name in results.tables)


def test_results_that_were_changed_by_hand_are_refused(results, tmp_path: Path):
    write_results(results, tmp_path / "out", None)
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    manifest["tables"]["exposure"]["sha256"] = "0" * 64
    (tmp_path / "out/manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="changed-file"):
        read_results(tmp_path / "out")


def test_a_folder_without_results_says_how_to_make_some(tmp_path: Path):
    with pytest.raises(FilesError, match="reshore run"):
        read_results(tmp_path)


def test_comparison_finds_the_one_number_that_was_changed(results):
    supply = [dict(row) for row in rows()["supply"]]
    for row in supply:
        if row["good"] == "oxide":
            row["share"] = {"CHN": 0.8, "MYS": 0.2}[str(row["supplier"])]
    after = run(make_study(settings()), small_package(supply=supply))
    found = compare(results, after)
    row = next(r for r in found.table.iter_rows(named=True) if (r["good"], r["column"]) == ("oxide", "concern_share"))
    assert (row["before"], row["after"]) == (pytest.approx(0.9), pytest.approx(0.8))
    assert row["change"] == pytest.approx(-0.1)
    assert any("the data differ" in reason for reason in found.reasons)


def test_comparing_a_run_with_itself_finds_nothing(results):
    found = compare(results, results)
    assert found.table.is_empty()
    assert found.reasons == ("data, settings and versions are the same",)


def test_a_number_is_explained_by_its_rows_and_sources(results):
    found = explain(results, "Ore", "concern_share")
    assert found.value == "60 %"
    supply = next(part.frame for part in found.evidence if part.table.name == "supply")
    assert dict(supply.select("supplier", "share").rows()) == {"CHN": 0.6, "USA": 0.3, "XX-ROW": 0.1}
    # The survey that is used, and the one beside it that is not.
    assert found.sources["source"].to_list() == ["other", "survey"]
    assert found.others["source"].to_list() == ["other"]


def test_an_explanation_of_nothing_names_the_nearest(results):
    with pytest.raises(UsageError, match="magnet"):
        explain(results, "magnett")
    with pytest.raises(UsageError, match="concern_share"):
        explain(results, "ore", "concern_shar")


def study_file(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


GOOD_STUDY = """
[study]
title = "T"
question = "Q?"
package = "data"
home = "NAM"
allies = ["NOR"]
concern = ["CHN"]
at = "2026-11-01"
"""


def test_country_codes_that_look_like_words_stay_codes(tmp_path: Path):
    study = read_study(study_file(tmp_path, GOOD_STUDY))
    assert (study.home, study.allies) == ("NAM", ("NOR",))


@pytest.mark.parametrize(
    ("change", "code", "key"),
    [
        (('home = "NAM"', 'hom = "NAM"'), "unknown-key", "study.hom"),
        (('home = "NAM"', 'home = "UK"'), "unknown-country", "study.home"),
        (('home = "NAM"', 'home = "CHN"'), "duplicate-country", "study.concern"),
        (('home = "NAM"', "home = 3"), "wrong-type", "study.home"),
        (('at = "2026-11-01"', 'at = "2026-02-30"'), "bad-date", "study.at"),
        (('at = "2026-11-01"', "at = 2026-11-01"), "wrong-type", "study.at"),
        (('at = "2026-11-01"', 'at = "2026-11-01"\nseed = -1'), "out-of-range", "study.seed"),
        (('title = "T"', 'title = "T"\n[exposures]\n[study2]'), "unknown-key", "exposures"),
        (('title = "T"', 'title = "T"\ntitle = "T"'), "not-toml", ""),
        (("[study]", "[study"), "not-toml", ""),
    ],
)
def test_a_wrong_study_is_refused_with_its_place(tmp_path: Path, change: tuple[str, str], code: str, key: str):
    with pytest.raises(InputError) as caught:
        read_study(study_file(tmp_path, GOOD_STUDY.replace(*change)))
    assert (code, key) in {(problem.code, problem.place.column) for problem in caught.value.problems}
    assert all(p.found and p.expected and p.fix for p in caught.value.problems)


def test_all_problems_of_a_study_are_shown_at_once(tmp_path: Path):
    text = (
        GOOD_STUDY.replace('home = "NAM"', 'home = "XXX"')
        .replace('question = "Q?"', "")
        .replace('"2026-11-01"', '"soon"')
    )
    with pytest.raises(InputError) as caught:
        read_study(study_file(tmp_path, text))
    assert {p.code for p in caught.value.problems} == {"unknown-country", "missing-key", "bad-date"}


def test_a_study_of_chains_that_the_data_lack_names_those_there_are():
    with pytest.raises(InputError, match="magnets"):
        run(make_study(settings() | {"exposure": {"chains": ["batteries"]}}), small_package())


def test_goods_within_reach_come_from_trade(tmp_path: Path):
    # Two goods, two countries: the USA sell only ore, China only oxide. Comparative advantage of each in its own good:
    # share in own exports 1, share in world exports 1/2: ratio 2.
    flow = {"importer": "WLD", "year": 2024, "source": "survey", "as_of": "2024", "confidence": "high"}
    trade = [
        {**flow, "good": "ore", "exporter": "USA", "value_usd": 100},
        {**flow, "good": "oxide", "exporter": "CHN", "value_usd": 100},
    ]
    found = run(make_study(settings()), small_package(trade=trade))
    table = {row["good"]: row for row in found["reach"].iter_rows(named=True)}
    assert table["ore"]["comparative_advantage_ratio"] == pytest.approx(2)
    assert table["ore"]["is_made"]
    assert not table["oxide"]["is_made"]
    # Two countries with no good in common cannot be put in one order: the index is absent, not zero.
    assert table["ore"]["product_complexity_index"] is None
