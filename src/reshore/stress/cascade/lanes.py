"""Many shocks side by side: what is done to the row of a firm, one number per shock, is done to all at once.

numba compiles a loop over a short row one number at a time. Here the row is one vector, for which the compiler takes
the widest instructions that the processor has; every lane rounds as it would alone. Sums and products are in double
precision, whatever the rows hold, save in `renew_roughly`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils as numba_cgutils
from numba.extending import intrinsic

cgutils: Any = numba_cgutils
LANES = 16
"""Shocks in a row: in single precision a row fills one line of memory."""

_WIDE = ir.VectorType(ir.DoubleType(), LANES)
_ZEROS, _ONES = ir.Constant(_WIDE, [0.0] * LANES), ir.Constant(_WIDE, [1.0] * LANES)
_WORD, _NUMBER = types.intp, types.float64


def _is_rows(kind: Any) -> bool:
    return isinstance(kind, types.Array) and kind.ndim == 2 and kind.layout == "C"


def _are_wide(*kinds: Any) -> bool:
    return all(_is_rows(kind) and kind.dtype == types.float64 for kind in kinds)


class _Rows:
    """An array of rows in memory; rows are loaded and stored in double precision."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        self.builder = builder
        self.first = context.make_array(kind)(context, builder, value).data
        self.vector = ir.VectorType(context.get_value_type(kind.dtype), LANES)
        self.align = 8 if self.vector == _WIDE else 4

    def load_narrow(self, at: Any) -> Any:
        return self.builder.load(self._place(at), align=self.align)

    def load(self, at: Any) -> Any:
        row = self.load_narrow(at)
        return row if self.vector == _WIDE else self.builder.fpext(row, _WIDE)

    def store(self, at: Any, row: Any) -> None:
        narrow = row if self.vector == _WIDE else self.builder.fptrunc(row, self.vector)
        self.builder.store(narrow, self._place(at), align=self.align)

    def add(self, at: Any, row: Any) -> None:
        self.store(at, self.builder.fadd(self.load(at), row))

    def _place(self, at: Any) -> Any:
        number = self.builder.gep(self.first, [self.builder.mul(at, ir.Constant(at.type, LANES))])
        return self.builder.bitcast(number, self.vector.as_pointer())


def _in_all(builder: Any, number: Any) -> Any:
    """A row that holds `number` in every lane."""
    nothing = ir.Constant(ir.VectorType(number.type, LANES), ir.Undefined)
    some = builder.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(some, nothing, zeros)


def _times(builder: Any, number: Any, row: Any) -> Any:
    return builder.fmul(_in_all(builder, number), row)


def _smaller(builder: Any, one: Any, other: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", one, other), one, other)


def _larger(builder: Any, one: Any, other: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", one, other), one, other)


def _over_links(context: Any, builder: Any, kinds: Any, args: Any, begin: Any) -> Any:
    """`begin` and the sum of ``share[link] * rows[target[link]]``, in the precision of `begin`.

    `args` begin with rows, target, share, and the links: first, and before last.
    """
    rows, kind = _Rows(context, builder, kinds[0], args[0]), begin.type
    target, share = (context.make_array(kinds[k])(context, builder, args[k]).data for k in (1, 2))
    first, last = args[3], args[4]
    total = cgutils.alloca_once(builder, kind)
    builder.store(begin, total)
    with cgutils.for_range_slice(builder, first, last, ir.Constant(first.type, 1)) as (link, _):
        source = builder.sext(builder.load(builder.gep(target, [link])), first.type)
        part = builder.load(builder.gep(share, [link]))
        if kind == _WIDE:
            more = _times(builder, part, rows.load(source))
        else:
            more = _times(builder, builder.fptrunc(part, kind.element), rows.load_narrow(source))
        builder.store(builder.fadd(builder.load(total), more), total)
    return builder.load(total)


def _renewing(*, is_rough: bool) -> Any:
    def renew(
        _: Any, rows: Any, target: Any, share: Any, _first: Any, _last: Any, _at: Any, step: Any, _late: Any,
        total: Any, _gap: Any,
    ) -> Any:  # fmt: skip
        """Renews a row by what it takes along its links, and adds what it then weighs to a total.

        ``rows[at] = late * step[0] + sum of share[link] * rows[target[link]]`` over links from `first` to before
        `last`; ``total[0] += gap * rows[at]``.
        """
        if not (_is_rows(rows) and share.dtype == types.float64 and _are_wide(step, total)):
            return None

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kinds = signature.args
            at, late, gap = args[5], args[7], args[9]
            zero = ir.Constant(at.type, 0)
            row = _Rows(context, builder, kinds[0], args[0])
            begin = _times(builder, late, _Rows(context, builder, kinds[6], args[6]).load(zero))
            if is_rough and row.vector != _WIDE:
                begin = builder.fptrunc(begin, row.vector)
                found = builder.fpext(_over_links(context, builder, kinds, args, begin), _WIDE)
            else:
                found = _over_links(context, builder, kinds, args, begin)
            row.store(at, found)
            _Rows(context, builder, kinds[8], args[8]).add(zero, _times(builder, gap, row.load(at)))
            return context.get_dummy_value()

        return types.void(rows, target, share, _WORD, _WORD, _WORD, step, _NUMBER, total, _NUMBER), code

    return renew


def _fill(_: Any, rows: Any, target: Any, share: Any, _first: Any, _last: Any, into: Any, _at: Any) -> Any:
    """Raises a row to what comes along links, at most 1.

    ``into[at] = min(1, max(into[at], sum of share[link] * rows[target[link]]))`` over links from `first` to before
    `last`.
    """
    if not (_are_wide(rows, into) and share.dtype == types.float64):
        return None

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        row, at = _Rows(context, builder, signature.args[5], args[5]), args[6]
        found = _over_links(context, builder, signature.args, args, _ZEROS)
        row.store(at, _smaller(builder, _larger(builder, found, row.load(at)), _ONES))
        return context.get_dummy_value()

    return types.void(rows, target, share, _WORD, _WORD, into, _WORD), code


def _hand_on(
    _: Any, loss: Any, due: Any, _at: Any, _output: Any, one_over_left: Any, _market: Any, total: Any, _worth: Any
) -> Any:
    """Renews what a firm passes on of its loss: the part that its market can't take over. Adds the rise to a total.

    ``due[at] = loss[at] * min(1, output * one_over_left[market])``; ``total[0] += worth * (due[at] - due[at] before)``.
    """
    if not _are_wide(loss, due, one_over_left, total):
        return None

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        losses, dues, lefts, totals = (_Rows(context, builder, signature.args[k], args[k]) for k in (0, 1, 4, 6))
        at, output, market, worth = args[2], args[3], args[5], args[7]
        stays = _smaller(builder, _times(builder, output, lefts.load(market)), _ONES)
        now = builder.fmul(losses.load(at), stays)
        rise = builder.fsub(now, dues.load(at))
        dues.store(at, now)
        totals.add(ir.Constant(at.type, 0), _times(builder, worth, rise))
        return context.get_dummy_value()

    return types.void(loss, due, _WORD, _NUMBER, one_over_left, _WORD, total, _NUMBER), code


def _add_rest(_: Any, into: Any, _at: Any, _weight: Any, rows: Any, _row: Any) -> Any:
    """``into[at] += weight * (1 - rows[row])``."""
    if not _are_wide(into, rows):
        return None

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rest = builder.fsub(_ONES, _Rows(context, builder, signature.args[3], args[3]).load(args[4]))
        _Rows(context, builder, signature.args[0], args[0]).add(args[1], _times(builder, args[2], rest))
        return context.get_dummy_value()

    return types.void(into, _WORD, _NUMBER, rows, _WORD), code


renew: Any = intrinsic(_renewing(is_rough=False))
renew_roughly: Any = intrinsic(_renewing(is_rough=True))
"""`renew` with sums in the precision of the rows."""
fill: Any = intrinsic(_fill)
hand_on: Any = intrinsic(_hand_on)
add_rest: Any = intrinsic(_add_rest)
