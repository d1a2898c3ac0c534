"""Who controls the organizations of a study: the ownership engine's answer as a result table and for the metrics."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from reshore.chain.ownership import ROUTES, Control, build_ownership, control
from reshore.data import DataPackage
from reshore.tables import Column, Table, frame_schema
from reshore.units import SHARE

CONTROL_TABLE = Table(
    "control",
    "Who controls whom",
    "Controllers of organizations, by votes, shares, board seats and posts, followed upward through every level.",
    key=("organization", "controller"),
    columns=(
        Column("organization", "id", "Organization", "Who is controlled.", refers="organizations.organization"),
        Column("label", "text", "Name", "Its name for people."),
        Column("seat", "country", "Seat", "Country of its head office.", absent="unknown"),
        Column("controller", "id", "Controller", "Who controls.", refers="organizations.organization"),
        Column("controller_label", "text", "Controller's name", "Its name for people."),
        Column("controller_seat", "country", "Controller's seat", "Country of the controller.", absent="unknown"),
        Column("certainty", "category", "Certainty", "How sure it is.",
               choices={"certain": "whatever the unknown stakes are", "possible": "for some sizes of unknown stakes"}),
        Column("is_ultimate", "boolean", "Last in line", "Whether nobody is known to control the controller."),
        Column("routes", "text", "By", f"How: {', '.join(ROUTES)}, split by `;`."),
        Column("votes_share", "number", "Votes", "Votes that the controller and all it controls hold.", unit=SHARE,
               low=0, high=1, absent="only the range is known", interval=True),
        Column("weakest_link_share", "number", "Weakest link", "Smallest stake on the strongest chain of stakes.",
               unit=SHARE, low=0, high=1, absent="no chain of stakes"),
    ),
)  # fmt: skip


def control_at(package: DataPackage, at: str) -> Control:
    """Control among the organizations of `package` on a day."""
    return control(build_ownership(package, at))


def control_frame(found: Control, package: DataPackage) -> pl.DataFrame:
    """The links of control under the columns of `CONTROL_TABLE`."""
    names = package["organizations"].select("organization", "label", "seat")
    controllers = names.rename({"organization": "controller", "label": "controller_label", "seat": "controller_seat"})
    frame = (
        found.frame()
        .join(names, on="organization", how="left", validate="m:1")
        .join(controllers, on="controller", how="left", validate="m:1")
        .with_columns(
            pl.when(pl.col("votes_share_low") == pl.col("votes_share_high"))
            .then(pl.col("votes_share_low"))
            .alias("votes_share")
        )
    )
    return frame.select(*frame_schema(CONTROL_TABLE)).sort(CONTROL_TABLE.key)


def controlling_countries(found: Control) -> Mapping[str, tuple[str, ...]]:
    """The countries from which each organization is or may be controlled; without an entry: its own seat."""
    countries = {name: found.country(name) for name in found.controllers_of}
    return {name: country.possible for name, country in sorted(countries.items()) if country.possible}
