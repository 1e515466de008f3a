"""Imports: what each kind takes, what it refuses, and that it is all or nothing."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import func, select

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor, User
from ssflow.domain.registers.budget import Budget, BudgetPeriod, BudgetState, CostEntry
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import Service, ServiceState
from ssflow.domain.registers.working_time import Holiday
from ssflow.errors import ForbiddenError, InvalidInputError, NotFoundError
from ssflow.services import imports
from ssflow.services.audit import verify_stream
from ssflow.services.import_kinds import KINDS
from ssflow.services.imports import ImportRefusedError, ImportTakenError, Preview
from ssflow.services.trail_path import details_of
from ssflow.store.people import roles_of
from ssflow.store.records import RECORD_KINDS
from tests.services.office import Office

COSTS = "document_no;booking_date;gl;amount\n"


@pytest.fixture
def accountant(office: Office) -> Actor:
    return office.hire("accountant")


@pytest.fixture
def admin(office: Office) -> Actor:
    return office.hire("admin")


def keep(office: Office, actor: Actor, kind: str, text: str) -> UUID:
    with office.work(actor) as work:
        file = imports.keep_upload(work, kind, "costs.csv", text.encode())
        work.session.flush()
        return file.id


def look(office: Office, actor: Actor, kind: str, text: str) -> Preview:
    file_id = keep(office, actor, kind, text)
    with office.look(actor) as work:
        return imports.preview_upload(work, kind, file_id)


def take(office: Office, actor: Actor, kind: str, text: str) -> imports.Imported:
    file_id = keep(office, actor, kind, text)
    with office.work(actor) as work:
        return imports.import_upload(work, kind, file_id)


def all_of(office: Office, kind: Any) -> list[Any]:
    with office.look() as work:
        return list(work.session.scalars(select(kind)))


def problems_of(preview: Preview) -> list[tuple[int, str]]:
    return [(problem.line, problem.column) for problem in preview.problems]


def put(office: Office, kind: Any, **values: Any) -> Any:
    with office.work() as work:
        record = kind(created_at=work.now, created_by="x", **values)
        work.session.add(record)
    return record


# --- costs ----------------------------------------------------------------------------------------


def test_costs_are_taken_with_what_the_file_says(office: Office, accountant: Actor) -> None:
    service = put(office, Service, number="SRV-1", name="Mail")
    text = (
        "Boekstuk;Datum;Grootboekrekening;Bedrag;Tjänst;Leverancier;Categorie;Soort geld\n"
        "F-1;15-03-2026;6100;1.234,56;mail;=HYPERLINK(1);Software;capital\n"
        "F-2;2026-03-16;6200;-12,50;SRV-1;;;\n"
    )

    done = take(office, accountant, "CostEntry", text)

    one, other = sorted(all_of(office, CostEntry), key=lambda entry: entry.document_no)
    assert (done.added, done.known) == (2, 0)
    assert (one.amount, one.period, one.service_id) == (Decimal("1234.56"), "2026-03", service.id)
    assert (one.category, one.budget_class, one.supplier) == (
        "software",
        "capital",
        "=HYPERLINK(1)",
    )
    assert (other.amount, other.category, other.source) == (
        Decimal("-12.50"),
        "unclassified",
        "csv",
    )
    assert one.created_by == accountant.key


def test_a_document_comes_once_however_often_the_file_is_taken(
    office: Office, accountant: Actor
) -> None:
    text = COSTS + "F-1;2026-03-15;6100;1\n"
    take(office, accountant, "CostEntry", text)

    again = take(office, accountant, "CostEntry", text + "F-2;2026-03-15;6100;2\n")

    assert (again.added, again.known) == (1, 1)
    assert len(all_of(office, CostEntry)) == 2


def test_problems_are_told_by_line_and_column_and_nothing_is_taken(
    office: Office, accountant: Actor
) -> None:
    text = COSTS + "F-1;2026-03-15;6100;1\nF-2;yesterday;;much\nF-3;2026-03-15;6100;3;extra\nF-4;\n"

    preview = look(office, accountant, "CostEntry", text)
    with pytest.raises(ImportRefusedError, match="nothing was imported"):
        take(office, accountant, "CostEntry", text)

    assert problems_of(preview) == [
        (3, "booking_date"),
        (3, "gl"),
        (3, "amount"),
        (4, ""),
        (5, "booking_date"),
        (5, "gl"),
        (5, "amount"),
    ]
    assert preview.problem_count == 7
    assert all_of(office, CostEntry) == []


@pytest.mark.parametrize(
    ("head", "column"),
    [
        ("document_no;booking_date;gl\n", "amount"),
        ("document_no;booking_date;gl;amount;colour\n", "colour"),
        ("document_no;booking_date;gl;amount;bedrag\n", "bedrag"),
    ],
)
def test_the_columns_must_be_those_that_are_known(
    office: Office, accountant: Actor, head: str, column: str
) -> None:
    preview = look(office, accountant, "CostEntry", head + "F-1;2026-03-15;6100;1;2\n")

    assert (1, column) in problems_of(preview)
    assert preview.new == 0


def test_a_document_that_stands_twice_is_a_problem(office: Office, accountant: Actor) -> None:
    text = COSTS + "F-1;2026-03-15;6100;1\nF-1;2026-03-15;6100;1\n"

    assert problems_of(look(office, accountant, "CostEntry", text)) == [(3, "document_no")]


def test_a_signed_month_takes_no_more_costs(office: Office, accountant: Actor) -> None:
    budget = put(office, Budget, number="BUD-1", fiscal_year=2026, state=BudgetState.APPROVED)
    put(
        office,
        BudgetPeriod,
        name="BUD-1 2026-03",
        budget_id=budget.id,
        period="2026-03",
        signed_at=office.now,
    )
    text = COSTS + "F-1;2026-03-15;6100;1\nF-2;2026-04-15;6100;1\n"

    preview = look(office, accountant, "CostEntry", text)

    assert problems_of(preview) == [(2, "period")]
    assert "signed" in preview.problems[0].message


def test_a_file_without_lines_is_a_problem(office: Office, accountant: Actor) -> None:
    assert problems_of(look(office, accountant, "CostEntry", COSTS)) == [(1, "")]


def test_an_import_is_in_the_trail(office: Office, accountant: Actor) -> None:
    take(office, accountant, "CostEntry", COSTS + "F-1;2026-03-15;6100;1\n")

    told = office.details(f"sys-{office.now.date()}", AuditAction.RECORDS_IMPORTED)

    assert (told["kind"], told["file"], told["added"], told["known"]) == (
        "CostEntry",
        "costs.csv",
        1,
        0,
    )
    assert len(told["sha256"]) == 64


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("CostEntry", COSTS + "F-1;2026-03-15;6100;1,5\n", {"document_no": "F-1", "amount": "1.5"}),
        ("Service", "name;state\nMail;live\n", {"name": "Mail", "number": "SRV-2026-0001"}),
        ("Customer", "name;status\nSales;lead\n", {"name": "Sales", "status": "lead"}),
        ("Holiday", "day;name\n2026-12-25;Jul\n", {"day": "2026-12-25", "name": "Jul"}),
    ],
)
def test_each_record_that_came_in_is_in_the_trail(
    office: Office, admin: Actor, kind: str, text: str, told: dict[str, str]
) -> None:
    take(office, admin, kind, text)

    found = office.details(f"sys-{office.now.date()}", AuditAction.RECORD_CREATED)
    [added] = all_of(office, RECORD_KINDS[kind])
    assert (found["kind"], found["id"]) == (kind, str(added.id))
    assert found["number"] == getattr(added, "number", None)
    assert told.items() <= found["after"].items()
    with office.look() as work:
        assert verify_stream(work, f"sys-{office.now.date()}").is_ok


def test_where_a_customer_belongs_is_told_with_the_customer(office: Office, admin: Actor) -> None:
    take(office, admin, "Customer", "name;parent\nHall 2;Production\nProduction;\n")

    stream = f"sys-{office.now.date()}"
    events = [e for e in office.events(stream) if e.action is AuditAction.RECORD_CREATED]
    added = [cast("dict[str, Any]", details_of(event)["after"]) for event in events]
    found = {told["name"]: told for told in added}
    [production] = [c for c in all_of(office, Customer) if c.name == "Production"]
    assert found["Hall 2"]["parent_id"] == str(production.id)
    assert "parent_id" not in found["Production"]


def test_a_certificate_that_came_in_is_in_the_trail(office: Office, admin: Actor) -> None:
    text = "user;certificaat;geldig tot\nanna;RA-1;31-12-2027\nbo;;\n"

    take(office, admin, "User", text)

    told = office.details(f"sys-{office.now.date()}", AuditAction.USER_CHANGED)
    assert told["before"] == {"certificate_no": None, "certified_until": None}
    assert told["after"] == {"certificate_no": "RA-1", "certified_until": "2027-12-31"}


def test_a_file_is_taken_once_however_often_its_button_is_pressed(
    office: Office, admin: Actor
) -> None:
    file_id = keep(office, admin, "Service", "name\nMail\n")
    with office.work(admin) as work:
        imports.import_upload(work, "Service", file_id)

    with office.work(admin) as work, pytest.raises(ImportTakenError, match="already"):
        imports.import_upload(work, "Service", file_id)
    with office.look(admin) as work, pytest.raises(ImportTakenError):
        imports.preview_upload(work, "Service", file_id)

    assert len(all_of(office, Service)) == 1


def test_two_who_import_the_same_at_once_do_not_add_it_twice(office: Office, admin: Actor) -> None:
    uploads = [keep(office, admin, "Service", "name\nMail\n") for _ in range(2)]

    def take_one(file_id: UUID) -> bool:
        try:
            with office.work(admin) as work:
                imports.import_upload(work, "Service", file_id)
        except ImportRefusedError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        taken = list(pool.map(take_one, uploads))

    assert sorted(taken) == [False, True]
    assert len(all_of(office, Service)) == 1


def test_ten_thousand_lines_are_taken_in_reasonable_time(office: Office, accountant: Actor) -> None:
    lines = (f"F-{n};2026-03-{n % 28 + 1:02};6{n % 5}00;{n},5" for n in range(10_000))
    file_id = keep(office, accountant, "CostEntry", COSTS + "\n".join(lines))
    began = time.process_time()

    with office.look(accountant) as work:
        preview = imports.preview_upload(work, "CostEntry", file_id)
    with office.work(accountant) as work:
        imports.import_upload(work, "CostEntry", file_id)

    assert (preview.total, preview.new, len(preview.lines)) == (10_000, 10_000, 20)
    with office.look() as work:
        assert work.session.scalar(select(func.count()).select_from(CostEntry)) == 10_000
    assert time.process_time() - began < 20


# --- the other kinds ------------------------------------------------------------------------------


def test_services_get_numbers_and_owners(office: Office, admin: Actor) -> None:
    owner = office.hire("service_owner", name="sofie")
    text = "name,number,state,owner,availability\nMail,SRV-7,live,Sofie,99.5\nFax,,retired,,\n"

    take(office, admin, "Service", text)

    found = {service.name: service for service in all_of(office, Service)}
    assert (found["Mail"].number, found["Mail"].owner) == ("SRV-7", owner.user_id)
    assert (found["Mail"].state, found["Mail"].version) == (ServiceState.LIVE, 1)
    assert found["Mail"].availability_pct == Decimal("99.50")
    assert found["Fax"].number == "SRV-2026-0001"


def test_people_go_by_a_full_name_that_only_one_of_them_bears(office: Office, admin: Actor) -> None:
    for name, full_name in (("b1", "Bea Smit"), ("b2", "Bea Smit"), ("o1", "Olga Åberg")):
        hired = office.hire("service_owner", name=name)
        with office.work() as work:
            work.session.get_one(User, hired.user_id).full_name = full_name

    seen = look(office, admin, "Service", "name,owner\nMail,olga åberg\nFax,Bea Smit\n")

    assert problems_of(seen) == [(3, "owner")]


def test_a_service_that_is_there_is_a_problem(office: Office, admin: Actor) -> None:
    put(office, Service, number="SRV-1", name="Mail")
    text = "name;number;owner\nmail;;\nNew;SRV-1;\nOther;;nobody\n"

    first = look(office, admin, "Service", text)
    second = look(office, admin, "Service", text.replace("nobody", ""))

    assert problems_of(first) == [(4, "owner")]
    assert problems_of(second) == [(2, "name"), (3, "number")]


def test_customers_may_name_a_parent_that_stands_below(office: Office, admin: Actor) -> None:
    kim = office.hire("customer", name="kim")
    text = "name;parent;mandate_holder;kind\nHall 2;Production;kim;\nProduction;;;external\n"

    take(office, admin, "Customer", text)

    found = {customer.name: customer for customer in all_of(office, Customer)}
    assert found["Hall 2"].parent_id == found["Production"].id
    assert found["Hall 2"].mandate_holder == kim.user_id
    assert found["Production"].kind == "external"
    unknown = look(office, admin, "Customer", "name;parent\nHall 3;Nowhere\nHall 2;\n")
    assert problems_of(unknown) == [(2, "parent"), (3, "name")]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("name;parent\nA;a\n", [2]),
        ("name;parent\nA;B\nB;C\nC;A\nD;A\n", [2, 3, 4]),
    ],
)
def test_no_customer_is_part_of_itself(
    office: Office, admin: Actor, text: str, lines: list[int]
) -> None:
    found = look(office, admin, "Customer", text)

    assert problems_of(found) == [(line, "parent") for line in lines]


def test_people_get_their_roles_and_certificates(office: Office, admin: Actor) -> None:
    text = (
        "user;full name;e-mail;taal;rollen;certificaat;geldig tot\n"
        "anna;Anna Berg;anna@example.com;sv;accountant, finance_manager;RA-1;31-12-2027\n"
    )

    take(office, admin, "User", text)

    [anna] = [user for user in all_of(office, User) if user.name == "anna"]
    assert (anna.full_name, anna.language) == ("Anna Berg", "sv")
    assert (anna.certificate_no, anna.certified_until) == ("RA-1", date(2027, 12, 31))
    with office.look() as work:
        from_file = roles_of(work.session, anna.id, office.now.date())
    assert from_file == {"accountant", "finance_manager"}


def test_an_account_may_be_called_like_the_full_name_of_another(
    office: Office, admin: Actor
) -> None:
    hired = office.hire("brm", name="b1")
    with office.work() as work:
        work.session.get_one(User, hired.user_id).full_name = "bea"

    assert problems_of(look(office, admin, "User", "name,full_name\nbea,Bea Smit\n")) == []


def test_accounts_that_cannot_be_are_told_where(office: Office, admin: Actor) -> None:
    office.hire("brm", name="bo")
    text = "user;e-mail;roles\nBo;;\nwith blank;;\nok;nowhere;\n"

    found = look(office, admin, "User", text)
    role = look(office, admin, "User", "user;roles\nok;king\n")

    assert problems_of(found) == [(2, "name"), (3, "name"), (4, "email")]
    assert problems_of(role) == [(2, "roles")]


def test_holidays_that_are_there_are_left_out(office: Office, admin: Actor) -> None:
    put(office, Holiday, day=date(2026, 12, 25), name="Christmas")

    done = take(office, admin, "Holiday", "Datum;Namn\n25-12-2026;Jul\n26-12-2026;Annandag\n")

    assert (done.added, done.known) == (1, 1)
    assert sorted(str(holiday.day) for holiday in all_of(office, Holiday)) == [
        "2026-12-25",
        "2026-12-26",
    ]


# --- who may --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        ("admin", ["CostEntry", "Service", "Customer", "User", "Holiday"]),
        ("accountant", ["CostEntry"]),
        ("finance_manager", ["CostEntry"]),
        ("budget_holder", []),
        ("auditor", []),
        ("customer", []),
    ],
)
def test_who_may_import_what(office: Office, role: str, kinds: list[str]) -> None:
    actor = office.hire(role)

    with office.look(actor) as work:
        assert imports.importable_kinds(work) == kinds
        for kind in set(KINDS) - set(kinds):
            with pytest.raises(ForbiddenError):
                imports.columns_of_import(work, kind)
        with pytest.raises(NotFoundError):
            imports.columns_of_import(work, "Decision")


def test_the_upload_of_somebody_else_is_not_there(office: Office, accountant: Actor) -> None:
    other, admin = office.hire("accountant"), office.hire("admin")
    mine = keep(office, accountant, "CostEntry", COSTS + "F-1;2026-03-15;6100;1\n")
    theirs = keep(office, admin, "Holiday", "day;name\n2026-12-25;Christmas\n")

    with office.look(other) as work, pytest.raises(NotFoundError):
        imports.preview_upload(work, "CostEntry", mine)
    with office.look(admin) as work, pytest.raises(NotFoundError):
        imports.preview_upload(work, "Service", theirs)


def test_the_empty_file_can_be_filled_in_and_imported(office: Office, admin: Actor) -> None:
    for kind in KINDS:
        with office.look(admin) as work:
            text = imports.template_of(work, kind)

        preview = look(office, admin, kind, text)

        assert [problem.message for problem in preview.problems] == []
        assert preview.new == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfea", b'a;"b'])
def test_what_is_no_csv_is_not_kept(office: Office, accountant: Actor, content: bytes) -> None:
    with office.work(accountant) as work, pytest.raises(InvalidInputError):
        imports.keep_upload(work, "CostEntry", "x.csv", content)
