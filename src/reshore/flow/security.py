"""Security value: what capacity is worth because of what may be cut off, on the flow of the chain itself.

Every outlook is a situation of the world with its odds. A project adds capacity to a good, month by month, once it is
built, qualified and ramped. With ``x`` the projects that are built, the recourse of an outlook is its flow program with

    made[g, t] ≤ room[g, t] + Σ_p x_p · profile_p[t] · (1 + yielded[g]) / 12,

and the same addition wherever a requirement speaks of what could be made: important inputs, old designs, wear. Value is
that of what is served, in millions of US dollars, so the value of a plan is what it adds to service in every outlook.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from reshore.errors import InputError, UsageError
from reshore.flow.narrow import can_want, narrowed
from reshore.flow.program import FlowProgram, build_flow, wear_sides
from reshore.flow.situation import Project, Situation, capacity_of, too_large
from reshore.flow.world import World
from reshore.optimize import Builder, Program
from reshore.optimize.program import Block, Floats, Indices
from reshore.optimize.two_stage import Scenario, TwoStage

MILLION = 1e6


@dataclass(frozen=True)
class Outlook:
    """One way in which things may turn out: its odds, and the situation that it makes without any new project.

    ``profiles`` (n_projects, n_months) is the capacity of each project at a year's pace that comes to stand in it, for
    draws of success and delay; ``None``: what the projects say. ``standing`` (n_standing, n_months) is that of
    projects which stand whatever is decided.
    """

    name: str
    odds: float
    situation: Situation
    profiles: Floats | None = None
    standing: Floats | None = None


@dataclass(frozen=True)
class Recourse:
    """The flow program of an outlook with the room of every good as rows of their own.

    Only goods that can be short are in it, whatever is built (see `reshore.flow.narrow`): ``world`` is theirs.
    ``room`` (n_goods, n_months) are the rows ``made ≤ room`` (-1 for goods that come only in kinds), ``fit``
    (n_capital, n_months) those of capacity that is fit to run. ``usd_m`` is what one unit of the flow's objective is
    worth in millions of US dollars. ``bare`` is the program of the situation without any project; ``goods`` are those
    of the projects that stand.
    """

    outlook: Outlook
    flow: FlowProgram
    bare: Program
    room: Indices
    fit: Indices
    usd_m: float
    goods: tuple[str, ...] = ()

    @cached_property
    def program(self) -> Program:
        """The program with the projects that stand whatever is decided: they move sides, and nothing else."""
        standing = self.outlook.standing
        if standing is None or not self.goods:
            return self.bare
        moved = np.zeros(self.bare.n_rows)
        for good, profile in zip(self.goods, standing, strict=True):
            rows, sides = self.effect(good, profile)
            np.add.at(moved, rows, sides)
        return replace(self.bare, row_low=self.bare.row_low + moved, row_high=self.bare.row_high + moved)

    @property
    def world(self) -> World:
        """The goods that can be short."""
        return self.flow.world

    @property
    def served_usd_m(self) -> float:
        """What serving all that is asked for is worth, in millions of US dollars: no plan can be worth more."""
        served = self.flow.at.served
        return math.fsum((-self.bare.cost[served] * self.bare.high[served]).ravel())

    def effect(self, good: str, profile: Floats) -> tuple[Indices, Floats]:
        """Rows of which capacity of `good` at a year's pace, (n_months,), moves the upper side, and by how much.

        Nothing where the good cannot be short, or comes only in kinds.
        """
        place = self.world.index.get(good)
        if place is None or self.room[place, 0] < 0:
            return np.zeros(0, np.int64), np.zeros(0)
        return self._moved(place, profile)

    def _moved(self, good: int, profile: Floats) -> tuple[Indices, Floats]:
        world, at = self.flow.world, self.flow.at
        month = self.flow.situation.reached(np.array([good]), profile[None, :])[0]
        rows: list[Indices] = []
        sides: list[Floats] = []

        def add(places: Indices, side: Floats) -> None:
            rows.append(np.asarray(places, np.int64).ravel())
            sides.append(np.broadcast_to(side, places.shape).ravel())

        add(self.room[good], month)
        add(at.half[world.consumed.good[world.consumed.half] == good], month)
        designs = np.flatnonzero(world.design.good == good)
        lag = self.flow.situation.design_lag_months
        for use in designs:
            age = np.clip(np.arange(month.size) - lag, 0, None) / world.design.life_months[use]
            add(at.old[use], np.clip(1.0 - age, 0.0, 1.0) * month)
        for use in np.flatnonzero(world.capital.good == good):
            add(self.fit[use], month)
            add(at.wear[use], wear_sides(month[None, :], world.capital.life_months[use : use + 1])[0])
        return np.concatenate(rows), np.concatenate(sides)


def recourse_of(
    whole_world: World, outlook: Outlook, projects: Sequence[Project] = (), standing: Sequence[Project] = ()
) -> Recourse:
    """The recourse program of `outlook`, to which any part of `projects` and of those `standing` may be added.

    Nothing is solved yet. Draws of delay and years of award move months, so what can be short is what can be with
    every project at its full output from the first month on.
    """
    months = outlook.situation.n_months
    before = np.zeros_like(outlook.situation.capacity) if outlook.situation.added is None else outlook.situation.added
    at_once = [
        Project(project.good, project.capacity, yield_share=project.yield_share) for project in (*projects, *standing)
    ]
    grown = replace(outlook.situation, added=before + capacity_of(at_once, whole_world.index, months))
    kept = can_want(whole_world, outlook.situation, grown)
    if not can_want(whole_world, outlook.situation)[whole_world.final].any():
        kept = np.zeros_like(kept)  # everyone is served already: no capacity adds anything
    flow = build_flow(*narrowed(whole_world, outlook.situation, kept))
    world = flow.world
    program, at = flow.program, flow.at
    own = np.setdiff1d(np.arange(len(world.goods)), world.parents)
    moved = np.concatenate([at.made[own].ravel(), at.fit.ravel()])
    extra = sparse.csr_array(
        (np.ones(moved.size), (np.arange(moved.size), moved)), shape=(moved.size, program.n_columns)
    )
    high = program.high.copy()
    high[moved] = np.inf
    start, split = program.n_rows, own.size * months

    def says(k: int) -> str:
        return f"{program.column_says(int(moved[k]))}: at most what there is room for"

    room = np.full(at.made.shape, -1, dtype=np.int64)
    room[own] = start + np.arange(split).reshape(own.size, months)
    fit = start + split + np.arange(at.fit.size).reshape(at.fit.shape)
    usd_m = max(float(flow.situation.value.max(initial=0.0)), 1e-300) / MILLION
    whole = replace(
        program,
        cost=program.cost * usd_m,
        high=high,
        matrix=sparse.csr_array(sparse.vstack([program.matrix, extra], format="csr")),
        row_low=np.concatenate([program.row_low, np.full(moved.size, -np.inf)]),
        row_high=np.concatenate([program.row_high, program.high[moved]]),
        rows=(*program.rows, Block("room", start, start + moved.size, says)),
    )
    return Recourse(outlook, flow, whole, room, fit, usd_m, tuple(project.good for project in standing))


@dataclass(frozen=True)
class Security:
    """A world, what may happen to it, and the projects that could be built.

    Parameters
    ----------
    world, outlooks, projects
        The chain, what may happen to it (odds sum to 1), and ways to add capacity.
    risk_weight, risk_level
        Attitude to risk: weight and level of CVaR; see `TwoStage`.
    kin
        Another program of the same world and projects: where outlooks share a situation, its recourse is used again.
    standing
        Projects that stand whatever is decided, such as those whose deals have been made.
    """

    world: World
    outlooks: tuple[Outlook, ...]
    projects: tuple[Project, ...]
    risk_weight: float = 0.0
    risk_level: float = 0.9
    kin: Security | None = field(default=None, repr=False, compare=False)
    standing: tuple[Project, ...] = ()
    recourses: tuple[Recourse, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kinds = {self.world.goods[parent] for parent in self.world.parents}
        for project in (*self.projects, *self.standing):
            if project.good not in self.world.index or project.good in kinds:
                raise UsageError(f"no capacity of '{project.good}' can be added: name a good that is made, or a kind")
        if problems := too_large((*self.projects, *self.standing)):
            raise InputError(problems)
        for outlook in self.outlooks:
            shape = (len(self.projects), outlook.situation.n_months)
            if outlook.profiles is not None and outlook.profiles.shape != shape:
                raise UsageError(f"profiles of '{outlook.name}' have shape {outlook.profiles.shape}, not {shape}")
            stands, shape = outlook.standing, (len(self.standing), outlook.situation.n_months)
            if (np.zeros((0, shape[1])) if stands is None else stands).shape != shape:
                raise UsageError(f"'{outlook.name}' has to say what each of {shape[0]} standing projects brings")
        theirs = () if self.kin is None else self.kin.recourses
        known = {id(recourse.outlook.situation): recourse for recourse in theirs}
        for outlook in self.outlooks:
            if id(outlook.situation) not in known:
                known[id(outlook.situation)] = recourse_of(self.world, outlook, self.projects, self.standing)
        goods = tuple(project.good for project in self.standing)
        found = tuple(replace(known[id(outlook.situation)], outlook=outlook, goods=goods) for outlook in self.outlooks)
        object.__setattr__(self, "recourses", found)

    @cached_property
    def effects(self) -> tuple[sparse.csr_array, ...]:
        """Per outlook, how much each project moves the upper side of each row, (n_rows, n_projects)."""
        return tuple(self._effects(recourse) for recourse in self.recourses)

    def _effects(self, recourse: Recourse) -> sparse.csr_array:
        months, profiles = recourse.outlook.situation.n_months, recourse.outlook.profiles
        rows, columns, values = [], [], []
        for number, project in enumerate(self.projects):
            profile = project.by_month(months) if profiles is None else profiles[number]
            places, sides = recourse.effect(project.good, profile)
            rows.append(places)
            columns.append(np.full(places.size, number))
            values.append(sides)
        shape = (recourse.program.n_rows, len(self.projects))
        if not rows:
            return sparse.csr_array(shape)
        joined = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
        return sparse.csr_array(sparse.coo_array(joined, shape=shape))

    def program(self, first: Program | None = None, built: Indices | None = None) -> TwoStage:
        """The two-stage program of these outlooks.

        Parameters
        ----------
        first
            What decides on projects; by default each is built in any part from none to all, at no cost.
        built
            Columns of `first` that say how much of each project is built, (n_projects,).
        """
        n = len(self.projects)
        if first is None:
            builder = Builder()
            built = builder.variables("built", n, high=1.0)
            first = builder.build()
        assert built is not None
        place = sparse.csr_array((np.ones(n), (np.arange(n), built)), shape=(n, first.n_columns))
        scenarios = tuple(
            Scenario(
                recourse.outlook.name, recourse.outlook.odds, recourse.program, sparse.csr_array(-effect @ place),
                least=-recourse.served_usd_m,
            )
            for recourse, effect in zip(self.recourses, self.effects, strict=True)
        )  # fmt: skip
        return TwoStage(first, scenarios, self.risk_weight, self.risk_level)
