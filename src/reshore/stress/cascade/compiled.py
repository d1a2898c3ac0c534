"""`compiled`: machine code, kept on disk until any source of this package changes; and the arrays it takes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Flags = NDArray[np.uint8]
_Function = TypeVar("_Function", bound=Callable[..., Any])


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


_DIGEST = _sources_digest()


def compiled(function: _Function) -> _Function:
    """`function` as machine code that runs without the interpreter's lock; kept on disk between runs.

    numba stamps what it keeps with the file of the function alone, so a change in another file that the function calls
    would go unseen; the stamp here is of all files of the package.
    """
    dispatcher: Any = numba.njit(cache=True, nogil=True)(function)
    file = dispatcher._cache._cache_file
    file._source_stamp = _DIGEST
    file._load_index = _forgiving(file._load_index)
    return dispatcher  # type: ignore[no-any-return]


def _forgiving(load: Callable[[], dict[Any, Any]]) -> Callable[[], dict[Any, Any]]:
    """`load`, for which a file of a version that kept its classes elsewhere is empty; it is written anew."""

    def load_or_nothing() -> dict[Any, Any]:
        try:
            return load()
        except (AttributeError, ImportError):
            return {}

    return load_or_nothing


def inlined(function: _Function) -> _Function:
    """As `compiled`, written out where it is called: handing over a tuple counts references of every array in it."""
    dispatcher: Any = numba.njit(nogil=True, inline="always")(function)
    return dispatcher  # type: ignore[no-any-return]
