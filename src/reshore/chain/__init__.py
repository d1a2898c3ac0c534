"""The value chain as an immutable AND/OR graph, and the figures of who supplies what."""

from reshore.chain.build import build_chain
from reshore.chain.choice import Choice, Conflict, Preference
from reshore.chain.graph import ValueChain
from reshore.chain.records import Good, Input, Organization, Series, Share, Split, Supplier

__all__ = [
    "Choice",
    "Conflict",
    "Good",
    "Input",
    "Organization",
    "Preference",
    "Series",
    "Share",
    "Split",
    "Supplier",
    "ValueChain",
    "build_chain",
]
