"""Organizations gathered from rows that name them again and again, in more spellings than one."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from reshore.errors import Place
from reshore.importers.draft import Draft, quoted
from reshore.importers.text import one_line, slug

_UEI_LENGTH = 12
_DUNS_LENGTH = 9
NAMELESS = "not-stated"


@dataclass
class _Firm:
    names: Counter[str] = field(default_factory=Counter)
    values: dict[str, Counter[object]] = field(default_factory=lambda: defaultdict(Counter))
    first: Place | None = None


@dataclass
class Firms:
    """Recipients by key: their identifier of the United States (UEI), their DUNS number, or their name."""

    draft: Draft
    source: str
    _firms: dict[str, _Firm] = field(default_factory=dict)

    def add(self, place: Place, name: str, uei: str, duns: str, **values: object) -> str:
        """The key of a recipient; what is known of it (`values`) is kept, the most frequent of each."""
        label = one_line(name)
        uei, duns = uei.strip().upper(), duns.strip()
        has_duns = len(duns) == _DUNS_LENGTH and duns.isascii() and duns.isdigit()
        if len(uei) == _UEI_LENGTH and uei.isascii() and uei.isalnum():
            firm = f"uei-{uei}"
            values |= {"uei": uei}
        elif has_duns:
            firm = f"duns-{duns}"
        else:
            firm = f"name-{slug(label)}" if label else NAMELESS
            self.draft.count("no-identifier", place, quoted(label), "a UEI or DUNS number",
                             "none needed: told apart by name")  # fmt: skip
        if has_duns:
            values |= {"register_id": f"DUNS:{duns}"}
        known = self._firms.setdefault(firm, _Firm())
        known.names[label or "Recipient not stated"] += 1
        for column, value in values.items():
            if value not in (None, ""):
                known.values[column][value] += 1
        known.first = place if known.first is None else min(known.first, place)
        return firm

    def write(self) -> None:
        """Writes the organizations; other spellings become aliases, each firm with several with a note."""
        for firm, known in sorted(self._firms.items()):
            names = sorted(known.names, key=lambda name: (-known.names[name], name))
            if len(names) > 1:
                assert known.first is not None
                self.draft.note("merged-names", known.first, quoted("; ".join(names)), "one name",
                                f"none needed: joined as '{firm}'; the other names were kept")  # fmt: skip
            values = {
                column: min(counts, key=lambda value: (-counts[value], str(value)))
                for column, counts in sorted(known.values.items())
            }
            kind = "placeholder" if firm == NAMELESS or _hides_a_name(names[0]) else "firm"
            aliases = " ; ".join(sorted(names[1:])) or None
            self.draft.add("organizations", organization=firm, label=names[0], aliases=aliases, source=self.source,
                           confidence="high", **{"kind": kind, **values})  # fmt: skip


def _hides_a_name(name: str) -> bool:
    words = name.casefold()
    return words.startswith(("redacted", "miscellaneous ", "multiple ")) or words == "unknown"
