"""Pictures of stress from tables written by hand: positions that can be counted, words that fit, nothing that runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reshore.chain import build_chain
from reshore.report import render
from reshore.report.page import Page
from reshore.report.sections.stress import panel, reverse, scenarios, stress, timeline, waterfall
from reshore.report.sections.stress_cuts import stress_cuts
from reshore.report.sections.stress_ladder import binding, ladder, stress_ladder
from reshore.report.sections.tracks import Sentences, month_scale, scale
from reshore.stress.records import STEPS
from reshore.study.findings import findings
from tests.unit.report.handmade import NOTHING, SCENARIO, stress_page


@pytest.fixture(scope="module")
def page() -> Page:
    return stress_page()


def cut(page: Page) -> dict[str, object]:
    return scenarios(page)[0]


def test_an_axis_has_round_ticks_at_even_distances_and_holds_both_ends():
    assert scale(0, 131e6).ticks == (0, 50e6, 100e6, 150e6)
    assert scale(-30, 70).ticks == (-50, -25, 0, 25, 50, 75)
    assert scale(0, 1).ticks == (0, 0.2, 0.4, 0.6, 0.8, 1)
    assert scale(0, 1).at(0.5) == 500
    assert scale(0, 1).at(7) == 1000  # beyond the end is drawn at the end


def test_months_are_marked_in_steps_that_end_with_the_scenario():
    assert month_scale(18).ticks == (0, 3, 6, 9, 12, 15, 18)
    assert month_scale(24).ticks == (0, 4, 8, 12, 16, 20, 24)
    assert month_scale(6).ticks == (0, 1, 2, 3, 4, 5, 6)


def test_the_worst_scenario_comes_first(page):
    assert [row["scenario"] for row in scenarios(page)] == ["cut", "drill"]


def test_a_timeline_steps_down_with_service_and_its_band_is_the_range(page):
    uses = page.results["stress_uses"]
    drawn = panel(uses.filter(uses["scenario"] == "cut").sort("month"))
    # Ten to a month; 100 is nothing served: 1, .75, .25, .25 of demand stand at 0, 25, 75, 75.
    assert drawn.line == "M0 0V0H10V25H20V75H30V75H40"
    assert drawn.band == ""  # known exactly
    assert drawn.alike_line == "M0 0V0H10V50H20V50H30V50H40"
    # The band: along the high end, and back along the low end, which is zero from month 2.
    assert drawn.alike_band == "M0 0V0H10V50H20V50H30V50H40V100H30V100H20V100H10V0H0Z"
    assert drawn.best == "down to 25 %, from month 2"
    assert drawn.alike == "down to 50 %, from month 2"
    assert drawn.note == "held back by Magnet"


def test_tables_beside_pictures_have_ranges_behind_their_figures_and_reasons_in_words(page):
    month_two = timeline(page, cut(page)).table.rows[1]
    assert [text for text, _ in month_two][:4] == ["Motor", "2", "75 %", "50 % (0 % to 50 %)"]
    assert month_two[-1] == ("Magnet", "")
    (figure,) = binding(page, cut(page))
    assert figure.table.rows[0][2] == ("nobody in the pool makes it, and no more arrives", "")


def test_a_timeline_says_in_its_title_how_many_uses_run_short_and_below_what_it_costs(page):
    figure = timeline(page, cut(page))
    assert figure.title == (
        "A cut: 1 of 1 final uses run short if what is left is used as well as can be, 1 if all users share alike"
    )
    assert figure.drawing.after == (
        "First Motor in month 2, down to 25 % of demand because Magnet runs out (1 month of stock).",
        "Loss at home over the scenario, 1 final use of known value: 2 bn USD (1 bn to 3 bn) at best, 4 bn USD (2 bn "
        "to 5 bn) if all share alike; 8 bn USD (3 bn to 9 bn) with what hangs on it.",
        "Odds in the study: 10 to 30 %, an opinion.",
    )


def test_a_scenario_that_changes_nothing_has_its_reason_as_the_finding(page):
    figure = timeline(page, scenarios(page)[1])
    assert figure.title == (
        "A drill: no final use loses anything within 4 months, because Malta makes nothing of known size here"
    )
    assert isinstance(figure.drawing, Sentences)
    assert figure.table.rows


def test_a_waterfall_runs_from_what_is_struck_to_what_is_lost(page):
    figure = waterfall(page, [cut(page)])
    rows = figure.drawing.rows
    assert len(rows) == len(STEPS) + 1
    # 0 to .1, to .8, back to .5, back to .4; the axis ends at .8.
    assert [(mark.start, mark.end) for row in rows for mark in row.marks] == [
        (0, 125), (125, 1000), (625, 1000), (500, 625), (0, 500),
    ]  # fmt: skip
    assert [row.words for row in rows] == ["+10 %", "+70 %", "-30 %", "-10 %", "40 %"]
    assert [row.below for row in rows] == ["1 bn USD", "7 bn USD", "-3 bn USD", "value unknown", ""]
    # 7 of 8 parts of the blow come through inputs; stocks and substitutes save 4 of 8.
    assert figure.title == (
        "A cut: 87.5 % of the blow comes through inputs; stocks and substitutes save 50 % of it, and 40 % of demand is "
        "lost"
    )


def test_reverse_stress_marks_the_least_strength_and_says_where_none_suffices(page):
    (figure,) = reverse(page)
    (row,) = figure.drawing.rows
    assert [mark.start for mark in row.marks] == [250]
    assert row.words == "10 % from 25 %; 50 % not even at full strength"
    assert figure.title == "Motor is the first to lose 10 %: from 25 % of the blow of “A cut”"


def test_a_ladder_shows_stocks_the_gap_until_recovery_and_when_a_good_runs_short(page):
    figure = ladder(page, cut(page))
    assert figure is not None
    magnet, motor = figure.drawing.rows
    # Four months: stocks last .5 for sure, the gap runs from 1 to 3, the draws reach to 2, short from month 2 on.
    assert [(mark.look, mark.start, mark.end) for mark in magnet.marks] == [
        ("pale", 0, 125), ("short", 250, 750), ("saves thin", 125, 500), ("month", 250, 250),
    ]  # fmt: skip
    assert (magnet.words, magnet.note, magnet.below) == (
        "month 2: falls to 6 %", "China 94 %", "stock 1 month (0.5–2)",
    )  # fmt: skip
    # The motor is not struck itself: only the mark of the month.
    assert [(mark.look, mark.start) for mark in motor.marks] == [("month", 500)]
    assert motor.words == "month 3: stops"
    assert motor.strong
    assert figure.title == "A cut: Magnet first, in month 2; stocks of Magnet end before supply is back"
    assert figure.drawing.after[0].startswith("Magnet runs short in month 2 and falls to 6 %")
    assert "less than half of the supply of Motor is known" in figure.drawing.after[-1]


def test_what_binds_is_marked_by_month_and_reason_and_framed_where_it_holds_the_worst_use(page):
    (figure,) = binding(page, cut(page))
    (row,) = figure.drawing.rows
    assert [cell.look for cell in row.cells] == ["", "concern", "concern", "solid"]
    assert [cell.holds for cell in row.cells] == [False, True, True, True]
    assert figure.title == "Motor is held back by Magnet in months 2–4"
    assert ("solid", "an important input is missing") in figure.drawing.key


def test_worst_cuts_stand_with_loss_bound_gap_and_proof():
    row = {"level": "country", "question": "worst", "gap_share": 0.0, "is_proved": True, "evaluations_count": 7}
    page = stress_page(
        stress_cuts=[
            {**row, "size": 1, "position": 1, "members": "CHN", "label": "China", "loss_share": 0.3, "bound_share": 0.3,
             "greedy": "CHN", "greedy_loss_share": 0.3},
            {**row, "size": 2, "position": 1, "members": "CHN;JPN", "label": "China, Japan", "loss_share": 0.4,
             "bound_share": 0.5, "gap_share": 0.2, "is_proved": False, "greedy": "CHN;JPN", "greedy_loss_share": 0.4},
            {**row, "question": "fewest", "size": 1, "position": 1, "members": "CHN", "label": "China",
             "loss_share": 0.3, "threshold_share": 0.1},
        ]
    )  # fmt: skip
    block = stress_cuts(page)
    assert block is not None
    (figure,) = block.figures
    assert figure.title == (
        "Of single countries China, 30 % of the value of demand; of sets of up to 2 China with Japan, 40 % (1 of 2 not "
        "proved)"
    )
    pair = figure.drawing.rows[1]
    assert [(mark.look, mark.end) for mark in pair.marks] == [("short", 800), ("point", 1000)]  # the axis ends at .5
    assert (pair.label, pair.words, pair.below) == ("China, Japan", "40 %", "gap 20 %: not proved")
    assert [cell[0] for cell in figure.table.rows[2]][:4] == ["fewest that cost 10 %", "China", "30 %", "not sought"]


def test_findings_begin_with_what_stops_when_and_why_nothing_does(page):
    results = page.results
    chain = build_chain(results.package, *results.study.chains)
    first, second, third, *_ = findings(results.study, chain, results.tables)
    assert first == SCENARIO["finding"]
    assert second == ("A drill: no final use loses anything within 4 months: Malta makes nothing of known size here.")
    assert third.startswith("United States: of 5 goods")


def test_a_study_without_scenarios_has_none_of_this(page):
    bare = Page(replace(page.results, tables={n: t for n, t in page.results.tables.items() if "stress" not in n}))
    assert stress(bare) is None
    assert stress_ladder(bare) is None
    assert stress_cuts(bare) is None


def test_words_of_the_data_are_text_on_the_page_and_never_run():
    hostile = '<script>alert("x")</script>'
    page = stress_page(
        stress_scenarios=[{**SCENARIO, "label": hostile, "pool": hostile}, {**NOTHING, "label": hostile}]
    )
    text = render(page.results)
    assert hostile not in text
    assert text.count("&lt;script&gt;alert(") >= 6


def test_every_picture_of_stress_is_on_the_page_with_a_table_and_words(page):
    text = render(page.results)
    assert render(page.results) == text
    for name in ("timeline-cut", "timeline-drill", "waterfall", "reverse", "ladder-cut", "binding-cut"):
        assert f'<figure id="stress-{name}"' in text
    for block in (stress(page), stress_ladder(page)):
        assert block is not None
        for figure in block.figures:
            assert figure.table.rows
            assert len(figure.alt) > 20
