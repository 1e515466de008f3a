"""Registers: who maintains records, and who sees which of them."""

from typing import Any

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.registers.portfolio import Service, ServiceProposal, ServiceState
from ssflow.domain.registers.record import Record
from ssflow.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from ssflow.forms.submission import FormError
from ssflow.services import registers
from ssflow.services.register_forms import maintained_kinds
from ssflow.services.registers import add_record, change_record, list_register, read_record
from ssflow.store.records import RECORD_KINDS
from tests.services.office import Office


@pytest.fixture
def admin(office: Office) -> Actor:
    return office.hire("admin")


def put(office: Office, kind: type[Record], **values: Any) -> Any:
    """Put a record there as a process would."""
    with office.work() as work:
        made = kind(created_at=work.now, created_by="system", **values)
        work.session.add(made)
    return made


def names(office: Office, actor: Actor, kind: str, **query: Any) -> list[str]:
    page = office.act(actor, list_register, kind, **query)
    return [record.name for record in page.items]


# --- maintaining ----------------------------------------------------------------------------------


def test_an_administrator_adds_and_changes_records(office: Office, admin: Actor) -> None:
    added = office.act(admin, add_record, "Customer", {"name": "Acme", "tier": "key"})

    office.act(
        admin,
        change_record,
        "Customer",
        str(added.id),
        {"name": "Acme Ltd", "kind": "external", "tier": "key", "status": "active"},
    )

    found = office.act(admin, read_record, "Customer", str(added.id))
    assert (found.name, found.kind, found.tier, found.status) == (
        *("Acme Ltd", "external", "key", "active"),
    )
    assert (found.created_by, found.updated_at) == (admin.key, office.now)
    stream = f"sys-{office.now.date().isoformat()}"
    told = office.details(stream, AuditAction.RECORD_CHANGED)
    assert told["before"] == {"name": "Acme", "kind": "internal"}
    assert told["after"] == {"name": "Acme Ltd", "kind": "external"}
    assert office.details(stream, AuditAction.RECORD_CREATED)["after"]["name"] == "Acme"


def test_a_change_that_changes_nothing_is_not_told(office: Office, admin: Actor) -> None:
    added = office.act(admin, add_record, "Holiday", {"day": "2026-12-25", "name": "Christmas"})
    stream = f"sys-{office.now.date().isoformat()}"
    before = office.actions(stream)

    office.act(
        admin,
        change_record,
        "Holiday",
        str(added.id),
        {"day": "2026-12-25", "name": "Christmas"},
    )

    assert office.actions(stream) == before


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("Customer", {"name": "Acme"}),
        ("StrategicObjective", {"text": "Grow", "kpi": "Customers"}),
        ("MarketSegment", {"name": "North", "needs": "Speed"}),
        ("Holiday", {"day": "2026-12-25", "name": "Christmas"}),
    ],
)
def test_every_maintained_kind_can_be_added_once(
    office: Office, admin: Actor, kind: str, values: dict[str, Any]
) -> None:
    added = office.act(admin, add_record, kind, values)

    with pytest.raises(ConflictError, match=kind):
        office.act(admin, add_record, kind, values)

    view = office.act(admin, registers.record_form, kind, str(added.id))
    assert {name: view.values[name] for name in values} == values


def test_an_asset_belongs_to_a_service(office: Office, admin: Actor) -> None:
    service = put(office, Service, number="SRV-2026-0001", name="Mail")

    asset = office.act(
        admin, add_record, "ServiceAsset", {"service_id": str(service.id), "name": "Server"}
    )

    assert asset.service_id == service.id
    with pytest.raises(InvalidInputError):
        office.act(admin, add_record, "ServiceAsset", {"name": "Loose"})


def test_two_records_cannot_be_changed_into_the_same(office: Office, admin: Actor) -> None:
    office.act(admin, add_record, "MarketSegment", {"name": "North"})
    south = office.act(admin, add_record, "MarketSegment", {"name": "South"})

    with pytest.raises(ConflictError):
        office.act(admin, change_record, "MarketSegment", str(south.id), {"name": "North"})

    assert names(office, admin, "MarketSegment") == ["North", "South"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "x", "tier": "gold"}, "tier"),
        ({"name": "x", "mandate_holder": "nobody"}, "mandate_holder"),
        ({"name": "x", "parent_id": "00000000-0000-4000-8000-000000000000"}, "parent_id"),
        ({"name": "x", "next_review": "2026-02-30"}, "next_review"),
        ({"name": "x", "created_by": "me"}, "created_by"),
        ({"name": "x", "id": "1"}, "id"),
        ({"name": "a\0b"}, "name"),
        ({"name": "\ud800"}, "name"),
    ],
)
def test_a_wrong_record_is_told_by_field(
    office: Office, admin: Actor, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        office.act(admin, add_record, "Customer", values)

    assert set(refused.value.errors) == {field}
    assert names(office, admin, "Customer") == []


def test_somebody_without_the_role_cannot_be_named_for_it(office: Office, admin: Actor) -> None:
    brm, customer = office.hire("brm"), office.hire("customer")

    with pytest.raises(InvalidInputError) as refused:
        office.act(admin, add_record, "Customer", {"name": "Acme", "mandate_holder": brm.key})
    office.act(admin, add_record, "Customer", {"name": "Acme", "mandate_holder": customer.key})

    assert set(refused.value.errors) == {"mandate_holder"}


@pytest.mark.parametrize("role", ["portfolio_manager", "customer", "auditor", "process_designer"])
def test_only_administrators_maintain_registers(office: Office, role: str) -> None:
    actor = office.hire(role)

    for kind in maintained_kinds():
        with pytest.raises(ForbiddenError):
            office.act(actor, add_record, kind, {})
        with pytest.raises(ForbiddenError):
            office.act(actor, registers.record_form, kind)


def test_what_processes_write_nobody_maintains_by_hand(office: Office, admin: Actor) -> None:
    for kind in set(RECORD_KINDS) - set(maintained_kinds()):
        with pytest.raises(NotFoundError):
            office.act(admin, add_record, kind, {})


# --- looking --------------------------------------------------------------------------------------


def test_people_of_the_organisation_see_every_register(office: Office) -> None:
    actor = office.hire("service_desk")

    with office.look(actor) as work:
        assert registers.readable_kinds(work) == sorted(RECORD_KINDS)
        for kind in RECORD_KINDS:
            assert list_register(work, kind).items == []


@pytest.mark.parametrize("roles", [("customer",), ("orderer",), ("customer", "orderer"), ()])
def test_outsiders_see_only_their_own_side(office: Office, roles: tuple[str, ...]) -> None:
    outsider, other = office.hire(*roles), office.hire("customer")
    with office.work() as work:
        for name, holder in (("Own", outsider), ("Other", other)):
            work.session.add(
                RECORD_KINDS["Customer"](
                    created_at=work.now, created_by="x", name=name, mandate_holder=holder.user_id
                )  # type: ignore[call-arg] # the class is looked up by name
            )
    put(office, Service, number="SRV-1", name="Live", state=ServiceState.LIVE)
    put(office, Service, number="SRV-2", name="Planned")
    put(office, Service, number="SRV-3", name="Gone", state=ServiceState.RETIRED)
    hidden = put(office, ServiceProposal, number="PRP-1", title="Theirs", change_type="new")
    put(
        office,
        ServiceProposal,
        number="PRP-2",
        title="Mine",
        change_type="new",
        initiator=outsider.user_id,
    )

    assert names(office, outsider, "Customer") == ["Own"]
    assert names(office, outsider, "Service") == ["Live"]
    proposals = office.act(outsider, list_register, "ServiceProposal").items
    assert [p.title for p in proposals] == ["Mine"]
    with pytest.raises(NotFoundError):
        office.act(outsider, read_record, "ServiceProposal", str(hidden.id))
    with pytest.raises(NotFoundError):
        office.act(outsider, read_record, "Service", "SRV-2")
    with office.look(outsider) as work:
        assert registers.readable_kinds(work) == ["Customer", "Service", "ServiceProposal"]


def test_proposals_about_ones_own_organisation_are_seen(office: Office, admin: Actor) -> None:
    customer = office.hire("customer")
    acme = office.act(
        admin, add_record, "Customer", {"name": "Acme", "mandate_holder": customer.key}
    )
    told = {"number": "PRP-1", "title": "For us", "change_type": "new", "customer_id": acme.id}
    proposal = put(office, ServiceProposal, **told)

    assert office.act(customer, read_record, "ServiceProposal", "PRP-1").id == proposal.id


def test_an_outsider_gets_full_pages_of_what_he_may_see(office: Office) -> None:
    customer = office.hire("customer")
    for n in range(12):
        state = ServiceState.LIVE if n % 4 == 3 else ServiceState.PROPOSED
        put(office, Service, number=f"SRV-{n:02}", name=f"S{n:02}", state=state)
    found: list[str] = []
    cursor = None

    while True:
        page = office.act(customer, list_register, "Service", limit=2, cursor=cursor)
        found += [s.name for s in page.items]
        if (cursor := page.next_cursor) is None:
            break

    assert found == ["S03", "S07", "S11"]


def test_registers_are_searched_and_filtered(office: Office, admin: Actor) -> None:
    put(office, Service, number="SRV-1", name="Mail", state=ServiceState.LIVE)
    put(office, Service, number="SRV-2", name="Maps")

    assert names(office, admin, "Service", q="ma") == ["Mail", "Maps"]
    assert names(office, admin, "Service", q="MAP") == ["Maps"]
    assert names(office, admin, "Service", filters={"state": "live"}) == ["Mail"]
    with pytest.raises(InvalidInputError):
        office.act(admin, list_register, "Service", filters={"state": "lost"})


def test_a_customer_is_never_part_of_itself(office: Office, admin: Actor) -> None:
    told = {"kind": "internal", "tier": "standard", "status": "active"}
    hall = office.act(admin, add_record, "Customer", {"name": "Hall", **told})
    part = {"name": "Shop", **told, "parent_id": str(hall.id)}
    shop = office.act(admin, add_record, "Customer", part)

    for parent in (hall, shop):
        changed = {"name": "Hall", **told, "parent_id": str(parent.id)}
        with pytest.raises(FormError) as refused:
            office.act(admin, change_record, "Customer", str(hall.id), changed)
        assert refused.value.errors == {"parent_id": ["“Hall” would be part of itself."]}
