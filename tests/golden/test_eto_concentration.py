"""Concentration in the chip supply chain of ETO: the published counts on their own definition, and ours beside them.

The published definition takes every row with a number as a supplier, "Various" included. Ours knows that "Various" and
"Europe" are not one supplier: they are unknown supply, never the largest, and make the index a range.
"""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict

import pytest

from reshore.exposure.concentration import largest, split_herfindahl
from tests.chains import case_of, chain_of, good_named

PLACEHOLDERS = {"Various countries": "XX-VAR", "Various": "XX-VAR"}


@pytest.fixture
def rows(shared_data):
    """Country rows with a number, by good: country as the file writes it, and percent."""
    folder = shared_data / "eto_chip_explorer"
    with open(folder / "providers.csv", encoding="utf-8-sig", newline="") as file:
        kinds = {row["provider_id"]: row["provider_type"] for row in csv.DictReader(file)}
    found = defaultdict(list)
    goods = set()
    with open(folder / "provision.csv", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if kinds[row["provider_id"]] == "country":
                goods.add(row["provided_id"])
                if row["share_provided"]:
                    found[row["provided_id"]].append((row["provider_name"], float(row["share_provided"])))
    assert len(goods) == 113
    return {good: own for good, own in found.items() if 99 <= math.fsum(share for _, share in own) <= 102}


def test_the_published_counts_on_their_own_definition(rows):
    index = {good: math.fsum((share / 100) ** 2 for _, share in own) for good, own in rows.items()}
    whole = {good: math.fsum(share for _, share in own) for good, own in rows.items()}
    top = {good: max(own, key=lambda row: row[1]) for good, own in rows.items()}
    assert len(rows) == 96
    assert sum(value > 0.25 for value in index.values()) == 90
    assert sum(value > 0.4 for value in index.values()) == 77
    assert sum(index[good] * (100 / whole[good]) ** 2 > 0.4 for good in rows) == 76
    assert sum(share > 50 for _, share in top.values()) == 82
    assert Counter(name for name, _ in top.values()) == {
        "USA": 40,
        "JPN": 25,
        "SGP": 8,
        "NLD": 6,
        "CHN": 5,
        "KOR": 4,
        "DEU": 3,
        "AUT": 2,
        "SWE": 1,
        "Various countries": 2,
    }
    assert sum(name == "CHN" and share > 50 for own in rows.values() for name, share in own) == 2


def by_hand(own):
    """Bounds of the index in plain arithmetic: named squares, plus at most all that is not named in one piece.

    Europe may be any European country of the list, so what is not named may also come on top of the largest. What
    rounding adds above 100 percent comes off the largest for the least index.
    """
    named = {name: share / 100 for name, share in own if name not in PLACEHOLDERS and name != "EUR"}
    excess = max(0.0, math.fsum(share for _, share in own) / 100 - 1)
    rest = max(0.0, 1 - math.fsum(named.values()))
    squares = math.fsum(share**2 for share in named.values())
    top = max(named.values(), default=0.0)
    has_bloc = any(name == "EUR" for name, _ in own)
    low = squares - top**2 + (top - min(excess, top)) ** 2
    return low, squares + (rest**2 + 2 * top * rest if has_bloc else rest**2), excess


def test_our_counts_with_placeholders_excluded(rows, capsys):
    supply = [
        {"good": good, "supplier": PLACEHOLDERS.get(name, name), "share": share / 100, "basis": "seat"}
        for good, own in rows.items()
        for name, share in own
    ]
    splits = case_of(chain_of([good_named(good) for good in sorted(rows)], [], supply)).splits
    bounds = {good: split_herfindahl(split) for good, split in splits.items()}
    top = {good: largest(split) for good, split in splits.items()}
    named = {good: found for good, (found, _) in top.items() if found is not None}
    counts = Counter(found.supplier for found in named.values())
    above = sum(low > 0.4 for _, low, _ in bounds.values())
    open_ = sum(low <= 0.4 < high for _, low, high in bounds.values())
    half = sum(found.point > 0.5 for found in named.values())
    lines = [
        ("goods with numbers for countries", 96, len(splits)),
        ("concentration above 0.4", 77, f"{above} surely, {open_} cannot be told"),
        ("concentration above 0.25", 90, f"{sum(low > 0.25 for _, low, _ in bounds.values())} surely"),
        ("largest above 50 percent", 82, half),
        ("largest is a placeholder", 2, 0),
        ("largest is sure", "-", sum(is_certain for _, is_certain in top.values())),
        ("largest by country", "see above", ", ".join(f"{name} {count}" for name, count in counts.most_common())),
    ]
    with capsys.disabled():
        print(
            "\n" + "\n".join(f"{label:36} published {published!s:10} ours {ours}" for label, published, ours in lines)
        )
    for good, own in rows.items():
        low, high, excess = by_hand(own)
        _, our_low, our_high = bounds[good]
        assert our_low == pytest.approx(low, abs=1e-9), good
        # with an excess, ours is an outer bound over what rounding leaves open, not the exact greatest index
        assert high - 2 * excess - 1e-9 <= our_high <= high + 4 * excess + 1e-9, good
    assert above == sum(by_hand(own)[0] > 0.4 for own in rows.values())
    assert (len(splits), above, open_, half) == (96, 74, 5, 80)
    assert sum(low > 0.25 for _, low, _ in bounds.values()) == 88
    assert counts == {"USA": 40, "JPN": 25, "SGP": 8, "NLD": 6, "CHN": 5, "KOR": 4, "DEU": 3, "AUT": 2, "SWE": 1}
    assert sum(found.supplier == "CHN" and found.point > 0.5 for found in named.values()) == 2
