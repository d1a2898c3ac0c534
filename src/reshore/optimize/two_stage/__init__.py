"""Two-stage stochastic programs: decide now, see what happens, make the best of it.

    min  c·x + (1 − β) Σ_s p_s Q_s(x) + β CVaR_α[Q(x)],   x as `first` demands
    Q_s(x) = min q_s·y   subject to   low_s ≤ W_s y + T_s x ≤ high_s,   bounds of y

CVaR is ``min η + Σ_s p_s (Q_s − η)⁺ / (1 − α)`` (Rockafellar and Uryasev 2000). Costs are those of the stored,
minimizing programs; a program that maximizes value enters with its value as negative cost.

Small programs are written out in full (the extensive form). Larger ones are cut (Benders decomposition, one cut per
scenario and round): each scenario is solved on its own from its last basis, and its prices bound it for every other
decision. Cuts are asked for between the best decision so far and the one the cuts propose, which keeps them from
wandering (in-out separation, Ben-Ameur and Neto 2007). Whole-number decisions are cut in their relaxation first. The
result always carries a bound.

References
----------
Van Slyke and Wets (1969), L-shaped linear programs, SIAM Journal on Applied Mathematics 17; Birge and Louveaux (1988),
A multicut algorithm for two-stage stochastic linear programs, European Journal of Operational Research 34.
"""

from __future__ import annotations

from reshore.optimize.highs import Limits
from reshore.optimize.two_stage.cuts import GAP, NOISE, Cuts
from reshore.optimize.two_stage.evaluate import Evaluator, evaluate
from reshore.optimize.two_stage.extensive import solve_extensive, wait_and_see
from reshore.optimize.two_stage.records import Decision, Method, Scenario, TwoStage
from reshore.optimize.two_stage.risk import bent_odds, conditional_value_at_risk, risk_weights, tail_weights

__all__ = [
    "GAP",
    "NOISE",
    "Cuts",
    "Decision",
    "Evaluator",
    "Method",
    "Scenario",
    "TwoStage",
    "bent_odds",
    "conditional_value_at_risk",
    "evaluate",
    "risk_weights",
    "solve_two_stage",
    "tail_weights",
    "wait_and_see",
]

EXTENSIVE_COEFFICIENTS = 400_000
"""Up to this many coefficients the program is written out in full."""


def solve_two_stage(
    program: TwoStage, method: Method | None = None, gap_share: float = GAP, limits: Limits | None = None
) -> Decision:
    """The best first decision of `program`, by the extensive form or by cuts.

    Parameters
    ----------
    method
        By default the extensive form up to `EXTENSIVE_COEFFICIENTS`, cuts above.
    gap_share
        Relative distance to the bound at which cuts stop.
    limits
        Of the program written out in full, or of each program with whole-number decisions.

    Raises
    ------
    InfeasibleError
        No first decision meets its requirements, or some scenario has no way out.
    SolverError
        An answer did not pass verification, or cuts did not close the gap in `MOST_ROUNDS` rounds.
    """
    size = sum(scenario.recourse.matrix.nnz + scenario.technology.nnz for scenario in program.scenarios)
    chosen = method or ("extensive" if size <= EXTENSIVE_COEFFICIENTS else "cuts")
    if chosen == "extensive":
        return solve_extensive(program, limits)
    return Cuts(program).solve(program, gap_share, limits)
