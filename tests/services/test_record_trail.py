"""From a record to its cases and its history, and from a case to its records."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.registers.feedback import Feedback
from ssflow.domain.registers.portfolio import ServiceProposal
from ssflow.services import registers
from ssflow.services.audit import record
from ssflow.services.record_trail import cases_of_record, records_of_case, trail_of_record
from ssflow.store.instances import lock_instance
from tests.made_up import make_up
from tests.services.bundles import one_task
from tests.services.office import Office


@pytest.fixture
def admin(office: Office) -> Actor:
    return office.hire("admin")


@pytest.fixture
def case_id(office: Office) -> UUID:
    office.deploy(one_task())
    return office.start(SYSTEM)


def tell(office: Office, case_id: UUID, kind: str, record_id: UUID, **more: Any) -> None:
    """Have the case's trail tell of a record, as a step does."""
    with office.work() as work:
        case = lock_instance(work.session, case_id)
        told = {"kind": kind, "id": str(record_id), "number": None, "after": {"title": "x"}}
        record(work, AuditAction.RECORD_CREATED, case, **{**told, **more})


def put(office: Office, kind: str, /, **values: Any) -> Any:
    with office.work() as work:
        return make_up(work.session, kind, depth=0, **values)


def test_a_case_lists_the_records_it_wrote_in_order(
    office: Office, admin: Actor, case_id: UUID
) -> None:
    first, second = put(office, "ServiceProposal"), put(office, "Decision")
    for kind, made in (
        ("ServiceProposal", first),
        ("Decision", second),
        ("ServiceProposal", first),
    ):
        tell(office, case_id, kind, made.id)

    found = office.act(admin, records_of_case, case_id)

    assert [made.id for made in found] == [first.id, second.id]


def test_what_is_gone_or_no_record_is_left_out(office: Office, admin: Actor, case_id: UUID) -> None:
    tell(office, case_id, "ServiceProposal", uuid4())
    tell(office, case_id, "Nonsense", uuid4())
    tell(office, case_id, "Decision", uuid4(), id="nothing")

    assert office.act(admin, records_of_case, case_id) == []


def test_a_confidential_complaint_is_not_listed_for_others(
    office: Office, admin: Actor, case_id: UUID
) -> None:
    secret: Feedback = put(office, "Feedback", category="staff_conduct")
    tell(office, case_id, "Feedback", secret.id)

    assert office.act(office.hire("brm"), records_of_case, case_id) == []
    assert [f.id for f in office.act(admin, records_of_case, case_id)] == [secret.id]


def test_a_record_lists_cases_by_its_trail_its_own_note_and_its_number(
    office: Office, admin: Actor, case_id: UUID
) -> None:
    own, keyed = office.start(SYSTEM), office.start(SYSTEM, business_key="N-1")
    office.start(SYSTEM)
    proposal: ServiceProposal = put(office, "ServiceProposal", number="N-1", instance_id=own)
    tell(office, case_id, "ServiceProposal", proposal.id)

    cases = office.act(admin, cases_of_record, proposal)

    assert {case.id for case in cases} == {case_id, own, keyed}
    assert office.act(office.hire("orderer"), cases_of_record, proposal) == []


def test_the_trail_of_a_record_tells_all_its_changes_and_nothing_else(
    office: Office, admin: Actor
) -> None:
    acme = office.act(admin, registers.add_record, "Customer", {"name": "Acme"})
    office.act(admin, registers.add_record, "Customer", {"name": "Other"})
    told = {"name": "Acme", "kind": "internal", "tier": "key", "status": "active"}
    office.now += timedelta(days=40)
    changed = office.act(admin, registers.change_record, "Customer", str(acme.id), told)

    seen = office.act(admin, trail_of_record, changed)

    assert [event.action for event in seen] == ["record.changed", "record.created"]
    assert office.act(office.hire("brm"), trail_of_record, changed) == []
