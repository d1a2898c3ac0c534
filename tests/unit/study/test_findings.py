"""Findings: sentences with numbers that can be counted by hand, and words that fit them."""

from __future__ import annotations

import polars as pl
import pytest

from reshore.study import make_study, run
from reshore.study.findings import answering, counted_goods, most_exposed, tally
from reshore.study.words import in_words, reading, the
from tests.small import FACT, rows, settings, small_package


@pytest.fixture(scope="module")
def results():
    return run(make_study(settings()), small_package())


def test_the_headline_counts_every_good_once(results):
    # Over half for sure: ore .6, oxide .9, magnet .94. At most half: film, whose maker is Japanese (at most .05).
    # The motor has no supplier. 3 + 1 + 1 = 5.
    assert results.findings[0] == (
        "United States: of 5 goods, 3 get more than half of world supply from countries of concern (China), 1 does "
        "not, and 1 cannot be judged, because sources give too few shares."
    )
    found = tally(results["exposure"])
    assert (set(found.over), found.under, found.open) == ({"ore", "oxide", "magnet"}, ("film",), ("motor",))


def test_the_most_exposed_come_with_basis_and_year(results):
    assert most_exposed(results["exposure"])["good"].to_list() == ["magnet", "oxide", "ore"]
    assert any(
        "Magnet (94 %, by plant site, 2025); Oxide (90 %, by plant site, 2025); and Ore (60 %, by" in sentence
        for sentence in results.findings
    )


def test_one_firm_and_owners_are_named(results):
    text = " ".join(results.findings)
    assert "One firm supplies more than half of 1 good: Film Maker has 95 % of Film." in text
    # Film Maker (Japan) and Holding (China) both answer to the ministry.
    assert "of 2 organizations with known controllers, 2 surely answer to countries of concern, Film Maker" in text
    assert answering(results.study, results["control"]).abroad == ("Film Maker",)


def test_a_doubtful_figure_is_called_doubtful():
    tables = rows()
    supply = [
        {**row, "confidence": "assumed"} if row["good"] == "oxide" else row for row in tables["supply"]
    ]  # fmt: skip
    text = " ".join(run(make_study(settings()), small_package(supply=supply)).findings)
    assert "Oxide (90 %, by plant site, 2025, assumed)" in text
    assert "1 rests on weak or assumed figures" in text


def test_there_are_at_most_ten_findings_and_the_last_says_what_is_not_known(results):
    assert 5 <= len(results.findings) <= 10
    # Motor alone has no supplier of known size.
    assert results.findings[-1].startswith(
        "What we do not know: 1 of 5 goods has no supplier of known size; of the other 4,"
    )


def exposure(**known: tuple[str | None, float, float]) -> pl.DataFrame:
    return pl.DataFrame(
        [(good, *figures) for good, figures in known.items()],
        schema={"good": pl.String, "largest_supplier": pl.String, "concern_share_low": pl.Float64,
                "concern_share_high": pl.Float64},
        orient="row",
    )  # fmt: skip


KNOWN, UNKNOWN = ("CHN", 0.9, 1.0), (None, 0.0, 1.0)
PARENTS = {"metal": None, "pure": "metal", "scrap": "metal", "purest": "pure"}


def suppliers(*rolled: str) -> pl.DataFrame:
    return pl.DataFrame({"good": list(rolled), "level": ["country"] * len(rolled), "rolled_up": [True] * len(rolled)},
                        schema={"good": pl.String, "level": pl.String, "rolled_up": pl.Boolean})  # fmt: skip


@pytest.mark.parametrize(
    ("figures", "rolled", "counted"),
    [
        ({"metal": KNOWN, "pure": KNOWN, "scrap": UNKNOWN, "purest": KNOWN}, (), {"metal"}),
        ({"metal": UNKNOWN, "pure": KNOWN, "scrap": UNKNOWN, "purest": KNOWN}, (), {"pure", "scrap"}),
        ({"metal": UNKNOWN, "pure": UNKNOWN, "scrap": UNKNOWN, "purest": KNOWN}, (), {"purest", "scrap"}),
        ({"metal": KNOWN, "pure": KNOWN, "scrap": UNKNOWN, "purest": UNKNOWN}, ("metal",), {"pure", "scrap"}),
        ({"metal": UNKNOWN, "pure": UNKNOWN, "scrap": UNKNOWN, "purest": UNKNOWN}, (), {"metal"}),
        ({"pure": KNOWN, "scrap": KNOWN}, (), {"pure", "scrap"}),
    ],
    ids=["own figures", "only variants", "only variants of variants", "rolled up", "nothing known", "no parent here"],
)
def test_a_good_or_its_variants_are_counted_never_both(figures, rolled, counted):
    assert counted_goods(exposure(**figures), suppliers(*rolled), PARENTS) == counted


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((0.6, 0.6, 0.6), "60 %"),
        ((0.6, None, None), "60 %"),
        ((None, 0.784, 1.0), "at least 78.4 %"),
        ((0.784, 0.784, 1.0), "at least 78.4 %"),
        ((None, 0.0, 0.3), "at most 30 %"),
        ((None, 0.4961, 0.5165), "49.6–51.6 %"),
        ((None, 0.0, 1.0), "an unknown share"),
        ((None, None, None), "an unknown share"),
        ((0.0, 0.0, 0.0), "0 %"),
        ((None, 0.0, 0.0), "0 %"),
        ((None, None, 0.0), "at most 0 %"),
    ],
)
def test_a_share_is_read_as_what_is_known_of_it(ends, words):
    assert reading(*ends) == words


def test_names_stand_in_a_sentence_as_english_wants():
    assert in_words([]) == "none"
    assert in_words(["a"]) == "a"
    assert in_words(["a", "b", "c"]) == "a, b and c"
    assert in_words(["a", "b", "c"], 2) == "a, b and 1 more"
    assert in_words(["Arsenic, high purity", "Gallium", "Neon"]) == "Arsenic, high purity; Gallium; and Neon"
    assert (the("USA"), the("NLD"), the("CHN")) == ("the United States", "the Netherlands", "China")


def test_firms_added_up_do_not_disagree_with_a_figure_for_their_country():
    # One source: China 90 %. Another: two Chinese firms with 30 and 20 %, others not listed. 50 % is a lower bound.
    tables = rows()
    fact = {"market": "WLD", "basis": "seat", "measure": "volume", "year": 2025, "source": "other", "as_of": "2025",
            "confidence": "high", "good": "oxide", "series": "firms", "coverage": "partial"}  # fmt: skip
    firms = [{"organization": name, "label": name, "seat": "CHN", "kind": "firm", **FACT} for name in ("a", "b")]
    found = run(
        make_study(settings()),
        small_package(
            organizations=[*tables["organizations"], *firms],
            supply=[
                *tables["supply"],
                {**fact, "supplier": "a", "share": 0.3},
                {**fact, "supplier": "b", "share": 0.2},
            ],
        ),
    )
    row = found["exposure"].row(by_predicate=pl.col("good") == "oxide", named=True)
    assert row["other_series_count"] == 1
    assert row["largest_supplier_spread_share"] == pytest.approx(0)
    assert "sources disagree" not in found["gaps"].filter(pl.col("good") == "oxide")["gap"].to_list()
