"""Records of the tables that a stress test writes: what stops, when, why, and what it costs."""

from __future__ import annotations

from reshore.stress.scenarios import BY, RATIONING
from reshore.tables import Column, Table
from reshore.units import MONTHS, NUMBER, SHARE, USD

SCENARIO = Column("scenario", "id", "Scenario", "Key of the scenario in the study.")
RANGE = "The range holds nine tenths of the draws, and the figure itself."

REASONS = {
    "capacity": "all plants that are left run",
    "bought": "nobody in the pool makes it, and no more arrives",
    "half": "an important input is missing",
    "design": "new versions need a design input that is missing",
    "wear": "tools are worn out and not replaced",
    "stock": "the stock is empty",
}
"""Reasons of the flow program, in words; listed here so that reading the records does not load the solver."""

STEPS = {
    "direct": "loss of the final uses' own supply, with nothing in stock and no substitutes",
    "inputs": "what is added when losses travel along inputs",
    "stock": "what stocks save",
    "substitutes": "what spare output of the pool and other kinds of a good save",
}

STRESS_ASSUMPTIONS = Table(
    "stress_assumptions",
    "What the flow assumes",
    "What stands in, in each scenario, for what nobody states; read it before the losses.",
    key=("scenario", "number"),
    columns=(
        SCENARIO,
        Column("number", "integer", "Number", "Place in the list.", unit=NUMBER, low=1),
        Column("says", "text", "In words", "What is assumed, and of how many goods."),
    ),
)

STRESS_SCENARIOS = Table(
    "stress_scenarios",
    "What each scenario comes to",
    "One row per scenario: who is hit, what stops first, and what it costs.",
    key=("scenario",),
    columns=(
        SCENARIO,
        Column("label", "text", "Name", "Name for people."),
        Column(
            "odds_share",
            "number",
            "Odds",
            "Probability within the horizon: an opinion.",
            unit=SHARE,
            low=0,
            high=1,
            absent="nobody gives one",
            interval=True,
        ),
        Column("months", "integer", "Months", "Length of the scenario.", unit=MONTHS, low=1),
        Column("shocks", "text", "Shocks", "What happens, in words."),
        Column("pool", "text", "Pool", "Who shares what is left."),
        Column("by", "category", "Hit by", "What ties a supplier to a country.", choices=BY),
        Column("rationing", "category", "Rationing", "Who gets what is left.", choices=RATIONING),
        Column("uses_count", "integer", "Final uses", "Number of final uses.", unit=NUMBER, low=0),
        Column(
            "uses_short_count",
            "integer",
            "Short",
            "Final uses that are not fully served in some month.",
            unit=NUMBER,
            low=0,
        ),
        Column(
            "first_use",
            "id",
            "First to run short",
            "The final use that runs short first; of several, the one that falls furthest.",
            absent="no final use runs short",
        ),
        Column(
            "first_month",
            "integer",
            "In month",
            "The month in which it does.",
            unit=MONTHS,
            low=1,
            absent="no final use runs short",
        ),
        Column("first_cause", "id", "Because of", "The good whose supply runs out.", absent="no final use runs short"),
        Column(
            "unserved_share",
            "number",
            "Unserved",
            f"Share of demand that is not served, all final uses and months counted alike. {RANGE}",
            unit=SHARE,
            low=0,
            high=1,
            interval=True,
        ),
        Column(
            "alike_unserved_share",
            "number",
            "Unserved if all share alike",
            f"The same when all users of a good share alike instead of serving final uses as well as can be. {RANGE}",
            unit=SHARE,
            low=0,
            high=1,
            interval=True,
        ),
        Column(
            "valued_count",
            "integer",
            "Valued",
            "Final uses that run short and whose value is known.",
            unit=NUMBER,
            low=0,
        ),
        Column(
            "loss_usd",
            "number",
            "Loss",
            f"Value of what final users in the pool are not served, where it is known. {RANGE}",
            unit=USD,
            low=0,
            absent="no final use that runs short has a known value",
            interval=True,
        ),
        Column(
            "alike_loss_usd",
            "number",
            "Loss if all share alike",
            f"The same when all users share alike. {RANGE}",
            unit=USD,
            low=0,
            absent="no final use that runs short has a known value",
            interval=True,
        ),
        Column(
            "home_loss_usd",
            "number",
            "Loss at home",
            f"Home's part of the loss. {RANGE}",
            unit=USD,
            low=0,
            absent="no final use that runs short has a known value",
            interval=True,
        ),
        Column(
            "home_alike_loss_usd",
            "number",
            "Loss at home if all share alike",
            f"Home's part of that. {RANGE}",
            unit=USD,
            low=0,
            absent="no final use that runs short has a known value",
            interval=True,
        ),
        Column(
            "downstream_loss_usd",
            "number",
            "Loss at home with what hangs on it",
            f"Loss at home if all share alike, times the money lost per dollar of final use, from a source. {RANGE}",
            unit=USD,
            low=0,
            absent="no sourced ratio or no known value",
            interval=True,
        ),
        Column("draws_count", "integer", "Draws", "Number of draws behind the ranges.", unit=NUMBER, low=0),
        Column(
            "residual", "number", "Residual", "Worst miss of any balance of goods, in shares of world output.", low=0
        ),
        Column("finding", "text", "Finding", "What happens, as a sentence."),
        Column("nothing_because", "text", "Nothing because", "Why nothing is lost.", absent="something is lost"),
        Column(
            "misses",
            "text",
            "Hits nothing",
            "Parts of the shocks that hit no supplier of known size, and why.",
            absent="every part hits someone",
        ),
    ),
)

STRESS_USES = Table(
    "stress_uses",
    "Service of final uses by month",
    "How much of what final users in the pool ask for they get, month by month, and what holds it back.",
    key=("scenario", "good", "month"),
    columns=(
        SCENARIO,
        Column("good", "id", "Final use", "Key of the final use.", refers="goods.good"),
        Column("label", "text", "Name", "Name for people."),
        Column("month", "integer", "Month", "Month of the scenario, the first is 1.", unit=MONTHS, low=1),
        Column(
            "served_share",
            "number",
            "Served",
            f"Share of usual or surged demand that is met. {RANGE}",
            unit=SHARE,
            low=0,
            high=1,
            interval=True,
        ),
        Column(
            "alike_share",
            "number",
            "Served if all share alike",
            f"The same when all users of a good share alike: what markets without a plan may come to. {RANGE}",
            unit=SHARE,
            low=0,
            high=1,
            interval=True,
        ),
        Column(
            "home_served_share", "number", "Served at home", "What is met of home's demand.", unit=SHARE, low=0, high=1
        ),
        Column(
            "unserved_usd",
            "number",
            "Unserved",
            f"Value of what the pool is not served. {RANGE}",
            unit=USD,
            low=0,
            absent="the value of the use is unknown",
            interval=True,
        ),
        Column("bound_by", "id", "Held back by", "The good that is too scarce.", absent="everything is served"),
        Column("bound_by_label", "text", "Its name", "Name of that good for people.", absent="everything is served"),
    ),
)

STRESS_GOODS = Table(
    "stress_goods",
    "What runs out, and when",
    "Goods whose supply is hit or that run short: how long stocks carry them, when supply is back, and why.",
    key=("scenario", "good"),
    columns=(
        SCENARIO,
        Column("good", "id", "Good", "Key of the good.", refers="goods.good"),
        Column("label", "text", "Name", "Name for people."),
        Column("chain", "id", "Chain", "Its chain."),
        Column("is_final", "boolean", "Final use", "Whether people depend on it directly."),
        Column(
            "is_judged",
            "boolean",
            "Judged",
            "Whether suppliers of more than half are known; if not, the rest is taken "
            "to be made where it is used, and its loss is not seen.",
        ),
        Column(
            "hit_share",
            "number",
            "Hit",
            "Share of what the pool uses that no longer arrives in the worst month, inputs aside.",
            unit=SHARE,
            low=0,
            high=1,
        ),
        Column("hit_places", "text", "From", "Who is hit, with their share of world output.", absent="not hit itself"),
        Column(
            "stock_months", "number", "Stock", "How long stocks last at usual use.", unit=MONTHS, low=0, interval=True
        ),
        Column(
            "time_to_survive_months",
            "number",
            "Time to survive",
            f"How long stocks and what still arrives cover usual use, inputs aside. {RANGE} A draw that outlasts the "
            "scenario counts as its length.",
            unit=MONTHS,
            low=0,
            absent="as long as the scenario, or longer",
            interval=True,
        ),
        Column(
            "time_to_recover_months",
            "number",
            "Time to recover",
            "When its own supply is whole again.",
            unit=MONTHS,
            low=0,
            absent="not within the scenario",
        ),
        Column(
            "is_short",
            "boolean",
            "Does not survive",
            "Whether stocks end before supply is back: time to survive below time to recover.",
        ),
        Column(
            "short_month",
            "integer",
            "Runs short in month",
            "The first month in which less than usual use is to be had when all users share alike, inputs included.",
            unit=MONTHS,
            low=1,
            absent="never in the scenario",
        ),
        Column(
            "least_share",
            "number",
            "Least to be had",
            "Share of usual use that is to be had in the worst month, when all users share alike.",
            unit=SHARE,
            low=0,
            high=1,
        ),
        Column("cause", "id", "Because of", "The good at the root of it.", absent="never short"),
        Column("finding", "text", "Finding", "The chain of cause, as a sentence.", absent="never short"),
    ),
)

STRESS_WATERFALL = Table(
    "stress_waterfall",
    "How a stop becomes a loss",
    "The loss of a scenario taken apart by solving it again with pieces switched off, in this order: direct, through "
    "inputs, less stocks, less substitutes. The parts add up to the loss; another order would give other parts.",
    key=("scenario", "position"),
    columns=(
        SCENARIO,
        Column("position", "integer", "Position", "Place in the order.", low=1),
        Column("step", "category", "Step", "The part.", choices=STEPS),
        Column(
            "unserved_share",
            "number",
            "Part",
            "What the step adds to the unserved share of demand; negative where it saves.",
            unit=SHARE,
            low=-1,
            high=1,
        ),
        Column(
            "loss_usd",
            "number",
            "Part in money",
            "What it adds to the loss of the pool.",
            unit=USD,
            absent="no final use that runs short has a known value",
        ),
        Column("total_share", "number", "Up to here", "Unserved share after this step.", unit=SHARE, low=0, high=1),
    ),
)

STRESS_REVERSE = Table(
    "stress_reverse",
    "How hard a blow it takes",
    "Reverse stress: the least strength of a scenario's shocks at which a final use loses this much over the scenario.",
    key=("scenario", "good", "threshold_share"),
    columns=(
        SCENARIO,
        Column("good", "id", "Final use", "Key of the final use.", refers="goods.good"),
        Column("label", "text", "Name", "Name for people."),
        Column(
            "threshold_share",
            "number",
            "Loss",
            "Share of the demand of all months that is lost.",
            unit=SHARE,
            low=0,
            high=1,
        ),
        Column(
            "strength_share",
            "number",
            "Strength",
            "Least share of the shocks' strength that loses it, to within 0.005.",
            unit=SHARE,
            low=0,
            high=1,
            absent="not even the whole blow loses it",
        ),
    ),
)

STRESS_BINDING = Table(
    "stress_binding",
    "What holds final uses back, by month",
    "Every good that is exhausted in the best plan in a month, why, and what one more unit of it would be worth.",
    key=("scenario", "month", "good", "reason"),
    columns=(
        SCENARIO,
        Column("month", "integer", "Month", "Month of the scenario, the first is 1.", unit=MONTHS, low=1),
        Column("good", "id", "Good", "Key of the good.", refers="goods.good"),
        Column("label", "text", "Name", "Name for people."),
        Column("reason", "category", "Reason", "Why there is no more of it.", choices=REASONS),
        Column(
            "worth_share",
            "number",
            "Worth",
            "What one more unit, a year's world output, would be worth, in shares of the most valuable final use.",
            unit=SHARE,
            low=0,
        ),
    ),
)

STRESS_CUTS = Table(
    "stress_cuts",
    "Worst cuts",
    "The few whose loss hurts most, and the fewest whose loss hurts so much, each with the bound that proves it. "
    "Losses are those of the best plan, uses without a known value weighing as the middle one.",
    key=("level", "question", "size", "position"),
    columns=(
        Column(
            "level",
            "category",
            "Level",
            "Who is struck.",
            choices={"country": "plants in a country", "organization": "plants of an organization"},
        ),
        Column(
            "question",
            "category",
            "Question",
            "What was sought.",
            choices={"worst": "the sets that cost most", "fewest": "the fewest that cost a given share"},
        ),
        Column(
            "size", "integer", "Members at most", "The most members; of the fewest, their number.", unit=NUMBER, low=1
        ),
        Column("position", "integer", "Position", "Place in the list.", low=1),
        Column(
            "threshold_share",
            "number",
            "At least",
            "The loss that was asked for.",
            unit=SHARE,
            low=0,
            high=1,
            absent="the worst was asked for",
        ),
        Column("members", "ids", "Members", "Who is struck, split by `;`."),
        Column("label", "text", "Names", "Their names for people."),
        Column("loss_share", "number", "Loss", "Share of the value of demand that is lost.", unit=SHARE, low=0, high=1),
        Column(
            "bound_share",
            "number",
            "At most",
            "What no other set, those above it apart, can cost more than.",
            unit=SHARE,
            low=0,
            high=1,
            absent="the fewest were asked for",
        ),
        Column("gap_share", "number", "Gap", "Distance between the two, relative to the bound.", unit=SHARE, low=0),
        Column("is_proved", "boolean", "Proved", "Whether the gap is nil."),
        Column(
            "evaluations_count", "integer", "Sets tried", "Sets whose loss was computed until then.", unit=NUMBER, low=0
        ),
        Column(
            "greedy",
            "ids",
            "Greedy",
            "What taking the worst one after the other would name.",
            absent="the fewest were asked for",
        ),
        Column(
            "greedy_loss_share",
            "number",
            "Its loss",
            "What that set costs.",
            unit=SHARE,
            low=0,
            high=1,
            absent="the fewest were asked for",
        ),
    ),
)

SCENARIO_TABLES: tuple[Table, ...] = (
    STRESS_SCENARIOS,
    STRESS_USES,
    STRESS_GOODS,
    STRESS_BINDING,
    STRESS_WATERFALL,
    STRESS_REVERSE,
    STRESS_ASSUMPTIONS,
)
"""Records of the tables that scenarios give, in the order in which a reader meets them."""

STRESS_TABLES: tuple[Table, ...] = (*SCENARIO_TABLES, STRESS_CUTS)
"""Records of all tables of a stress test; worst cuts only where a study asks for them."""
