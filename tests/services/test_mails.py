"""Mails that diagrams send: each leaves once, the case waits, and nothing is lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ssflow.config import Outside
from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor, RoleGrant, User
from ssflow.domain.mail import Mail, MailState
from ssflow.services import incidents, instances
from ssflow.services.attachments import store_attachment
from ssflow.store import mail as rows
from tests.engine.diagrams import after, boundary, end, flows, service, start, user
from tests.loopback import MailServer, mail_server, silent_server
from tests.services.bundles import Files, bundle
from tests.services.office import Office

HOUR = timedelta(hours=1)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def owner(office: Office, server: MailServer) -> Actor:
    office.outside = Outside(mail_url=server.url, mail_from="processes@example.org")
    return office.hire("service_owner")


def mailing(**given: str) -> Files:
    """A process that sends a mail and then opens a task."""
    return bundle(
        start(),
        service(
            "S_mail", "mail.send", {"subject": "'Hello'", "text": "'All is well.'"} | given, "m"
        ),
        user("U_see", role="service_owner"),
        end(),
        flows("start S_mail U_see end"),
    )


def meet(office: Office, name: str, *roles: str, email: str | None = "", **told: Any) -> UUID:
    """Make somebody with an address."""
    address = f"{name}@example.org" if email == "" else email
    with office.work() as work:
        person = User(
            name=name,
            **({"full_name": name.title()} | told),
            email=address,
            created_at=office.now,
        )
        work.session.add(person)
        work.session.flush()
        work.session.add_all(RoleGrant(user_id=person.id, role=role) for role in roles)
    return person.id


def outbox(office: Office) -> list[Mail]:
    with office.look() as work:
        return list(reversed(rows.list_mails(work.session, limit=200).items))


def states(office: Office) -> dict[str, str]:
    return {mail.address: str(mail.state) for mail in outbox(office)}


# --- what a mail says -----------------------------------------------------------------------------


def test_a_mail_says_the_same_as_text_and_html(
    office: Office, server: MailServer, owner: Actor
) -> None:
    office.deploy(mailing(to="'ann@example.org'", text="'2 < 3 & <b>\\n\\nSecond part'"))
    instance_id = office.start(owner)

    office.run_jobs()

    [mail] = server.mails
    [row] = outbox(office)
    assert (server.addresses, mail["To"], mail["Subject"]) == (
        ["ann@example.org"],
        "ann@example.org",
        "Hello",
    )
    assert mail["From"] == "ssflow <processes@example.org>"
    assert mail["Message-ID"] == f"<{row.id}@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().startswith("2 < 3 & <b>\r\n\r\nSecond part\r\n")
    assert "2 &lt; 3 &amp; &lt;b&gt;" in html.get_content()
    assert office.open(instance_id) == ["U_see"]
    assert office.variables(instance_id)["m"] == {
        "sent": 1,
        "refused": [],
        "without_address": 0,
        "unknown": [],
    }


def test_each_reads_in_a_language_of_their_own(
    office: Office, server: MailServer, owner: Actor
) -> None:
    meet(office, "ann", "brm", full_name="Ann Ek", language="sv")
    meet(office, "bea", "brm", full_name="Bea Zoë", language="nl")
    facts = "{'task_name': 'Offert', 'due_at': '2026-03-02T12:00:00+00:00'}"
    office.deploy(mailing(to="'brm'", template="'reminder'", facts=facts))
    office.start(owner)

    office.run_jobs()

    told = {mail["To"].addresses[0].addr_spec: mail for mail in server.mails}
    assert told["ann@example.org"]["Subject"] == "Påminnelse: Offert"
    assert told["bea@example.org"]["Subject"] == "Herinnering: Offert"
    body = told["bea@example.org"].get_body(("plain",))
    assert body is not None
    assert body.get_content().startswith("Beste Bea Zoë,")
    assert "maandag 2 maart 2026 om 13:00" in body.get_content()


def test_signs_of_all_languages_arrive(office: Office, server: MailServer, owner: Actor) -> None:
    meet(office, "ola", full_name='Öla, "Å" Ωmega', email="ola@example.org")
    office.deploy(mailing(to="'ola'", subject="'Grüße – Ελλάδα € 🎉'"))
    office.start(owner)

    office.run_jobs()

    [mail] = server.mails
    assert mail["Subject"] == "Grüße – Ελλάδα € 🎉"
    assert mail["To"].addresses[0].display_name == 'Öla, "Å" Ωmega'


def test_a_line_break_does_not_make_a_header(
    office: Office, server: MailServer, owner: Actor
) -> None:
    meet(office, "eve", full_name="Eve\r\nBcc: all@example.org")
    office.deploy(mailing(to="'eve'", subject="'Hi\\r\\nBcc: all@example.org\\r\\n\\r\\nbody'"))
    office.start(owner)

    office.run_jobs()

    [mail] = server.mails
    assert mail["Subject"] == "Hi Bcc: all@example.org body"
    assert (mail["Bcc"], server.addresses) == (None, ["eve@example.org"])
    assert mail["To"].addresses[0].display_name == "Eve Bcc: all@example.org"


@pytest.mark.parametrize(
    "address",
    [
        "a@b\r\nBcc: c@d",
        "a@b, c@d",
        "<a@b>",
        "Ann <a@b>",
        "a@",
        "@b",
        "a b@c",
        "a@b;c@d",
        '"a"@b',
        "x" * 250 + "@example.org",
    ],
)
def test_what_is_no_address_gets_no_mail(
    office: Office, server: MailServer, owner: Actor, address: str
) -> None:
    office.deploy(mailing(to="address"))
    instance_id = office.start(owner, address=address)

    office.run_jobs()

    assert (server.mails, office.open(instance_id)) == ([], ["U_see"])
    assert office.variables(instance_id)["m"]["unknown"] == [address.strip()]


def test_files_of_the_case_go_along(office: Office, server: MailServer, owner: Actor) -> None:
    office.deploy(
        bundle(
            start(),
            user("U_first", role="service_owner"),
            service(
                "S_mail", "mail.send", {"to": "'a@b.org'", "text": "'See'", "attachments": "files"}
            ),
            end(),
            flows("start U_first S_mail end"),
        )
    )
    instance_id = office.start(owner, files=[])
    file = office.act(
        owner, store_attachment, "Plän\r\n.csv", "text/csv", b"a;b", instance_id=instance_id
    )
    task = office.task(instance_id, "U_first")
    office.complete(owner, task.id, files=[str(file.id)])

    office.run_jobs()

    [attached] = list(server.mails[0].iter_attachments())
    assert (attached.get_content_type(), attached.get_content()) == ("text/csv", "a;b")
    assert attached.get_filename() == "Plän.csv"


# --- who gets it ----------------------------------------------------------------------------------


def test_nobody_gets_two_and_those_who_left_get_none(
    office: Office, server: MailServer, owner: Actor
) -> None:
    ann = meet(office, "ann", "brm", "slm")
    bea = meet(office, "bea", "brm")
    meet(office, "cas", "brm", is_active=False)
    meet(office, "dan", "brm", email="ANN@example.org")
    to = f"['brm', 'slm', '{ann}', 'ann', 'ann@example.org']"
    office.deploy(mailing(to=to, exclude=f"['{bea}']"))
    office.start(owner)

    office.run_jobs()

    assert server.addresses == ["ann@example.org"]


def test_people_without_an_address_are_told_in_the_trail(
    office: Office, server: MailServer, owner: Actor
) -> None:
    ann = meet(office, "ann", "brm", email=None)
    bea = meet(office, "bea", "brm")
    office.deploy(mailing(to="['brm', 'nobody_here']"))
    instance_id = office.start(owner)

    office.run_jobs()

    told = office.details(instance_id, AuditAction.MAIL_QUEUED)
    assert (told["to"], told["without_address"], told["unknown"]) == (
        [str(bea)],
        [str(ann)],
        ["nobody_here"],
    )
    assert office.variables(instance_id)["m"]["without_address"] == 1
    assert (len(server.mails), office.incidents(instance_id)) == (1, [])


def test_addresses_of_strangers_stay_out_of_the_trail(
    office: Office, server: MailServer, owner: Actor
) -> None:
    office.deploy(mailing(to="'secret.person@example.org'"))
    instance_id = office.start(owner)

    office.run_jobs()

    assert office.details(instance_id, AuditAction.MAIL_QUEUED)["to"] == ["s…@example.org"]
    assert "secret.person" not in "".join(event.body for event in office.events(instance_id))


@pytest.mark.slow
def test_five_hundred_get_one_each(office: Office, server: MailServer, owner: Actor) -> None:
    addresses = [f"reader{number}@example.org" for number in range(500)]
    office.deploy(mailing(to="readers"))
    instance_id = office.start(owner, readers=addresses)

    office.run_jobs()

    assert sorted(server.addresses) == sorted(addresses)
    assert office.variables(instance_id)["m"]["sent"] == 500
    assert office.open(instance_id) == ["U_see"]
    assert len({mail["Message-ID"] for mail in server.mails}) == 500


# --- when it does not leave -----------------------------------------------------------------------


def test_a_server_that_hangs_is_tried_again_and_then_an_incident(
    office: Office, server: MailServer, owner: Actor
) -> None:
    office.deploy(mailing(to="'ann@example.org'"))
    instance_id = office.start(owner)
    with silent_server() as port:
        office.outside = replace(office.outside, mail_url=f"smtp://127.0.0.1:{port}?timeout=1")
        office.run_jobs()
        office.run_jobs(after=HOUR)
        before = office.incidents(instance_id)
        office.run_jobs(after=HOUR)
    incident, admin = office.incident(instance_id), office.hire("admin")
    failed = outbox(office)
    office.outside = replace(office.outside, mail_url=server.url)

    office.act(admin, incidents.retry_incident, incident.id)
    office.run_jobs()

    assert (before, incident.activity_id) == ([], "S_mail")
    assert incident.message.startswith("1 of 1 mails did not leave. The mail did not leave:")
    assert [(m.state, m.attempts) for m in failed] == [(MailState.FAILED, 3)]
    assert (server.addresses, states(office)) == (
        ["ann@example.org"],
        {"ann@example.org": "sent"},
    )
    assert office.open(instance_id) == ["U_see"]


def test_trying_again_reaches_only_those_who_were_not_reached(
    office: Office, server: MailServer, owner: Actor
) -> None:
    office.deploy(mailing(to="['ann@example.org', 'bea@example.org']"))
    server.answers["bea@example.org"] = "451 Try later"
    instance_id, admin = office.start(owner), office.hire("admin")
    for _ in range(4):
        office.run_jobs(after=HOUR)
    incident = office.incident(instance_id)
    server.answers.clear()

    office.act(admin, incidents.retry_incident, incident.id)
    office.run_jobs()

    assert incident.message == "1 of 2 mails did not leave. The mail did not leave: Try later."
    assert server.addresses == ["ann@example.org", "bea@example.org"]
    assert office.variables(instance_id)["m"]["sent"] == 2


def test_an_address_that_is_refused_does_not_stop_the_others(
    office: Office, server: MailServer, owner: Actor
) -> None:
    office.deploy(mailing(to="['ann@example.org', 'gone@example.org']"))
    server.answers["gone@example.org"] = "550 No such user"
    instance_id = office.start(owner)

    office.run_jobs()

    assert (office.jobs(), office.open(instance_id)) == ([], ["U_see"])
    assert office.variables(instance_id)["m"]["refused"] == ["gone@example.org"]
    assert states(office) == {"ann@example.org": "sent", "gone@example.org": "failed"}


def test_a_mail_that_all_refuse_is_an_incident_at_once(
    office: Office, server: MailServer, owner: Actor
) -> None:
    office.deploy(mailing(to="'gone@example.org'"))
    server.answers["*"] = "550 No such user"
    instance_id = office.start(owner)

    office.run_jobs()

    assert "The mail was refused: No such user." in office.incident(instance_id).message
    assert outbox(office)[0].attempts == 1


def test_a_password_is_not_sent_in_the_clear(
    office: Office, server: MailServer, owner: Actor
) -> None:
    url = server.url.replace("127.0.0.1", "me:s3cret@127.0.0.1").replace("smtp:", "smtp+starttls:")
    office.outside = replace(office.outside, mail_url=url)
    office.deploy(mailing(to="'ann@example.org'"))
    instance_id = office.start(owner)

    for _ in range(4):
        office.run_jobs(after=HOUR)

    message = office.incident(instance_id).message
    assert (server.mails, "STARTTLS" in message, "s3cret" in message) == ([], True, False)


def test_an_unknown_template_is_an_incident_at_once(
    office: Office, server: MailServer, owner: Actor
) -> None:
    office.deploy(mailing(to="'ann@example.org'", template="'../../etc/passwd'"))
    instance_id = office.start(owner)

    office.run_jobs()

    assert "template: Must be one of" in office.incident(instance_id).message
    assert (outbox(office), office.jobs()) == ([], [])


# --- when the case does not wait any more ---------------------------------------------------------


def test_mails_of_a_cancelled_case_do_not_leave(
    office: Office, server: MailServer, owner: Actor
) -> None:
    office.deploy(mailing(to="['ann@example.org', 'bea@example.org']"))
    server.answers["*"] = "451 Try later"
    instance_id, admin = office.start(owner), office.hire("admin")
    office.run_jobs()
    office.act(admin, instances.cancel_instance, instance_id, "Not needed")
    server.answers.clear()

    office.run_jobs(after=HOUR)

    assert (server.mails, office.jobs()) == ([], [])
    assert set(states(office).values()) == {"dropped"}


def test_mails_go_with_the_step_that_waits_for_them(
    office: Office, server: MailServer, owner: Actor
) -> None:
    office.deploy(
        bundle(
            start(),
            service("S_mail", "mail.send", {"to": "'ann@example.org'", "text": "'x'"}, "m"),
            boundary("T_late", "S_mail", after("'PT1S'"), cancel=True),
            user("U_see", role="service_owner"),
            user("U_call", role="service_owner"),
            end(),
            end("E_late"),
            flows("start S_mail U_see end", "T_late U_call E_late"),
        )
    )
    server.answers["*"] = "451 Try later"
    instance_id = office.start(owner)
    office.run_jobs()
    server.answers.clear()

    office.run_jobs(after=timedelta(seconds=1))
    office.run_jobs(after=HOUR)

    assert (office.open(instance_id), server.mails) == (["U_call"], [])
    assert states(office) == {"ann@example.org": "dropped"}


def test_mails_of_a_suspended_case_wait(office: Office, server: MailServer, owner: Actor) -> None:
    office.deploy(mailing(to="'ann@example.org'"))
    instance_id, admin = office.start(owner), office.hire("admin")
    office.act(admin, instances.suspend_instance, instance_id, "Audit")
    office.run_jobs(after=HOUR)
    held = len(server.mails)

    office.act(admin, instances.resume_instance, instance_id, "Done")
    office.run_jobs()

    assert (held, len(server.mails), office.open(instance_id)) == (0, 1, ["U_see"])


# --- without a mail server ------------------------------------------------------------------------


def test_without_a_server_each_mail_becomes_a_file(
    office: Office, owner: Actor, tmp_path: Path
) -> None:
    folder = tmp_path / "mail"
    office.outside = Outside(mail_folder=folder, mail_from="ssflow@example.org")
    office.deploy(mailing(to="'ann@example.org'", subject="'Åh'"))
    instance_id = office.start(owner)

    office.run_jobs()

    [row] = outbox(office)
    [file] = folder.iterdir()
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (file.name, mail["Subject"]) == (f"{row.id}.eml", "Åh")
    assert (row.state, row.sent_at, office.open(instance_id)) == (
        MailState.SENT,
        office.now,
        ["U_see"],
    )
    assert file.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_tried_again(
    office: Office, owner: Actor, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    office.outside = Outside(mail_folder=tmp_path / "file" / "mail")
    office.deploy(mailing(to="'ann@example.org'"))
    instance_id = office.start(owner)

    office.run_jobs()
    office.outside = Outside(mail_folder=tmp_path / "mail")
    office.run_jobs(after=HOUR)

    assert (len(list((tmp_path / "mail").iterdir())), office.open(instance_id)) == (1, ["U_see"])


def test_when_nothing_may_leave_mails_stay_in_the_outbox(office: Office, owner: Actor) -> None:
    office.outside = Outside()
    office.deploy(mailing(to="'ann@example.org'"))
    instance_id = office.start(owner)

    office.run_jobs()

    assert (states(office), office.open(instance_id)) == ({"ann@example.org": "sent"}, ["U_see"])


def test_mails_that_fail_again_open_the_same_incident_again(
    office: Office, server: MailServer, owner: Actor
) -> None:
    office.deploy(mailing(to="'ann@example.org'"))
    server.answers["*"] = "451 Try later"
    instance_id, admin = office.start(owner), office.hire("admin")
    for _ in range(4):
        office.run_jobs(after=HOUR)
    first = office.incident(instance_id)

    tried = office.act(admin, incidents.retry_incident, first.id)
    is_under_way = []
    for _ in range(4):
        is_under_way.append(office.act(admin, incidents.is_under_way, tried))
        office.run_jobs(after=HOUR)

    again = office.incident(instance_id)
    assert (first.attempts, again.id, again.attempts) == (3, first.id, 6)
    assert is_under_way[:3] == [True, True, True]
