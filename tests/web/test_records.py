"""Records on pages: every kind, in every language, with its cases and its history."""

import re
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import inspect

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.registers.record import record_as_json
from ssflow.services import registers
from ssflow.services.audit import record
from ssflow.store.instances import lock_instance
from ssflow.store.records import RECORD_KINDS
from ssflow.web.record_words import LABELS
from tests.made_up import make_up
from tests.services.bundles import one_task
from tests.services.office import Office
from tests.web.browsing import Browser, text_of
from tests.web.conftest import SignIn

UNTOLD = {
    *("id", "created_at", "created_by", "updated_at", "row_version", "is_demo", "content"),
}


@pytest.fixture
def manager(sign_in: SignIn, office: Office) -> Browser:
    return sign_in(office.hire("portfolio_manager"))


@pytest.fixture
def admin_actor(office: Office) -> Actor:
    return office.hire("admin")


@pytest.fixture
def admin(sign_in: SignIn, admin_actor: Actor) -> Browser:
    return sign_in(admin_actor)


def put(office: Office, kind: str, /, **values: Any) -> Any:
    with office.work() as work:
        return make_up(work.session, kind, **values)


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_every_kind_of_record_is_listed_and_opened(
    admin: Browser, office: Office, kind: str
) -> None:
    record = put(office, kind)

    listed = admin.open(f"/registers/{kind}")
    opened = admin.open(f"/registers/{kind}/{record.id}")

    assert listed.status_code == opened.status_code == 200
    assert listed.text.count("data-row") >= 1
    assert "1234.56" not in opened.text


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_every_value_of_a_record_has_a_label(kind: str) -> None:
    told = set(inspect(RECORD_KINDS[kind]).column_attrs.keys()) - UNTOLD

    assert told - LABELS.keys() == set()


def test_values_read_as_their_reader_writes_them(admin: Browser, office: Office) -> None:
    service = put(office, "Service", name="Mail", availability_pct=Decimal("99.5"), depth=0)

    page = text_of(admin.open(f"/registers/Service/{service.number}"))
    admin.send("/profile/settings", language="nl", timezone="")
    dutch = text_of(admin.open(f"/registers/Service/{service.number}"))

    assert "Availability 99.50 %" in page
    assert "Most to be invested EUR 1,234.56" in page
    assert "Beschikbaarheid 99,50 %" in dutch
    assert "Hoogste investering EUR 1.234,56" in dutch


def test_what_a_record_refers_to_is_a_link_if_one_may_see_it(
    admin: Browser, manager: Browser, office: Office
) -> None:
    line = put(office, "BudgetLine")

    page = admin.open(f"/registers/BudgetLine/{line.id}").text

    assert f'href="/registers/BusinessCase/{line.business_case_id}"' in page


def test_a_decision_names_what_it_is_about_and_what_was_asked(
    admin: Browser, office: Office
) -> None:
    proposal = put(office, "ServiceProposal", title="A mill")
    made = put(office, "Decision", subject_id=proposal.id, question="approval")

    page = text_of(admin.open(f"/registers/Decision/{made.number}"))

    assert f"What was decided on {proposal.number} A mill" in page
    assert str(proposal.id) not in page
    assert "Question approval" in page


def test_a_decision_about_a_case_leads_to_it(
    admin: Browser, office: Office, admin_actor: Actor
) -> None:
    office.deploy(one_task())
    case_id = office.start(admin_actor, business_key="ASK-7")
    decision = put(office, "Decision", subject_type="ProcessInstance", subject_id=case_id)

    page = admin.open(f"/registers/Decision/{decision.id}").text

    assert re.search(rf'<a href="/instances/{case_id}">\s*ASK-7\s*</a>', page)


def test_the_process_that_asked_is_named(admin: Browser, office: Office) -> None:
    bpmn = one_task()["p.bpmn"].replace(b'<bpmn:process id="p"', b'<bpmn:process id="p" name="Ask"')
    office.deploy({"p.bpmn": bpmn})
    sources = {"p": "Ask", "by_hand": "by hand"}
    made = {source: put(office, "BudgetAmendment", source=source).id for source in sources}

    told = {s: text_of(admin.open(f"/registers/BudgetAmendment/{made[s]}")) for s in sources}

    assert all(f"Asked for by {name}" in told[source] for source, name in sources.items())


def test_a_confidential_complaint_is_not_named_by_another(manager: Browser, office: Office) -> None:
    secret = put(office, "Feedback", depth=0, subject="The boss", category="staff_conduct")
    merged = put(
        office, "Feedback", depth=0, category="billing", about_user=None, merged_into=secret.id
    )

    page = text_of(manager.open(f"/registers/Feedback/{merged.number}"))

    assert "The boss" not in page
    assert "Merged into not for you to see" in page


# --- narrowing and sorting ------------------------------------------------------------------------


@pytest.fixture
def customers(office: Office, admin_actor: Actor) -> Actor:
    brm = office.hire("brm", name="berta")
    for name, tier, keeper in (
        ("Acme", "key", brm.key),
        ("Berg", "standard", None),
        ("Cora", "key", None),
    ):
        told = {"name": name, "tier": tier, "brm": keeper, "kind": "internal", "status": "active"}
        office.act(admin_actor, registers.add_record, "Customer", told)
    return brm


def found(browser: Browser, path: str) -> list[str]:
    page = text_of(browser.open(path)).rpartition("Relationship manager")[2]
    return [word for word in page.split() if word in ("Acme", "Berg", "Cora")]


def test_a_list_is_narrowed_by_what_its_records_hold(manager: Browser, customers: Actor) -> None:
    page = manager.open("/registers/Customer").text

    assert 'name="tier"' in page
    assert f'value="{customers.key}"' in page
    assert 'name="kind"' not in page  # all of one kind: nothing to choose
    assert found(manager, "/registers/Customer?tier=key") == ["Acme", "Cora"]
    assert found(manager, f"/registers/Customer?brm={customers.key}") == ["Acme"]
    assert found(manager, "/registers/Customer?tier=key&q=co") == ["Cora"]


@pytest.mark.parametrize(
    "query",
    ["tier=gold", "tier=", "brm=nobody", "sort=secret", "sort=-", "created_by=x", "sort=brm"],
)
def test_a_list_that_makes_no_sense_shows_everything(
    manager: Browser, customers: Actor, query: str
) -> None:
    assert found(manager, f"/registers/Customer?{query}") == ["Acme", "Berg", "Cora"]


def test_a_list_is_sorted_by_a_column_either_way(manager: Browser, customers: Actor) -> None:
    assert found(manager, "/registers/Customer?sort=-name") == ["Cora", "Berg", "Acme"]
    assert found(manager, "/registers/Customer?sort=tier")[2] == "Berg"
    assert 'aria-sort="descending"' in manager.open("/registers/Customer?sort=-name").text


def test_a_list_where_nothing_fits_offers_all(manager: Browser, customers: Actor) -> None:
    page = text_of(manager.open("/registers/Customer?q=nowhere"))

    assert "Nothing found" in page
    assert "Show all" in page


def test_customers_are_not_offered_what_others_use(
    sign_in: SignIn, office: Office, customers: Actor
) -> None:
    outsider = sign_in(office.hire("customer"))

    page = outsider.open("/registers/Customer").text

    assert customers.key not in page
    assert 'name="tier"' in page


def test_pages_of_a_sorted_list_go_on_where_the_last_one_ended(
    manager: Browser, office: Office
) -> None:
    for number in range(60):
        put(office, "MarketSegment", name=f"S{number:02}", kind=f"{number % 7}")

    first = manager.open("/registers/MarketSegment?sort=-kind")
    [next_url] = [
        line.split('href="')[1].split('"')[0].replace("&amp;", "&")
        for line in first.text.replace("\n", " ").split("<a ")
        if 'rel="next"' in line
    ]
    second = manager.open(next_url)

    words = f"{text_of(first)} {text_of(second)}".split()
    names = [word for word in words if re.fullmatch(r"S\d\d", word)]
    assert len(names) == len(set(names)) == 60


def test_amounts_stand_below_each_other(manager: Browser, office: Office) -> None:
    with office.work() as work:
        make_up(work.session, "BudgetLine", name="Licences", amount=Decimal("1234.50"))

    page = manager.open("/registers/BudgetLine").text

    assert re.search(r'class="amount">\s*<span>EUR\xa01,234.50</span>', page)
    assert len(re.findall(r'<th scope="col" class="amount"', page)) == 1


# --- cases and history ----------------------------------------------------------------------------


def test_the_history_of_a_record_tells_who_changed_what(
    admin: Browser, admin_actor: Actor, manager: Browser, office: Office, customers: Actor
) -> None:
    [acme] = office.act(admin_actor, registers.list_register, "Customer", q="acme").items
    told = {"name": "Acme", "tier": "standard", "kind": "internal", "status": "active", "brm": None}
    office.act(admin_actor, registers.change_record, "Customer", str(acme.id), told)

    page = text_of(admin.open(f"/registers/Customer/{acme.id}"))
    others = text_of(manager.open(f"/registers/Customer/{acme.id}"))

    assert "Record changed" in page
    assert "Tier key customer standard" in page
    assert "Relationship manager Berta –" in page
    assert "Record changed" not in others


def test_a_record_leads_to_its_case_and_the_case_back(
    admin: Browser, manager: Browser, office: Office
) -> None:
    instance_id, proposal = _case_with_proposal(office)

    record_page = admin.open(f"/registers/ServiceProposal/{proposal}")
    case_page = admin.open(f"/instances/{instance_id}")

    assert f"/instances/{instance_id}" in record_page.text
    assert "Records that it wrote" in text_of(case_page)
    assert f"/registers/ServiceProposal/{proposal}" in case_page.text


def test_a_case_says_why_its_record_ended_as_it_did(admin: Browser, office: Office) -> None:
    instance_id, _ = _case_with_proposal(office)
    with office.work(SYSTEM) as work:
        refused = make_up(work.session, "BudgetAmendment", outcome="Licences has EUR 5.00 free.")
        record(
            work,
            AuditAction.RECORD_CREATED,
            lock_instance(work.session, instance_id),
            kind="BudgetAmendment",
            id=str(refused.id),
            number=None,
            after={},
        )

    assert "Licences has EUR 5.00 free." in text_of(admin.open(f"/instances/{instance_id}"))


def _case_with_proposal(office: Office) -> tuple[UUID, str]:
    """A case whose trail tells that it made a proposal, as a step of a process leaves it."""
    office.deploy(one_task())
    instance_id = office.start(SYSTEM)
    with office.work() as work:
        made = make_up(work.session, "ServiceProposal", depth=0, instance_id=instance_id)
        told = {"kind": "ServiceProposal", "id": str(made.id), "number": made.number}
        case = lock_instance(work.session, instance_id)
        record(work, AuditAction.RECORD_CREATED, case, **told, after=record_as_json(made))
    return instance_id, made.number


# --- what stands in lists and objects -------------------------------------------------------------


def test_what_was_said_with_a_sender_is_told_in_words_and_in_the_reader_s_time(
    admin: Browser, office: Office
) -> None:
    replies = [
        {"at": "2026-03-02T23:30:00+00:00", "by": "us", "text": "We are sorry."},
        {"at": "2026-03-03T08:00:00+00:00", "by": "customer", "text": "it_is_fine"},
    ]
    sender = {"name": "Kim", "email": "kim@example.org", "organisation": ""}
    told = put(office, "Feedback", depth=0, category="billing", replies=replies, sender=sender)

    admin.send("/profile/settings", language="en", timezone="Europe/Amsterdam")
    page = text_of(admin.open(f"/registers/Feedback/{told.number}"))

    assert "Sender Name Kim E-mail kim@example.org Organisation –" in page
    assert "When Who Text 3 Mar 2026, 00:30 We We are sorry." in page
    assert "The sender it_is_fine" in page
    assert "digest" not in page


def test_money_people_and_choices_inside_a_value_are_told_as_elsewhere(
    admin: Browser, admin_actor: Actor, office: Office
) -> None:
    votes = [{"member": str(admin_actor.user_id), "vote": "approve_with_conditions", "reason": ""}]
    decision = put(office, "Decision", depth=0, votes=votes)
    budget = put(office, "Budget", depth=0, ceilings={"capital": "433000.00"}, guidelines={})

    voted = text_of(admin.open(f"/registers/Decision/{decision.number}"))
    planned = text_of(admin.open(f"/registers/Budget/{budget.number}"))

    assert "approve with conditions" in voted
    assert str(admin_actor.user_id) not in voted
    assert "Ceilings capital expenditure EUR 433,000" in planned
