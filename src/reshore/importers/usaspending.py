"""Awards of USAspending: the CSV files of a custom award download, contracts and financial assistance alike.

A download of transactions has a row for each change of an award; one of award summaries a row for each award. Either
way one award comes out: its amount is the total that the newest row states, or the sum of its obligations, which money
taken back lowers. For loans it is their face value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from reshore.errors import Place
from reshore.importers.draft import Draft, Row, quoted
from reshore.importers.firms import Firms
from reshore.importers.inbox import Inbox
from reshore.importers.records import Importer
from reshore.importers.text import Sheet, date_text, file_is_missing, key, money, one_line, place_code, read_sheet
from reshore.tables import ROW

SOURCE = "usaspending"
_KEYS = ("contract_award_unique_key", "assistance_award_unique_key")
_REQUIRED = ("awarding_agency_name", "recipient_name")
_TRANSACTIONS = ("contract_transaction_unique_key", "assistance_transaction_unique_key")
_TOTALS = ("total_dollars_obligated", "total_obligated_amount")
_COLUMNS = (_TOTALS, "federal_action_obligation")
_LOAN_COLUMNS = (("total_face_value_of_loan",), "face_value_of_loan")
"""Where the amount of an award stands: columns of its total, and the column whose rows add up to it."""

_DATES = ("award_base_action_date", "action_date")
_PRODUCTS = (
    "product_or_service_code_description",
    "naics_description",
    "assistance_listing_title",
    "cfda_title",
    "prime_award_base_transaction_description",
    "transaction_description",
    "award_description",
)
_OPTIONAL = (
    *_KEYS,
    *_TRANSACTIONS,
    "award_id_piid",
    "award_id_fain",
    "award_id_uri",
    "modification_number",
    "federal_action_obligation",
    *_TOTALS,
    "total_face_value_of_loan",
    "face_value_of_loan",
    *_DATES,
    "award_latest_action_date",
    "last_modified_date",
    "awarding_sub_agency_name",
    "recipient_uei",
    "recipient_duns",
    "recipient_country_code",
    "primary_place_of_performance_country_code",
    "primary_place_of_performance_state_name",
    "award_type",
    "assistance_type_code",
    "product_or_service_code",
    *_PRODUCTS,
    "usaspending_permalink",
)
_KINDS = dict.fromkeys(("02", "03", "04", "05", "06", "10"), "grant") | {"07": "loan", "08": "guarantee"}
"""Types of assistance: grants of every sort, cooperative agreements, direct payments, loans and guarantees of loans."""

_LOANS = frozenset({"07", "08"})
_CODES = ("PSC CODE", "PRODUCT AND SERVICE CODE NAME")


def read(inbox: Inbox, draft: Draft) -> None:
    """Reads every file of prime awards, and a table of product and service codes beside them."""
    names = [name for name in inbox.matching("*.csv") if _is_prime(inbox.headings(name))]
    if not names and inbox.is_one_file:
        names = list(inbox.names)
    if not names:
        file_is_missing(inbox, draft, *IMPORTER.files)
        return
    codes = _codes(inbox, draft)
    sheets = [sheet for name in names if (sheet := _sheet(inbox, name, draft)) is not None]
    if draft.is_refused:
        return
    draft.add("sources", source=SOURCE, title="USAspending.gov, award data", url=IMPORTER.url, licence=IMPORTER.licence)
    firms = Firms(draft, SOURCE)
    awards: dict[str, list[tuple[Sheet, dict[str, str]]]] = defaultdict(list)
    for sheet in sheets:
        for row in _unrepeated(sheet, draft):
            award = next((row[column].strip() for column in _KEYS if row[column].strip()), "")
            if award:
                awards[award].append((sheet, row))
            else:
                draft.drop("empty-cell", sheet.place(row, _KEYS[0]), "no key of an award", "a key",
                           "none needed: the row was left out")  # fmt: skip
    for award, rows in sorted(awards.items()):
        draft.add("awards", **_award(award, rows, firms, codes, draft))
    firms.write()
    if not awards and not draft.is_refused:
        draft.error("no-rows", Place(names[0]), "no award", "at least one row", "widen the filter of the download")


def _is_prime(headings: list[str]) -> bool:
    return any(column in headings for column in _KEYS) and not any(text.startswith("subaward") for text in headings)


def _sheet(inbox: Inbox, name: str, draft: Draft) -> Sheet | None:
    headings = inbox.headings(name)
    keys = [column for column in _KEYS if column in headings] or [_KEYS[0]]
    optional = [column for column in _OPTIONAL if column not in keys]
    return read_sheet(inbox, name, draft, (*keys, *_REQUIRED), optional)


def _codes(inbox: Inbox, draft: Draft) -> dict[str, str]:
    """Names of product and service codes, where a table of them lies beside the awards."""
    codes: dict[str, str] = {}
    for name in inbox.matching("*psc*.csv"):
        sheet = read_sheet(inbox, name, draft, _CODES, ("END DATE",))
        for row in sheet.rows() if sheet else ():
            draft.keep(name)
            if row[_CODES[1]]:
                codes[row[_CODES[0]].strip()] = one_line(row[_CODES[1]])
    return codes


def _unrepeated(sheet: Sheet, draft: Draft) -> list[dict[str, str]]:
    """Rows of one file, each transaction once: the one that was modified last."""
    kept: dict[str, dict[str, str]] = {}
    single = []
    for row in sorted(sheet.rows(), key=_age):
        transaction = next((row[column].strip() for column in _TRANSACTIONS if row[column].strip()), "")
        if not transaction:
            single.append(row)
            continue
        earlier = kept.get(transaction)
        if earlier is not None:
            draft.merge("duplicate-row", sheet.place(earlier), f"transaction {quoted(transaction)} again",
                        "each transaction once", "none needed: the row modified last was kept")  # fmt: skip
        kept[transaction] = row
    return [*single, *kept.values()]


def _age(row: Mapping[str, object]) -> tuple[object, ...]:
    """Order of the rows of an award, oldest first; rows of one day by what they say, never by where they stand."""
    dates = ("award_latest_action_date", "action_date", "last_modified_date", "modification_number")
    return (*(row[column] for column in dates), *(str(row[name]) for name in sorted(row) if name != ROW))


def _award(
    award: str, rows: list[tuple[Sheet, dict[str, str]]], firms: Firms, codes: Mapping[str, str], draft: Draft
) -> Row:
    rows.sort(key=lambda pair: _age(pair[1]))
    sheet, newest = rows[-1]
    draft.keep(sheet.file)
    for other, row in rows[:-1]:
        draft.merge("modification", other.place(row, "modification_number"), f"{quoted(award)} again",
                    "each award once", "none needed: merged into the newest row")  # fmt: skip
    cells = {column: one_line(text) for column, text in newest.items() if isinstance(text, str)}
    seat = _country(sheet, newest, "recipient_country_code", draft)
    recipients = [
        firms.add(
            other.place(row, "recipient_name"),
            row["recipient_name"],
            row["recipient_uei"],
            row["recipient_duns"],
            seat=place_code(row["recipient_country_code"]),
        )
        for other, row in rows
    ]
    psc = codes.get(cells["product_or_service_code"], "")
    product = next(
        (text for text in (cells[_PRODUCTS[0]], psc, *(cells[c] for c in _PRODUCTS[1:])) if text), "Not stated"
    )
    agencies = [cells["awarding_agency_name"], cells["awarding_sub_agency_name"]]
    dates = [found for other, row in rows if (found := _date(other, row, draft)) is not None]
    return {
        "award": key(award),
        "organization": recipients[-1],
        "product": product,
        "programme": " / ".join(dict.fromkeys(text for text in agencies if text)) or "Not stated",
        "kind": _KINDS.get(cells["assistance_type_code"].zfill(2)),
        "amount_usd": _amount(award, rows, draft),
        "site": _country(sheet, newest, "primary_place_of_performance_country_code", draft) or seat or "XX-UNK",
        "region": cells["primary_place_of_performance_state_name"] or None,
        "announced": min(dates, default=None),
        "status": "final",
        "source": SOURCE,
        "as_of": max(dates, default=None),
        "confidence": "high",
        "note": cells["usaspending_permalink"] or cells["award_id_piid"] or cells["award_id_fain"] or None,
    }


def _amount(award: str, rows: list[tuple[Sheet, dict[str, str]]], draft: Draft) -> Decimal | None:
    """The face value of a loan; of any other award the total that its newest row states, or the sum of its rows."""
    sheet, newest = rows[-1]
    is_loan = newest["assistance_type_code"].strip().zfill(2) in _LOANS
    totals, column = _LOAN_COLUMNS if is_loan else _COLUMNS
    steps = [step for other, row in rows if (step := _money(other, row, column, draft)) is not None]
    summed = sum(steps, Decimal(0)) if steps else None
    stated = next((total for name in totals if (total := _money(sheet, newest, name, draft)) is not None), None)
    if stated is not None and summed is not None and len(steps) == len(rows) and stated != summed:
        draft.count("part-of-history", sheet.place(newest, column),
                    f"rows that add up to {summed}, of {stated} in all", "every change of the award",
                    "none needed: the total that the newest row states was used")  # fmt: skip
    amount = stated if stated is not None else summed
    if amount is not None and amount < 0:
        draft.note("negative-amount", sheet.place(newest, column), f"{amount} for {quoted(award)}",
                   "an amount of 0 or more",
                   "none needed: the amount is unknown; more was taken back than these rows give")  # fmt: skip
        return None
    if amount is None:
        draft.count("unknown-amount", sheet.place(newest, column), "an empty cell", "an amount", "none needed: unknown")
    return amount


def _money(sheet: Sheet, row: Mapping[str, str], column: str, draft: Draft) -> Decimal | None:
    text = row[column].strip()
    if not text:
        return None
    amount = money(text)
    if amount is None:
        draft.error("bad-number", sheet.place(row, column), quoted(text), "an amount in dollars",
                    "name the file as it was downloaded")  # fmt: skip
    elif amount < 0 and column == "federal_action_obligation":
        draft.count("money-taken-back", sheet.place(row, column), quoted(text), "an obligation",
                    "none needed: it lowers the amount of its award")  # fmt: skip
    return amount


def _date(sheet: Sheet, row: Mapping[str, str], draft: Draft) -> str | None:
    for column in _DATES:
        text = row[column].strip()
        if text:
            found = date_text(text)
            if found is None:
                draft.error("bad-date", sheet.place(row, column), quoted(text), "a day such as 2025-09-30",
                            "name the file as it was downloaded")  # fmt: skip
            return found
    return None


def _country(sheet: Sheet, row: Mapping[str, str], column: str, draft: Draft) -> str | None:
    text = row[column].strip()
    code = place_code(text) if text else None
    if text and code is None:
        draft.count("unknown-country", sheet.place(row, column), quoted(text), "a country", "none needed: unknown")
    return code


IMPORTER = Importer(
    name="usaspending",
    label="USAspending awards",
    question="Which firms were paid by the United States, for what, and how much?",
    source="U.S. Department of the Treasury, Bureau of the Fiscal Service",
    url="https://www.usaspending.gov/download_center/custom_award_data",
    licence="public domain (work of the United States government)",
    files=("Contracts_Prime*.csv", "Assistance_Prime*.csv", "psc_codes.csv"),
    read=read,
)
