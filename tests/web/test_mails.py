"""The pages of mails: one's own, and for operators everybody's."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from ssflow.config import Config, Outside
from ssflow.domain.identity import Actor
from ssflow.domain.mail import Mail
from ssflow.services.mails import list_own_mails
from tests.services.bundles import one_task
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


def test_a_mail_keeps_its_lines_and_leads_to_what_it_is_about(
    sign_in: SignIn, office: Office, ann: Actor, config: Config
) -> None:
    office.outside = Outside(base_url=config.base_url)
    office.deploy(one_task(due="PT10H", remind="PT1H", assignee=str(ann.user_id)))
    case = office.start(office.hire("service_owner"))
    office.run_jobs(after=timedelta(hours=1))
    with office.look(ann) as work:
        [found] = list_own_mails(work).items

    shown = sign_in(ann).open(f"/mail/{found.id}").text

    link = f"{config.base_url}/tasks/{office.task(case, 'U_do').id}"
    assert f'<a href="{link}">{link}</a>' in shown
    assert '<div class="mail-text" lang="en">Dear Ann Ek,\n\nThe task' in shown


def test_only_links_to_pages_of_ours_can_be_followed(
    sign_in: SignIn, office: Office, ann: Actor, config: Config
) -> None:
    told = f"'{config.base_url}.evil.net/ {config.base_url}@evil.net/ https://evil.net/'"
    office.deploy(mailing(to="'ann'", text=told))
    office.start(office.hire("service_owner"))
    office.run_jobs()
    with office.look(ann) as work:
        [found] = list_own_mails(work).items

    shown = sign_in(ann).open(f"/mail/{found.id}").text

    assert "https://evil.net/" in shown
    assert 'href="http' not in shown


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
