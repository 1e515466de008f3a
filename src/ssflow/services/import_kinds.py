"""What may be imported: for each kind its columns, who may, what fits beside what is there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ssflow.domain.audit import AuditAction
from ssflow.domain.base import new_id
from ssflow.domain.identity import ADMIN, ROLE_TITLES
from ssflow.domain.registers.budget import BudgetClass, CostCategory, CostEntry
from ssflow.domain.registers.customers import (
    Customer,
    CustomerKind,
    CustomerStatus,
    CustomerTier,
)
from ssflow.domain.registers.portfolio import Service, ServiceState
from ssflow.domain.registers.record import Record, record_as_json, values_as_json
from ssflow.domain.registers.working_time import Holiday
from ssflow.errors import InvalidInputError
from ssflow.sentences import N_
from ssflow.services import people
from ssflow.services.audit import Entry
from ssflow.services.import_columns import (
    NOT_KNOWN,
    Column,
    a_choice,
    a_day,
    a_month,
    a_percentage,
    a_reference,
    a_text,
    a_whole_number,
    a_word,
    an_amount,
    plain_name,
    some_words,
)
from ssflow.services.registers import OWN_PART
from ssflow.services.working_days import calendar_of
from ssflow.store import budget as budget_rows
from ssflow.store import imports as import_rows
from ssflow.store.records import next_number
from ssflow.store.unit_of_work import UnitOfWork

TWICE = N_("“%(cell)s” stands in this file twice.")
THERE_ALREADY = N_("“%(cell)s” is there already.")
SIGNED = N_("%(cell)s is signed by an accountant; it takes no more costs.")
_OWN_COLUMNS = frozenset({"id", "created_at", "created_by", "updated_at"})
_LIVE = (ServiceState.LIVE, ServiceState.RETIRING, ServiceState.RETIRED)


@dataclass(frozen=True)
class Row:
    """What one line of the file says, by column."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Objection:
    """Why a line cannot be taken, at which column."""

    line: int
    column: str
    message: str
    facts: Mapping[str, object]


@dataclass(frozen=True)
class Fitting:
    """Which rows are new, how many are there already, and what speaks against the file."""

    new: Sequence[Row]
    known: int
    objections: Sequence[Objection]


@dataclass(frozen=True)
class ImportKind:
    """One kind of things that a file may bring."""

    name: str
    roles: frozenset[str]
    columns: tuple[Column, ...]
    fit: Callable[[UnitOfWork, Sequence[Row]], Fitting]
    write: Callable[[UnitOfWork, Sequence[Row]], list[Entry]]
    """Adds what the rows say; gives what the trail is to tell of each."""
    not_read: frozenset[str] = frozenset()
    """Columns of an export that a file cannot bring; they are passed over like ssflow's own."""

    def passes_over(self, name: str) -> bool:
        """Tell whether a column of this name may stand in the file without being read."""
        return plain_name(name) in {plain_name(one) for one in self.not_read | _OWN_COLUMNS}


def _fit_costs(work: UnitOfWork, rows: Sequence[Row]) -> Fitting:
    for row in rows:
        row.values["period"] = row.values["period"] or str(row.values["booking_date"])[:7]
    known = budget_rows.known_documents(work.session, [r.values["document_no"] for r in rows])
    signed = budget_rows.signed_periods(work.session, {r.values["period"] for r in rows})
    new = [row for row in rows if row.values["document_no"] not in known]
    late = [
        Objection(row.line, "period", SIGNED, {"cell": row.values["period"]})
        for row in new
        if row.values["period"] in signed
    ]
    return Fitting(new, len(rows) - len(new), [*_doubles(rows, "document_no"), *late])


def _write_costs(work: UnitOfWork, rows: Sequence[Row]) -> list[Entry]:
    costs = [_record(work, row) for row in rows]
    import_rows.insert_costs(work.session, costs)
    return [_created(CostEntry, cost["id"], None, values_as_json(cost)) for cost in costs]


def _fit_services(work: UnitOfWork, rows: Sequence[Row]) -> Fitting:
    there = import_rows.services_by_name(work.session)
    objections = [*_doubles(rows, "number"), *_doubles(rows, "name")]
    for column in ("number", "name"):
        objections += _present(rows, column, there)
    return Fitting(rows, 0, objections)


def _write_services(work: UnitOfWork, rows: Sequence[Row]) -> list[Entry]:
    added: list[Record] = []
    this_year = calendar_of(work).local_date(work.now).year
    for row in rows:
        given = dict(row.values)
        given["number"] = given["number"] or next_number(work.session, "SRV", this_year)
        if given["version"] is None:
            given["version"] = 1 if given["state"] in _LIVE else 0
        added.append(_add(work, Service, given))
    return _entries(work, added)


def _fit_customers(work: UnitOfWork, rows: Sequence[Row]) -> Fitting:
    there = import_rows.customers_by_name(work.session)
    named = {_key(row.values["name"]) for row in rows} | set(there)
    objections = [*_doubles(rows, "name"), *_present(rows, "name", there)]
    objections += [
        Objection(row.line, "parent", NOT_KNOWN, {"kind": "Customer", "cell": parent})
        for row in rows
        if (parent := row.values["parent"]) and _key(parent) not in named
    ]
    return Fitting(rows, 0, [*objections, *_circles(rows)])


def _circles(rows: Sequence[Row]) -> list[Objection]:
    """Find customers that would be part of themselves; those that are there already never are."""
    above = {_key(row.values["name"]): _key(row.values["parent"]) for row in rows}

    def is_in_circle(name: str) -> bool:
        seen, at = {name}, above.get(name)
        while at and at not in seen:
            seen.add(at)
            at = above.get(at)
        return at == name

    return [
        Objection(row.line, "parent", OWN_PART, {"cell": row.values["name"]})
        for row in rows
        if is_in_circle(_key(row.values["name"]))
    ]


def _write_customers(work: UnitOfWork, rows: Sequence[Row]) -> list[Entry]:
    """Add all customers first, then say which is part of which: parents may stand below."""
    ids = import_rows.customers_by_name(work.session)
    added: list[tuple[Customer, str | None]] = []
    for row in rows:
        given = dict(row.values)
        parent = given.pop("parent")
        customer = _add(work, Customer, given)
        ids[_key(customer.name)] = customer.id
        added.append((customer, parent))
    work.session.flush()
    for customer, parent in added:
        customer.parent_id = ids[_key(parent)] if parent else None
    return _entries(work, [customer for customer, _ in added])


def _fit_people(work: UnitOfWork, rows: Sequence[Row]) -> Fitting:
    there = import_rows.users_by_name(work.session)
    objections = [*_doubles(rows, "name"), *_present(rows, "name", there)]
    for row in rows:
        try:
            full_name = row.values["full_name"] or row.values["name"]
            people.check_account(row.values["name"], full_name, row.values["email"])
        except InvalidInputError as error:
            objections += [
                Objection(row.line, field, text, {})
                for field, texts in error.errors.items()
                for text in texts
            ]
    return Fitting(rows, 0, objections)


def _write_people(work: UnitOfWork, rows: Sequence[Row]) -> list[Entry]:
    """Add accounts, which tell of themselves; of certificates the trail is told here."""
    entries = []
    for row in rows:
        given = row.values
        user = people.create_user(
            work,
            given["name"],
            given["full_name"] or "",
            email=given["email"],
            language=given["language"],
            roles=given["roles"],
        )
        user.certificate_no = given["certificate_no"]
        user.certified_until = given["certified_until"]
        names = ("certificate_no", "certified_until")
        if told := {name: str(given[name]) for name in names if given[name]}:
            details = {"user": str(user.id), "before": dict.fromkeys(told), "after": told}
            entries.append(Entry(AuditAction.USER_CHANGED, None, details))
    return entries


def _fit_holidays(work: UnitOfWork, rows: Sequence[Row]) -> Fitting:
    there = {str(day) for day in import_rows.holiday_days(work.session)}
    new = [row for row in rows if str(row.values["day"]) not in there]
    return Fitting(new, len(rows) - len(new), _doubles(rows, "day"))


def _write_holidays(work: UnitOfWork, rows: Sequence[Row]) -> list[Entry]:
    return _entries(work, [_add(work, Holiday, row.values) for row in rows])


def _doubles(rows: Sequence[Row], column: str) -> list[Objection]:
    seen: set[str] = set()
    found = []
    for row in rows:
        key = _key(row.values[column])
        if key and key in seen:
            found.append(Objection(row.line, column, TWICE, {"cell": row.values[column]}))
        seen.add(key)
    return found


def _present(rows: Sequence[Row], column: str, there: Mapping[str, UUID]) -> list[Objection]:
    return [
        Objection(row.line, column, THERE_ALREADY, {"cell": row.values[column]})
        for row in rows
        if row.values[column] and _key(row.values[column]) in there
    ]


def _key(value: object) -> str:
    return "" if value is None else str(value).casefold()


def _record(work: UnitOfWork, row: Row) -> dict[str, Any]:
    """Give the columns of a record that goes in with many others in one statement."""
    shared = {"created_at": work.now, "created_by": work.actor.key, "row_version": 1}
    return {"id": new_id(), "is_demo": False, "source": "csv", **shared, **row.values}


def _add(work: UnitOfWork, kind: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    record: Record = kind(created_at=work.now, created_by=work.actor.key, **values)
    work.session.add(record)
    return record


def _entries(work: UnitOfWork, added: Sequence[Record]) -> list[Entry]:
    """Tell of records that were added, once the database has filled in what is left out."""
    work.session.flush()
    return [
        _created(type(one), one.id, getattr(one, "number", None), record_as_json(one))
        for one in added
    ]


def _created(kind: type, record_id: UUID, number: str | None, after: dict[str, Any]) -> Entry:
    told = {name: value for name, value in after.items() if value not in (None, "", [], {})}
    details = {"kind": kind.__name__, "id": str(record_id), "number": number, "after": told}
    return Entry(AuditAction.RECORD_CREATED, None, details)


_A_USER = a_reference("User", "person")
_A_SERVICE = a_reference("Service", "service")
_BY_ADMINISTRATORS = frozenset({ADMIN})

KINDS = {
    kind.name: kind
    for kind in (
        ImportKind(
            CostEntry.__name__,
            frozenset({ADMIN, "accountant", "finance_manager"}),
            (
                Column(
                    "document_no",
                    a_text(100),
                    is_required=True,
                    also=("document", "boekstuk", "verifikat"),
                    example="F-2026-0815",
                ),
                Column(
                    "booking_date",
                    a_day,
                    is_required=True,
                    also=("date", "datum", "boekdatum", "bokföringsdatum"),
                    example="2026-03-15",
                ),
                Column(
                    "gl",
                    a_text(100),
                    is_required=True,
                    also=("account", "gl account", "grootboekrekening", "konto"),
                    example="6100",
                ),
                Column(
                    "amount",
                    an_amount,
                    is_required=True,
                    also=("bedrag", "belopp"),
                    example="1234,56",
                ),
                Column("period", a_month, also=("month", "periode", "period")),
                Column(
                    "category",
                    a_choice(CostCategory),
                    also=("categorie", "kategori"),
                    default=CostCategory.UNCLASSIFIED,
                ),
                Column(
                    "budget_class",
                    a_choice(BudgetClass),
                    also=("class", "soort geld", "budgetsoort", "slag", "budgetklass"),
                    default=BudgetClass.OPERATIONAL,
                ),
                Column("service_id", _A_SERVICE, also=("service", "tjänst")),
                Column("supplier", a_text(), also=("leverancier", "leverantör"), default=""),
                Column(
                    "description",
                    a_text(500),
                    also=("text", "omschrijving", "beskrivning"),
                    default="",
                ),
            ),
            _fit_costs,
            _write_costs,
            not_read=frozenset({"line", "source"}),
        ),
        ImportKind(
            Service.__name__,
            _BY_ADMINISTRATORS,
            (
                Column(
                    "name",
                    a_text(),
                    is_required=True,
                    also=("naam", "namn", "service", "tjänst"),
                    example="Mail",
                ),
                Column("number", a_text(40), also=("nummer",)),
                Column(
                    "state",
                    a_choice(ServiceState),
                    also=("status", "tillstånd"),
                    default=ServiceState.LIVE,
                    example="live",
                ),
                Column(
                    "audience",
                    a_word("internal", "external"),
                    also=("doelgroep", "målgrupp"),
                    default="internal",
                ),
                Column("version", a_whole_number, also=("versie",)),
                Column("owner", _A_USER, also=("eigenaar", "ägare")),
                Column(
                    "customer_id",
                    a_reference("Customer", "customer"),
                    also=("customer", "klant", "kund"),
                ),
                Column("utility", a_text(2000), also=("nut", "nytta")),
                Column(
                    "availability_pct",
                    a_percentage,
                    also=("availability", "beschikbaarheid", "tillgänglighet"),
                ),
                Column("rto_hours", a_whole_number, also=("restore within hours",)),
                Column("security_class", a_word("public", "internal", "confidential", "secret")),
                Column("charge_model", a_word("none", "showback", "chargeback")),
                Column("conditions", a_text(1000), also=("voorwaarden", "villkor")),
                Column("catalogue_text", a_text(1000), also=("catalogue", "catalogus", "katalog")),
                Column("live_on", a_day, also=("live since", "live sinds")),
                Column("capacity_note", a_text(500)),
                Column("investment_ceiling", an_amount),
                Column("investment", a_word("run", "grow", "transform")),
                Column("benefit_review_due", a_day),
                Column("review_due", a_day),
                Column("end_date", a_day),
                Column("retired_on", a_day),
            ),
            _fit_services,
            _write_services,
            not_read=frozenset({"replacement"}),
        ),
        ImportKind(
            Customer.__name__,
            _BY_ADMINISTRATORS,
            (
                Column(
                    "name",
                    a_text(),
                    is_required=True,
                    also=("naam", "namn", "klant", "kund"),
                    example="Production",
                ),
                Column(
                    "kind",
                    a_choice(CustomerKind),
                    also=("soort", "slag"),
                    default=CustomerKind.INTERNAL,
                    example="internal",
                ),
                Column("tier", a_choice(CustomerTier), default=CustomerTier.STANDARD),
                Column("parent", a_text(), also=("part of", "onderdeel van", "del av")),
                Column("mandate_holder", _A_USER, also=("mandaathouder", "mandat")),
                Column("brm", _A_USER, also=("relatiemanager", "kundansvarig")),
                Column("cost_centre", a_text(40), also=("kostenplaats", "kostnadsställe")),
                Column("status", a_choice(CustomerStatus), default=CustomerStatus.ACTIVE),
                Column("next_review", a_day),
            ),
            _fit_customers,
            _write_customers,
            not_read=frozenset({"mandate_accepted_at"}),
        ),
        ImportKind(
            "User",
            _BY_ADMINISTRATORS,
            (
                Column(
                    "name",
                    a_text(64),
                    is_required=True,
                    also=("user", "account", "gebruiker", "användare"),
                    example="anna",
                ),
                Column("full_name", a_text(), also=("naam", "namn"), example="Anna Berg"),
                Column(
                    "email", a_text(), also=("e-mail", "mail", "e-post"), example="anna@example.com"
                ),
                Column(
                    "language",
                    a_word(*people.LANGUAGES),
                    also=("taal", "språk"),
                    default="en",
                    example="sv",
                ),
                Column(
                    "roles",
                    some_words(*ROLE_TITLES),
                    also=("role", "rollen", "roller"),
                    default=(),
                    example="accountant",
                ),
                Column(
                    "certificate_no", a_text(100), also=("certificate", "certificaat", "certifikat")
                ),
                Column(
                    "certified_until", a_day, also=("valid until", "geldig tot", "giltigt till")
                ),
            ),
            _fit_people,
            _write_people,
        ),
        ImportKind(
            Holiday.__name__,
            _BY_ADMINISTRATORS,
            (
                Column(
                    "day",
                    a_day,
                    is_required=True,
                    also=("date", "datum", "dag"),
                    example="2026-12-25",
                ),
                Column(
                    "name",
                    a_text(),
                    is_required=True,
                    also=("naam", "namn"),
                    example="Christmas Day",
                ),
            ),
            _fit_holidays,
            _write_holidays,
        ),
    )
}
