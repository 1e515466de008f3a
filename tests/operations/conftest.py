"""What tests of operations share: a case that calls them, and the records it begins with."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from ssflow.calendar import Calendar
from ssflow.domain.identity import Actor, Role
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import Service, ServiceProposal, ServiceState
from ssflow.domain.registers.strategy import StrategicObjective
from ssflow.operations.operation import OperationContext
from ssflow.operations.registry import OPERATIONS
from ssflow.store.database import Database
from tests.conftest import NOW, TIMEZONE, MakeActor
from tests.services.office import Office
from tests.store.conftest import Given


class Portfolio:
    """One case of the portfolio process in the hands of a test."""

    def __init__(self, session: Session, initiator: Actor) -> None:
        assert initiator.user_id is not None
        self.session = session
        self.initiator = initiator.user_id
        self.context = self.context_of(uuid4())
        self.customer = self.put(Customer, name="Acme", mandate_holder=initiator.user_id)

    def context_of(self, instance_id: UUID) -> OperationContext:
        return OperationContext(
            session=self.session,
            actor=Actor(user_id=self.initiator, name="initiator"),
            now=NOW,
            calendar=Calendar(TIMEZONE, frozenset()),
            instance_id=instance_id,
            initiator=self.initiator,
            process_key="spm_service_change",
            activity_id="S_x",
        )

    def put(self, kind: Any, /, **values: Any) -> Any:
        """Put a record there that the case did not make."""
        record = kind(created_at=NOW, created_by="system", **values)
        self.session.add(record)
        self.session.flush()
        return record

    def call(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """Call an operation as a service task of this case does."""
        result = OPERATIONS[name].call(self.context, parameters)
        self.session.flush()
        assert isinstance(result, dict)
        return result

    def call_list(self, name: str, /, **parameters: Any) -> list[Any]:
        """Call an operation whose result is a list."""
        result = OPERATIONS[name].call(self.context, parameters)
        self.session.flush()
        assert isinstance(result, list)
        return result

    def begin_case(self) -> None:
        """Let the case be one that stands in the database."""
        self._case = Given(self.session).instance()
        self.context = self.context_of(self._case.id)

    def cancel_case(self) -> None:
        self._case.cancel(at=NOW)
        self.session.flush()

    def in_another_case(self) -> "Portfolio":
        other = object.__new__(Portfolio)
        other.__dict__ |= self.__dict__
        other.context = replace(self.context, instance_id=uuid4(), changes=[], effects=[])
        return other

    # --- the steps of the process -----------------------------------------------------------

    def register(self, **changes: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "title": "Fault reports",
            "change_type": "new",
            "customer": str(self.customer.id),
            "summary": "Report at the machine.",
            "need_source": "customer_need",
            "audience": "internal",
            "service": None,
            "wanted_by": "2026-09-01",
            "owner": None,
            "source": None,
        }
        return self.call("proposal.register", **given | changes)

    def define(self, proposal_id: str, **changes: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "desired_outcomes": [{"outcome": "Fewer stops", "target": "2"}],
            "objectives": [],
            "utility": "Reports reach the right person at once.",
            "availability_pct": "99.5",
            "rto_hours": 4,
            "security_class": "internal",
            "capacity_note": "200 users",
            "conditions": "On weekdays",
            "investment_ceiling": "50000.00",
        }
        return self.call("proposal.define", proposal=proposal_id, define=given | changes)

    def analyse(self, proposal_id: str, **forms: dict[str, Any]) -> dict[str, Any]:
        given: dict[str, dict[str, Any]] = {
            "impact": {"affected": [], "depends_on": [], "feasible": True},
            "resources": {"feasible": "yes"},
            "financials": {
                "costs": [{"category": "personnel", "y0": "80000", "y1": "20000", "y2": "20000"}],
                "benefits": [{"y0": "20000", "y1": 60000, "y2": "60000", "confidence": 100}],
                "discount_pct": "6",
            },
            "risk": {
                "risks": [
                    {"risk": "Late", "likelihood": 2, "impact": 4, "mitigation": "Begin early"}
                ],
                "risk_level": "low",
            },
        }
        return self.call("proposal.analyse", proposal=proposal_id, **given | forms)

    def analyse_figures(self) -> dict[str, Any]:
        """Give figures as an analysis does, for a case that is written again."""
        figures = {"tco3": 120000, "benefit3": 140000, "npv": 1, "roi_pct": 1}
        return figures | {"payback_months": 20, "risk_level": "low", "costs": [], "benefits": []}

    def score(self, proposal_id: str, calc: dict[str, Any], **changes: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            **dict.fromkeys(("introduction", "methods_assumptions", "business_impacts"), "Text"),
            **dict.fromkeys(("risks_contingencies", "recommendations", "why_needed"), "Text"),
            "fit": 4,
            "value": 5,
            "financial": 3,
            "feasibility": 4,
        }
        return self.call(
            "proposal.score",
            proposal=proposal_id,
            case=given | changes,
            risk_level=calc["risk_level"],
            calc=calc,
        )

    def decide(self, proposal_id: str, decision: str, **changes: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "question": "approval",
            "decision": decision,
            "comment": None,
            "conditions": None,
            "decider": str(self.initiator),
        }
        return self.call("proposal.decide", proposal=proposal_id, **given | changes)

    def charter(self, proposal_id: str, **changes: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "service_owner": str(self.initiator),
            "benefit_owner": None,
            "scope": "All halls",
            "deliverables": "An app",
            "conditions": "",
            "budget": "120000",
            "allocations": [
                {"resource": "Ann", "type": "people", "from": "2026-04-01", "to": "2026-06-30"}
            ],
            "milestones": [{"stage": "design", "due": "2026-05-01"}],
            "growth": [{"year": 1, "users": 200}],
        }
        return self.call("proposal.charter", proposal=proposal_id, charter=given | changes)

    def up_to(self, state: str, **registered: Any) -> dict[str, Any]:
        """Bring a proposal up to a state; gives what was registered."""
        proposal = self.register(**registered)
        steps: dict[str, Callable[[], Any]] = {
            "proposed": lambda: None,
            "defined": lambda: self.define(proposal["id"]),
            "analysed": lambda: self.score(proposal["id"], self.analyse(proposal["id"])),
            "approved": lambda: self.call("proposal.approve", proposal=proposal["id"]),
            "chartered": lambda: self.charter(proposal["id"]),
            "live": lambda: self.go_live(proposal["id"]),
        }
        for name, step in steps.items():
            step()
            if name == state:
                break
        return proposal

    def go_live(self, proposal_id: str) -> dict[str, Any]:
        release = {"catalogue_text": "Report faults.", "ready": True}
        return self.call("service.go_live", proposal=proposal_id, release=release)

    # --- looking ----------------------------------------------------------------------------

    def proposal(self, proposal_id: str) -> ServiceProposal:
        found = self.session.get(ServiceProposal, UUID(proposal_id), populate_existing=True)
        assert found is not None
        return found

    def service(self, proposal_id: str) -> Service:
        service_id = self.proposal(proposal_id).service_id
        found = self.session.get(Service, service_id, populate_existing=True)
        assert found is not None
        return found

    def live_service(self, **values: Any) -> Service:
        told = {"number": "SRV-2025-0001", "name": "Mail", "state": ServiceState.LIVE, "version": 1}
        made: Service = self.put(Service, **told | values)
        return made

    def objective(self, text: str = "Grow") -> StrategicObjective:
        made: StrategicObjective = self.put(StrategicObjective, text=text)
        return made


@pytest.fixture
def portfolio(session: Session, make_actor: MakeActor) -> Portfolio:
    return Portfolio(session, make_actor("initiator"))


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


@pytest.fixture
def office_roles(session: Session) -> None:
    """The role whose holders are told of charters; nobody holds it."""
    session.add(Role(key="finance_manager", title="Finance manager"))
    session.flush()
