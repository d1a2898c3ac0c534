"""The flow program: how a chain produces, month by month, when part of it is cut off."""

from reshore.flow.outcome import Outcome, read_outcome, run_flow
from reshore.flow.program import ALL_USERS, FlowProgram, Situation, Tier, build_flow
from reshore.flow.world import UNKNOWN, Assumptions, Edges, World, build_world

__all__ = [
    "ALL_USERS",
    "UNKNOWN",
    "Assumptions",
    "Edges",
    "FlowProgram",
    "Outcome",
    "Situation",
    "Tier",
    "World",
    "build_flow",
    "build_world",
    "read_outcome",
    "run_flow",
]
