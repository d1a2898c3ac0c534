"""Records of the tables about plans that are rolled from year to year."""

from __future__ import annotations

from reshore.funding.commitments import OUTCOMES
from reshore.tables import Column, Table
from reshore.units import MONTHS, SHARE, USD

COMMITMENTS = Table(
    "fund_commitments",
    "Deals that are made already",
    "What was awarded before this plan: what is known of it, and what of it stands whatever the plan does.",
    key=("project", "instrument", "date"),
    columns=(
        Column("project", "id", "Project", "Key of the project.", refers="projects.project"),
        Column("label", "text", "Name", "Name for people."),
        Column(
            "instrument", "id", "Instrument", "How it is paid: an instrument of the data, or a bundle of the study."
        ),
        Column("date", "date", "Date", "Day on which it was made."),
        Column("budget_year", "year", "Paid from", "Year of money that pays."),
        Column("amount_usd", "number", "Amount", "Face value of the deal.", unit=USD, low=0),
        Column("subsidy_usd", "number", "Subsidy cost", "What it costs the public on the budget basis.", unit=USD),
        Column(
            "part_share", "number", "Part built", "Part of the project that it pays for.", unit=SHARE, low=0, high=1
        ),
        Column("outcome", "category", "Outcome", "What is known of the project.", choices=OUTCOMES),
        Column(
            "late_months",
            "number",
            "Late by",
            "By how much later than planned it comes.",
            unit=MONTHS,
            low=0,
            absent="not known",
        ),
        Column("stands", "boolean", "Stands", "Whether it is part of every draw, as far as its outcome is known."),
        Column(
            "ready_months",
            "number",
            "Months until full output",
            "From the day of the decision, as planned and as "
            "far as is known; the range is that over which it is drawn.",
            unit=MONTHS,
            interval=True,
            absent="nothing stands",
        ),
        Column(
            "lost_usd",
            "number",
            "Lost without it",
            "What its project adds to everything else that stands, and to the plan.",
            unit=USD,
            low=0,
            absent="nothing stands",
        ),
    ),
)

REPLAN = Table(
    "fund_replan",
    "The plan kept, and made anew after its first year",
    "What the plan is worth when it is kept, and when its later years are planned anew once it is known which projects "
    "of the first succeed; worth is beside nothing at all, over the draws of all other projects.",
    key=("outcome",),
    columns=(
        Column("outcome", "text", "What came of the first year", "Who succeeds; or the mean of all that may come."),
        Column("odds_share", "number", "Odds", "In which part of the draws.", unit=SHARE, low=0, high=1,
               absent="the mean"),
        Column("kept_usd", "number", "Plan kept", "What is avoided when the plan goes on as chosen.", unit=USD),
        Column("anew_usd", "number", "Made anew", "What is avoided when the later years are planned anew.", unit=USD),
        Column("bound_usd", "number", "Bound", "What no other plan of the later years can pass.", unit=USD,
               absent="no plan meets the rules any more: the plan is kept"),
        Column("gain_usd", "number", "Worth of waiting to see", "The difference; the range is that over draws.",
               unit=USD, low=0, interval=True),
        Column("built", "ids", "Built later", "Projects of the later years, planned anew.", refers="projects.project",
               absent="none, or the mean"),
    ),
)  # fmt: skip
