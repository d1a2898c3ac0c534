"""The few suppliers, firms or countries whose loss hurts most, certified: found, bound and gap.

`Strikes` states who can be struck and what each takes away from a program; `worst_cuts` finds the sets that cost most,
`smallest_cut` the smallest set that costs a given share. `flow_strikes` states them for the flow program.
"""

from reshore.stress.worst_cut.flow import flow_strikes
from reshore.stress.worst_cut.greedy import GREEDY_GUARANTEE, greedy
from reshore.stress.worst_cut.losses import Losses
from reshore.stress.worst_cut.rules import Rules
from reshore.stress.worst_cut.search import WorstCut, WorstCuts, smallest_cut, worst_cuts
from reshore.stress.worst_cut.strikes import Strikes, strikes_on

__all__ = [
    "GREEDY_GUARANTEE",
    "Losses",
    "Rules",
    "Strikes",
    "WorstCut",
    "WorstCuts",
    "flow_strikes",
    "greedy",
    "smallest_cut",
    "strikes_on",
    "worst_cuts",
]
