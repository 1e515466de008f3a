"""The pages of mails: one's own, and for operators everybody's."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from ssflow.config import Outside
from ssflow.domain.identity import Actor
from ssflow.domain.mail import Mail
from ssflow.services.mails import list_own_mails
from tests.services.office import Office
from tests.services.test_mails import mailing, meet
from tests.web.conftest import SignIn


@pytest.fixture
def ann(office: Office) -> Actor:
    return Actor(user_id=meet(office, "ann", full_name="Ann Ek"), name="ann")


@pytest.fixture
def mail(office: Office, ann: Actor, tmp_path: Path) -> Mail:
    office.outside = Outside(mail_folder=tmp_path / "mail")
    office.deploy(mailing(to="'ann'", subject="'<b>Grüße'", text="'<script>alert(1)</script>'"))
    office.start(office.hire("service_owner"))
    office.run_jobs(after=timedelta(0))
    with office.look(ann) as work:
        [found] = list_own_mails(work).items
    return found


def test_people_read_the_mails_to_them(sign_in: SignIn, ann: Actor, mail: Mail) -> None:
    browser = sign_in(ann)

    listed = browser.open("/mail").text
    shown = browser.open(f"/mail/{mail.id}").text

    assert f'href="/mail/{mail.id}">&lt;b&gt;Grüße</a>' in listed
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert(1)" not in shown


def test_nobody_reads_the_mails_of_others(sign_in: SignIn, office: Office, mail: Mail) -> None:
    browser = sign_in(office.hire("service_owner"))

    assert "Grüße" not in browser.open("/mail").text
    assert browser.open(f"/mail/{mail.id}").status_code == 404


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_operators_read_any(sign_in: SignIn, office: Office, mail: Mail, role: str) -> None:
    browser = sign_in(office.hire(role))

    assert f'href="/mail/{mail.id}"' in browser.open("/operations/mail").text
    assert browser.open(f"/mail/{mail.id}").status_code == 200


def test_there_is_no_mail_of_an_unknown_number(sign_in: SignIn, office: Office) -> None:
    browser = sign_in(office.hire("admin"))

    assert browser.open(f"/mail/{UUID(int=1)}").status_code == 404
