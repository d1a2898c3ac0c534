"""Many shocks side by side: sums over links that take the whole row of a firm, one number per shock, at a time.

numba compiles a loop over a short row one number at a time. Here the row is one vector, for which the compiler takes
the widest instructions that the processor has; every lane rounds as it would alone. Sums and products are in double
precision, whatever the rows hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils as numba_cgutils
from numba.extending import intrinsic

cgutils: Any = numba_cgutils
LANES = 16
"""Shocks in a row: in single precision a row fills one line of memory."""

_WIDE = ir.VectorType(ir.DoubleType(), LANES)
_WORD = types.intp


def _rows(context: Any, builder: Any, kind: Any, value: Any) -> tuple[Any, Any]:
    """The first number of a contiguous array of rows, and the vector type of a row."""
    array = context.make_array(kind)(context, builder, value)
    return array.data, ir.VectorType(context.get_value_type(kind.dtype), LANES)


def _entry(context: Any, builder: Any, kind: Any, value: Any, at: Any) -> Any:
    array = context.make_array(kind)(context, builder, value)
    return builder.load(builder.gep(array.data, [at]))


def _row_at(builder: Any, data: Any, vector: Any, row: Any) -> Any:
    """Where a row of rows lies, as a vector."""
    first = builder.gep(data, [builder.mul(row, ir.Constant(row.type, LANES))])
    return builder.bitcast(first, vector.as_pointer())


def _load(builder: Any, place: Any, vector: Any) -> Any:
    row = builder.load(place, align=_align(vector))
    return row if vector == _WIDE else builder.fpext(row, _WIDE)


def _store(builder: Any, row: Any, place: Any, vector: Any) -> None:
    builder.store(row if vector == _WIDE else builder.fptrunc(row, vector), place, align=_align(vector))


def _align(vector: Any) -> int:
    return 4 if vector.element == ir.FloatType() else 8


def _in_all(builder: Any, number: Any) -> Any:
    """A row that holds `number` in every lane."""
    some = builder.insert_element(ir.Constant(_WIDE, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(some, ir.Constant(_WIDE, ir.Undefined), zeros)


def _is_rows(kind: Any) -> bool:
    return isinstance(kind, types.Array) and kind.ndim == 2 and kind.layout == "C"


def _total(
    builder: Any, rows: tuple[Any, Any], first: Any, last: Any, row: Callable[[Any], Any], weight: Callable[[Any], Any]
) -> Any:
    """The sum over k from `first` to before `last` of ``weight(k)`` times ``row(k)`` of `rows`."""
    data, vector = rows
    total = cgutils.alloca_once(builder, _WIDE)
    builder.store(ir.Constant(_WIDE, [0.0] * LANES), total)
    with cgutils.for_range_slice(builder, first, last, ir.Constant(first.type, 1)) as (k, _):
        part = _in_all(builder, weight(k))
        more = builder.fmul(part, _load(builder, _row_at(builder, data, vector, row(k)), vector))
        builder.store(builder.fadd(builder.load(total), more), total)
    return builder.load(total)


def _sum_links(_: Any, rows: Any, target: Any, share: Any, _first: Any, _last: Any, into: Any, _at: Any) -> Any:
    """``into[at] = sum of share[link] * rows[target[link]]`` over links from `first` to before `last`."""
    if not (_is_rows(rows) and _is_rows(into) and share.dtype == types.float64):
        return None

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        total = _total(
            builder, _rows(context, builder, kinds[0], args[0]), args[3], args[4],
            lambda link: builder.sext(_entry(context, builder, kinds[1], args[1], link), args[3].type),
            lambda link: _entry(context, builder, kinds[2], args[2], link),
        )  # fmt: skip
        out, vector = _rows(context, builder, kinds[5], args[5])
        _store(builder, total, _row_at(builder, out, vector, args[6]), vector)
        return context.get_dummy_value()

    return types.void(rows, target, share, _WORD, _WORD, into, _WORD), code


def _sum_rows(_: Any, rows: Any, weight: Any, _low: Any, _high: Any, into: Any) -> Any:
    """``into[0] = sum of weight[i] * rows[i]`` for i from `low` to before `high`."""
    if not (_is_rows(rows) and _is_rows(into) and weight.dtype == types.float64):
        return None

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        total = _total(
            builder, _rows(context, builder, kinds[0], args[0]), args[2], args[3],
            lambda i: i,
            lambda i: _entry(context, builder, kinds[1], args[1], i),
        )  # fmt: skip
        out, vector = _rows(context, builder, kinds[4], args[4])
        _store(builder, total, _row_at(builder, out, vector, ir.Constant(args[2].type, 0)), vector)
        return context.get_dummy_value()

    return types.void(rows, weight, _WORD, _WORD, into), code


def _add_multiples(_: Any, rows: Any, weight: Any, _low: Any, _high: Any, step: Any) -> Any:
    """``rows[i] += weight[i] * step[0]`` for i from `low` to before `high`."""
    if not (_is_rows(rows) and _is_rows(step) and weight.dtype == types.float64):
        return None

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        data, vector = _rows(context, builder, kinds[0], args[0])
        steps, step_vector = _rows(context, builder, kinds[4], args[4])
        zero = ir.Constant(args[2].type, 0)
        whole = _load(builder, _row_at(builder, steps, step_vector, zero), step_vector)
        with cgutils.for_range_slice(builder, args[2], args[3], ir.Constant(args[2].type, 1)) as (i, _):
            place = _row_at(builder, data, vector, i)
            part = _in_all(builder, _entry(context, builder, kinds[1], args[1], i))
            more = builder.fadd(_load(builder, place, vector), builder.fmul(part, whole))
            _store(builder, more, place, vector)
        return context.get_dummy_value()

    return types.void(rows, weight, _WORD, _WORD, step), code


sum_links: Any = intrinsic(_sum_links)
sum_rows: Any = intrinsic(_sum_rows)
add_multiples: Any = intrinsic(_add_multiples)
