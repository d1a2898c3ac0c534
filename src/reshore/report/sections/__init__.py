"""The sections of the report, in the order in which they are read.

A section is a module with one function that turns the page into a view, and a template of the same name that draws the
view. To add one: write both, and list the section here; the outline, the order and the frame follow from the list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reshore.report.page import Page
from reshore.report.sections.boards import boards
from reshore.report.sections.cones import cones
from reshore.report.sections.control import control
from reshore.report.sections.cuts import cuts
from reshore.report.sections.flags import flags
from reshore.report.sections.look_through import look_through
from reshore.report.sections.money import money
from reshore.report.sections.money_decision import money_decision
from reshore.report.sections.money_worth import money_worth
from reshore.report.sections.overview import overview
from reshore.report.sections.reliance import reliance
from reshore.report.sections.sources import sources
from reshore.report.sections.stress import stress
from reshore.report.sections.stress_cuts import stress_cuts
from reshore.report.sections.stress_ladder import stress_ladder
from reshore.report.sections.suppliers import suppliers
from reshore.report.sections.unknown import unknown


@dataclass(frozen=True)
class Section:
    """One section: its anchor and the name of its template, its words in the outline, and what it shows.

    A section without a view (``None``) is left out.
    """

    name: str
    label: str
    view: Callable[[Page], object | None]


SECTIONS: tuple[Section, ...] = (
    Section("money_decision", "Decision", money_decision),
    Section("money", "The plan", money),
    Section("stress", "What stops, and when", stress),
    Section("stress_ladder", "What runs out first", stress_ladder),
    Section("stress_cuts", "Worst cuts", stress_cuts),
    Section("overview", "Findings", overview),
    Section("money_worth", "What security is worth", money_worth),
    Section("boards", "Boards", boards),
    Section("cones", "Most exposed goods", cones),
    Section("cuts", "What stops with whom", cuts),
    Section("suppliers", "Who supplies", suppliers),
    Section("reliance", "What home imports", reliance),
    Section("look_through", "Suppliers of suppliers", look_through),
    Section("control", "Owners", control),
    Section("flags", "Flags", flags),
    Section("unknown", "What we do not know", unknown),
    Section("sources", "Sources", sources),
)
