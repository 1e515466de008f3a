"""The dashboard of complaints: its tables say what there is, and customers do not see it."""

from datetime import timedelta
from typing import Any

import pytest

from ssflow.domain.identity import User
from ssflow.domain.registers.feedback import Feedback, FeedbackState
from ssflow.domain.registers.portfolio import Service, ServiceState
from tests.services.office import Office
from tests.web.browsing import text_of
from tests.web.conftest import SignIn

PAGE = "/dashboards/complaints"


def told(office: Office, number: int, **values: Any) -> None:
    given: dict[str, Any] = {
        "number": f"CMP-2026-{number:04}",
        "subject": "A secret subject",
        "description": "d",
        "sender": {"name": "Nadia"},
        "sender_key": "k",
        "kind": "complaint",
        "created_at": office.now,
        "created_by": "system",
    }
    with office.work() as work:
        work.session.add(Feedback(**given | values))


def test_an_empty_dashboard_says_so(sign_in: SignIn, office: Office) -> None:
    page = sign_in(office.hire("brm")).open(PAGE)

    assert page.status_code == 200
    assert "There is nothing to show yet." in text_of(page)


@pytest.mark.parametrize("role", ["customer", "orderer"])
def test_customers_do_not_see_it(sign_in: SignIn, office: Office, role: str) -> None:
    assert sign_in(office.hire(role)).open(PAGE).status_code == 404


def test_the_tables_count_what_there_is_and_name_nobody(sign_in: SignIn, office: Office) -> None:
    with office.work() as work:
        mail = Service(
            number="SRV-1",
            name="Mail",
            state=ServiceState.LIVE,
            created_at=office.now,
            created_by="system",
        )
        work.session.add(mail)
    due = {"due_resolution_at": office.now - timedelta(hours=1), "priority": "P1"}
    billing = {"category": "billing", "root_cause": "people", "service_id": mail.id}
    told(office, 1, state=FeedbackState.ASSIGNED, resolution_breached=True, **due, **billing)
    for number in (2, 3, 4):
        told(office, number, state=FeedbackState.CLOSED, category="availability", **due)
    told(office, 5, kind="compliment")

    page = sign_in(office.hire("complaint_manager")).open(PAGE)

    said = text_of(page)
    assert "P1 1 0 0 0 0" in said
    assert "Availability 3 75" in said
    assert "Billing 1 100" in said
    assert "People 1 100" in said
    assert "Nadia" not in page.text
    assert "A secret subject" not in page.text
    assert 'href="/registers/Service/SRV-1"' in page.text


@pytest.mark.parametrize(
    ("language", "title"),
    [("nl", "Klachten en complimenten"), ("sv", "Klagomål och beröm")],
)
def test_it_speaks_the_reader_s_language(
    sign_in: SignIn, office: Office, language: str, title: str
) -> None:
    reader = office.hire("brm")
    told(office, 1)
    with office.work() as work:
        work.session.get_one(User, reader.user_id).language = language

    page = sign_in(reader).open(PAGE)

    assert title in text_of(page)


def test_months_are_named_alike_for_readers_far_away(sign_in: SignIn, office: Office) -> None:
    told(office, 1)
    anna = office.hire("brm")
    with office.work() as work:
        work.session.get_one(User, anna.user_id).timezone = "America/Los_Angeles"

    said = text_of(sign_in(anna).open(PAGE))

    assert f"{office.now:%b %Y} 1" in said
