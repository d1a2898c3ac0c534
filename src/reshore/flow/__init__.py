"""The flow program: how a chain produces, month by month, when part of it is cut off.

``build_world(chain, demand)`` → `World`; ``cut_off(world, cuts, terms)`` → `Situation`; ``run_flow(world, situation)``
→ `Outcome`.
"""

from reshore.flow.binding import REASONS, Binding, what_binds
from reshore.flow.build import Assumptions, build_world, countries_of
from reshore.flow.cut import Cut, Rest, Terms, at_rest, cut_off, mirror
from reshore.flow.outcome import Outcome, Plan, run_flow
from reshore.flow.program import FlowProgram, build_flow
from reshore.flow.situation import ALL_USERS, RATIONING, Project, Rationing, Rule, Situation, Tier, capacity_of
from reshore.flow.world import BYS, NOBODY, UNKNOWN, By, Edges, Shares, World

__all__ = [
    "ALL_USERS",
    "BYS",
    "NOBODY",
    "RATIONING",
    "REASONS",
    "UNKNOWN",
    "Assumptions",
    "Binding",
    "By",
    "Cut",
    "Edges",
    "FlowProgram",
    "Outcome",
    "Plan",
    "Project",
    "Rationing",
    "Rest",
    "Rule",
    "Shares",
    "Situation",
    "Terms",
    "Tier",
    "World",
    "at_rest",
    "build_flow",
    "build_world",
    "capacity_of",
    "countries_of",
    "cut_off",
    "mirror",
    "run_flow",
    "what_binds",
]
