"""Ownership: published vectors of the legal rules, cross-holdings by hand, control, dates and unknown sizes."""

from __future__ import annotations

import polars as pl
import pytest

from reshore.chain.ownership import (
    build_ownership,
    control,
    controlled_by,
    fifty_percent_rule,
    is_controlling_post,
    look_through,
    twenty_five_percent_rule,
    weakest_link,
)
from reshore.chain.ownership.build import is_held
from reshore.chain.records import Share, Split
from reshore.data import build_package
from reshore.errors import InputError

STAKE_TYPES = {
    "owner": pl.String,
    "owned": pl.String,
    "equity_share": pl.Float64,
    "equity_share_low": pl.Float64,
    "equity_share_high": pl.Float64,
    "votes_share": pl.Float64,
    "seats_share": pl.Float64,
    "start": pl.String,
    "end": pl.String,
    "source": pl.String,
}


def stake(owner, owned, equity=None, source="register", **more):
    return {"owner": owner, "owned": owned, "equity_share": equity, "source": source, **more}


def network(*stakes, seats=None, posts=(), at="2026-06-30"):
    """Ownership of stakes given as (owner, owned, equity) or rows; organizations are those that appear."""
    rows = [row if isinstance(row, dict) else stake(*row) for row in stakes]
    names = {row[end] for row in rows for end in ("owner", "owned")} | set(seats or {})
    names |= {post[key] for post in posts for key in ("person", "organization", "body") if post.get(key)}
    tables = {
        "organizations": pl.DataFrame(
            [{"organization": name, "label": name, "seat": (seats or {}).get(name)} for name in sorted(names)],
            schema={"organization": pl.String, "label": pl.String, "seat": pl.String},
        ),
        "stakes": pl.DataFrame(rows, schema=STAKE_TYPES),
        "posts": pl.DataFrame(
            list(posts),
            schema=dict.fromkeys(("person", "organization", "post", "body", "start", "end"), pl.String),
        ),
    }
    return build_ownership(tables, at)


def share_of(frame, owner, organization, column="look_through_share"):
    found = frame.filter((pl.col("owner") == owner) & (pl.col("organization") == organization))
    return found[column].item() if found.height else 0.0


class TestFiftyPercentRule:
    """Examples of the Treasury's frequently asked question 401, https://ofac.treasury.gov/faqs/401 ."""

    def test_half_of_a_firm_that_owns_half_of_another_blocks_both(self):
        found = fifty_percent_rule(network(("X", "A", 0.5), ("A", "B", 0.5)), ["X"])
        assert found.caught() == ("A", "B", "X")

    def test_two_blocked_firms_with_a_quarter_each_block_the_third(self):
        stakes = (("X", "A", 0.5), ("X", "B", 0.5), ("A", "C", 0.25), ("B", "C", 0.25))
        found = fifty_percent_rule(network(*stakes), ["X"])
        assert found["C"].answer == "yes"
        assert found["C"].share_low == pytest.approx(0.5)  # 0.25 + 0.25
        assert found["C"].holders == ("A", "B")

    def test_direct_and_indirect_stakes_add_up_although_cash_flow_is_thirty_percent(self):
        ownership = network(("X", "A", 0.5), ("X", "B", 0.1), ("A", "B", 0.4))
        assert fifty_percent_rule(ownership, ["X"])["B"].answer == "yes"  # 0.10 + 0.40 held by blocked persons
        cash = look_through(ownership, ["X"])
        assert share_of(cash, "X", "B") == pytest.approx(0.30, abs=1e-12)  # 0.10 + 0.50 × 0.40

    def test_a_firm_below_half_is_not_caught_and_breaks_the_chain(self):
        # Question 401: X owns 25 percent of A and of B, A and B own half of C each: neither A, B nor C is blocked.
        stakes = (("X", "A", 0.25), ("X", "B", 0.25), ("A", "C", 0.5), ("B", "C", 0.5))
        assert fifty_percent_rule(network(*stakes), ["X"]).caught() == ("X",)

    def test_two_blocked_persons_count_together(self):
        found = fifty_percent_rule(network(("X", "A", 0.25), ("Y", "A", 0.25)), ["X", "Y"])
        assert found["A"].answer == "yes"

    def test_three_sixths_are_a_half(self):
        # 3 × 0.1666…: the sum of the binary numbers may miss one half by rounding
        stakes = [(owner, "A", 1 / 6) for owner in "XYZ"]
        assert fifty_percent_rule(network(*stakes), "XYZ")["A"].answer == "yes"

    def test_an_unknown_stake_makes_the_answer_open_unless_others_leave_no_room(self):
        ownership = network(("X", "A"), ("X", "B"), ("P", "B", 0.6))
        found = fifty_percent_rule(ownership, ["X"])
        assert found["A"].answer == "cannot be told"
        assert found["B"].answer == "no"  # P holds 0.6, so X holds at most 0.4
        assert found["B"].share_high == pytest.approx(0.4)

    def test_firms_that_hold_each_other_are_put_on_the_audit_list(self):
        stakes = (("A", "B", 0.6), ("B", "A", 0.6), ("X", "A", 0.1))
        found = fifty_percent_rule(network(*stakes), ["X"])
        assert found["A"].answer == found["B"].answer == "no"
        assert found.self_supporting == ("A", "B")

    def test_a_caught_cycle_needs_no_audit(self):
        stakes = (("A", "B", 0.6), ("B", "A", 0.3), ("X", "A", 0.5))
        found = fifty_percent_rule(network(*stakes), ["X"])
        assert found.caught() == ("A", "B", "X")
        assert found.self_supporting == ()
        assert [found[name].round for name in "XAB"] == [0, 1, 2]

    def test_an_unknown_name_on_the_list_is_refused(self):
        with pytest.raises(InputError, match="unknown-organization"):
            fifty_percent_rule(network(("X", "A", 0.5)), ["Z"])


class TestTwentyFivePercentRule:
    def test_a_quarter_of_any_measure_catches(self):
        ownership = network(
            stake("G", "A", 0.25),
            stake("G", "B", 0.1, votes_share=0.3, seats_share=0.0),
            stake("G", "C", 0.1, votes_share=0.1, seats_share=0.25),
            stake("G", "D", 0.1, votes_share=0.1, seats_share=0.2),
        )
        found = twenty_five_percent_rule(ownership, ["G"])
        assert [found[name].answer for name in "ABCD"] == ["yes", "yes", "yes", "no"]
        assert [found[name].measure for name in "BC"] == ["votes", "seats"]

    def test_small_stakes_multiply_and_large_ones_count_in_full(self):
        seats = {"seats": "as votes"}
        small = network(("G", "A", 0.3), ("A", "B", 0.4))
        assert twenty_five_percent_rule(small, ["G"], **seats)["B"].share_low == pytest.approx(0.12)  # 0.3 × 0.4
        assert twenty_five_percent_rule(small, ["G"], **seats)["B"].answer == "no"
        parent = network(("G", "A", 0.3), ("A", "B", 0.5))
        assert twenty_five_percent_rule(parent, ["G"], **seats)["B"].share_low == pytest.approx(0.3)  # B is one with A
        state = network(("G", "A", 0.5), ("A", "B", 0.3))
        assert twenty_five_percent_rule(state, ["G"], **seats)["B"].share_low == pytest.approx(0.3)  # A is one with G

    def test_covered_holders_count_together(self):
        found = twenty_five_percent_rule(network(("G", "A", 0.13), ("H", "A", 0.12)), ["G", "H"])
        assert found["A"].answer == "yes"

    def test_unstated_board_seats_leave_the_answer_open(self):
        ownership = network(("G", "A", 0.1))
        found = twenty_five_percent_rule(ownership, ["G"])["A"]
        assert (found.answer, found.open_measures) == ("cannot be told", ("seats",))
        assert twenty_five_percent_rule(ownership, ["G"], seats="as votes")["A"].answer == "no"

    def test_majorities_held_crosswise_give_the_share_that_outsiders_leave(self):
        # A = 0.1 of G + 0.5 of B, B is one with A: a = 0.1 + 0.5 a, so a = 0.2
        ownership = network(("G", "A", 0.1), ("B", "A", 0.5), ("A", "B", 0.6))
        found = twenty_five_percent_rule(ownership, ["G"], seats="as votes")
        assert found["A"].share_low == found["B"].share_low == pytest.approx(0.2)
        assert found["A"].answer == "no"
        assert found.self_supporting == ("A", "B")


class TestCashFlow:
    def test_shares_multiply_along_a_chain_and_add_over_chains(self):
        cash = look_through(network(("P", "A", 0.6), ("A", "B", 0.5), ("P", "B", 0.2)))
        assert share_of(cash, "P", "B") == pytest.approx(0.5)  # 0.2 + 0.6 × 0.5

    def test_cross_holdings_have_the_closed_form(self):
        # P holds 0.4 of A, Q 0.4 of B, A holds 0.6 of B and B 0.6 of A. Profits: a = 0.4 P + 0.6 b, b = 0.4 Q + 0.6 a.
        # So P has of A: 0.4 / (1 − 0.36) = 0.625, and of B: 0.6 × 0.625 = 0.375.
        stakes = (("P", "A", 0.4), ("Q", "B", 0.4), ("A", "B", 0.6), ("B", "A", 0.6))
        cash = look_through(network(*stakes))
        assert share_of(cash, "P", "A") == pytest.approx(0.625, abs=1e-14)
        assert share_of(cash, "P", "B") == pytest.approx(0.375, abs=1e-14)
        assert share_of(cash, "Q", "A") == pytest.approx(0.375, abs=1e-14)
        assert share_of(cash, "P", "A") + share_of(cash, "Q", "A") == pytest.approx(1.0, abs=1e-14)

    def test_first_passage_counts_a_dollar_once(self):
        # A itself: G(A,A) = 1 / (1 − 0.36), N(A,B) = 0.6 / 0.64 = 0.9375, first passage 0.6.
        stakes = (("P", "A", 0.4), ("Q", "B", 0.4), ("A", "B", 0.6), ("B", "A", 0.6))
        cash = look_through(network(*stakes), ["A"])
        assert share_of(cash, "A", "B", "integrated_share") == pytest.approx(0.9375, abs=1e-14)
        assert share_of(cash, "A", "B") == pytest.approx(0.6, abs=1e-14)

    def test_firms_that_own_each_other_entirely_are_refused_by_name(self):
        with pytest.raises(InputError, match="orphan-group") as refusal:
            look_through(network(("A", "B", 1.0), ("B", "A", 1.0), ("P", "C", 0.5)))
        assert "'A', 'B'" in str(refusal.value)
        assert "'C'" not in str(refusal.value)

    def test_sixty_percent_of_each_other_is_accepted(self):
        cash = look_through(network(("A", "B", 0.6), ("B", "A", 0.6)), ["A"])
        assert share_of(cash, "A", "B") == pytest.approx(0.6)

    def test_an_unknown_stake_gives_a_range_and_no_point(self):
        # P holds an unknown part of A beside Q's 0.3, and A holds half of B: P has between 0 and 0.7 × 0.5 of B.
        cash = look_through(network(("P", "A"), ("Q", "A", 0.3), ("A", "B", 0.5)))
        assert share_of(cash, "P", "B") is None
        assert share_of(cash, "P", "B", "look_through_share_low") == 0.0
        assert share_of(cash, "P", "B", "look_through_share_high") == pytest.approx(0.35)
        assert share_of(cash, "Q", "B") == pytest.approx(0.15)

    def test_the_upper_end_lets_stakes_of_one_firm_add_up_to_one_at_most(self):
        # P and Q are both unknown owners of A, and P owns all of Q's other half: only one of them can hold everything.
        # Greatest for P: hold all of A directly, 1. Greatest for Q: 1. Never 1 + 0.5.
        cash = look_through(network(("P", "A"), ("Q", "A"), ("P", "Q", 0.5)), ["P", "Q"])
        assert share_of(cash, "P", "A", "look_through_share_high") == pytest.approx(1.0)
        assert share_of(cash, "Q", "A", "look_through_share_high") == pytest.approx(1.0)

    def test_an_unknown_cross_holding_could_take_everything_without_breaking_the_range(self):
        cash = look_through(network(("P", "A", 0.2), ("B", "A"), ("A", "B")))
        # B may hold 0.8 of A and A all of B: then all profit comes to P in the end.
        assert share_of(cash, "P", "A", "look_through_share_high") == pytest.approx(1.0)
        assert share_of(cash, "P", "A", "look_through_share_low") == pytest.approx(0.2)


class TestBuilding:
    def test_stakes_count_from_their_start_until_their_end(self):
        assert is_held("2026-06-30", None, "2026-06-30")
        assert not is_held("2026-07", None, "2026-06-30")
        assert is_held(None, "2026", "2026-06-30")
        assert not is_held("2019", "2025-12-31", "2026-06-30")
        assert is_held("2019", "2025", "2025")

    def test_ownership_changes_with_the_date(self):
        stakes = (
            stake("P", "A", 0.6, end="2024-12-31"),
            stake("Q", "A", 0.6, start="2025-01-01"),
        )
        assert look_through(network(*stakes, at="2024-06-30"))["owner"].to_list() == ["P"]
        assert look_through(network(*stakes, at="2025-06-30"))["owner"].to_list() == ["Q"]

    def test_sources_that_disagree_become_a_range_and_stay_listed(self):
        ownership = network(stake("P", "A", 0.3, "one"), stake("P", "A", 0.5, "two"), stake("P", "A", None, "three"))
        assert (ownership.equity_low[0], ownership.equity_high[0]) == (0.3, 0.5)
        assert ownership.equity_point[0] != ownership.equity_point[0]
        assert [statement.source for statement in ownership.statements[0]] == ["one", "three", "two"]

    def test_a_missing_size_lies_between_zero_and_what_others_leave(self):
        ownership = network(("P", "A"), ("Q", "A", 0.3), ("R", "A", 0.25))
        assert (ownership.equity_low[0], ownership.equity_high[0]) == (0.0, pytest.approx(0.45))

    def test_votes_follow_equity_unless_stated(self):
        ownership = network(("P", "A", 0.3), stake("P", "B", 0.3, votes_share=0.6))
        assert ownership.votes_low.tolist() == [0.3, 0.6]
        assert ownership.votes_are_stated.tolist() == [False, True]

    def test_owners_above_one_by_one_source_are_refused_with_names(self):
        with pytest.raises(InputError, match=r"owners-above-one.*1\.12 of 'A'"):
            network(("P", "A", 0.6), ("Q", "A", 0.52))

    def test_owners_above_one_in_a_cycle_are_a_cycle_gain(self):
        with pytest.raises(InputError, match="cycle-gain"):
            network(("P", "A", 0.6), ("B", "A", 0.5), ("A", "B", 0.5))

    def test_owners_above_one_by_two_sources_are_unknown_with_a_note(self):
        ownership = network(stake("P", "A", 0.6, "one"), stake("Q", "A", 0.6, "two"))
        assert [note.code for note in ownership.notes] == ["owners-above-one", "owners-above-one"]
        assert ownership.equity_low.tolist() == [0.0, 0.0]
        assert ownership.equity_high.tolist() == [0.6, 0.6]
        assert fifty_percent_rule(ownership, ["P"])["A"].answer == "cannot be told"

    def test_three_thirds_that_round_to_more_than_one_are_scaled(self):
        ownership = network(*((owner, "A", 0.3334) for owner in "PQR"))
        assert sum(ownership.equity_low) == pytest.approx(1.0, abs=1e-15)

    def test_self_ownership_and_unknown_names_are_refused(self):
        with pytest.raises(InputError, match="self-ownership"):
            network(("A", "A", 0.1))
        tables = {
            "organizations": pl.DataFrame({"organization": ["A"], "label": ["A"]}),
            "stakes": pl.DataFrame({"owner": ["P"], "owned": ["A"], "equity_share": [0.5], "source": ["s"]}),
        }
        with pytest.raises(InputError, match="unknown-organization"):
            build_ownership(tables)

    def test_a_data_package_gives_the_same_network(self):
        place = {"source": "s", "confidence": "high"}
        package = build_package(
            {
                "sources": [{"source": "s", "title": "A register"}],
                "goods": [
                    {
                        "good": "g",
                        "label": "Good",
                        "chain": "c",
                        "step": "1",
                        "step_order": "1",
                        "kind": "product",
                        "origin": "boundary",
                        **place,
                    }
                ],
                "organizations": [
                    {"organization": key, "label": key, "seat": "USA", "kind": "firm", **place}
                    for key in ("A", "B", "X")
                ],
                "stakes": [
                    {"owner": "X", "owned": "A", "equity_share": "0.5", **place},
                    {"owner": "A", "owned": "B", "equity_share": "", **place},
                ],
            },
            name="test",
        )
        ownership = build_ownership(package)
        assert ownership.equity_high.tolist() == [1.0, 0.5]
        assert fifty_percent_rule(ownership, ["X"])["B"].answer == "cannot be told"

    def test_arrays_cannot_be_changed(self):
        with pytest.raises(ValueError, match="read-only"):
            network(("P", "A", 0.3)).equity_low[0] = 1.0


class TestControl:
    def test_majorities_are_followed_up_to_the_top(self):
        found = control(network(("P", "A", 0.6), ("A", "B", 0.6), seats={"P": "FRA", "A": "DEU", "B": "USA"}))
        assert found.ultimate("B") == ("P",)
        assert [link.controller for link in found.controllers_of["B"]] == ["A", "P"]
        country = found.country("B")
        assert (country.country, country.how) == ("FRA", "control")

    def test_half_is_not_a_majority(self):
        found = control(network(("P", "A", 0.5), seats={"A": "DEU", "P": "FRA"}))
        assert found.ultimate("A") == ()
        assert (found.country("A").country, found.country("A").how) == ("DEU", "own seat")

    def test_subsidiaries_vote_with_their_parent(self):
        # P holds 0.3 of B and all of A, which holds 0.3 of B: 0.6 together.
        found = control(network(("P", "A", 1.0), ("P", "B", 0.3), ("A", "B", 0.3)))
        (link,) = found.controllers_of["B"]
        assert (link.controller, link.votes_low, link.through) == ("P", pytest.approx(0.6), ("A", "P"))
        assert link.routes == ("shares",)

    def test_coordinated_holders_count_as_one(self):
        ownership = network(("F", "A", 0.3), ("H", "A", 0.3), seats={"F": "CHN", "H": "CHN", "A": "DEU"})
        assert control(ownership).ultimate("A") == ()
        joint = control(ownership, {"state": ["F", "H"]})
        assert joint.ultimate("A") == ("state",)
        assert joint.country("A").country == "CHN"

    def test_votes_and_seats_decide_where_equity_does_not(self):
        ownership = network(stake("P", "A", 0.1, votes_share=0.7), stake("P", "B", 0.1, seats_share=0.6))
        found = control(ownership)
        assert found.controllers_of["A"][0].routes == ("votes",)
        assert found.controllers_of["B"][0].routes == ("seats",)

    def test_a_controlling_post_with_a_body_behind_it_controls(self):
        posts = [
            {"person": "Li", "organization": "A", "post": "Party Secretary and Chairman", "body": "ministry"},
            {"person": "Wu", "organization": "B", "post": "Vice Chairman", "body": "ministry"},
            {"person": "Xu", "organization": "C", "post": "Chairman", "body": None},
        ]
        found = control(network(posts=posts, seats={"ministry": "CHN", "A": "DEU", "B": "DEU", "C": "DEU"}))
        assert found.ultimate("A") == ("ministry",)
        assert found.controllers_of["A"][0].routes == ("post",)
        assert found.controllers_of["A"][0].through == ("Li",)
        assert found.ultimate("B") == found.ultimate("C") == ()
        assert control(network(posts=posts), routes=("votes", "shares")).links == ()

    def test_titles_are_read_by_their_parts(self):
        assert is_controlling_post("Chairman of the Board of Directors")
        assert is_controlling_post("CEO / Party Secretary")
        assert not is_controlling_post("Deputy Party Secretary")
        assert not is_controlling_post("Chair of the audit committee")

    def test_unknown_stakes_make_control_possible_not_certain(self):
        found = control(network(("P", "A"), ("Q", "A", 0.3), seats={"P": "CHN", "Q": "USA", "A": "DEU"}))
        (link,) = found.controllers_of["A"]  # Q cannot pass 0.3, P may hold up to 0.7
        assert (link.controller, link.is_certain) == ("P", False)
        country = found.country("A")
        assert (country.country, country.how, country.possible) == (None, "open", ("CHN", "DEU"))

    def test_board_seats_that_nobody_states_are_not_a_majority_against_stated_votes(self):
        found = control(network(stake("P", "A", 0.6), seats={"P": "CHN", "A": "DEU"}), routes=("votes", "shares"))
        assert found.country("A").country == "CHN"

    def test_firms_that_hold_each_other_do_not_lift_themselves_into_control(self):
        found = control(network(("A", "B", 0.6), ("B", "A", 0.6), ("P", "A", 0.4)))
        assert "P" not in {link.controller for link in found.links}
        assert found.ultimate("A") == ("B",)
        assert found.ultimate("B") == ("A",)

    def test_controllers_from_two_countries_are_contested(self):
        posts = [{"person": "Li", "organization": "A", "post": "Chair", "body": "ministry"}]
        found = control(network(("P", "A", 0.6), posts=posts, seats={"P": "USA", "ministry": "CHN", "A": "DEU"}))
        assert found.country("A").how == "contested"
        assert found.country("A").possible == ("CHN", "USA")

    def test_a_chain_is_as_strong_as_its_weakest_link(self):
        strengths = weakest_link(network(("P", "A", 0.6), ("A", "B", 0.3), ("B", "C", 0.9), ("P", "C", 0.1)), "P")
        assert strengths == {"A": 0.6, "B": 0.3, "C": 0.3}

    def test_frames_have_one_row_per_link_and_organization(self):
        found = control(network(("P", "A", 0.6)))
        assert found.frame().height == 1
        assert found.countries().height == 2


def split_of(*rows, remainder=0.0):
    shares = tuple(
        Share(name, country, point, point if point is not None else 0.0, point if point is not None else 1.0, named)
        for name, country, point, named in rows
    )
    return Split(
        "magnets", "organization", shares, 0.0, remainder, remainder > 0, "WLD", "seat", "value", "", 2025, ("s",),
        "complete" if remainder == 0 else "partial", "high",
    )  # fmt: skip


SEATS = {"P": "CHN", "A": "DEU", "B": "JPN"}


class TestControlledSupply:
    def test_suppliers_count_for_the_country_of_those_who_control_them(self):
        found = control(network(("P", "A", 0.6), ("Q", "B", 0.1), seats=SEATS), routes=("votes", "shares"))
        split = split_of(("A", "DEU", 0.5, True), ("B", "JPN", 0.3, True), ("KOR", "KOR", 0.2, True))
        frame = controlled_by(found, split)
        assert dict(frame.select("controller", "share").iter_rows()) == {"CHN": 0.5, "JPN": 0.3, "KOR": 0.2}
        by_controller = controlled_by(found, split, "controller")
        assert dict(by_controller.select("controller", "share").iter_rows()) == {"B": 0.3, "KOR": 0.2, "P": 0.5}

    def test_a_supplier_that_may_be_controlled_from_two_countries_widens_both(self):
        found = control(network(("P", "A"), seats=SEATS), routes=("votes", "shares"))
        split = split_of(("A", "DEU", 0.5, True), ("KOR", "KOR", 0.5, True))
        rows = {row["controller"]: row for row in controlled_by(found, split).iter_rows(named=True)}
        assert rows["CHN"]["share"] is None
        assert (rows["CHN"]["share_low"], rows["CHN"]["share_high"]) == (0.0, 0.5)
        assert (rows["DEU"]["share_low"], rows["DEU"]["share_high"]) == (0.0, 0.5)
        assert rows["KOR"]["share"] == 0.5
        assert rows["CHN"]["open_suppliers"] == "A"

    def test_what_nobody_names_may_be_anyones(self):
        found = control(network(("P", "A", 0.6), seats=SEATS))
        split = split_of(("A", "DEU", 0.5, True), remainder=0.5)
        (row,) = controlled_by(found, split).iter_rows(named=True)
        assert (row["share"], row["share_low"], row["share_high"]) == (None, 0.5, 1.0)
