"""The one module that speaks to the solver. Every return code is checked; nothing it says is believed unverified."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Literal

import highspy
import numpy as np

from reshore.errors import SolverError
from reshore.optimize.program import Floats, Program

Status = Literal["optimal", "infeasible", "unbounded", "stopped"]

SOLVER = f"HiGHS {version('highspy')}"

_STATUS: dict[Any, Status] = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kTimeLimit: "stopped",
    highspy.HighsModelStatus.kIterationLimit: "stopped",
    highspy.HighsModelStatus.kSolutionLimit: "stopped",
    highspy.HighsModelStatus.kInterrupt: "stopped",
}


@dataclass(frozen=True)
class Limits:
    """When to stop. Work (``nodes``, ``iterations``) repeats on every machine; ``seconds`` does not."""

    gap_share: float = 0.0
    nodes: int | None = None
    iterations: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Answer:
    """What the solver said: values, row duals and reduced costs (programs without integers), bound, basis."""

    status: Status
    x: Floats | None
    objective: float
    bound: float
    duals: Floats | None = None
    reduced: Floats | None = None
    ray: Floats | None = None
    basis: Any = None


class Session:
    """One program in the solver: solve, change numbers, solve again from the last basis.

    A family of programs that differ only in bounds, sides and costs is solved fastest this way.
    """

    def __init__(self, program: Program, limits: Limits | None = None) -> None:
        self.program = program
        with _banner_off_stdout():
            self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # the solver's package has no types
        self._options(limits or Limits())
        self._check(self._highs.passModel(_model(program)), "load the program")
        loaded = self._highs.getLp()
        counts = (loaded.num_col_, loaded.num_row_, self._highs.getNumNz())
        expected = (program.n_columns, program.n_rows, program.matrix.nnz)
        if counts != expected:
            raise SolverError(f"the solver holds {counts} columns, rows and coefficients instead of {expected}")

    def _options(self, limits: Limits) -> None:
        options: dict[str, Any] = {
            "output_flag": False, "threads": 1, "random_seed": 0, "mip_rel_gap": limits.gap_share, "mip_abs_gap": 1e-9,
            "primal_feasibility_tolerance": 1e-8, "dual_feasibility_tolerance": 1e-8, "mip_feasibility_tolerance": 1e-7,
        }  # fmt: skip
        if limits.nodes is not None:
            options["mip_max_nodes"] = limits.nodes
        if limits.iterations is not None:
            options["simplex_iteration_limit"] = limits.iterations
        if limits.seconds is not None:
            options["time_limit"] = limits.seconds
        for name, value in options.items():
            self._check(self._highs.setOptionValue(name, value), f"set {name}")

    def set_bounds(self, columns: np.ndarray, low: Floats, high: Floats) -> None:
        """New bounds of `columns`; the basis is kept."""
        columns = np.asarray(columns, np.int32)
        self._check(self._highs.changeColsBounds(columns.size, columns, low, high), "change bounds")

    def set_sides(self, rows: np.ndarray, low: Floats, high: Floats) -> None:
        """New sides of `rows`; the basis is kept."""
        for row, lower, upper in zip(np.asarray(rows, np.int32), low, high, strict=True):
            self._check(self._highs.changeRowBounds(int(row), float(lower), float(upper)), "change a row")

    def set_costs(self, columns: np.ndarray, cost: Floats) -> None:
        """New costs (of the stored, minimizing program) of `columns`; the basis is kept."""
        columns = np.asarray(columns, np.int32)
        self._check(self._highs.changeColsCost(columns.size, columns, cost), "change costs")

    def add_row(self, low: float, high: float, columns: np.ndarray, values: Floats) -> None:
        """One more row."""
        self._check(
            self._highs.addRow(low, high, columns.size, np.asarray(columns, np.int32), np.asarray(values, float)),
            "add a row",
        )

    def start_from(self, x: Floats) -> None:
        """Gives the solver a first answer to improve on (programs with integers)."""
        solution = highspy.HighsSolution()
        solution.col_value = list(x)
        self._check(self._highs.setSolution(solution), "take the first answer")

    def start_at(self, basis: Any) -> None:
        """Starts from the basis of an earlier answer (programs without integers)."""
        self._check(self._highs.setBasis(basis), "take the basis")

    def solve(self) -> Answer:
        """What the solver says of the program as it stands."""
        highs = self._highs
        self._check(highs.run(), "solve")
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            self._check(highs.setOptionValue("presolve", "off"), "set presolve")
            self._check(highs.run(), "solve without presolve")
            status = highs.getModelStatus()
            self._check(highs.setOptionValue("presolve", "choose"), "set presolve")
        if status == highspy.HighsModelStatus.kModelEmpty:
            return Answer("optimal", np.zeros(self.program.n_columns), 0.0, 0.0, np.zeros(self.program.n_rows))
        word = _STATUS.get(status)
        if word is None:
            raise SolverError(f"the solver stopped with '{highs.modelStatusToString(status)}'")
        info = highs.getInfo()
        mixed = self.program.is_mixed_integer
        if word in ("infeasible", "unbounded"):
            return Answer(
                word, None, float("nan"), float("nan"), ray=self._ray() if word == "infeasible" and not mixed else None
            )
        solution = highs.getSolution()
        found = info.primal_solution_status == 2
        x = np.array(solution.col_value, dtype=np.float64) if found else None
        value = float(info.objective_function_value)
        bound = float(info.mip_dual_bound) if mixed else value
        duals = (
            None
            if mixed or not solution.dual_valid
            else np.array(solution.row_dual, dtype=np.float64)[: self.program.n_rows]
        )
        reduced = None if duals is None else np.array(solution.col_dual, dtype=np.float64)
        return Answer(word, x, value, bound, duals, reduced, basis=None if mixed else highs.getBasis())

    def _ray(self) -> Floats | None:
        """A Farkas ray over the rows, where the solver has one: rows with weight zero are not part of the conflict."""
        result = self._highs.getDualRay()
        has_ray, ray = (result[1], result[2]) if len(result) == 3 else (False, None)
        return np.array(ray, dtype=np.float64) if has_ray and ray is not None else None

    @staticmethod
    def _check(status: Any, what: str) -> None:
        if status != highspy.HighsStatus.kOk:
            raise SolverError(f"the solver could not {what} cleanly ({str(status).rpartition('.')[2]})")


@contextmanager
def _banner_off_stdout() -> Iterator[None]:
    """Keeps what the solver's library prints when it is first used away from the data on standard output."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _model(program: Program) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = program.n_columns, program.n_rows
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.cost, program.low, program.high
    lp.row_lower_, lp.row_upper_ = program.row_low, program.row_high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = program.matrix.indptr
    lp.a_matrix_.index_ = program.matrix.indices
    lp.a_matrix_.value_ = program.matrix.data
    if program.is_mixed_integer:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(whole)] for whole in program.integer]
    return lp
