"""BODS 0.4: shares with open and closed ends, chains told by components, posts, parties that are not specified."""

from __future__ import annotations

import json

import pytest

from reshore.errors import InputError
from reshore.importers.bods.interests import EXCLUSIVE_STEP
from tests.unit.importers.changed import SAMPLES, import_sample, note_counts


@pytest.fixture(scope="module")
def package():
    return import_sample("bods")


def statements():
    return json.loads((SAMPLES / "bods" / "statements.json").read_bytes())


def imported(tmp_path, values):
    file = tmp_path / "statements.json"
    file.write_text(json.dumps(values), encoding="utf-8")
    return import_sample("bods", file)


def with_interests(*interests, **details):
    """Statements on one firm, one person and one relationship between them."""
    first = statements()
    relation = json.loads(json.dumps(first[6]))
    relation["recordDetails"] = {"subject": "mill", "interestedParty": "anna", "interests": list(interests), **details}
    return [first[0], first[3], relation]


def stake(package, owner, owned="mill"):
    return next(
        row for row in package["stakes"].iter_rows(named=True) if (row["owner"], row["owned"]) == (owner, owned)
    )


def test_entities_and_persons_are_organizations(package):
    found = {row["organization"]: row for row in package["organizations"].iter_rows(named=True)}
    assert {name: row["kind"] for name, row in found.items()} == {
        "mill": "firm", "holding": "firm", "state": "state body", "sister": "fund", "anna": "person",
        "hidden": "placeholder", "unspecified-r6": "placeholder",
    }  # fmt: skip
    assert (found["mill"]["seat"], found["mill"]["lei"]) == ("DEU", "INVENTED000000000099")
    assert found["mill"]["register_id"] == "DE-CR:HRB 1"
    assert (found["holding"]["seat"], found["holding"]["aliases"]) == ("USA", "IH")
    assert found["anna"]["seat"] is None


def test_the_latest_statement_on_a_record_counts(package):
    row = stake(package, "holding")
    assert row["equity_share"] == 0.51
    assert note_counts(package)["superseded"] == 1


def test_an_end_that_is_not_part_of_the_range_lies_outside_it(package):
    votes = stake(package, "holding")
    # more than 50 percent, up to 75 percent
    assert votes["votes_share_low"] == pytest.approx(0.5 + EXCLUSIVE_STEP, abs=1e-12)
    assert votes["votes_share_low"] > 0.5
    assert votes["votes_share_high"] == 0.75
    state = stake(package, "state")
    # from 25 percent, less than 50 percent
    assert state["equity_share_low"] == 0.25
    assert 0.4999 < state["equity_share_high"] < 0.5
    assert state["equity_share"] is None


def test_a_chain_that_is_told_by_its_components_is_not_counted_again(package):
    assert ("anna", "mill") not in package["stakes"].select("owner", "owned").rows()
    assert stake(package, "anna", "holding")["equity_share"] == 0.6
    assert note_counts(package)["told-by-components"] == 1


def test_a_chain_whose_components_are_missing_is_kept(tmp_path):
    interest = {"type": "shareholding", "directOrIndirect": "indirect", "share": {"exact": 30}}
    package = imported(tmp_path, with_interests(interest, componentRecords=["nowhere"]))
    assert stake(package, "anna")["equity_share"] == 0.3
    assert note_counts(package)["missing-component"] == 1


def test_interests_that_are_no_shares_are_posts(package):
    posts = package["posts"].select("person", "organization", "post", "start").rows()
    assert posts == [
        ("anna", "mill", "Board chair", "2022-05-01"),
        ("anna", "mill", "Senior managing official", None),
        ("anna", "sister", "Trustee", None),
    ]


def test_the_right_to_appoint_a_share_of_the_board_is_a_share_of_seats(package):
    assert stake(package, "state", "holding")["seats_share"] == pytest.approx(0.333)
    assert stake(package, "state", "holding")["confidence"] == "medium"


def test_parties_that_are_not_specified_are_placeholders_and_no_owner_is_no_row(package):
    rest = stake(package, "unspecified-r6", "holding")
    assert rest["equity_share"] == 0.4
    assert note_counts(package)["no-owner"] == 1


def test_a_closed_record_has_an_end(package):
    row = stake(package, "hidden")
    assert (row["start"], row["end"]) == ("2018-01-01", "2019-12-31")


def test_an_interest_of_unknown_nature_is_a_stake_of_unknown_size(package):
    row = stake(package, "anna", "sister")
    assert (row["equity_share"], row["equity_share_missing"]) == (None, "unknown")


def test_joint_holders_who_each_hold_all_have_ranges(tmp_path):
    values = with_interests({"type": "shareholding", "directOrIndirect": "direct", "share": {"exact": 100}})
    twin = json.loads(json.dumps(values))
    twin[1]["recordId"], twin[2]["recordId"] = "otto", "r-otto"
    twin[2]["recordDetails"]["interestedParty"] = "otto"
    package = imported(tmp_path, [*values, *twin[1:]])
    # 1 + 1 = 2, one too many: each holds from 1 - 1 = 0 to 1
    row = stake(package, "otto")
    assert (row["equity_share"], row["equity_share_low"], row["equity_share_high"]) == (None, 0.0, 1.0)
    assert note_counts(package)["owners-above-one"] == 1


def test_two_interests_of_one_kind_are_a_range_that_holds_for_parts_and_for_repetitions(tmp_path):
    interests = [{"type": "shareholding", "directOrIndirect": "direct", "share": {"exact": n}} for n in (20, 30)]
    row = stake(imported(tmp_path, with_interests(*interests)), "anna")
    assert (row["equity_share_low"], row["equity_share_high"]) == (0.3, 0.5)


def test_what_was_held_before_stands_beside_what_is_held_now(tmp_path):
    before = {"type": "shareholding", "share": {"exact": 10}, "startDate": "2015-01-01", "endDate": "2019-12-31"}
    now = {"type": "shareholding", "share": {"exact": 20}, "startDate": "2020-01-01"}
    package = imported(tmp_path, with_interests(before, now))
    assert package["stakes"].select("equity_share", "start", "end").rows() == [
        (0.1, "2015-01-01", "2019-12-31"),
        (0.2, "2020-01-01", None),
    ]


def test_json_lines_are_read_like_an_array(tmp_path, package):
    file = tmp_path / "statements.jsonl"
    file.write_text("\n".join(json.dumps(value) for value in statements()) + "\n", encoding="utf-8")
    assert import_sample("bods", file).digest == package.digest


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[{"a": 1, "a": 2}]', "bad-json"),
        ('[{"a": NaN}]', "bad-json"),
        ('[{"a": -Infinity}]', "bad-json"),
        ("[" * 100_000, "bad-json"),
        ("[" * 100 + "]" * 100, "bad-json"),
        ('{"a": 1}\n{"b": ', "bad-json"),
        ("[1, null]", "bad-statement"),
        ("[]", "no-rows"),
        ('[{"statementType": "entityStatement"}]', "wrong-version"),
        ("<html></html>", "not-a-table"),
    ],
)
def test_what_is_no_json_of_this_version_is_refused(tmp_path, text, code):
    file = tmp_path / "statements.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        import_sample("bods", file)
    assert code in {problem.code for problem in caught.value.problems}


@pytest.mark.parametrize(
    "share", [{"exact": 101}, {"exact": -1}, {"exact": "50"}, {"exact": True}, {"minimum": 60, "maximum": 50}]
)
def test_a_share_that_cannot_be_is_refused(tmp_path, share):
    with pytest.raises(InputError):
        imported(tmp_path, with_interests({"type": "shareholding", "share": share}))


def test_a_record_is_of_one_kind(tmp_path):
    values = statements()
    values[3]["recordId"] = "mill"
    with pytest.raises(InputError, match="conflicting-rows"):
        imported(tmp_path, values)
