"""The one module that speaks to the solver. Every return code is checked; nothing it says is believed unverified.

Inside, the program is in the solver's units (`reshore.optimize.scale`); what goes in and comes out is in those of the
program.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, ClassVar, Literal

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from reshore.errors import SolverError
from reshore.optimize.program import Block, Floats, Program
from reshore.optimize.scale import Scales, scaled, scales_of, unscaled

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


OPTIONS: dict[str, Any] = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 0,
    "mip_abs_gap": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
    "mip_feasibility_tolerance": 1e-7,
}

NEAR: dict[str, Any] = {
    "presolve": "off",
    "simplex_scale_strategy": 0,
    "simplex_dual_edge_weight_strategy": 1,
    "dual_simplex_cost_perturbation_multiplier": 0.0,
    "primal_simplex_bound_perturbation_multiplier": 0.0,
}
"""Options for a program whose numbers are near 1 and whose first basis is near the best one."""

NO_LIMIT = 2**31 - 1


@dataclass(frozen=True)
class Limits:
    """When to stop. Work (``nodes``, ``iterations``) repeats on every machine; ``seconds`` does not."""

    gap_share: float = 0.0
    nodes: int | None = None
    iterations: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Answer:
    """What the solver said: values, row duals and reduced costs (programs without integers), bound, basis, work done.

    ``bound`` is minus infinity where nothing is proved.
    """

    status: Status
    x: Floats | None
    objective: float
    bound: float
    duals: Floats | None = None
    reduced: Floats | None = None
    basis: Any = None
    iterations: int = 0
    nodes: int = 0


@dataclass(frozen=True)
class Basis:
    """For each variable and requirement, whether it is basic or at which end it lies: a start stated by hand."""

    columns: NDArray[np.int8]
    rows: NDArray[np.int8]

    LOW: ClassVar[int] = 0
    BASIC: ClassVar[int] = 1
    HIGH: ClassVar[int] = 2

    @classmethod
    def read(cls, basis: Any) -> Basis:
        """The basis of an answer."""
        columns, rows = (
            np.array([int(status) for status in part], dtype=np.int8) for part in (basis.col_status, basis.row_status)
        )
        return cls(np.where(columns > cls.HIGH, cls.LOW, columns), np.where(rows > cls.HIGH, cls.LOW, rows))

    def stated(self) -> Any:
        """The basis in the solver's words."""
        words = [highspy.HighsBasisStatus(k) for k in range(3)]
        basis = highspy.HighsBasis()
        basis.col_status = [words[k] for k in self.columns.tolist()]
        basis.row_status = [words[k] for k in self.rows.tolist()]
        basis.valid = True
        return basis


class Session:
    """One program in the solver: solve, change numbers, solve again from the last basis.

    A family of programs that differ only in bounds, sides and costs is solved fastest this way. ``program`` is always
    the program as it stands; `reshore.optimize.solve` takes a session in place of a program and verifies against it.
    """

    def __init__(
        self, program: Program, limits: Limits | None = None, options: Mapping[str, Any] | None = None
    ) -> None:
        self.program = self._told = program
        # A near start is only near in the program's own units.
        self._scales = scales_of(program) if options is None else unscaled(program)
        with _banner_off_stdout():
            self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # the solver's package has no types
        self._options = {"presolve": "choose", **OPTIONS, **(options or {})}
        for name, value in self._options.items():
            self._check(self._highs.setOptionValue(name, value), f"set {name}")
        self.limit(limits or Limits())
        self._check(self._highs.passModel(_model(scaled(program, self._scales))), "load the program")
        self._count()

    def limit(self, limits: Limits) -> None:
        """When to stop from now on."""
        options = {
            "mip_rel_gap": limits.gap_share,
            "mip_max_nodes": NO_LIMIT if limits.nodes is None else limits.nodes,
            "simplex_iteration_limit": NO_LIMIT if limits.iterations is None else limits.iterations,
            "time_limit": float("inf") if limits.seconds is None else self._highs.getRunTime() + limits.seconds,
        }
        for name, value in options.items():
            self._check(self._highs.setOptionValue(name, value), f"set {name}")

    @property
    def scales(self) -> Scales:
        """The solver's units."""
        return self._scales

    def _count(self) -> None:
        counts = (self._highs.getNumCol(), self._highs.getNumRow(), self._highs.getNumNz())
        expected = (self.program.n_columns, self.program.n_rows, self.program.matrix.nnz)
        if counts != expected:
            raise SolverError(f"the solver holds {counts} columns, rows and coefficients instead of {expected}")

    def set_bounds(self, columns: np.ndarray, low: Floats, high: Floats) -> None:
        """New bounds of `columns`; the basis is kept."""
        program = self.program
        self.program = replace(program, low=_put(program.low, columns, low), high=_put(program.high, columns, high))

    def set_sides(self, rows: np.ndarray, low: Floats, high: Floats) -> None:
        """New sides of `rows`; the basis is kept."""
        program = self.program
        self.program = replace(
            program, row_low=_put(program.row_low, rows, low), row_high=_put(program.row_high, rows, high)
        )

    def set_costs(self, columns: np.ndarray, cost: Floats) -> None:
        """New costs (of the stored, minimizing program) of `columns`; the basis is kept."""
        self.program = replace(self.program, cost=_put(self.program.cost, columns, cost))

    def _hand_over(self) -> None:
        """Tells the solver what has changed since it was told last."""
        new, old, scales, highs = self.program, self._told, self._scales, self._highs
        self._told = new
        moved = np.flatnonzero((new.low != old.low) | (new.high != old.high)).astype(np.int32)
        if moved.size:
            low, high = scales.bounds(new.low[moved], moved), scales.bounds(new.high[moved], moved)
            self._check(highs.changeColsBounds(moved.size, moved, low, high), "change bounds")
        moved = np.flatnonzero((new.row_low != old.row_low) | (new.row_high != old.row_high)).astype(np.int32)
        if moved.size:
            low, high = scales.sides(new.row_low[moved], moved), scales.sides(new.row_high[moved], moved)
            self._check(highs.changeRowsBounds(moved.size, moved, low, high), "change sides")
        moved = np.flatnonzero(new.cost != old.cost).astype(np.int32)
        if moved.size:
            self._check(highs.changeColsCost(moved.size, moved, scales.costs(new.cost[moved], moved)), "change costs")

    def add_row(self, low: float, high: float, columns: np.ndarray, values: Floats, says: str = "a cut") -> None:
        """One more row; the basis is kept."""
        self._hand_over()
        columns, values = np.asarray(columns, np.int32), np.asarray(values, float)
        kept, program, position = values != 0, self.program, self.program.n_rows
        columns, values = columns[kept], values[kept]
        row = sparse.csr_array((values, (np.zeros(columns.size, int), columns)), shape=(1, program.n_columns))
        self.program = replace(
            program,
            matrix=sparse.csr_array(sparse.vstack([program.matrix, row], format="csr")),
            row_low=np.append(program.row_low, low),
            row_high=np.append(program.row_high, high),
            rows=(*program.rows, Block("added", position, position + 1, lambda _: says)),
        )
        inside = values * self._scales.columns[columns]
        unit = float(np.exp2(-np.rint(np.log2(np.abs(inside).max(initial=1e-300))))) if inside.size else 1.0
        self._scales = replace(self._scales, rows=np.append(self._scales.rows, unit))
        self._told = self.program
        self._check(self._highs.addRow(low * unit, high * unit, columns.size, columns, inside * unit), "add a row")

    def drop_row(self) -> None:
        """Takes out the last row that was added."""
        self._hand_over()
        program, last = self.program, self.program.n_rows - 1
        self.program = replace(
            program,
            matrix=sparse.csr_array(program.matrix[:last]),
            row_low=program.row_low[:last],
            row_high=program.row_high[:last],
            rows=program.rows[:-1],
        )
        self._scales = replace(self._scales, rows=self._scales.rows[:last])
        self._told = self.program
        self._check(self._highs.deleteRows(1, np.array([last], np.int32)), "take out a row")

    def back_to(self, program: Program, basis: Any = None) -> None:
        """The session as it was when it held `program` and its answer had `basis`."""
        while self.program.n_rows > program.n_rows:
            self.drop_row()
        self.program = program
        self._hand_over()
        if basis is not None:
            self.start_at(basis)

    def start_from(self, x: Floats) -> None:
        """Gives the solver a first answer to improve on (programs with integers)."""
        solution = highspy.HighsSolution()
        solution.col_value = self._scales.bounds(np.asarray(x, float)).tolist()
        self._check(self._highs.setSolution(solution), "take the first answer")

    @property
    def basis(self) -> Any:
        """The basis of the last answer (programs without integers)."""
        return self._highs.getBasis()

    def start_at(self, basis: Any) -> None:
        """Starts from the basis of an earlier answer, or one stated by hand (programs without integers)."""
        stated = basis.stated() if isinstance(basis, Basis) else basis
        self._check(self._highs.setBasis(stated), "take the basis")

    def solve(self) -> Answer:
        """What the solver says of the program as it stands, unverified."""
        self._hand_over()
        self._count()
        highs = self._highs
        status = self._run()
        if status == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            self._check(highs.setOptionValue("presolve", "off"), "set presolve")
            status = self._run()
            self._check(highs.setOptionValue("presolve", self._options["presolve"]), "set presolve")
        program = self.program
        if status == highspy.HighsModelStatus.kModelEmpty:
            return Answer("optimal", np.zeros(program.n_columns), 0.0, 0.0, np.zeros(program.n_rows))
        word = _STATUS.get(status)
        if word is None:
            raise SolverError(f"the solver stopped with '{highs.modelStatusToString(status)}'")
        info = highs.getInfo()
        mixed = program.is_mixed_integer
        work: dict[str, Any] = {
            "iterations": int(info.simplex_iteration_count),
            "nodes": max(0, int(info.mip_node_count)),
        }
        if word in ("infeasible", "unbounded"):
            return Answer(word, None, float("nan"), float("nan"), **work)
        solution, scales = highs.getSolution(), self._scales
        x = None
        if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
            x = np.array(solution.col_value, dtype=np.float64) * scales.columns
        value = float(info.objective_function_value) / scales.money
        if mixed:
            return Answer(word, x, value, float(info.mip_dual_bound) / scales.money, **work)
        duals = reduced = None
        if solution.dual_valid:
            duals = np.array(solution.row_dual, dtype=np.float64) * scales.rows / scales.money
            reduced = np.array(solution.col_dual, dtype=np.float64) / scales.columns / scales.money
        bound = value if word == "optimal" else -float("inf")
        return Answer(word, x, value, bound, duals, reduced, highs.getBasis(), **work)

    def _run(self) -> Any:
        """Runs the solver. A warning is how it reports that a limit was reached; any other is a failure."""
        code = self._highs.run()
        status = self._highs.getModelStatus()
        if code != highspy.HighsStatus.kWarning or _STATUS.get(status) != "stopped":
            self._check(code, "solve")
        return status

    @staticmethod
    def _check(status: Any, what: str) -> None:
        if status != highspy.HighsStatus.kOk:
            raise SolverError(f"the solver could not {what} cleanly ({str(status).rpartition('.')[2]})")


def _put(values: Floats, places: np.ndarray, new: Floats) -> Floats:
    changed = values.copy()
    changed[places] = new
    return changed


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
