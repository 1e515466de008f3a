"""Importing and exporting registers through pages."""

import csv
import io
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest

from ssflow.domain.registers.budget import CostEntry
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import Service, ServiceState
from tests.services.office import Office
from tests.web.browsing import Browser, text_of
from tests.web.conftest import SignIn

GOOD = "document_no;booking_date;gl;amount\nF-1;15-03-2026;6100;1.234,56\n"
BAD = "document_no;booking_date;gl;amount\nF-1;15-03-2026;6100;much\n"


@pytest.fixture
def accountant(sign_in: SignIn, office: Office) -> Browser:
    return sign_in(office.hire("accountant"))


def upload(browser: Browser, kind: str, text: str, name: str = "costs.csv") -> Any:
    file = (BytesIO(text.encode()), name, "text/csv")
    return browser.send(f"/registers/{kind}/import", {"file": file})


def rows_of(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_a_file_is_looked_at_before_it_is_taken(accountant: Browser) -> None:
    page = text_of(accountant.open("/registers/CostEntry/import"))
    sent = upload(accountant, "CostEntry", GOOD)
    preview = accountant.open(sent.location)
    before = text_of(accountant.open("/registers/CostEntry"))

    taken = accountant.send(sent.location, {})

    assert "document_no" in page
    assert sent.status_code == 303
    assert "1 line is new." in text_of(preview)
    assert "F-1" not in before
    assert taken.status_code == 303
    listed = text_of(accountant.open(taken.location))
    assert "1 added." in listed
    assert "F-1" in listed


def test_a_second_click_takes_the_file_once_and_says_so(sign_in: SignIn, office: Office) -> None:
    admin = sign_in(office.hire("admin"))
    sent = upload(admin, "Service", "name\nMail\n")
    admin.open(sent.location)
    admin.send(sent.location, {})

    again = admin.send(sent.location, {})
    back = admin.open(sent.location)

    listed = text_of(admin.open(again.location))
    assert (again.status_code, back.status_code) == (303, 303)
    assert "imported already; it is taken once" in listed
    assert "SRV-2026-0001 Mail" in listed
    assert "SRV-2026-0002" not in listed


def test_problems_are_shown_by_line_and_column_and_nothing_is_taken(accountant: Browser) -> None:
    sent = upload(accountant, "CostEntry", BAD)

    page = text_of(accountant.open(sent.location))
    refused = accountant.send(sent.location, {})

    assert "1 problem: nothing can be imported" in page
    assert "2 amount “much” is no amount; write 1234.56 or 1234,56." in page
    assert "Import all" not in page
    assert refused.status_code == 422
    assert "F-1" not in text_of(accountant.open("/registers/CostEntry"))


def test_problems_name_columns_as_the_file_does(accountant: Browser) -> None:
    text = "Boekstuk;Datum;Grootboekrekening;Bedrag\nF-1;gisteren;6100;1,50\n"

    page = text_of(accountant.open(upload(accountant, "CostEntry", text).location))

    assert "2 Datum “gisteren” is no day" in page


def test_a_file_that_is_no_csv_comes_back_with_a_sentence(accountant: Browser) -> None:
    answer = upload(accountant, "CostEntry", "a;\0")
    empty = accountant.send("/registers/CostEntry/import", {})

    assert answer.status_code == 422
    assert "The file is no text" in text_of(answer)
    assert empty.status_code == 422


def test_who_may_not_import_is_refused(sign_in: SignIn, office: Office) -> None:
    holder = sign_in(office.hire("budget_holder"))

    assert holder.open("/registers/CostEntry/import").status_code == 403
    assert upload(holder, "CostEntry", GOOD).status_code == 403
    assert holder.open("/registers/Decision/import").status_code == 404
    assert "/registers/CostEntry/import" not in holder.open("/registers/CostEntry").text


def test_the_empty_file_names_the_columns(accountant: Browser) -> None:
    answer = accountant.open("/registers/CostEntry/import/template")

    assert answer.content_type == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert rows_of(answer)[0][:4] == ["document_no", "booking_date", "gl", "amount"]


def test_a_register_is_exported_with_names_and_without_formulas(
    accountant: Browser, office: Office
) -> None:
    with office.work() as work:
        told: dict[str, Any] = {"created_at": work.now, "created_by": "x"}
        service = Service(number="SRV-1", name="Mail", **told)
        work.session.add(service)
        work.session.flush()
        work.session.add(
            CostEntry(
                document_no="F-1",
                period="2026-03",
                booking_date=date(2026, 3, 15),
                gl="6100",
                amount=Decimal("-12.50"),
                supplier="=HYPERLINK(1)",
                service_id=service.id,
                **told,
            )
        )

    answer = accountant.open("/registers/CostEntry/export")

    names, row = rows_of(answer)
    found = dict(zip(names, row, strict=True))
    assert found["document_no"] == "F-1"
    assert found["service"] == "SRV-1 Mail"
    assert found["amount"] == "-12.50"
    assert found["supplier"] == "'=HYPERLINK(1)"
    assert (found["booking_date"], found["category"]) == ("2026-03-15", "unclassified")


def test_what_was_exported_can_be_imported(sign_in: SignIn, office: Office) -> None:
    admin = sign_in(office.hire("admin"))
    upload_of_holidays = "day;name\n2026-12-25;Christmas\n"
    admin.send(upload(admin, "Holiday", upload_of_holidays).location, {})

    names, row = rows_of(admin.open("/registers/Holiday/export"))

    assert dict(zip(names, row, strict=True))["day"] == "2026-12-25"


def test_a_customer_exports_only_what_a_customer_sees(sign_in: SignIn, office: Office) -> None:
    actor = office.hire("customer")
    with office.work() as work:
        told: dict[str, Any] = {"created_at": work.now, "created_by": "x"}
        work.session.add(Customer(name="Mine", mandate_holder=actor.user_id, **told))
        work.session.add(Customer(name="Theirs", **told))
        work.session.add(Service(number="S-1", name="Live", state=ServiceState.LIVE, **told))
        work.session.add(Service(number="S-2", name="Planned", **told))
    browser = sign_in(actor)

    assert "Theirs" not in browser.open("/registers/Customer/export").text
    assert "Planned" not in browser.open("/registers/Service/export").text
    assert browser.open("/registers/CostEntry/export").status_code == 404


def test_a_search_is_exported_as_it_was_searched(accountant: Browser, office: Office) -> None:
    with office.work() as work:
        told: dict[str, Any] = {"created_at": work.now, "created_by": "x"}
        for name in ("Mail", "Fax"):
            work.session.add(Service(number=name, name=name, **told))

    rows = rows_of(accountant.open("/registers/Service/export?q=mail"))

    assert len(rows) == 2
