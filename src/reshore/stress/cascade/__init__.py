"""`cascade`: how the failure of firms travels through a network of firms, exactly or step by step."""

from reshore.stress.cascade.certify import Certificate, certify
from reshore.stress.cascade.essentiality import EssentialityCounts, count_needs
from reshore.stress.cascade.index import Cascade, Propagation, Rule, Shock, measure_shocks, propagate
from reshore.stress.cascade.inventory import BINDING, RATIONING, Course, Disruption, Habits, simulate
from reshore.stress.cascade.network import Network, network_from_arrays
from reshore.stress.cascade.ranking import Leaders, measure_systemic_risk, rank_systemic_risk
from reshore.stress.cascade.reading import build_network, read_essentiality, read_network
from reshore.stress.cascade.records import (
    COURSE,
    ESSENTIALITY,
    FIRMS,
    FLOWS,
    LOSSES,
    NEED_CODES,
    NEEDS,
    SHOCK_LOSSES,
    SYSTEMIC_RISK,
)

__all__ = [
    "BINDING",
    "COURSE",
    "ESSENTIALITY",
    "FIRMS",
    "FLOWS",
    "LOSSES",
    "NEEDS",
    "NEED_CODES",
    "RATIONING",
    "SHOCK_LOSSES",
    "SYSTEMIC_RISK",
    "Cascade",
    "Certificate",
    "Course",
    "Disruption",
    "EssentialityCounts",
    "Habits",
    "Leaders",
    "Network",
    "Propagation",
    "Rule",
    "Shock",
    "build_network",
    "certify",
    "count_needs",
    "measure_shocks",
    "measure_systemic_risk",
    "network_from_arrays",
    "propagate",
    "rank_systemic_risk",
    "read_essentiality",
    "read_network",
    "simulate",
]
