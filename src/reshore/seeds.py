"""Named random streams from one seed: the same name and index give the same numbers whatever else is drawn."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, name: str, index: int = 0) -> np.random.Generator:
    """The random stream for task `index` of purpose `name` under `seed`.

    Streams are keyed by task, never by worker, so results do not depend on where or in which order tasks run.
    """
    purpose = int.from_bytes(hashlib.sha256(name.encode("utf-8")).digest()[:8], "big")
    sequence = np.random.SeedSequence(seed, spawn_key=(purpose, index))
    return np.random.Generator(np.random.PCG64DXSM(sequence))
