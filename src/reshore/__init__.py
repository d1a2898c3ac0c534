"""reshore: a planning engine and programme office for critical-technology industrial policy.

>>> import reshore as rs
>>> package = rs.read_package("packages/critical-2026")  # doctest: +SKIP
>>> results = rs.run(rs.read_study("studies/critical-2026.toml"))  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reshore.data import DataPackage, build_package, check_package, read_package, write_package
    from reshore.errors import InputError, Problem, ReshoreError
    from reshore.study import Results, Study, compare, explain, make_study, read_results, read_study, run

__version__ = "0.1.0"

_HOMES = {
    "DataPackage": "reshore.data",
    "build_package": "reshore.data",
    "check_package": "reshore.data",
    "read_package": "reshore.data",
    "write_package": "reshore.data",
    "InputError": "reshore.errors",
    "Problem": "reshore.errors",
    "ReshoreError": "reshore.errors",
    "Results": "reshore.study",
    "Study": "reshore.study",
    "compare": "reshore.study",
    "explain": "reshore.study",
    "make_study": "reshore.study",
    "read_results": "reshore.study",
    "read_study": "reshore.study",
    "run": "reshore.study",
}

__all__ = [
    "DataPackage",
    "InputError",
    "Problem",
    "ReshoreError",
    "Results",
    "Study",
    "build_package",
    "check_package",
    "compare",
    "explain",
    "make_study",
    "read_package",
    "read_results",
    "read_study",
    "run",
    "write_package",
]


def __getattr__(name: str) -> Any:
    """Public names are imported when first used, so that the command line starts quickly."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'reshore' has no attribute {name!r}")
