"""The chip explorer of the Emerging Technology Observatory (ETO): goods, what goes into what, and market shares.

Read from a user's own checkout, which its licence (CC BY-NC 4.0) allows for work that is not commercial. Country and
firm rows of a good are two series: each divides the whole market. Shares follow the seat of the owner, save for
fabrication (S2) and assembly (S3), where they are site capacity. What stands in ``inputs.csv`` is a good of the chain;
the three stages, of which only shares are given, are processes of a chain of their own.
"""

from __future__ import annotations

from reshore.errors import Place
from reshore.importers.draft import Draft
from reshore.importers.eto.files import COLUMNS, SOURCE
from reshore.importers.eto.goods import Goods
from reshore.importers.eto.supply import note_other_names, read_providers, read_provision
from reshore.importers.inbox import Inbox
from reshore.importers.records import Importer
from reshore.importers.text import file_is_missing, read_sheet


def read(inbox: Inbox, draft: Draft) -> None:
    """Reads the five files of the data folder."""
    names = {name: inbox.matching(name) for name in COLUMNS}
    for name, found in names.items():
        if not found:
            file_is_missing(inbox, draft, name)
        elif len(found) > 1:
            draft.error("duplicate-file", Place(found[1]), f"{name} also as {found[0]}", "each file once",
                        "name the data folder itself")  # fmt: skip
    if draft.is_refused:
        return
    sheets = [
        read_sheet(inbox, names[name][0], draft, required, optional, legacy="mac_roman")
        for name, (required, optional) in COLUMNS.items()
    ]
    if draft.is_refused:
        return
    inputs, providers, provision, sequence, stages = (sheet for sheet in sheets if sheet is not None)
    draft.add("sources", source=SOURCE, title="Chip explorer (Advanced Semiconductor Supply Chain Dataset), "
              "Emerging Technology Observatory, Center for Security and Emerging Technology",
              url=IMPORTER.url, licence=IMPORTER.licence)  # fmt: skip
    goods = Goods(draft)
    goods.read_inputs(inputs)
    goods.read_stages(stages)
    goods.read_sequence(sequence)
    suppliers = read_providers(providers, draft)
    note_other_names(provision, providers, draft)
    read_provision(provision, goods.rows, suppliers, draft)
    goods.write()


IMPORTER = Importer(
    name="eto",
    label="ETO chip explorer",
    question="Who supplies the tools, materials, designs and steps of chip making?",
    source="Emerging Technology Observatory, Center for Security and Emerging Technology, Georgetown University",
    url="https://eto.tech/dataset-docs/chipexplorer",
    licence="CC BY-NC 4.0: read your own checkout; do not pass the package on for commercial use",
    files=tuple(COLUMNS),
    read=read,
)
