"""The example of ``docs/concepts/cascade.md``: five firms around a maker of motors."""

from __future__ import annotations

FLOWS = [
    {"supplier": "mine", "buyer": "alloy", "value": 30, "need": "essential"},
    {"supplier": "alloy", "buyer": "motors", "value": 60, "need": "essential"},
    {"supplier": "spare", "buyer": "motors", "value": 20, "need": "essential"},
    {"supplier": "paint", "buyer": "motors", "value": 20, "need": "non_essential"},
]
FIRMS = [
    {"firm": "mine", "sector": "ore", "final_demand": 10, "value_added": 40},
    {"firm": "alloy", "sector": "alloys", "final_demand": 0, "value_added": 30},
    {"firm": "spare", "sector": "alloys", "final_demand": 20, "value_added": 40},
    {"firm": "paint", "sector": "paints", "final_demand": 20, "value_added": 40},
    {"firm": "motors", "sector": "machines", "final_demand": 200, "value_added": 100},
]
