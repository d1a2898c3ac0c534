"""Compiled loops do not check where they write: here they do. What is kept of them outlives what it was made from."""

import os
import pickle
import subprocess
import sys

import numba
import pytest

PROGRAM = """
import numpy as np
from reshore.stress.cascade import Cascade, Rule, Shock, measure_systemic_risk, propagate, rank_systemic_risk
from tests.unit.stress.plain_cascade import random_network

for n, links, sectors in ((40, 12.0, 3), (300, 4.0, 8)):  # few markets that all change at once; and many firms
    network = random_network(5, n=n, links=links, sectors=sectors, final=0.3, loops=True)
    for replaceability in (True, False):
        exact = Cascade(network, Rule(replaceability=replaceability))
        measure_systemic_risk(exact, threads=1)
        measure_systemic_risk(Cascade(network, Rule(replaceability=replaceability, stop_rise=1e-6)), threads=1)
        propagate(exact, Shock("all", dict.fromkeys(network.firms, 0.5)))
    rank_systemic_risk(exact, 3, threads=1)
print("kept")
"""


def test_compiled_loops_stay_within_their_arrays(tmp_path):
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "kept\n"


SUMS = """
import numpy as np
from reshore.stress.cascade.push import market_sizes
print(market_sizes(np.zeros(3, np.int32), np.ones(3), 1)[0].tolist())
"""


def test_code_kept_by_a_version_that_had_its_classes_elsewhere_is_made_anew(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}

    def run():
        return subprocess.run(
            [sys.executable, "-c", SUMS], env=environment, capture_output=True, text=True, check=False, timeout=600
        )

    assert run().stdout == "[3.0]\n"
    index = next(tmp_path.rglob("push.market_sizes*.nbi"))
    version = pickle.dumps(numba.__version__, protocol=-1)
    kept = index.read_bytes()
    assert kept.startswith(version)
    index.write_bytes(version + b"creshore.stress.cascade.push\nGone\n.")
    with pytest.raises(AttributeError):
        pickle.loads(index.read_bytes()[len(version) :])
    done = run()
    assert (done.stdout, done.returncode) == ("[3.0]\n", 0), done.stderr[-2000:]
    assert index.read_bytes() != version + b"creshore.stress.cascade.push\nGone\n."
