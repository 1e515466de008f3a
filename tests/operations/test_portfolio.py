"""Operations on the portfolio: what each writes, gives and refuses."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from ssflow.domain.identity import User
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import (
    BusinessCase,
    Charter,
    Decision,
    Document,
    ResourceAllocation,
    RiskItem,
    Service,
    ServiceDependency,
    ServiceObjective,
    ServiceProposal,
    WrongStateError,
)
from ssflow.operations.operation import EffectKind, OperationRefusedError, Refusal
from ssflow.operations.portfolio import STAGES
from ssflow.operations.printing import read_blocks
from ssflow.store.records import next_number
from tests.conftest import NOW
from tests.operations.conftest import Portfolio
from tests.services.office import Office


def all_of(portfolio: Portfolio, kind: Any) -> list[Any]:
    return list(portfolio.session.scalars(select(kind).order_by(kind.created_at, kind.id)))


def only(portfolio: Portfolio, kind: Any) -> Any:
    [found] = all_of(portfolio, kind)
    return found


# --- register -------------------------------------------------------------------------------------


def test_a_new_service_is_registered_with_its_proposal(portfolio: Portfolio) -> None:
    result = portfolio.register()

    proposal, service = only(portfolio, ServiceProposal), only(portfolio, Service)
    assert result == {
        "id": str(proposal.id),
        "number": "PRP-2026-0001",
        "service_id": str(service.id),
        "service_number": "SRV-2026-0001",
        "service_name": "Fault reports",
        "mandate_holder": str(portfolio.initiator),
        "customer_name": "Acme",
        "promised": None,
        "similar": [],
    }
    assert (proposal.state, proposal.initiator) == ("proposed", portfolio.initiator)
    assert proposal.instance_id == portfolio.context.instance_id
    assert proposal.wanted_by.isoformat() == "2026-09-01"
    assert (service.state, service.version, service.name) == ("proposed", 0, "Fault reports")


@pytest.mark.parametrize("change_type", ["major", "minor"])
def test_a_change_names_the_service_that_it_changes(portfolio: Portfolio, change_type: str) -> None:
    mail = portfolio.live_service()

    result = portfolio.register(change_type=change_type, service=str(mail.id))

    assert (result["service_id"], result["service_name"]) == (str(mail.id), "Mail")
    assert (mail.state, mail.version) == ("live", 1)
    assert len(all_of(portfolio, Service)) == 1
    with pytest.raises(OperationRefusedError, match="service"):
        portfolio.in_another_case().register(change_type=change_type)


def test_registering_again_in_the_same_case_changes_the_same_proposal(
    portfolio: Portfolio,
) -> None:
    first = portfolio.register()

    again = portfolio.register(title="Fault photos", audience="external", owner=None)

    assert (again["id"], again["number"]) == (first["id"], first["number"])
    assert (again["service_id"], again["service_name"]) == (first["service_id"], "Fault photos")
    assert only(portfolio, ServiceProposal).title == "Fault photos"
    assert only(portfolio, Service).audience == "external"


def test_registering_in_another_case_is_another_proposal(portfolio: Portfolio) -> None:
    portfolio.register()

    other = portfolio.in_another_case().register()

    assert (other["number"], other["service_number"]) == ("PRP-2026-0002", "SRV-2026-0002")


def test_a_proposal_may_turn_from_new_into_a_change_and_back(portfolio: Portfolio) -> None:
    mail, first = portfolio.live_service(), portfolio.register()

    changed = portfolio.register(change_type="minor", service=str(mail.id))
    abandoned = portfolio.session.get(Service, portfolio.context.changes[0].record_id)
    back = portfolio.register(change_type="new")

    assert changed["service_id"] == str(mail.id)
    assert abandoned is not None
    assert back["service_id"] not in (str(mail.id), first["service_id"])
    states = {s.name: s.state for s in all_of(portfolio, Service) if s.name == "Mail"}
    assert states == {"Mail": "live"}
    withdrawn = [s for s in all_of(portfolio, Service) if str(s.id) == first["service_id"]]
    assert [s.state for s in withdrawn] == ["withdrawn"]


def test_a_customer_without_a_mandate_holder_is_refused(portfolio: Portfolio) -> None:
    orphan = portfolio.put(Customer, name="Orphan")

    with pytest.raises(OperationRefusedError) as refused:
        portfolio.register(customer=str(orphan.id))

    assert refused.value.message == (
        "Customer Orphan has no mandate holder; name one in the customer register, then retry."
    )
    assert all_of(portfolio, ServiceProposal) == []


def test_similar_proposals_are_told(portfolio: Portfolio) -> None:
    other = portfolio.put(Customer, name="Better", mandate_holder=portfolio.initiator)
    same_name = portfolio.in_another_case().register(title="FAULT reports", customer=str(other.id))
    same_customer = portfolio.in_another_case().register(title="Something else")
    portfolio.in_another_case().register(title="Unlike", customer=str(other.id))
    ended = portfolio.in_another_case()
    gone = ended.register(title="Ended")
    ended.call("proposal.close", proposal=gone["id"], outcome="withdrawn")

    similar = portfolio.register()["similar"]

    assert {s["number"] for s in similar} == {same_name["number"], same_customer["number"]}
    assert {s["customer"] for s in similar} == {"Acme", "Better"}
    assert set(similar[0]) >= {"number", "title", "state", "customer"}


def test_at_most_ten_similar_proposals_are_told(portfolio: Portfolio) -> None:
    for _ in range(12):
        portfolio.in_another_case().register()

    assert len(portfolio.register()["similar"]) == 10


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", None),
        ("title", 5),
        ("change_type", "huge"),
        ("customer", "nobody"),
        ("audience", "everybody"),
        ("wanted_by", "soon"),
        ("wanted_by", "2026-02-30"),
        ("owner", "me"),
        ("surprise", 1),
    ],
)
def test_a_wrong_parameter_is_told_by_name(portfolio: Portfolio, name: str, value: Any) -> None:
    with pytest.raises(OperationRefusedError, match=f"proposal.register.*{name}") as refused:
        portfolio.register(**{name: value})

    assert refused.value.code is Refusal.WRONG_PARAMETER


def test_a_customer_that_is_not_there_is_told(portfolio: Portfolio) -> None:
    with pytest.raises(OperationRefusedError, match="Customer") as refused:
        portfolio.register(customer=str(uuid4()))

    assert refused.value.code is Refusal.NOT_FOUND


# --- define and analyse ---------------------------------------------------------------------------


def test_the_definition_is_stored_on_proposal_and_service(portfolio: Portfolio) -> None:
    objective = portfolio.objective()
    proposal = portfolio.register()

    result = portfolio.define(proposal["id"], objectives=[str(objective.id), str(objective.id)])

    assert result == {"state": "defined"}
    stored, service = portfolio.proposal(proposal["id"]), portfolio.service(proposal["id"])
    assert stored.definition["desired_outcomes"] == [{"outcome": "Fewer stops", "target": "2"}]
    assert (service.availability_pct, service.rto_hours) == (Decimal("99.50"), 4)
    assert (service.investment_ceiling, service.conditions) == (Decimal(50_000), "On weekdays")
    assert service.state == "defined"
    assert only(portfolio, ServiceObjective).objective_id == objective.id


def test_a_live_service_keeps_its_promises_while_a_change_is_defined(portfolio: Portfolio) -> None:
    mail = portfolio.live_service(utility="Mail for all", availability_pct=Decimal("99.9"))
    proposal = portfolio.register(change_type="major", service=str(mail.id))

    portfolio.define(proposal["id"])

    assert (mail.state, mail.utility, mail.availability_pct) == (
        *("live", "Mail for all", Decimal("99.9")),
    )


def test_defining_again_after_rework_links_nothing_twice(portfolio: Portfolio) -> None:
    objective = portfolio.objective()
    proposal = portfolio.register()
    portfolio.define(proposal["id"], objectives=[str(objective.id)])

    portfolio.define(proposal["id"], objectives=[str(objective.id)], utility="Better said now.")

    assert len(all_of(portfolio, ServiceObjective)) == 1
    assert portfolio.service(proposal["id"]).utility == "Better said now."


def test_the_analyses_give_the_figures_of_the_case(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("defined")

    calc = portfolio.analyse(proposal["id"])

    assert {k: calc[k] for k in ("tco3", "benefit3", "npv", "roi_pct", "payback_months")} == {
        "tco3": 120000.0,
        "benefit3": 140000.0,
        "npv": 13335.71,
        "roi_pct": 16.7,
        "payback_months": 30,
    }
    assert (calc["risk_level"], calc["feasible"]) == ("medium", True)
    assert calc["risk_summary"] == "Late (2×4): Begin early"
    assert portfolio.proposal(proposal["id"]).state == "defined"
    risk = only(portfolio, RiskItem)
    assert (risk.risk, risk.likelihood, risk.impact) == ("Late", 2, 4)


def test_newer_risks_take_the_place_of_the_former(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("defined")
    portfolio.analyse(proposal["id"])

    risks = [{"risk": "Cost", "likelihood": "5", "impact": "5"}]
    calc = portfolio.analyse(proposal["id"], risk={"risks": risks, "risk_level": "low"})

    assert [r.risk for r in all_of(portfolio, RiskItem)] == ["Cost"]
    assert (calc["risk_level"], calc["risk_summary"]) == ("high", "Cost (5×5)")


def test_affected_services_are_linked_once(portfolio: Portfolio) -> None:
    mail = portfolio.live_service()
    proposal = portfolio.up_to("defined")
    own = str(portfolio.service(proposal["id"]).id)
    impact = {
        "affected": [{"service": str(mail.id), "effect": "positive", "note": "Less mail"}],
        "depends_on": [str(mail.id), own],
        "feasible": True,
    }

    for _ in range(2):
        portfolio.analyse(proposal["id"], impact=impact)

    links = {(d.other_id, d.kind, d.note) for d in all_of(portfolio, ServiceDependency)}
    assert links == {(mail.id, "affects:positive", "Less mail"), (mail.id, "depends_on", "")}


@pytest.mark.parametrize(
    ("impact", "resources", "outcome"),
    [
        (True, "yes", "feasible"),
        ("true", "with_conditions", "feasible"),
        (True, "no", "not feasible"),
        (False, "yes", "not feasible"),
        (None, "yes", "not feasible"),
    ],
)
def test_a_case_is_feasible_when_both_say_so(
    portfolio: Portfolio, impact: Any, resources: str, outcome: str
) -> None:
    proposal = portfolio.up_to("defined")

    calc = portfolio.analyse(
        proposal["id"], impact={"feasible": impact}, resources={"feasible": resources}
    )

    assert calc["feasible"] is (outcome == "feasible")


@pytest.mark.parametrize("amount", ["many", "99999999999999999", "NaN", "1e20", "-1e15"])
def test_an_amount_that_cannot_be_stored_is_refused(portfolio: Portfolio, amount: str) -> None:
    proposal = portfolio.up_to("defined")

    with pytest.raises(OperationRefusedError, match="amount"):
        portfolio.analyse(proposal["id"], financials={"costs": [{"y0": amount}]})


def test_sums_that_cannot_be_stored_are_refused(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("defined")
    costs = [{"y0": "999999999999", "y1": "999999999999"}] * 3

    with pytest.raises(OperationRefusedError, match="amount"):
        portfolio.analyse(proposal["id"], financials={"costs": costs})


@pytest.mark.parametrize(
    "risk", [{}, {"risk": "x"}, {"risk": "x", "likelihood": "high", "impact": 1}, {"likelihood": 1}]
)
def test_a_risk_that_is_incomplete_is_refused(portfolio: Portfolio, risk: dict[str, Any]) -> None:
    proposal = portfolio.up_to("defined")

    with pytest.raises(OperationRefusedError):
        portfolio.analyse(proposal["id"], risk={"risks": [risk], "risk_level": "low"})


# --- score and decide -----------------------------------------------------------------------------


def test_the_case_is_written_scored_and_documented(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("defined")

    result = portfolio.score(proposal["id"], portfolio.analyse(proposal["id"]))

    assert result == {"score": 3.9, "case_number": "BC-2026-0001", "case_version": 1}
    case, document = only(portfolio, BusinessCase), only(portfolio, Document)
    assert (case.tco3, case.npv, case.score) == (
        *(Decimal("120000.00"), Decimal("13335.71"), Decimal("3.90")),
    )
    assert case.desired_outcomes == [{"outcome": "Fewer stops", "target": "2"}]
    assert (document.kind, document.media_type) == ("case", "text/html; charset=utf-8")
    assert b"BC-2026-0001 v1" in document.content
    assert portfolio.proposal(proposal["id"]).state == "analysed"


def test_a_second_pass_is_the_next_version_of_the_same_case(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("analysed")
    portfolio.decide(proposal["id"], "rework")
    portfolio.define(proposal["id"])

    again = portfolio.score(proposal["id"], portfolio.analyse(proposal["id"]), fit=5)

    assert (again["case_number"], again["case_version"]) == ("BC-2026-0001", 2)
    assert [c.version for c in all_of(portfolio, BusinessCase)] in ([1, 2], [2, 1])


def test_what_people_wrote_is_text_in_documents_not_markup(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("defined", title="<script>alert(1)</script>")

    portfolio.score(
        proposal["id"], portfolio.analyse(proposal["id"]), introduction="<img src=x onerror=y>"
    )

    content = only(portfolio, Document).content.decode()
    assert "<script>" not in content
    assert "<img" not in content
    assert "&lt;img src=x onerror=y&gt;" in content


def test_the_case_tells_how_sure_its_benefits_are(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("defined")
    calc = portfolio.analyse(proposal["id"])
    calc["benefits"] = [{"what": "Time", "kind": "saving", "y1": 1000, "confidence": 80}]

    portfolio.score(proposal["id"], calc)

    content = only(portfolio, Document).content.decode()
    assert content.count("Confidence (%)") == 1
    assert '<td class="number">80</td>' in content


@pytest.mark.parametrize("rating", [None, "good", "", [], 1.5])
def test_a_rating_that_is_none_is_refused(portfolio: Portfolio, rating: Any) -> None:
    proposal = portfolio.up_to("defined")
    calc = portfolio.analyse(proposal["id"])

    with pytest.raises(OperationRefusedError):
        portfolio.score(proposal["id"], calc, fit=rating)


@pytest.mark.parametrize("name", ["tco3", "npv", "roi_pct", "payback_months"])
def test_figures_that_are_missing_are_refused(portfolio: Portfolio, name: str) -> None:
    proposal = portfolio.up_to("defined")
    calc = portfolio.analyse(proposal["id"])
    del calc[name]

    with pytest.raises(OperationRefusedError, match=name):
        portfolio.score(proposal["id"], calc)


@pytest.mark.parametrize("decision", ["approve", "discuss", "decline"])
def test_what_the_customer_decides_changes_no_state(portfolio: Portfolio, decision: str) -> None:
    proposal = portfolio.up_to("analysed")

    result = portfolio.decide(proposal["id"], decision, question="customer", comment="As discussed")

    assert result == {
        "number": "DEC-2026-0001",
        "question": "customer",
        "outcome": decision,
        "comment": "As discussed",
        "conditions": "",
        "defer_until": None,
        "rework_count": 0,
    }
    stored = only(portfolio, Decision)
    assert (stored.decider, stored.reason) == (portfolio.initiator, "As discussed")
    assert stored.decided_at == portfolio.context.now
    assert portfolio.proposal(proposal["id"]).state == "analysed"


def test_rework_sends_a_proposal_back_and_is_counted(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("analysed")
    portfolio.decide(proposal["id"], "rework", question="customer")

    first = portfolio.decide(proposal["id"], "rework")
    portfolio.define(proposal["id"])
    second = portfolio.decide(proposal["id"], "rework", decider=None)

    assert (first["rework_count"], second["rework_count"]) == (1, 2)
    assert portfolio.proposal(proposal["id"]).state == "proposed"
    assert portfolio.service(proposal["id"]).state == "proposed"


def test_rework_counts_by_proposal(portfolio: Portfolio) -> None:
    portfolio.decide(portfolio.up_to("analysed")["id"], "rework")
    other = portfolio.in_another_case()

    assert other.decide(other.up_to("analysed")["id"], "rework")["rework_count"] == 1


# --- approve, charter, live -----------------------------------------------------------------------


def test_approval_writes_the_change_proposal_and_keeps_the_last_conditions(
    portfolio: Portfolio,
) -> None:
    proposal = portfolio.up_to("analysed")
    portfolio.decide(
        proposal["id"], "approve_with_conditions", question="customer", conditions="Early ones"
    )
    portfolio.decide(proposal["id"], "approve_with_conditions", conditions="Only <b>two</b> halls")

    result = portfolio.call("proposal.approve", proposal=proposal["id"])

    documents = {d.kind: d for d in all_of(portfolio, Document)}
    assert result["document"] == str(documents["change_proposal"].id)
    assert [m["stage"] for m in result["milestones"]] == list(STAGES)
    content = documents["change_proposal"].content.decode()
    assert proposal["number"] in content
    assert "Only &lt;b&gt;two&lt;/b&gt; halls" in content
    assert portfolio.proposal(proposal["id"]).state == "approved"
    service = portfolio.service(proposal["id"])
    assert (service.state, service.conditions) == ("approved", "Only <b>two</b> halls")


def test_the_charter_sets_owner_budget_and_resources(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("approved")

    result = portfolio.charter(proposal["id"])

    charter, allocation = only(portfolio, Charter), only(portfolio, ResourceAllocation)
    assert result["charter_id"] == str(charter.id)
    assert (charter.budget, charter.service_owner) == (Decimal(120_000), portfolio.initiator)
    assert charter.milestones == [{"stage": "design", "due": "2026-05-01"}]
    assert (allocation.resource, allocation.kind) == ("Ann", "people")
    assert (str(allocation.starts_on), str(allocation.ends_on)) == ("2026-04-01", "2026-06-30")
    assert portfolio.service(proposal["id"]).owner == portfolio.initiator
    assert portfolio.proposal(proposal["id"]).state == "chartered"


def test_everybody_concerned_is_told_once(portfolio: Portfolio, office_roles: None) -> None:
    mail = portfolio.live_service(owner=uuid4())
    proposal = portfolio.up_to("defined", owner=str(portfolio.initiator))
    impact = {"depends_on": [str(mail.id)], "feasible": True}
    portfolio.analyse(proposal["id"], impact=impact)

    result = portfolio.call("proposal.communicate", proposal=proposal["id"])

    assert result["notified"] == [str(portfolio.initiator), str(mail.owner)]
    [effect] = portfolio.context.effects
    assert (effect.kind, effect.payload["proposal"]) == (EffectKind.NOTICE, proposal["number"])
    assert effect.payload["to"] == [str(portfolio.initiator), str(mail.owner), "itsg_chair"]


def test_a_new_service_goes_live(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("chartered")

    result = portfolio.go_live(proposal["id"])

    service = portfolio.service(proposal["id"])
    assert result == {"service_number": service.number, "version": 1}
    assert (service.state, service.catalogue_text) == ("live", "Report faults.")
    assert (str(service.live_on), str(service.benefit_review_due)) == ("2026-03-02", "2026-09-02")
    assert (portfolio.proposal(proposal["id"]).state, service.phase) == ("live", "catalogue")


def test_a_change_raises_the_version_of_a_live_service(portfolio: Portfolio) -> None:
    mail = portfolio.live_service(catalogue_text="Old text")
    proposal = portfolio.up_to("chartered", change_type="minor", service=str(mail.id))
    before = mail.state

    result = portfolio.call("service.go_live", proposal=proposal["id"], release={})

    assert (before, result["version"], mail.state) == ("live", 2, "live")
    assert mail.catalogue_text == "Old text"


# --- close ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "service_state"),
    [
        ("rejected", "rejected"),
        ("declined", "declined"),
        ("withdrawn", "withdrawn"),
        ("duplicate", "rejected"),
    ],
)
@pytest.mark.parametrize("state", ["proposed", "defined", "analysed", "approved", "chartered"])
def test_a_proposal_can_be_closed_from_every_state_before_live(
    portfolio: Portfolio, state: str, outcome: str, service_state: str
) -> None:
    proposal = portfolio.up_to(state)
    if (state, outcome) == ("chartered", "rejected"):
        outcome = service_state = "cancelled"

    result = portfolio.call(
        "proposal.close",
        proposal=proposal["id"],
        outcome="rejected" if outcome == "cancelled" else outcome,
        reason="Enough",
    )

    assert result == {"state": outcome}
    closed = portfolio.proposal(proposal["id"])
    assert (closed.outcome, closed.ended_reason) == (outcome, "Enough")
    assert portfolio.service(proposal["id"]).state == service_state


def test_closing_a_change_leaves_the_service_live(portfolio: Portfolio) -> None:
    mail = portfolio.live_service()
    proposal = portfolio.up_to("analysed", change_type="major", service=str(mail.id))

    portfolio.call("proposal.close", proposal=proposal["id"], outcome="rejected")

    assert (mail.state, mail.version) == ("live", 1)


def test_a_duplicate_points_to_the_first(portfolio: Portfolio) -> None:
    first = portfolio.in_another_case().register()
    proposal = portfolio.register()

    portfolio.call(
        "proposal.close", proposal=proposal["id"], outcome="duplicate", duplicate_of=first["id"]
    )

    assert str(portfolio.proposal(proposal["id"]).duplicate_of) == first["id"]


def test_what_was_defined_survives_a_withdrawal(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("defined")

    portfolio.call("proposal.close", proposal=proposal["id"], outcome="withdrawn")

    definition = portfolio.proposal(proposal["id"]).definition
    assert definition["utility"] == "Reports reach the right person at once."


# --- states that do not allow it ------------------------------------------------------------------

FIGURES = {
    **dict.fromkeys(("tco3", "benefit3", "npv", "roi_pct"), 1.0),
    "payback_months": 1,
    "risk_level": "low",
}
CALLS: dict[str, Callable[[Portfolio, str], Any]] = {
    "define": lambda p, i: p.define(i),
    "analyse": lambda p, i: p.analyse(i),
    "score": lambda p, i: p.score(i, FIGURES),
    "decide": lambda p, i: p.decide(i, "approve"),
    "rework": lambda p, i: p.decide(i, "rework"),
    "approve": lambda p, i: p.call("proposal.approve", proposal=i),
    "charter": lambda p, i: p.charter(i),
    "communicate": lambda p, i: p.call("proposal.communicate", proposal=i),
    "go live": lambda p, i: p.go_live(i),
    "close": lambda p, i: p.call("proposal.close", proposal=i, outcome="rejected"),
}
REFUSED = [
    *[(name, state) for name in CALLS for state in ("live", "withdrawn")],
    *[("approve", state) for state in ("proposed", "defined", "approved", "chartered")],
    *[("charter", state) for state in ("proposed", "defined", "analysed", "chartered")],
    *[("go live", state) for state in ("proposed", "defined", "analysed", "approved")],
    *[("define", state) for state in ("approved", "chartered")],
    *[("score", state) for state in ("proposed", "approved")],
    *[("analyse", state) for state in ("proposed", "approved", "chartered")],
    *[("rework", state) for state in ("proposed", "approved", "chartered")],
]


@pytest.mark.parametrize(("name", "state"), REFUSED, ids=str)
def test_what_the_state_does_not_allow_is_refused(
    portfolio: Portfolio, name: str, state: str
) -> None:
    if state == "withdrawn":
        proposal = portfolio.register()
        portfolio.call("proposal.close", proposal=proposal["id"], outcome="withdrawn")
    else:
        proposal = portfolio.up_to(state)
    before = portfolio.proposal(proposal["id"]).state

    with pytest.raises((OperationRefusedError, WrongStateError), match=proposal["number"]):
        CALLS[name](portfolio, proposal["id"])

    assert portfolio.proposal(proposal["id"]).state == before


@pytest.mark.parametrize("name", CALLS)
def test_a_proposal_that_is_not_there_is_told(portfolio: Portfolio, name: str) -> None:
    with pytest.raises(OperationRefusedError, match="ServiceProposal") as refused:
        CALLS[name](portfolio, str(uuid4()))

    assert refused.value.code is Refusal.NOT_FOUND


# --- the trail and numbers ------------------------------------------------------------------------


def test_every_change_of_a_record_is_noted(portfolio: Portfolio) -> None:
    proposal = portfolio.register()
    made = len(portfolio.context.changes)

    portfolio.define(proposal["id"])

    kinds = [(c.kind, c.number) for c in portfolio.context.changes[:made]]
    assert kinds == [("Service", "SRV-2026-0001"), ("ServiceProposal", "PRP-2026-0001")]
    changed = {c.kind: c for c in portfolio.context.changes[made:]}
    assert changed["ServiceProposal"].before is not None
    assert changed["ServiceProposal"].before["state"] == "proposed"
    assert changed["ServiceProposal"].after["state"] == "defined"


def test_what_stays_the_same_is_not_noted(portfolio: Portfolio) -> None:
    proposal = portfolio.register()
    portfolio.define(proposal["id"])
    noted = len(portfolio.context.changes)

    portfolio.define(proposal["id"])

    assert len(portfolio.context.changes) == noted


def test_numbers_given_out_at_once_are_unique_and_without_gaps(office: Office) -> None:
    def take(_: int) -> str:
        with office.work() as work:
            return next_number(work.session, "PRP", 2026)

    with ThreadPoolExecutor(4) as pool:
        numbers = sorted(pool.map(take, range(20)))

    assert numbers == [f"PRP-2026-{n:04}" for n in range(1, 21)]


def test_each_year_and_prefix_counts_for_itself(portfolio: Portfolio) -> None:
    session = portfolio.session

    given = [next_number(session, p, y) for p, y in (("A", 2026), ("A", 2027), ("B", 2026))]

    assert given == ["A-2026-0001", "A-2027-0001", "B-2026-0001"]
    assert next_number(session, "A", 2026) == "A-2026-0002"


# --- documents ------------------------------------------------------------------------------------


def texts_of(portfolio: Portfolio, kind: str) -> list[str]:
    """Give what the document of a kind says, piece by piece, as it is printed."""
    [document] = [d for d in all_of(portfolio, Document) if d.kind == kind]
    blocks = read_blocks(document.content.decode())
    cells = [cell for block in blocks for row in block.rows for cell in row]
    return [block.text for block in blocks if block.text] + cells


def test_the_business_case_tells_sections_answers_and_figures(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("defined")
    calc = portfolio.analyse(proposal["id"])

    portfolio.score(
        proposal["id"], calc, why_needed="Paper gets lost.", business_impacts="Faster.\nSafer."
    )

    told = texts_of(portfolio, "case")
    assert "3. Business impacts" in told
    assert told[(at := told.index("Faster.")) : at + 2] == ["Faster.", "Safer."]
    assert told[told.index("Why do customers need it?") + 1] == "Paper gets lost."
    assert f"{calc['tco3']:,.2f}" in told
    assert told[told.index("Return on investment (%)") + 1] == f"{calc['roi_pct']:,.1f}"
    assert f"Proposal {proposal['number']}. Version 1. Amounts in EUR without VAT." in told


def test_the_change_proposal_tells_who_decided(portfolio: Portfolio) -> None:
    proposal = portfolio.up_to("analysed")
    portfolio.decide(proposal["id"], "approve_with_conditions", conditions="Two halls")

    portfolio.call("proposal.approve", proposal=proposal["id"])

    told = texts_of(portfolio, "change_proposal")
    assert "New service" in told
    row = told.index("Approve with conditions")
    assert told[row + 1] == "Two halls"


def test_the_charter_tells_people_resources_and_growth(portfolio: Portfolio) -> None:
    olga = User(name="olga", full_name="Olga Owner", created_at=NOW)
    portfolio.session.add(olga)
    portfolio.session.flush()
    owner = olga.id
    proposal = portfolio.up_to("approved")

    portfolio.charter(
        proposal["id"],
        service_owner=str(owner),
        budget="12345",
        growth=[{"year": 2027, "customers": 2, "users": 80}],
        allocations=[
            {
                "resource": "Two engineers",
                "type": "people",
                "from_date": "2026-04-01",
                "to_date": "2026-09-30",
                "owner": str(owner),
            }
        ],
    )

    told = texts_of(portfolio, "charter")
    assert told[told.index("Service owner") + 1] == "Olga Owner"
    assert "EUR 12,345.00" in told
    row = told.index("Two engineers")
    assert told[row + 1 : row + 5] == ["people", "1 Apr 2026", "30 Sept 2026", "Olga Owner"]
    assert told[told.index("2027") + 1 : told.index("2027") + 3] == ["2", "80"]


def test_numbers_bear_the_year_that_it_is_here(portfolio: Portfolio) -> None:
    midnight = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    portfolio.context = replace(portfolio.context, now=midnight)

    proposal = portfolio.register()

    assert proposal["number"] == "PRP-2027-0001"
    assert proposal["service_number"] == "SRV-2027-0001"


@pytest.mark.parametrize(("change_type", "left"), [("new", 1), ("major", 2)])
def test_a_new_definition_names_its_objectives_anew(
    portfolio: Portfolio, change_type: str, left: int
) -> None:
    grow, save = portfolio.objective("Grow"), portfolio.objective("Save")
    mail = str(portfolio.live_service().id) if change_type != "new" else None
    proposal = portfolio.register(change_type=change_type, service=mail)
    portfolio.define(proposal["id"], objectives=[str(grow.id)])

    portfolio.define(proposal["id"], objectives=[str(save.id)])

    links = all_of(portfolio, ServiceObjective)
    assert (len(links), save.id in {link.objective_id for link in links}) == (left, True)
