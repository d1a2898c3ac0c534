"""Pictures of money from tables written by hand: positions that can be counted, words that fit, nothing that runs."""

from __future__ import annotations

import io
from dataclasses import replace

import openpyxl
import polars as pl
import pytest

from reshore.chain import ValueChain, build_chain
from reshore.report import render, workbook_bytes
from reshore.report.page import Page
from reshore.report.sections.money import deals, frontier, money, real_and_plan, tornado
from reshore.report.sections.money_decision import money_decision
from reshore.report.sections.money_merit import merit, merits
from reshore.report.sections.money_worth import bundles, ledger, left_out, money_worth, payments, prices, regret
from reshore.report.sections.tracks import Track
from reshore.study.findings import findings
from tests.unit.report.handmade import money_results


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(money_results())


def marks(row: Track) -> list[tuple[str, float, float]]:
    return [(mark.look, mark.start, mark.end) for mark in row.marks]


def test_the_decision_is_told_in_five_lines(page):
    decision = money_decision(page)
    assert decision is not None
    assert decision.lines == (
        ("Decision", "By Plant loan: Magnet plant (40 M USD) and Oxide plant (30 M USD). In all 70 M USD of face "
         "value, 7 M USD of cost to the public. 10 M USD of 80 M USD stays unspent."),
        ("What it is worth", "100 M USD (50 M to 150 M) of expected loss avoided on the day of the decision, at 2 % a "
         "year, counting what is served to the United States; the range is that of the odds of the scenarios, which "
         "are opinions. That is 1.43 USD per dollar of face value and 14.3 USD per dollar of cost to the public."),
        ("How sure that none is better", "No plan under the same rules, budgets and candidates is worth more than "
         "105 M USD: the certified gap is at most 5 %. It speaks of the model, not of the world."),
        ("What moves it most", "Odds (low or high: 50 M to 150 M USD); Delay (low or high: 20 M to 100 M USD); Stocks "
         "(low or high: 90 M to 100 M USD)."),
        ("What was really awarded", "Late magnet plant: 35 M USD avoid 20 M USD (10 M to 30 M) through the same flow, "
         "as far as the awards went to candidates of known capacity."),
    )  # fmt: skip


def test_a_plan_that_costs_the_public_more_than_it_avoids_says_so(page):
    def worth(cost: float) -> str:
        plans = page.results["fund_plans"].with_columns(present_usd=pl.lit(cost))
        decision = money_decision(Page(replace(page.results, tables={**page.results.tables, "fund_plans": plans})))
        assert decision is not None
        return dict(decision.lines)["What it is worth"]

    assert worth(101e6).endswith("It costs the public more than the loss that it avoids: the rules spend a budget on "
                                 "whatever adds any.")  # fmt: skip
    assert "It costs the public more" not in worth(99e6)


def test_the_first_finding_is_the_decision_with_its_range_and_certified_gap(page):
    study, chain = page.results.study, _chain(page)
    first, second, *_ = findings(study, chain, page.results.tables)
    assert first == (
        "Fund Magnet plant and Oxide plant with 70 M USD, at 7 M USD of cost to the public: that avoids 100 M USD of "
        "expected loss (50 M to 150 M over the range of the odds), and no plan under the same rules is worth more than "
        "105 M USD (certified gap at most 5 %)."
    )
    assert second.startswith("United States: of 2 goods")


def test_a_plan_that_builds_nothing_says_so(page):
    plans = page.results["fund_plans"].with_columns(built=pl.lit(None, pl.String))
    tables = {**page.results.tables, "fund_plans": plans}
    assert findings(page.results.study, _chain(page), tables)[0].startswith("Fund nothing: ")
    empty = Page(replace(page.results, tables={**tables, "fund_deals": page.results["fund_deals"].clear()}))
    decision = money_decision(empty)
    assert decision is not None
    assert decision.lines[0][1].startswith("Fund nothing: ")
    assert deals(empty) is None


def _chain(page: Page) -> ValueChain:
    return build_chain(page.results.package, *page.results.study.chains)


def test_deals_reach_from_nothing_to_what_is_lost_without_them_with_a_mark_at_their_face_value(page):
    figure = deals(page)
    assert figure is not None
    magnet, oxide = figure.drawing.rows
    assert marks(magnet) == [("solid", 0, 1000), ("bound", 400, 400)]  # 100 and 40 of 100
    assert marks(oxide) == [("solid", 0, 150), ("bound", 300, 300)]
    assert (magnet.words, magnet.note, magnet.below) == (
        "40 M USD → 100 M USD", "Plant loan", "cost to the public 4 M USD",
    )  # fmt: skip
    assert figure.drawing.after[0].startswith("1 of 2 deals avoids less than its face value (Oxide plant)")
    assert figure.drawing.after[1] == (
        "Only a person can answer, for Magnet plant: small-firms: At most 500 employees."
    )
    assert figure.title == "2 deals for 70 M USD; without Magnet plant most is lost: 100 M USD"


def test_merit_is_worth_by_the_odds_over_what_is_asked_with_both_ends_of_the_odds(page):
    # Odds .1, .2, .3; gains 400, 20 and nothing; asked 40, 30 and 10.
    found = merits(page).select("project", "per_worth_low", "per_worth", "per_worth_high").rows()
    assert found == [
        ("magnet-plant", pytest.approx(1.0), pytest.approx(2.0), pytest.approx(3.0)),
        ("oxide-plant", pytest.approx(2 / 30), pytest.approx(4 / 30), pytest.approx(6 / 30)),
        ("magnet-late", 0, 0, 0),
    ]


def test_the_merit_ladder_marks_what_is_asked_and_gives_break_even_odds(page):
    figure = merit(page)
    assert figure is not None
    magnet, oxide = figure.drawing.rows
    assert figure.drawing.ticks == ("0", "1", "2", "3")
    assert figure.drawing.rule == pytest.approx(333.3)
    assert marks(magnet) == [("solid", 0, 666.7), ("thin", 333.3, 1000)]
    assert magnet.words == "2 USD"
    assert magnet.below == "pays from odds of 10 % of “China stops” alone; the study says 20 %"
    assert oxide.below == "pays at no odds of “China stops” alone"
    assert figure.drawing.after == ("1 of 3 adds nothing alone in these scenarios: Late magnet plant.",)
    assert figure.title.startswith("1 of 3 candidates is worth what it asks")


def test_real_awards_stand_beside_the_plan_with_ranges_and_caveats(page):
    figure = real_and_plan(page)
    assert figure is not None
    plan, second, real = figure.drawing.rows
    assert (plan.label, second.label, real.label) == ("This plan", "The next best plan", "What was really awarded")
    # The axis ends at 150 M.
    assert marks(plan) == [("solid", 0, 666.7), ("thin", 333.3, 1000), ("bound", 700, 700)]
    assert marks(real) == [("pale", 0, 133.3), ("thin", 66.7, 200)]
    assert real.words == "20 M USD (10 M to 30 M)"
    text = " ".join(figure.drawing.after)
    for caveat in ("hindsight", "asked for is not known", "other goals than supply", "known capacity"):
        assert caveat in text


def test_the_tornado_is_ordered_by_swing_and_leaves_out_what_moves_nothing(page):
    figure = tornado(page)
    assert figure is not None
    assert [row.label for row in figure.drawing.rows] == ["Odds", "Delay", "Stocks", "Luck"]
    assert marks(figure.drawing.rows[1]) == [("solid", 133.3, 666.7)]  # 20 to 100 of 150
    assert figure.drawing.rule == pytest.approx(666.7)
    assert figure.drawing.after == ("1 more that were varied move next to nothing.",)


def test_the_frontier_names_who_enters_and_what_a_further_million_buys(page):
    figure = frontier(page)
    assert figure is not None
    first, second, third = figure.drawing.rows
    assert (first.note, second.note, third.note) == ("Magnet plant in", "Oxide plant in", "the same projects")
    # 60 M for the first 40 M: 1.5 M per million; then 40 M more for 40 M; then nothing.
    assert first.below == "40 M USD spent; a further million buys 1.5 M USD"
    assert second.below == "70 M USD spent; a further million buys 1 M USD"
    assert third.below == "70 M USD spent; a further million buys nothing"
    assert figure.title == "Above 80 M USD more money buys next to nothing: 100 M USD at 160 M USD"


def test_payments_show_the_interval_of_prices_the_loss_and_what_is_asked(page):
    figure = payments(page)
    assert figure is not None
    magnet, oxide = figure.drawing.rows
    assert marks(magnet) == [("pale", 200, 1000), ("level", 600, 600), ("point", 400, 400), ("bound", 400, 400)]
    assert magnet.below == "at marginal prices 20 M USD to 100 M USD"
    assert marks(oxide)[0] == ("level", 200, 200)
    assert oxide.below == "at marginal prices 20 M USD"
    assert figure.title == "1 of 2 projects produces security worth what it asks; in all 80 M USD"


def test_a_project_of_which_part_is_built_is_measured_by_what_that_part_asks():
    row = {"project": "magnet-plant", "label": "Magnet plant", "part_share": 0.25, "payment_usd": 20e6,
           "owen_usd": 20e6, "pivotal_usd": 20e6, "bracket_usd": 20e6, "asked_usd": 40e6}  # fmt: skip
    figure = payments(Page(money_results(security_payments=[row])))
    assert figure is not None
    (magnet,) = figure.drawing.rows
    assert magnet.note == "asks 10 M USD for 25 % of it"
    assert marks(magnet)[-1] == ("bound", 500, 500)  # 10 of 20
    assert figure.title.startswith("1 of 1 projects produces security worth what it asks")


def test_an_outlook_in_which_nothing_is_scarce_is_not_called_one_in_which_nothing_is_served():
    rows = [
        {"outlook": outlook, "party": party, "item": item, "value_usd": value}
        for outlook, party, item, value in (
            ("China stops", "stock", "oxide", 5e8), ("China stops", "total", None, 5e8),
            ("nothing happens", "total", None, 0.0),
        )
    ]  # fmt: skip
    figure = ledger(Page(money_results(security_ledger=rows)))
    assert figure is not None
    assert figure.drawing.rows[1].words == ("not scarce",)
    assert "least is served in it, 500 M USD" in figure.title


def test_only_bundles_that_add_something_together_are_spoken_of(page):
    figure = bundles(page)
    assert figure is not None
    assert figure.drawing.lines == ("Magnet plant and Oxide plant add 100 M USD together and 40 M USD one by one.",)
    assert len(figure.table.rows) == 2


def test_prices_are_per_unit_and_for_a_year_of_world_output_with_their_range(page):
    figure = prices(page)
    assert figure is not None
    (magnet,) = figure.drawing.rows
    assert (magnet.words, magnet.below) == ("50 k USD per t", "100 M USD (50 M to 150 M) for a year's world output")
    assert marks(magnet) == [("solid", 0, 666.7), ("thin", 333.3, 1000)]
    assert figure.drawing.after == ("More capacity adds nothing, at the plan, in Oxide.",)


def test_the_parts_of_a_ledger_add_up_to_what_is_served(page):
    figure = ledger(page)
    assert figure is not None
    stops, nothing = figure.drawing.rows
    # Of a billion: projects 100, plants 300, stocks 100 million, half a billion not served; in half percents.
    assert [(part.look, part.length) for part in stops.bars[0]] == [
        ("home", "g20"), ("solid", "g60"), ("ally", "g20"), ("rest", "g100"),
    ]  # fmt: skip
    assert (stops.words, stops.note) == (("500 M USD",), "of it by projects of the plan 100 M USD")
    assert [(part.look, part.length) for part in nothing.bars[0]] == [("group", "g200")]
    assert nothing.note == "the plan adds nothing here"


def test_regret_is_the_distance_to_the_best_plan_for_an_outlook(page):
    figure = regret(page)
    assert figure is not None
    stops, nothing = figure.drawing.rows
    assert marks(stops) == [("solid", 0, 833.3), ("bound", 1000, 1000)]
    assert (stops.words, stops.below) == ("regret 100 M USD", "500 M USD of 600 M USD")
    assert (nothing.label, nothing.words) == ("Nothing happens", "no regret")


def test_what_was_left_out_is_counted_by_reason_and_named(page):
    figure = left_out(page)
    assert figure is not None
    (row,) = figure.drawing.rows
    assert (row.label, row.words, row.note) == ("its capacity is not known", ("1 of 4",), "Plant of unknown size")
    assert figure.drawing.after == (
        "All projects, old-grant: it ended on 2025-12-31.",
        "Of the 3 that were considered, 1 rests on assumed terms, named in the table.",
    )


def test_every_picture_of_money_is_on_the_page_with_a_table_words_and_sources(page):
    text = render(page.results)
    assert text.index('<dl class="decision">') < text.index('id="money-deals"') < text.index('id="overview"')
    for block in (money(page), money_worth(page)):
        assert block is not None
        for figure in block.figures:
            assert f'<figure id="{figure.name}"' in text
            assert figure.table.rows
            assert figure.sources
            assert len(figure.alt) > 20


def test_a_study_without_money_has_none_of_this(page):
    bare = Page(replace(page.results, tables={n: t for n, t in page.results.tables.items() if "fund" not in n}))
    assert money_decision(bare) is None
    assert money(bare) is None
    assert money_worth(bare) is None


def test_words_of_the_data_are_text_on_the_page_and_never_run(page):
    hostile = '<img src=x onerror=alert("x")>'
    frames = {
        name: frame.with_columns(label=pl.lit(hostile)) if "label" in frame.columns and name[:4] != "expo" else frame
        for name, frame in page.results.tables.items()
    }
    text = render(replace(page.results, tables=frames))
    assert hostile not in text
    assert text.count("&lt;img src=x") >= 10


def test_the_workbook_recomputes_sums_subsidies_and_gaps_with_live_formulas(page):
    data = workbook_bytes(page.results)
    formulas = openpyxl.load_workbook(io.BytesIO(data))["money"]
    values = openpyxl.load_workbook(io.BytesIO(data), data_only=True)["money"]
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)

    def of(formula: str) -> float:
        sheet, cell = formula.removeprefix("=").split("!")
        return book[sheet][cell].value

    # Two loans of 40 and 30 M at a subsidy cost of a tenth.
    assert [values.cell(row, 4).value for row in (2, 3)] == [0.1, 0.1]
    assert [of(formulas.cell(row, 3).value) for row in (2, 3)] == [40e6, 30e6]
    assert [formulas.cell(row, 5).value for row in (2, 3)] == ["=C2*D2", "=C3*D3"]
    assert [values.cell(row, 5).value for row in (2, 3)] == [pytest.approx(4e6), pytest.approx(3e6)]
    assert [formulas.cell(row, 5).value for row in (4, 5)] == ["=SUM(E2:E3)", "=SUM(C2:C3)"]
    assert [values.cell(row, 5).value for row in (4, 5)] == [pytest.approx(7e6), pytest.approx(70e6)]
    assert [of(formulas.cell(row, 6).value) for row in (4, 5)] == [7e6, 70e6]
    assert [values.cell(row, 7).value for row in range(2, 6)] == [pytest.approx(0, abs=1e-6)] * 4
    # Gap (105 − 100) / 100, worth 100 for 70 of face value.
    chosen = next(row for row in range(7, 11) if values.cell(row, 1).value == "chosen")
    assert formulas.cell(chosen, 5).value == f"=IF(C{chosen}=0,0,MAX(0,D{chosen}-C{chosen})/ABS(C{chosen}))"
    assert values.cell(chosen, 5).value == pytest.approx(0.05)
    assert of(formulas.cell(chosen, 3).value) == 100e6
    assert of(formulas.cell(chosen, 4).value) == 105e6
    assert values.cell(chosen, 2).value == pytest.approx(100 / 70)
    real = next(row for row in range(7, 11) if values.cell(row, 1).value == "real awards")
    assert values.cell(real, 4).value == "not a search"
    assert workbook_bytes(page.results) == data


def test_no_word_of_the_data_becomes_a_formula_of_the_workbook(page):
    frame = page.results["fund_deals"].with_columns(label=pl.lit('=HYPERLINK("http://e.org")'))
    results = replace(page.results, tables={**page.results.tables, "fund_deals": frame})
    for sheet in openpyxl.load_workbook(io.BytesIO(workbook_bytes(results))).worksheets:
        found = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        assert not [text for text in found if "HYPERLINK" in text]
        assert not found or sheet.title in ("checks", "money")
