"""Records of the tables about what security is worth."""

from __future__ import annotations

from reshore.tables import Column, Table
from reshore.units import SHARE, USD

_PROJECT = Column("project", "id", "Project", "Key of the project.", refers="projects.project")
_LABEL = Column("label", "text", "Name", "Name for people.")
_OUTLOOK = Column("outlook", "text", "Outlook", "A scenario of the study, or that nothing happens.")

PRICES = Table(
    "security_prices",
    "What capacity is worth",
    "Price of standing capacity at the plan: what it adds to service, by the odds of the scenarios.",
    key=("good",),
    columns=(
        Column("good", "id", "Good", "Key of the good.", refers="goods.good"),
        _LABEL,
        Column(
            "price_usd_per_year",
            "number",
            "Price of all of it",
            "What capacity for a year's world output would add per year, if the price held that far.",
            unit=USD,
            low=0,
            interval=True,
        ),
        Column(
            "price_usd_per_unit",
            "number",
            "Price per unit",
            "The same per unit of capacity, in the unit of the good.",
            low=0,
            absent="world output is not known",
        ),
        Column("unit", "text", "Unit", "Unit of the good.", absent="none stated"),
    ),
)

PAYMENTS = Table(
    "security_payments",
    "What projects produce",
    "Payments for the security that each project of the plan produces, by three rules; the first adds up.",
    key=("project",),
    columns=(
        _PROJECT,
        _LABEL,
        Column("part_share", "number", "Part", "How much of it is built.", unit=SHARE, low=0, high=1),
        Column(
            "payment_usd",
            "number",
            "Payment",
            "By prices along the way from nothing to the plan; these add up to its worth.",
            unit=USD,
        ),
        Column("owen_usd", "number", "At the plan's prices", "Lower end of the bracket (Owen).", unit=USD),
        Column(
            "pivotal_usd", "number", "Lost without it", "What is lost without it (Vickrey, Clarke, Groves).", unit=USD
        ),
        Column("bracket_usd", "number", "At prices without it", "Upper end of the bracket.", unit=USD),
        Column("asked_usd", "number", "Asked for", "Public money that it asks for.", unit=USD, low=0),
    ),
)

LEDGER = Table(
    "security_ledger",
    "Who produces the value",
    "What is served in an outlook of the final uses that can run short in it, divided among everything that makes it "
    "possible; entries add up to the total, which is 0 where nothing can run short.",
    key=("outlook", "party", "item"),
    columns=(
        _OUTLOOK,
        Column(
            "party",
            "category",
            "Party",
            "Who or what.",
            choices={
                "project": "a project of the plan",
                "capacity": "plants that stand",
                "stock": "stocks at the beginning",
                "delivery": "what still arrives from outside",
                "demand": "users who could take more",
                "store": "room for stocks",
                "total": "what is served of uses that can run short",
            },
        ),
        Column("item", "id", "Item", "Key of the project or good.", absent="the total"),
        Column("label", "text", "Name", "Name for people.", absent="the total"),
        Column("value_usd", "number", "Value", "Value in the outlook.", unit=USD),
    ),
)

BUNDLES = Table(
    "security_bundles",
    "What is worth more together",
    "Projects that together add more than each alone: a price for one of them would be blind to it.",
    key=("members",),
    columns=(
        Column("members", "ids", "Projects", "Keys of the projects.", refers="projects.project"),
        Column("together_usd", "number", "Together", "What they add together.", unit=USD),
        Column("alone_usd", "number", "Alone", "What they add, each alone, summed.", unit=USD),
        Column("sentence", "text", "In words", "The bundle in words."),
    ),
)

BREAK_EVEN = Table(
    "break_even_odds",
    "From which odds it pays",
    "Odds of an outlook from which a project alone is worth the public money that it asks for.",
    key=("project", "outlook"),
    columns=(
        _PROJECT,
        _LABEL,
        _OUTLOOK,
        Column("stated_odds_share", "number", "Odds in the study", "An opinion.", unit=SHARE, low=0, high=1),
        Column("gain_usd", "number", "Gain", "What it adds to service if the outlook comes.", unit=USD, low=0),
        Column(
            "break_even_odds_share",
            "number",
            "Break-even odds",
            "Public money over gain; above 1: never.",
            unit=SHARE,
            low=0,
            absent="it adds nothing there",
        ),
    ),
)

PRICING_TABLES: tuple[Table, ...] = (PRICES, PAYMENTS, LEDGER, BUNDLES, BREAK_EVEN)
"""Records of the tables about prices, in the order in which a reader meets them."""
