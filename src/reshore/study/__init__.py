"""A study from start to finish: one question in one file, results with a manifest, comparison, and why."""

from reshore.study.compare import COMPARISON, Comparison, compare
from reshore.study.findings import lines
from reshore.study.results import Results, write_results
from reshore.study.run import RESULT_TABLES, build_case, read_results, run
from reshore.study.settings import Study, make_study, read_study
from reshore.study.why import Explanation, explain

__all__ = [
    "COMPARISON",
    "RESULT_TABLES",
    "Comparison",
    "Explanation",
    "Results",
    "Study",
    "build_case",
    "compare",
    "explain",
    "lines",
    "make_study",
    "read_results",
    "read_study",
    "run",
    "write_results",
]
