"""Entities of FollowTheMoney as JSON Lines: read like the simple form, with ownership and directorship."""

from __future__ import annotations

import json
import random

import pytest

from reshore.errors import InputError
from tests.unit.importers.changed import accounts, import_sample, note_counts


def entity(id_, schema, caption="", **properties):
    listed = {name: value if isinstance(value, list) else [value] for name, value in properties.items()}
    seen = "2026-10-01T00:00:00"
    return {"id": id_, "schema": schema, "caption": caption, "datasets": ["x"], "last_seen": seen, "properties": listed}


GRAPH = [
    entity("mill", "Company", "Mill", name=["Mill", "Mill AG"], alias="The; Mill", jurisdiction="de", country="de",
           leiCode="549300INVENTED000012", registrationNumber="HRB 1"),
    entity("fund", "LegalEntity", "Fund", country=["lu", "us"]),
    entity("ivan", "Person", "Ivan Example", nationality="ru", name="Иван Пример"),
    entity("ship", "Vessel", "INVENTED"),
    entity("own-1", "Ownership", owner="fund", asset="mill", percentage="51%", startDate="2020-05"),
    entity("own-2", "Ownership", owner="ivan", asset="mill", percentage="25-50", endDate="2019-12-31T00:00:00"),
    entity("own-3", "Ownership", owner="ivan", asset="fund", percentage="most"),
    entity("own-4", "Ownership", owner="nobody", asset="fund", percentage="1"),
    entity("own-5", "Ownership", owner="fund"),
    entity("dir-1", "Directorship", director="ivan", organization="mill", role="Chair"),
    entity("dir-2", "Directorship", director="ivan", organization="mill"),
]  # fmt: skip


def imported(tmp_path, values):
    file = tmp_path / "entities.ftm.json"
    file.write_text("\n".join(json.dumps(value, ensure_ascii=False) for value in values) + "\n", encoding="utf-8")
    return import_sample("entities", file)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return imported(tmp_path_factory.mktemp("ftm"), GRAPH)


def test_entities_become_organizations(package):
    found = {row["organization"]: row for row in package["organizations"].iter_rows(named=True)}
    assert {name: row["kind"] for name, row in found.items()} == {"mill": "firm", "fund": "firm", "ivan": "person"}
    mill = found["mill"]
    assert (mill["label"], mill["aliases"], mill["seat"]) == ("Mill", "Mill AG ; The, Mill", "DEU")
    assert (mill["lei"], mill["register_id"]) == ("549300INVENTED000012", "unnamed:HRB 1")
    assert found["fund"]["seat"] is None
    assert found["ivan"]["aliases"] == "Иван Пример"


def test_ownership_becomes_stakes(package):
    rows = package["stakes"].select(
        "owner", "owned", "equity_share", "equity_share_low", "equity_share_high", "start", "end"
    )
    assert rows.rows() == [
        ("fund", "mill", 0.51, None, None, "2020-05", None),
        ("ivan", "fund", None, None, None, None, None),
        ("ivan", "mill", None, 0.25, 0.5, None, "2019-12-31"),
    ]


def test_directorship_becomes_posts(package):
    assert package["posts"].select("person", "organization", "post").rows() == [
        ("ivan", "mill", "Chair"),
        ("ivan", "mill", "Director"),
    ]


def test_nothing_is_left_out_in_silence(package):
    assert accounts(package)["entities.ftm.json"] == (11, 8, 0, 3)
    assert note_counts(package)["dangling-reference"] == 2
    assert note_counts(package)["other-schema"] == 1
    assert note_counts(package)["bad-number"] == 1


def test_the_order_of_lines_carries_no_meaning(package, tmp_path):
    values = list(GRAPH)
    random.Random(3).shuffle(values)
    assert imported(tmp_path, values).digest == package.digest


@pytest.mark.parametrize(
    "value",
    [1, {"id": "a"}, {"id": "a", "schema": "Company", "properties": []}, {"schema": "Company", "properties": {}}],
)
def test_what_is_no_entity_is_refused(tmp_path, value):
    with pytest.raises(InputError, match="bad-entity"):
        imported(tmp_path, [*GRAPH, value])
