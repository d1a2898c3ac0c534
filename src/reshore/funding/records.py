"""Records of the tables about a funding plan."""

from __future__ import annotations

from reshore.funding.rolling_records import COMMITMENTS, REPLAN
from reshore.tables import Column, Table
from reshore.units import MONTHS, NUMBER, SHARE, USD

_PROJECT = Column("project", "id", "Project", "Key of the project.", refers="projects.project")
_LABEL = Column("label", "text", "Name", "Name for people.")

PLANS = Table(
    "fund_plans",
    "Plans side by side",
    "The chosen plan, the next one, and what was really awarded, through the same flow.",
    key=("plan",),
    columns=(
        Column(
            "plan",
            "category",
            "Plan",
            "Which plan.",
            choices={
                "chosen": "the plan that buys most",
                "second best": "the best plan that leaves out some of its projects",
                "without first": "the best plan without the project that matters most, where parts can be built",
                "robust": "the plan whose least worth over the ranges of the odds is greatest",
                "real awards": "what was really awarded, for the same candidates",
            },
        ),
        Column(
            "worth_usd",
            "number",
            "Worth",
            "What it adds to service by the odds of the study; the range is theirs.",
            unit=USD,
            interval=True,
        ),
        Column(
            "bound_usd",
            "number",
            "Bound",
            "What no plan under the same rules can pass.",
            unit=USD,
            absent="not a search",
        ),
        Column(
            "gap_share",
            "number",
            "Certified gap",
            "By how much a better plan could be better, at most.",
            unit=SHARE,
            low=0,
            absent="not a search",
        ),
        Column(
            "fresh_usd",
            "number",
            "Worth on fresh draws",
            "Mean over samples of draws that it was not chosen on, with its 95 % interval.",
            unit=USD,
            interval=True,
            absent="not drawn anew",
        ),
        Column(
            "sampling_gap_usd",
            "number",
            "Sampling gap",
            "By how much another plan could be better over all draws, at most, with 95 % confidence.",
            unit=USD,
            low=0,
            absent="not drawn anew",
        ),
        Column("face_usd", "number", "Face value", "Money lent or given.", unit=USD, low=0),
        Column(
            "subsidy_usd",
            "number",
            "Subsidy cost",
            "What it costs the public on the budget basis.",
            unit=USD,
            absent="not stated of awards",
        ),
        Column(
            "present_usd",
            "number",
            "Cost today",
            "The same on the day of the decision: what later years cost is discounted.",
            unit=USD,
            absent="not stated of awards",
        ),
        Column("built_count", "integer", "Projects", "Number of projects.", unit=NUMBER, low=0),
        Column("built", "ids", "Built", "Keys of the projects.", refers="projects.project", absent="none"),
        Column("method", "text", "Method", "How it was found."),
        Column("sentence", "text", "In words", "The plan in words."),
    ),
)

DEALS = Table(
    "fund_deals",
    "Chosen deals",
    "Who gets how much, by which instrument, and what would be lost without it.",
    key=("project", "instrument"),
    columns=(
        _PROJECT,
        _LABEL,
        Column(
            "instrument", "id", "Instrument", "How it is paid: an instrument of the data, or a bundle of the study."
        ),
        Column(
            "parts",
            "ids",
            "Made of",
            "The instruments of a bundle; its account is in `fund_bundles`.",
            refers="instruments.instrument",
            absent="a single instrument",
        ),
        Column("good", "id", "Good", "What it makes.", refers="goods.good"),
        Column("amount_usd", "number", "Amount", "Face value of the deal.", unit=USD, low=0),
        Column("subsidy_usd", "number", "Subsidy cost", "What it costs the public on the budget basis.", unit=USD),
        Column("award_year", "year", "Award", "Year of award.", absent="all money is there on the day of the decision"),
        Column(
            "award_months",
            "number",
            "Months to award",
            "From the first day of that year, or from the decision, until building begins.",
            unit=MONTHS,
            low=0,
        ),
        Column("present_usd", "number", "Cost today", "Subsidy cost on the day of the decision.", unit=USD),
        Column(
            "ready_months",
            "number",
            "Months until full output",
            "From the decision on, as planned, when all deals of the plan for it are awarded.",
            unit=MONTHS,
            low=0,
        ),
        Column("part_share", "number", "Part built", "Part of the project that is built.", unit=SHARE, low=0, high=1),
        Column("lost_usd", "number", "Lost without it", "What is lost when nothing takes its place.", unit=USD),
        Column("needs_person", "text", "For a person", "Clauses that only a person can answer.", absent="none"),
    ),
)

_MONEY = (
    ("comes", "comes", "What comes with the year"),
    ("there", "is there", "What can be spent in it, with what earlier years left over"),
    ("committed", "is committed", "What deals that are made already take, where budgets hold it"),
    ("spent", "is spent", "What its deals take"),
    ("left", "is left", "What it leaves over"),
)

YEARS = Table(
    "fund_years",
    "Money by year",
    "What comes, is there, is spent and is left over in each year of each budget; empty where all money is there on "
    "the day of the decision.",
    key=("instrument", "year"),
    columns=(
        Column("instrument", "id", "Instrument", "How it is paid.", refers="instruments.instrument"),
        Column("year", "year", "Year", "Year of award."),
        Column("deals_count", "integer", "Deals", "Number of deals awarded.", unit=NUMBER, low=0),
        *(
            Column(f"{kind}_{name}_usd", "number", f"{title} {word}", f"{says}, {title.lower()}.", unit=USD, low=low,
                   absent="no limit of this kind")
            for kind, title, low in (("face", "Face value", 0), ("subsidy", "Subsidy cost", None))
            for name, word, says in _MONEY
        ),
        Column(
            "carries_over", "boolean", "Carries over", "Whether later years have what is left over; if not, it lapses."
        ),
    ),
)  # fmt: skip

BUNDLES = Table(
    "fund_bundles",
    "Bundles, part by part",
    "What each part of a bundle costs and each condition brings back, on every project that it is offered.",
    key=("project", "bundle", "line"),
    columns=(
        _PROJECT,
        _LABEL,
        Column("bundle", "id", "Bundle", "Key of the bundle in the study."),
        Column("bundle_label", "text", "Name of the bundle", "Name for people."),
        Column("chosen", "boolean", "In the plan", "Whether the plan takes it."),
        Column("line", "integer", "Line", "Parts first, then conditions, as written.", unit=NUMBER, low=1),
        Column("kind", "text", "Part or condition", "What it is."),
        Column(
            "instrument",
            "id",
            "Instrument",
            "Whose budget it draws on.",
            refers="instruments.instrument",
            absent="a condition of the whole bundle",
        ),
        Column("face_usd", "number", "Face value", "Money that it moves now.", unit=USD, low=0, absent="a condition"),
        Column(
            "budget_usd",
            "number",
            "Budget cost",
            "What it is expected to cost the public at Treasury rates; negative: what it brings.",
            unit=USD,
            absent="moves no money",
        ),
        Column(
            "fair_usd",
            "number",
            "Fair-value cost",
            "The same with what markets ask for the risk.",
            unit=USD,
            absent="moves no money",
        ),
        Column(
            "cost_from",
            "category",
            "Cost from",
            "Where the cost on the budget basis is from.",
            choices={"stated": "the rate that its authority states", "computed": "its terms and `fund.market`"},
            absent="moves no money",
        ),
        Column("terms", "text", "Terms", "Its terms in words."),
        Column("terms_from", "text", "Terms from", "Where the terms of the bundle are from."),
        Column("assumed", "text", "Assumed", "Terms of the bundle that nobody states.", absent="nothing"),
    ),
)

CANDIDATES = Table(
    "fund_candidates",
    "Candidates",
    "Projects that were considered, what was assumed of them, and those that were left out.",
    key=("project",),
    columns=(
        _PROJECT,
        _LABEL,
        Column("considered", "boolean", "Considered", "Whether a plan could choose it."),
        Column("good", "id", "Good", "What it makes.", refers="goods.good"),
        Column(
            "capacity_share",
            "number",
            "Share of world output",
            "Capacity over the world output of its good.",
            unit=SHARE,
            low=0,
            absent="not known",
        ),
        Column(
            "asked_usd", "number", "Asked for", "Public money that it asks for.", unit=USD, low=0, absent="not known"
        ),
        Column(
            "ready_months",
            "number",
            "Months until full output",
            "To be awarded money by its quickest offer, build, qualify and ramp, as planned; the range is that over "
            "which it is drawn, by any offer.",
            unit=MONTHS,
            low=0,
            interval=True,
            absent="not known",
        ),
        Column(
            "odds_share",
            "number",
            "Odds",
            "Chance that it comes into production.",
            unit=SHARE,
            low=0,
            high=1,
            absent="not known",
        ),
        Column("assumed", "text", "Assumed", "What nobody states of it.", absent="nothing"),
        Column("reason", "text", "Why not", "Why it was left out.", absent="it was considered"),
    ),
)

FRONTIER = Table(
    "fund_frontier",
    "What more money buys",
    "The best plan for each budget, and the projects that enter and leave.",
    key=("budget_usd",),
    columns=(
        Column("budget_usd", "number", "Budget", "Face value of the first instrument.", unit=USD, low=0),
        Column("worth_usd", "number", "Worth", "What the plan adds to service.", unit=USD),
        Column("bound_usd", "number", "Bound", "What no plan with this budget can pass.", unit=USD),
        Column("gap_share", "number", "Certified gap", "Distance to the bound.", unit=SHARE, low=0),
        Column("face_usd", "number", "Spent", "Face value of the deals.", unit=USD, low=0),
        Column("enters", "ids", "Enters", "Projects that enter.", refers="projects.project", absent="none"),
        Column("leaves", "ids", "Leaves", "Projects that leave.", refers="projects.project", absent="none"),
    ),
)

SAMPLES = Table(
    "fund_samples",
    "The plan on fresh draws",
    "The chosen plan on samples of draws that it was not chosen on, beside what no plan for the sample can pass.",
    key=("sample",),
    columns=(
        Column("sample", "integer", "Sample", "Number of the sample.", unit=NUMBER, low=1),
        Column("worth_usd", "number", "This plan", "What it adds to service on these draws.", unit=USD),
        Column("bound_usd", "number", "Bound", "What no plan that knows these draws can pass.", unit=USD),
        Column("gap_usd", "number", "Gap", "The difference.", unit=USD, low=0),
    ),
)

REGRET = Table(
    "fund_regret",
    "Regret",
    "What the plan brings in each outlook beside the best plan for that outlook alone.",
    key=("outlook",),
    columns=(
        Column("outlook", "text", "Outlook", "A scenario of the study, or that nothing happens."),
        Column("odds_share", "number", "Odds", "An opinion.", unit=SHARE, low=0, high=1),
        Column("worth_usd", "number", "This plan", "What it adds there.", unit=USD),
        Column("best_usd", "number", "Best plan for it", "What the best plan for it alone adds.", unit=USD),
        Column("regret_usd", "number", "Regret", "The difference.", unit=USD, low=0),
    ),
)

TORNADO = Table(
    "fund_tornado",
    "What moves the worth of the plan",
    "The worth of the chosen plan when one assumption is changed.",
    key=("assumption",),
    columns=(
        Column("assumption", "text", "Assumption", "What is changed."),
        Column("low_case", "text", "Low case", "In the low case."),
        Column("high_case", "text", "High case", "In the high case."),
        Column("worth_usd", "number", "Worth", "As the study says, and at both cases.", unit=USD, interval=True),
        Column("swing_usd", "number", "Swing", "Difference between the cases.", unit=USD, low=0),
    ),
)

ASSUMPTIONS = Table(
    "fund_assumptions",
    "What the plan takes for granted",
    "What was drawn, discounted and counted, with the source of each figure.",
    key=("assumption",),
    columns=(
        Column("assumption", "text", "Assumption", "What it is about."),
        Column("says", "text", "In words", "What is assumed."),
        Column("source", "text", "Source", "Where the figures are from.", absent="a choice of the study"),
    ),
)

LEFT_OUT = Table(
    "fund_left_out",
    "Offers that were not made",
    "Instruments and offers that were left out, and why.",
    key=("project", "instrument"),
    columns=(
        Column("project", "id", "Project", "Key of the project.", refers="projects.project", absent="all projects"),
        Column("instrument", "id", "Instrument", "Key of the instrument, or of the bundle of the study."),
        Column("reason", "text", "Why", "Why it was left out."),
    ),
)

FUND_TABLES: tuple[Table, ...] = (
    PLANS,
    DEALS,
    COMMITMENTS,
    YEARS,
    BUNDLES,
    CANDIDATES,
    SAMPLES,
    REPLAN,
    FRONTIER,
    REGRET,
    TORNADO,
    ASSUMPTIONS,
    LEFT_OUT,
)
"""Records of the tables about a plan, in the order in which a reader meets them."""
