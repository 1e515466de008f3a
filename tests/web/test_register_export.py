"""The export of a list: what the reader sees there, as a sheet."""

import csv
import io
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from ssflow.domain.identity import Actor, User
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import Service, ServiceState
from ssflow.services import imports
from ssflow.store.people import get_user
from tests.made_up import make_up
from tests.services.office import Office
from tests.web.browsing import Browser
from tests.web.conftest import SignIn


@pytest.fixture
def manager(sign_in: SignIn, office: Office) -> Browser:
    return sign_in(office.hire("portfolio_manager"))


@pytest.fixture
def segments(office: Office) -> None:
    with office.work() as work:
        for name, kind in (("North", "port"), ("South", "yard"), ("=cmd()", "port")):
            make_up(work.session, "MarketSegment", name=name, kind=kind)


def sheet(browser: Browser, path: str) -> list[dict[str, str]]:
    answer = browser.open(path)
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_a_list_is_exported_as_it_was_narrowed_and_sorted(manager: Browser, segments: None) -> None:
    everything = sheet(manager, "/registers/MarketSegment/export")
    ports = sheet(manager, "/registers/MarketSegment/export?kind=port&sort=-name")

    assert len(everything) == 3
    assert [row["name"] for row in ports] == ["North", "'=cmd()"]


def test_an_export_of_many_pages_has_every_record_once(manager: Browser, office: Office) -> None:
    with office.work() as work:
        for number in range(450):
            make_up(work.session, "MarketSegment", name=f"S{number}")

    names = [row["name"] for row in sheet(manager, "/registers/MarketSegment/export")]

    assert len(names) == len(set(names)) == 450


def test_an_export_names_nothing_that_its_reader_may_not_see(
    manager: Browser, office: Office
) -> None:
    with office.work() as work:
        secret = make_up(
            work.session, "Feedback", depth=0, subject="The boss", category="staff_conduct"
        )
        told = {"category": "billing", "about_user": None, "merged_into": secret.id}
        make_up(work.session, "Feedback", depth=0, subject="The bill", **told)

    [row] = sheet(manager, "/registers/Feedback/export")

    assert row["subject"] == "The bill"
    assert "boss" not in "".join(row.values())


@pytest.mark.parametrize("kind", ["Nonsense", "CostEntry", "Holiday"])
def test_a_register_that_one_may_not_see_is_not_exported(
    sign_in: SignIn, office: Office, kind: str
) -> None:
    outsider: Actor = office.hire("customer")

    assert sign_in(outsider).open(f"/registers/{kind}/export").status_code == 404


@pytest.mark.parametrize(("language", "written"), [("en", "12.50,"), ("nl", "12,50;")])
def test_amounts_and_moments_are_written_as_the_reader_s_spreadsheet_reads_them(
    sign_in: SignIn, office: Office, language: str, written: str
) -> None:
    with office.work() as work:
        make_up(work.session, "CostEntry", document_no="D1", amount=Decimal("12.50"))
    reader = replace(office.hire("accountant"), language=language)
    assert reader.user_id is not None
    with office.work() as work:
        get_user(work.session, reader.user_id).language = language

    text = sign_in(reader).open("/registers/CostEntry/export").data.decode("utf-8-sig")

    assert written in text
    assert re.search(r"[,;]2026-03-02 \d\d:\d\d:\d\d[,;]", text)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_what_was_exported_can_be_imported_elsewhere(
    sign_in: SignIn, office: Office, language: str
) -> None:
    admin = office.hire("admin")
    olga = office.hire("service_owner", name="olga")
    told: dict[str, Any] = {
        "name": '=SUM(A1); "mail"',
        "utility": "+31 on\ntwo lines",
        "state": ServiceState.LIVE,
        "version": 3,
        "owner": olga.user_id,
        "availability_pct": Decimal("99.50"),
        "investment_ceiling": Decimal("1234567.89"),
        "live_on": date(2024, 2, 29),
        "investment": "grow",
    }
    with office.work() as work:
        work.session.get_one(User, olga.user_id).full_name = "Olga Åberg, IT"
        work.session.get_one(User, admin.user_id).language = language
        acme = Customer(name="-Acme", created_at=work.now, created_by="x")
        work.session.add(acme)
        work.session.flush()
        told["customer_id"] = acme.id
        mail = Service(number="SRV-2024-0007", created_at=work.now, created_by="x", **told)
        work.session.add(mail)
    exported = sign_in(admin).open("/registers/Service/export").data
    with office.work() as work:
        work.session.delete(work.session.get_one(Service, mail.id))

    with office.work(admin) as work:
        file = imports.keep_upload(work, "Service", "services.csv", exported)
        work.session.flush()
        imports.import_upload(work, "Service", file.id)

    with office.look() as work:
        again = work.session.scalars(select(Service)).one()
        assert {name: getattr(again, name) for name in told} == told
        assert again.number == "SRV-2024-0007"
