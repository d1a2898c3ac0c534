"""Stress: what stops, when, why, and what it costs when suppliers are cut off.

`build_stress_case` reads a chain with its ranges, `stress` answers scenarios with the tables `STRESS_TABLES`.
`reshore.stress.cascade` is the engine for firm-level networks; it compiles its kernels, so it is imported on its own.
"""

from reshore.stress.records import STRESS_TABLES
from reshore.stress.scenarios import Scenario, StressSettings
from reshore.stress.shocks import SHOCKS, Hit, Shock
from reshore.stress.spans import Span

__all__ = ["SHOCKS", "STRESS_TABLES", "Hit", "Scenario", "Shock", "Span", "StressSettings"]
