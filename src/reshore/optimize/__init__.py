"""Linear and mixed-integer programs as plain records, screened, solved, and verified."""

from reshore.optimize.highs import NEAR, Basis, Limits, Session
from reshore.optimize.program import Block, Builder, Program, Term
from reshore.optimize.screen import screen
from reshore.optimize.solve import Solution, rank_weights, solve, solve_in_turn
from reshore.optimize.verify import Verdict, verify

__all__ = [
    "NEAR",
    "Basis",
    "Block",
    "Builder",
    "Limits",
    "Program",
    "Session",
    "Solution",
    "Term",
    "Verdict",
    "rank_weights",
    "screen",
    "solve",
    "solve_in_turn",
    "verify",
]
