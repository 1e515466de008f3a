"""Notices: mails to people about what happened, in their language and at their pace."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ssflow.config import Outside
from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor, NoticePace
from ssflow.domain.job import JobKind
from ssflow.services import instances
from ssflow.store import jobs as job_rows
from tests.loopback import MailServer, mail_server
from tests.services.bundles import one_task
from tests.services.office import Office
from tests.services.test_mails import meet, outbox, states

HOUR = timedelta(hours=1)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def owner(office: Office, server: MailServer) -> Actor:
    office.outside = Outside(
        base_url="https://ssflow.example.org", mail_url=server.url, mail_from="s@example.org"
    )
    return office.hire("service_owner")


@pytest.fixture
def case(office: Office, owner: Actor) -> UUID:
    office.deploy(one_task())
    return office.start(owner, business_key="PRP-2026-0001")


def tell(office: Office, instance_id: UUID | None, **payload: Any) -> None:
    """Ask for a notice, as an effect does, and do what is due."""
    row = {"kind": JobKind.NOTICE, "due_at": office.now, "payload": payload}
    with office.work() as work:
        row |= {"created_at": office.now, "instance_id": instance_id}
        job_rows.add_jobs(work.session, [row])
    office.run_jobs()


def text_of(server: MailServer, number: int = 0) -> str:
    body = server.mails[number].get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_a_notice_leads_to_its_case(office: Office, server: MailServer, case: UUID) -> None:
    ann = meet(office, "ann")

    tell(office, case, template="decision", to=str(ann), title="Robots", decision="approved")

    assert server.mails[0]["Subject"] == "Decision on Robots"
    assert "It was decided: approved." in text_of(server)
    assert f"https://ssflow.example.org/instances/{case}" in text_of(server)
    assert office.details(case, AuditAction.NOTICE_SENT) == {
        "template": "decision",
        "to": [str(ann)],
    }


def test_a_notice_about_a_task_leads_to_the_task(
    office: Office, server: MailServer, case: UUID
) -> None:
    ann, task = meet(office, "ann"), office.task(case, "U_do")

    tell(office, case, template="reminder", to=[str(ann)], task=str(task.id), task_name="Do it")

    assert f"https://ssflow.example.org/tasks/{task.id}" in text_of(server)
    assert "PRP-2026-0001" in text_of(server)


@pytest.mark.parametrize(
    "template", ["reminder", "overdue", "taken_over", "taken_away", "task_assigned"]
)
@pytest.mark.parametrize(("language", "name"), [("nl", "Doe het"), ("sv", "Gör det"), ("en", "Do")])
def test_a_task_is_called_as_its_reader_calls_it(
    office: Office, server: MailServer, owner: Actor, template: str, language: str, name: str
) -> None:
    labels = {"nl": {"U_do": "Doe het"}, "sv": {"U_do": "Gör det"}}
    office.deploy({**one_task(), "p.i18n.json": json.dumps(labels).encode()})
    case = office.start(owner)
    task = office.task(case, "U_do")
    to = [str(meet(office, "ann", language=language))]

    tell(office, case, template=template, to=to, task=str(task.id), task_name="Do")

    assert str(server.mails[0]["Subject"]).endswith(f": {name}")
    assert f'"{name}"' in text_of(server)


@pytest.mark.parametrize("language", ["en", "nl", "sv"])
@pytest.mark.parametrize("template", ["taken_over", "taken_away"])
def test_what_need_not_be_done_any_more_is_a_paragraph_of_its_own(
    office: Office, server: MailServer, case: UUID, template: str, language: str
) -> None:
    to = [str(meet(office, "ann", language=language))]

    tell(office, case, template=template, to=to, task_name="Do", person="Bo", is_done=False)

    paragraphs = text_of(server).split("\n\n")
    last = {"en": "You need not", "nl": "U hoeft niets", "sv": "Du behöver inte"}[language]
    assert paragraphs[2].startswith(last)


def test_facts_may_stand_together(office: Office, server: MailServer, case: UUID) -> None:
    facts = {"title": "Robots", "decision": "approved"}

    tell(office, case, template="decision", to=str(meet(office, "ann")), facts=facts)

    assert server.mails[0]["Subject"] == "Decision on Robots"


@pytest.mark.parametrize("link", ["//evil.net/", "https://evil.net/", "javascript:alert(1)"])
def test_a_notice_never_leads_elsewhere(
    office: Office, server: MailServer, case: UUID, link: str
) -> None:
    tell(office, case, template="decision", to=str(meet(office, "ann")), link=link, title="x")

    assert "evil" not in text_of(server)
    assert "javascript" not in text_of(server)


def test_somebody_without_an_account_gets_a_public_link(
    office: Office, server: MailServer, case: UUID
) -> None:
    tell(
        office,
        case,
        template="acknowledgement",
        to=["customer@example.org"],
        name="Zoë",
        language="nl",
        number="CMP-2026-0001",
        subject="De rekening",
        link="/public/feedback/status",
    )

    assert server.mails[0]["Subject"] == "Wij hebben uw bericht ontvangen: CMP-2026-0001"
    assert text_of(server).startswith("Beste Zoë,\n\nDank u voor uw bericht")
    assert "https://ssflow.example.org/public/feedback/status" in text_of(server)


def test_strangers_are_not_led_to_a_case(office: Office, server: MailServer, case: UUID) -> None:
    tell(
        office, case, template="acknowledgement", to="customer@example.org", number="1", subject=""
    )

    assert "https://" not in text_of(server)


def test_a_notice_of_an_unknown_name_tells_its_facts(
    office: Office, server: MailServer, case: UUID
) -> None:
    secret_id = str(uuid4())
    told = {"amount": 1200, "secret_id": secret_id, "reason": "Over budget"}

    tell(office, case, template="budget_refused", to=str(meet(office, "ann")), **told)

    assert server.mails[0]["Subject"] == "Budget refused"
    assert "Amount: 1200\nReason: Over budget" in text_of(server)
    assert secret_id not in text_of(server)


def test_the_excluded_and_the_inactive_get_none(
    office: Office, server: MailServer, case: UUID
) -> None:
    ann, bea = meet(office, "ann", "brm"), meet(office, "bea", "brm")
    meet(office, "cas", "brm", is_active=False)

    tell(office, case, template="decision", to="brm", exclude=[str(ann)], title="x")

    assert server.addresses == ["bea@example.org"]
    assert office.details(case, AuditAction.NOTICE_SENT)["to"] == [str(bea)]


def test_who_wants_none_gets_none_and_the_trail_says_so(
    office: Office, server: MailServer, case: UUID
) -> None:
    ann = meet(office, "ann", notices=NoticePace.NONE)

    tell(office, case, template="decision", to=str(ann), title="x")

    told = office.details(case, AuditAction.NOTICE_SENT)
    assert (server.mails, told["to"], told["unwanted"]) == ([], [], [str(ann)])


def test_a_notice_without_a_case_is_told_on_its_day(office: Office, server: MailServer) -> None:
    office.outside = Outside(mail_url=server.url)
    ann = meet(office, "ann")

    tell(office, None, template="text", to=str(ann), subject="Backup", text="Done.")

    assert server.mails[0]["Subject"] == "Backup"
    day = f"sys-{office.now.date().isoformat()}"
    assert office.details(day, AuditAction.NOTICE_SENT)["to"] == [str(ann)]


def test_a_notice_leaves_though_its_case_was_cancelled(
    office: Office, server: MailServer, case: UUID
) -> None:
    server.answers["*"] = "451 Try later"
    tell(office, case, template="decision", to=str(meet(office, "ann")), title="x")
    office.act(office.hire("admin"), instances.cancel_instance, case, "No")
    server.answers.clear()

    office.run_jobs(after=HOUR)

    assert states(office) == {"ann@example.org": "sent"}


def test_a_server_that_is_away_for_an_hour_costs_nobody_a_notice(
    office: Office, server: MailServer, case: UUID
) -> None:
    server.answers["*"] = "421 Not now"
    tell(office, case, template="decision", to=str(meet(office, "ann")), title="x")
    for _ in range(6):
        office.run_jobs(after=timedelta(minutes=10))
    server.answers.clear()

    office.run_jobs(after=HOUR)

    assert (len(server.mails), states(office)) == (1, {"ann@example.org": "sent"})


def test_a_notice_that_never_left_stays_on_the_list(
    office: Office, server: MailServer, case: UUID
) -> None:
    server.answers["*"] = "421 Not now"
    tell(office, case, template="decision", to=str(meet(office, "ann")), title="x")

    for _ in range(9):
        office.run_jobs(after=HOUR)

    [job] = office.jobs()
    assert (job.kind, job.due_at, job.attempts) == (JobKind.MAIL, None, 8)
    assert (states(office), office.incidents(case)) == ({"ann@example.org": "failed"}, [])


# --- once a day -----------------------------------------------------------------------------------


def test_one_mail_a_day_at_seven_where_the_reader_is(
    office: Office, server: MailServer, case: UUID
) -> None:
    told = {"notices": NoticePace.DAILY, "timezone": "Asia/Tokyo", "language": "nl"}
    ann = meet(office, "ann", **told)
    tell(office, case, template="decision", to=str(ann), title="Een")
    office.now += timedelta(seconds=1)
    tell(office, case, template="decision", to=str(ann), title="Twee")
    held = (states(office), len(server.mails), office.next_due_at())

    office.run_jobs(after=timedelta(days=1))

    assert held == (
        {"ann@example.org": "held"},
        0,
        datetime(2026, 3, 2, 22, 0, tzinfo=UTC),
    )
    [mail] = server.mails
    assert mail["Subject"] == "2 berichten van ssflow"
    assert "- Besluit over Een\n- Besluit over Twee" in text_of(server)
    assert office.jobs() == []
    assert {str(mail.state) for mail in outbox(office)} == {"sent"}


def test_a_digest_that_did_not_leave_is_tried_again_whole(
    office: Office, server: MailServer, case: UUID
) -> None:
    ann = meet(office, "ann", notices=NoticePace.DAILY)
    tell(office, case, template="decision", to=str(ann), title="One")
    server.answers["*"] = "421 Not now"
    office.run_jobs(after=timedelta(days=1))
    server.answers.clear()

    office.run_jobs(after=HOUR)

    assert "Decision on One" in text_of(server)
    assert len(server.mails) == 1


def test_digests_follow_each_other(office: Office, server: MailServer, case: UUID) -> None:
    ann = meet(office, "ann", notices=NoticePace.DAILY)
    for title in ("One", "Two"):
        tell(office, case, template="decision", to=str(ann), title=title)
        office.run_jobs(after=timedelta(days=1))

    assert [mail["Subject"] for mail in server.mails] == ["1 notice from ssflow"] * 2
    assert "Two" in text_of(server, 1)
