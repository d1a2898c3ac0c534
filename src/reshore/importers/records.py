"""The card of an importer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reshore.importers.draft import Draft
from reshore.importers.inbox import Inbox


@dataclass(frozen=True)
class Importer:
    """A public data set that can become a data package.

    Parameters
    ----------
    name
        Word of the command line.
    label
        Name of the data set.
    question
        What it is good for, as a question.
    source
        Who publishes it.
    url
        Where it is published.
    licence
        Terms under which it may be used.
    files
        Files that are read, by name or pattern.
    read
        Reads the files of an inbox onto a draft.
    selects
        What a part of the data set can be selected by; nothing when it is read as a whole.
    """

    name: str
    label: str
    question: str
    source: str
    url: str
    licence: str
    files: tuple[str, ...]
    read: Callable[[Inbox, Draft], None]
    selects: str = ""
