"""The end of a service: facts, decision, announcement, more time, retirement, archive."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ssflow.domain.registers.budget import Budget, BudgetLine, BudgetState, CostEntry
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import (
    Decision,
    Document,
    Service,
    ServiceAsset,
    ServiceDependency,
    WrongStateError,
)
from ssflow.domain.registers.work import ActionItem
from ssflow.operations.operation import EffectKind, OperationRefusedError
from tests.operations.conftest import Portfolio

PLAN = {
    "end_date": "2026-09-01",
    "replacement": None,
    "migration": "Move to chat",
    "data": [{"data": "Mails", "disposition": "archive", "retention_until": "2040-01-01"}],
    "assets": [],
}


@pytest.fixture
def mail(portfolio: Portfolio, office_roles: None) -> Service:
    return portfolio.live_service(
        owner=portfolio.initiator, customer_id=portfolio.customer.id, security_class="secret"
    )


def call(portfolio: Portfolio, name: str, service: Service, **more: Any) -> dict[str, Any]:
    return portfolio.call(f"retirement.{name}", service=str(service.id), **more)


def announce(portfolio: Portfolio, service: Service, days: int = 90, **plan: Any) -> Any:
    return call(portfolio, "announce", service, plan=PLAN | plan, notice_days=days)


def test_the_facts_tell_who_and_what_depends_on_a_service(
    portfolio: Portfolio, mail: Service
) -> None:
    portfolio.put(Customer, name="Unconcerned", mandate_holder=portfolio.initiator)
    other = portfolio.put(Service, number="SRV-9", name="Alarm", state="live")
    portfolio.put(ServiceDependency, service_id=other.id, other_id=mail.id, kind="depends_on")
    server = portfolio.put(ServiceAsset, service_id=mail.id, name="Server")

    facts = call(portfolio, "facts", mail)

    assert [c["name"] for c in facts["customers"]] == ["Acme"]
    assert [d["name"] for d in facts["dependants"]] == ["Alarm"]
    assert [a["asset"] for a in facts["assets"]] == [str(server.id)]
    assert (facts["regulated_data"], facts["users"], facts["audience"]) == (True, None, "internal")


def test_a_decision_is_recorded_once(portfolio: Portfolio, mail: Service) -> None:
    told = call(portfolio, "decide", mail, decision="rework", comment="Vague")
    [first] = portfolio.session.query(Decision)

    again = call(portfolio, "decide", mail, decision="rework", recorded=str(first.id))

    assert told == {"number": first.number, "outcome": "rework", "comment": "Vague"} | {
        "conditions": ""
    }
    assert again == told
    assert portfolio.session.query(Decision).count() == 1
    assert (first.question, first.subject_id) == ("retirement", mail.id)


@pytest.mark.parametrize(
    ("planned", "days", "end"),
    [("2026-09-01", 90, "2026-09-01"), ("2026-03-10", 90, "2026-05-31"), (None, 14, "2026-03-16")],
)
def test_the_end_is_as_planned_but_not_before_the_notice_is_over(
    portfolio: Portfolio, mail: Service, planned: str | None, days: int, end: str
) -> None:
    told = announce(portfolio, mail, days, end_date=planned)

    assert told == {"end_date": end}
    assert (mail.state, str(mail.end_date)) == ("retiring", end)
    [effect] = portfolio.context.effects
    assert effect.kind == EffectKind.NOTICE
    assert effect.payload["to"] == [str(portfolio.initiator), "brm", "service_desk"]


def test_announcing_says_what_becomes_of_the_assets(portfolio: Portfolio, mail: Service) -> None:
    server = portfolio.put(ServiceAsset, service_id=mail.id, name="Server")

    announce(portfolio, mail, assets=[{"asset": str(server.id), "disposition": "sell"}])

    assert server.disposition == "sell"


def test_the_end_can_only_be_moved_to_a_later_day(portfolio: Portfolio, mail: Service) -> None:
    announce(portfolio, mail)

    call(portfolio, "extend", mail, new_end="2026-10-01")

    assert str(mail.end_date) == "2026-10-01"
    with pytest.raises(WrongStateError, match="later"):
        call(portfolio, "extend", mail, new_end="2026-10-01")
    with pytest.raises(OperationRefusedError, match="new end"):
        call(portfolio, "extend", mail)


def test_an_announced_end_can_be_taken_back(portfolio: Portfolio, mail: Service) -> None:
    announce(portfolio, mail)

    call(portfolio, "take_back", mail)

    assert (mail.state, mail.end_date, mail.replacement_id) == ("live", None, None)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("take_back", {}),
        ("extend", {"new_end": "2027-01-01"}),
        ("retire", {}),
    ],
)
def test_only_an_announced_end_can_be_moved_taken_back_or_reached(
    portfolio: Portfolio, mail: Service, name: str, more: dict[str, Any]
) -> None:
    with pytest.raises((WrongStateError, OperationRefusedError), match="retiring"):
        call(portfolio, name, mail, **more)

    assert mail.state == "live"


@pytest.mark.parametrize("name", ["facts", "announce", "decide"])
def test_what_is_about_to_end_is_not_ended_again(
    portfolio: Portfolio, mail: Service, name: str
) -> None:
    announce(portfolio, mail)
    more: dict[str, dict[str, Any]] = {
        "announce": {"plan": PLAN, "notice_days": 1},
        "decide": {"decision": "approve"},
    }

    with pytest.raises(OperationRefusedError, match="needs it to be “live”"):
        call(portfolio, name, mail, **more.get(name, {}))


def test_what_was_spent_is_not_asked_to_be_frozen(portfolio: Portfolio, mail: Service) -> None:
    for year, amount in ((2026, 500), (2027, 70)):
        budget = portfolio.put(
            Budget, number=f"BUD-{year}", fiscal_year=year, state=BudgetState.APPROVED
        )
        line = portfolio.put(
            BudgetLine,
            name=f"Licences {year}",
            budget_id=budget.id,
            category="software",
            budget_class="operational",
            amount=Decimal(amount),
            service_id=mail.id,
        )
        portfolio.put(
            CostEntry,
            document_no=f"D-{year}",
            period="2026-02",
            booking_date=date(2026, 2, 1),
            gl="6100",
            amount=Decimal(380 if year == 2026 else 0),
            line_id=line.id,
        )
    announce(portfolio, mail)
    portfolio.context.effects.clear()

    told = call(portfolio, "retire", mail)

    asked = [e.payload["variables"]["amount"] for e in portfolio.context.effects]
    assert (asked, told["frozen"]) == ([120.0, 70.0], 190.0)


def test_changes_of_a_retired_service_are_stopped(portfolio: Portfolio, mail: Service) -> None:
    defined = portfolio.up_to("defined", change_type="major", service=str(mail.id))
    other = portfolio.in_another_case()
    built = other.up_to("chartered", change_type="minor", service=str(mail.id))
    portfolio.in_another_case().up_to("live", change_type="minor", service=str(mail.id))
    announce(portfolio, mail)
    portfolio.context.effects.clear()

    call(portfolio, "retire", mail)

    sent = [
        (e.payload["correlation_key"], e.payload["name"], e.payload["payload"]["reason"])
        for e in portfolio.context.effects
        if e.kind is EffectKind.SEND_MESSAGE
    ]
    reason = "SRV-2025-0001 Mail has retired."
    assert sent == [
        (defined["number"], "proposal_withdrawn", reason),
        (built["number"], "service_stopped", reason),
    ]


def test_a_retired_service_frees_its_budget_and_leaves_its_agreements(
    portfolio: Portfolio, mail: Service
) -> None:
    budget = portfolio.put(Budget, number="BUD-1", fiscal_year=2026, state=BudgetState.APPROVED)
    for name, amount, frozen in (("Licences", 500, 100), ("Gone", 50, 50)):
        portfolio.put(
            BudgetLine,
            name=name,
            budget_id=budget.id,
            category="software",
            budget_class="operational",
            amount=Decimal(amount),
            frozen=Decimal(frozen),
            service_id=mail.id,
        )
    announce(portfolio, mail)
    portfolio.context.effects.clear()

    told = call(portfolio, "retire", mail)

    [effect] = portfolio.context.effects
    assert told == {"retired_on": "2026-03-02", "frozen": 400.0}
    assert (effect.kind, effect.payload["key"]) == (
        EffectKind.START_PROCESS,
        "fin_budget_amendment",
    )
    assert effect.payload["variables"]["kind"] == "freeze"
    assert (mail.state, mail.retired_on) == ("retired", date(2026, 3, 2))
    assert sorted(a.what for a in portfolio.session.query(ActionItem)) == [
        "Close the rates of SRV-2025-0001 Mail",
        "End the agreements of SRV-2025-0001 Mail",
    ]


@pytest.mark.parametrize(
    ("kept", "until"),
    [("2040-01-01", "2040-01-01"), (None, "2033-03-02"), ("2027-01-01", "2033-03-02")],
)
def test_the_archive_is_kept_as_long_as_its_data(
    portfolio: Portfolio, mail: Service, kept: str | None, until: str
) -> None:
    call(portfolio, "decide", mail, decision="approve", comment="Enough")
    plan = PLAN | {"data": [{"data": "Mails", "disposition": "archive", "retention_until": kept}]}

    told = call(portfolio, "archive", mail, plan=plan, lessons="Ask <b>early</b>")

    [document] = portfolio.session.query(Document)
    assert (told["retention_until"], str(document.retention_until)) == (until, until)
    assert b"Ask &lt;b&gt;early&lt;/b&gt;" in document.content
    assert b"Enough" in document.content
