"""The trail: everything is in it, and nobody changes it unseen."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from ssflow.domain.audit import AuditAction, chain_hash
from ssflow.domain.identity import Actor
from ssflow.services import instances, user_tasks
from ssflow.services.attachments import store_attachment
from ssflow.services.audit import Verification, verify_all, verify_stream
from ssflow.services.incidents import retry_incident
from ssflow.services.people import create_user
from tests.engine.diagrams import decision_table, end, flows, rule, script, start, user
from tests.services.bundles import Files, bundle, one_task, text_field
from tests.services.office import Office


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


def eventful() -> Files:
    files = bundle(
        start(),
        user("U_ask", role="service_owner", form="ask", variable="asked"),
        rule("B_level", "level"),
        script("X_bad", "share = 1 / parts"),
        user("U_end", role="service_owner"),
        end(),
        flows("start U_ask B_level X_bad U_end end"),
        ask=[text_field("name")],
    )
    rows = [['"Ann"', '"high"'], ["-", '"low"']]
    return {**files, "level.dmn": decision_table("level", ["asked.name"], ["level"], rows)}


@pytest.fixture
def busy_case(office: Office, owner: Actor) -> UUID:
    """A case in which about everything happened that can."""
    office.deploy(eventful())
    admin = office.hire("admin")
    instance_id = office.start(owner, parts=0, emoji="👩‍👩‍👧‍👦 \u2028 שלום")
    ask = office.task(instance_id, "U_ask")
    office.claim(owner, ask.id)
    office.act(owner, user_tasks.release_task, ask.id)
    office.act(owner, instances.add_comment, instance_id, "Let us see.")
    office.act(owner, store_attachment, "a.txt", "", b"x", instance_id=instance_id)
    office.complete(owner, ask.id, name="Ann")
    office.act(admin, instances.suspend_instance, instance_id, "Look")
    office.act(admin, instances.resume_instance, instance_id)
    office.act(admin, retry_incident, office.incident(instance_id).id, {"parts": 2}, "Mended")
    office.complete(owner, office.task(instance_id, "U_end").id, said={"deep": [1, 2.5, None]})
    return instance_id


def verify(office: Office, stream: Any) -> Verification:
    with office.look() as work:
        return verify_stream(work, str(stream))


def test_the_chain_holds_after_everything(office: Office, busy_case: UUID) -> None:
    verification = verify(office, busy_case)

    assert verification.is_ok
    assert (
        verification.events == len(office.events(busy_case)) == office.instance(busy_case).audit_seq
    )
    assert office.actions(busy_case) == [
        "instance.started",
        "task.created",
        "task.claimed",
        "task.released",
        "comment.added",
        "file.attached",
        "task.completed",
        "incident.opened",
        "instance.suspended",
        "instance.resumed",
        "incident.retried",
        "task.created",
        "task.completed",
        "instance.ended",
    ]


def test_bodies_hold_what_a_replay_needs(office: Office, busy_case: UUID, owner: Actor) -> None:
    started = office.details(busy_case, AuditAction.INSTANCE_STARTED)
    [completed] = [e for e in office.events(busy_case) if e.activity_id == "U_ask" and e.seq == 7]
    body = json.loads(completed.body)

    assert started["variables"] == {"parts": 0, "emoji": "👩‍👩‍👧‍👦 \u2028 שלום"}
    assert (body["actor"], body["action"]) == (owner.key, "task.completed")
    assert body["details"]["fields"] == {"name": "Ann"}
    assert body["details"]["path"][:4] == ["U_ask", "f_U_ask_B_level", "B_level", "f_B_level_X_bad"]
    [decision] = body["details"]["decisions"]
    assert (decision["decision"], decision["rows"]) == ("level", [1])
    assert decision["outputs"] == {"level": "high"}
    assert office.details(busy_case, AuditAction.INSTANCE_ENDED) == {"end_event": "end"}


def test_bodies_are_canonical_json(office: Office, busy_case: UUID) -> None:
    for event in office.events(busy_case):
        read = json.loads(event.body)
        again = json.dumps(read, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

        assert again == event.body
        assert (read["v"], read["seq"], read["stream"]) == (1, event.seq, str(busy_case))


def test_what_belongs_to_no_case_has_the_stream_of_its_day(office: Office) -> None:
    with office.work() as work:
        create_user(work, "ann")
    office.now = office.now.replace(day=3)
    with office.work() as work:
        create_user(work, "ben")

    assert office.actions("sys-2026-03-02") == office.actions("sys-2026-03-03") == ["user.created"]
    assert verify(office, "sys-2026-03-02").is_ok
    with office.look() as work:
        assert [v.stream for v in verify_all(work)] == ["sys-2026-03-02", "sys-2026-03-03"]


# --- tampering by somebody who owns the database --------------------------------------------------


def tamper(office: Office, *statements: str, **values: Any) -> None:
    """Change the trail as only the owner of the database can: without its triggers."""
    with office.database.engine.begin() as connection:
        if office.database.is_sqlite:
            found = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            )
            for (name,) in found.fetchall():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("ALTER TABLE audit_event DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(text(statement), values)


def rewrite(office: Office, stream: Any, seq: int, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change an event's body and make every hash after it fit again."""
    prev = office.events(stream)[seq - 1].prev
    for event in office.events(stream)[seq - 1 :]:
        body = event.body
        if event.seq == seq:
            read = json.loads(body)
            change(read)
            body = json.dumps(read)
        own = chain_hash(prev, body)
        tamper(
            office,
            "UPDATE audit_event SET body = :body, prev = :prev, hash = :hash WHERE id = :id",
            body=body,
            prev=prev,
            hash=own,
            id=event.id,
        )
        prev = own


TAMPERINGS = {
    "body": "UPDATE audit_event SET body = replace(body, 'Ann', 'Eve') WHERE seq = 7",
    "hash": "UPDATE audit_event SET hash = prev WHERE seq = 7",
    "prev": "UPDATE audit_event SET prev = hash WHERE seq = 7",
    "actor": "UPDATE audit_event SET actor = 'somebody' WHERE seq = 7",
    "action": "UPDATE audit_event SET action = 'task.claimed' WHERE seq = 7",
    "unknown action": "UPDATE audit_event SET action = 'task.vanished' WHERE seq = 7",
    "moment": "UPDATE audit_event SET at = '2020-01-01 00:00:00' WHERE seq = 7",
    "element": "UPDATE audit_event SET activity_id = 'U_other' WHERE seq = 7",
    "case": "UPDATE audit_event SET instance_id = NULL WHERE seq = 7",
    "empty body": "UPDATE audit_event SET body = '' WHERE seq = 7",
    "hole": "DELETE FROM audit_event WHERE seq = 7",
    "first": "DELETE FROM audit_event WHERE seq = 1",
    "tail": "DELETE FROM audit_event WHERE seq >= 13",
    "last": "DELETE FROM audit_event WHERE seq = 14",
    "number": "UPDATE audit_event SET seq = 77 WHERE seq = 14",
}


@pytest.mark.parametrize("statement", TAMPERINGS.values(), ids=TAMPERINGS)
def test_tampering_is_found(office: Office, busy_case: UUID, statement: str) -> None:
    tamper(office, f"{statement} AND stream = '{busy_case}'")

    verification = verify(office, busy_case)

    assert not verification.is_ok
    assert verification.problem


def test_swapped_events_are_found(office: Office, busy_case: UUID) -> None:
    where = f"AND stream = '{busy_case}'"
    tamper(
        office,
        f"UPDATE audit_event SET seq = 1000 WHERE seq = 3 {where}",
        f"UPDATE audit_event SET seq = 3 WHERE seq = 4 {where}",
        f"UPDATE audit_event SET seq = 4 WHERE seq = 1000 {where}",
    )

    assert verify(office, busy_case).problem == "Event 3 does not follow the event before it."


def test_a_rewritten_chain_does_not_fit_the_case(office: Office, busy_case: UUID) -> None:
    rewrite(office, busy_case, 7, lambda body: body["details"].update(fields={"name": "Eve"}))

    assert not verify(office, busy_case).is_ok


@pytest.mark.parametrize(
    "body", ["[]", "7", "null", '"x"', "{}", "[" * 100_000, '{"actor": 1}', "not JSON", "\u2028"]
)
def test_a_malformed_event_is_a_finding_not_an_error(
    office: Office, busy_case: UUID, body: str
) -> None:
    prev = office.events(busy_case)[6].prev
    told = {"body": body, "hash": chain_hash(prev, body), "stream": str(busy_case)}
    tamper(
        office,
        "UPDATE audit_event SET body = :body, hash = :hash WHERE seq = 7 AND stream = :stream",
        **told,
    )

    assert verify(office, busy_case).problem == "Event 7 is not readable."


def test_columns_of_another_type_are_a_finding(office: Office, busy_case: UUID) -> None:
    if office.database.is_sqlite:
        tamper(office, "UPDATE audit_event SET body = x'ff00', hash = 'text' WHERE seq = 7")
    else:
        tamper(office, "UPDATE audit_event SET body = '', hash = '' WHERE seq = 7")

    assert not verify(office, busy_case).is_ok


def test_a_case_whose_whole_trail_is_gone_is_found(office: Office, busy_case: UUID) -> None:
    tamper(office, f"DELETE FROM audit_event WHERE stream = '{busy_case}'")

    with office.look() as work:
        problems = {v.stream: v.problem for v in verify_all(work) if not v.is_ok}

    assert list(problems) == [str(busy_case)]


def test_the_trail_of_a_case_that_is_gone_is_found(office: Office, busy_case: UUID) -> None:
    office.deploy(one_task())
    tables = ("incident", "comment", "attachment", "user_task", "job", "message_subscription")
    tamper(
        office,
        *(
            f"DELETE FROM {table} WHERE instance_id = '{_key(office, busy_case)}'"
            for table in tables
        ),
        f"DELETE FROM process_instance WHERE id = '{_key(office, busy_case)}'",
    )

    assert verify(office, busy_case).problem == "The case of this trail is gone."


def _key(office: Office, case: UUID) -> str:
    return case.hex if office.database.is_sqlite else str(case)


def test_verifying_goes_on_behind_a_broken_chain(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    cases = [office.start(owner) for _ in range(3)]
    tamper(office, f"UPDATE audit_event SET body = '{{}}' WHERE stream = '{cases[1]}' AND seq = 1")

    with office.look() as work:
        broken = [v.stream for v in verify_all(work) if not v.is_ok]

    assert broken == [str(cases[1])]
