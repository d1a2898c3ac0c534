"""Who owns, who decides, and whom a legal rule catches: three questions with three algorithms."""

from reshore.chain.ownership.build import build_ownership
from reshore.chain.ownership.cash_flow import look_through, refuse_orphan_groups
from reshore.chain.ownership.closure import Closure, Finding, fifty_percent_rule, twenty_five_percent_rule
from reshore.chain.ownership.control import (
    CONTROLLING_POSTS,
    ROUTES,
    Control,
    Country,
    Link,
    control,
    is_controlling_post,
    weakest_link,
)
from reshore.chain.ownership.records import Answer, Measure, Ownership, Post, Seats, Statement
from reshore.chain.ownership.supply import controlled_by

__all__ = [
    "CONTROLLING_POSTS",
    "ROUTES",
    "Answer",
    "Closure",
    "Control",
    "Country",
    "Finding",
    "Link",
    "Measure",
    "Ownership",
    "Post",
    "Seats",
    "Statement",
    "build_ownership",
    "control",
    "controlled_by",
    "fifty_percent_rule",
    "is_controlling_post",
    "look_through",
    "refuse_orphan_groups",
    "twenty_five_percent_rule",
    "weakest_link",
]
