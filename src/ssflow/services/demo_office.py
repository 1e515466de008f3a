"""The sample organisation: its people, customers, services, objectives and budgets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from ssflow.domain.identity import OPERATOR, ROLE_TITLES, Actor, NoticePace
from ssflow.domain.registers.budget import (
    MONTHS,
    Budget,
    BudgetClass,
    BudgetLine,
    BudgetState,
    CostCategory,
    CostEntry,
)
from ssflow.domain.registers.customers import Customer, CustomerKind, CustomerTier
from ssflow.domain.registers.portfolio import Service, ServiceObjective, ServiceState
from ssflow.domain.registers.strategy import MarketSegment, StrategicObjective
from ssflow.services.people import create_user
from ssflow.store import budget as budget_rows
from ssflow.store import people as people_rows
from ssflow.store.records import next_number
from ssflow.store.unit_of_work import UnitOfWork

_ACCOUNTANT = "accountant"
_COLLEAGUES = {
    "bea": ("Bea Smit", "brm"),
    "tom": ("Tom de Boer", "service_desk"),
    "sofie": ("Sofie Jansen", "service_owner"),
    "olga": ("Olga Nilsson", "service_owner"),
    "mia": ("Mia Holm", "complaint_manager"),
    "finn": ("Finn Berg", "finance_manager"),
    "fia": ("Fia Lund", "finance_manager"),
    "arne": ("Arne Vos", _ACCOUNTANT),
    "hanna": ("Hanna Visser", "budget_holder"),
    "hugo": ("Hugo Lind", "budget_holder"),
    "hilde": ("Hilde Bakker", "budget_holder"),
    "anna": ("Anna Dahl", "itsg_member"),
    "bram": ("Bram Mulder", "itsg_member"),
    "kim": ("Kim Larsen", "customer"),
}
"""Name -> full name and role; besides them there is one person for each role, named after it."""
_CUSTOMERS = {
    "production": ("Production", CustomerKind.INTERNAL, CustomerTier.KEY, "customer"),
    "sales": ("Sales", CustomerKind.INTERNAL, CustomerTier.STANDARD, "kim"),
    "logistics": ("Northern Logistics", CustomerKind.EXTERNAL, CustomerTier.STANDARD, "kim"),
}
_OBJECTIVES = {
    "o_uptime": ("No hall stands still for want of IT", "lost hours a month", "20", "2"),
    "o_growth": ("Customers order by themselves", "orders without help in %", "35", "80"),
    "o_cost": ("Work costs less each year", "IT cost per seat a year in EUR", "2900", "2500"),
}
_MEASURED = {"o_uptime": "7", "o_growth": "58", "o_cost": "2780"}


@dataclass(frozen=True)
class _Service:
    name: str
    audience: str
    text: str
    owner: str
    customer: str
    objective: str
    investment: str
    years: int


_SERVICES = {
    "s_mail": _Service(
        "Mail and calendar",
        "internal",
        "Mail, calendar and meeting rooms for everybody.",
        "service_owner",
        "production",
        "o_cost",
        "run",
        6,
    ),
    "s_erp": _Service(
        "Order handling",
        "internal",
        "From quotation to invoice, in one place.",
        "olga",
        "sales",
        "o_growth",
        "grow",
        4,
    ),
    "s_portal": _Service(
        "Customer portal",
        "external",
        "Order, follow and pay, day and night.",
        "sofie",
        "logistics",
        "o_growth",
        "transform",
        2,
    ),
    "s_wifi": _Service(
        "Wireless network",
        "internal",
        "A connection in every hall and office.",
        "service_owner",
        "production",
        "o_uptime",
        "run",
        5,
    ),
    "s_video": _Service(
        "Video meetings",
        "internal",
        "Meet from any desk, without travelling.",
        "olga",
        "sales",
        "o_cost",
        "run",
        3,
    ),
    "s_print": _Service(
        "Printing",
        "internal",
        "Print and scan near every desk.",
        "sofie",
        "production",
        "o_cost",
        "run",
        9,
    ),
    "s_fax": _Service(
        "Fax gateway",
        "internal",
        "Send and receive fax by mail.",
        "olga",
        "production",
        "o_cost",
        "run",
        11,
    ),
}
_SEGMENTS = {"m_dealers": "Dealers in the Nordic countries", "m_home": "Offices of our own"}


@dataclass(frozen=True)
class _Line:
    """Yearly money of one holder, and by how much it is over or under plan month after month."""

    name: str
    holder: str
    category: str
    budget_class: str
    yearly: int
    service: str | None
    supplier: str


_LINES = (
    _Line("Licences", "hanna", "software", "operational", 264_000, "s_erp", "Softhouse AB"),
    _Line("Own people", "hugo", "personnel", "operational", 480_000, None, "Payroll"),
    _Line("Halls and networks", "hilde", "infrastructure", "capital", 420_000, None, "Kabel BV"),
    _Line(
        "New portal", "budget_holder", "software", "strategic", 180_000, "s_portal", "Webwerk AB"
    ),
)
_DEVIATION = {
    "software": (1, 12, 8, 6, 3, 1, 0, 2, 1, 6, 4, 2),
    "personnel": (0, 1, 1, -1, 0, 1, 2, 1, 1, 0, 1, 1),
    "infrastructure": (0, -4, -17, -9, -4, 0, 1, 2, 1, 0, -1, 0),
}
"""Category -> % over plan at the end of each month, since the year began."""
_ACCOUNTS = {"software": "6110", "personnel": "6201", "infrastructure": "6401"}


def make_people(work: UnitOfWork) -> dict[str, Actor]:
    """Make one person a role, named after it, and some colleagues."""
    everybody = {role: (title, role) for role, title in ROLE_TITLES.items()} | _COLLEAGUES
    return {
        name: _make_person(work, name, full_name, role)
        for name, (full_name, role) in everybody.items()
    }


def let_mail_begin(work: UnitOfWork, people: Mapping[str, Actor]) -> None:
    """Send everybody their notices from now on; older ones would be read by nobody."""
    for actor in people.values():
        if actor.user_id is not None:
            people_rows.get_user(work.session, actor.user_id).notices = NoticePace.AT_ONCE


def make_records(work: UnitOfWork, people: Mapping[str, Actor]) -> dict[str, str]:
    """Make customers, objectives and services; gives their ids by name."""
    made: dict[str, Any] = {
        ref: Customer(
            name=name,
            kind=kind,
            tier=tier,
            mandate_holder=people[holder].user_id,
            mandate_accepted_at=work.now,
            brm=people["brm"].user_id,
            cost_centre=f"CC-{number}",
            **_told(work),
        )
        for number, (ref, (name, kind, tier, holder)) in enumerate(_CUSTOMERS.items(), 4100)
    }
    made |= {
        ref: StrategicObjective(
            text=text,
            kpi=kpi,
            baseline=baseline,
            target=target,
            actual=_MEASURED[ref],
            owner=people["it_director"].user_id,
            **_told(work),
        )
        for ref, (text, kpi, baseline, target) in _OBJECTIVES.items()
    }
    made |= {ref: MarketSegment(name=name, **_told(work)) for ref, name in _SEGMENTS.items()}
    work.session.add_all(made.values())
    work.session.flush()
    services = {
        ref: _service(work, one, people, made[one.customer].id) for ref, one in _SERVICES.items()
    }
    work.session.add_all(services.values())
    work.session.flush()
    work.session.add_all(
        ServiceObjective(
            service_id=service.id, objective_id=made[_SERVICES[ref].objective].id, **_told(work)
        )
        for ref, service in services.items()
    )
    return {ref: str(record.id) for ref, record in (made | services).items()}


def make_budget(
    work: UnitOfWork, people: Mapping[str, Actor], ids: Mapping[str, str], year: int
) -> None:
    """Make the approved budget of a year that was planned before there was ssflow."""
    budget = Budget(
        number=next_number(work.session, "BUD", year),
        fiscal_year=year,
        state=BudgetState.APPROVED,
        approved_on=date(year - 1, 11, 28),
        **_told(work),
    )
    work.session.add(budget)
    work.session.flush()
    for line in _LINES:
        monthly = Decimal(line.yearly) / MONTHS
        work.session.add(
            BudgetLine(
                name=line.name,
                budget_id=budget.id,
                category=CostCategory(line.category),
                budget_class=BudgetClass(line.budget_class),
                holder=people[line.holder].user_id,
                service_id=UUID(ids[line.service]) if line.service else None,
                amount=Decimal(line.yearly),
                phasing=[str(monthly)] * MONTHS,
                **_told(work),
            )
        )
    work.session.flush()


def book_costs(work: UnitOfWork, budget: Budget, month: int) -> None:
    """Book what a month of a budget cost, as the ledger would hand it in."""
    period = f"{budget.fiscal_year}-{month:02d}"
    suppliers = {line.category: line.supplier for line in _LINES}
    for number, line in enumerate(budget_rows.lines_of(work.session, budget.id), 1):
        category = str(line.category)
        work.session.add(
            CostEntry(
                document_no=f"D-{period}-{number:02d}",
                period=period,
                booking_date=date(budget.fiscal_year, month, 10 + number),
                gl=_ACCOUNTS[category],
                amount=_spent(line, month) - _spent(line, month - 1),
                budget_class=line.budget_class,
                service_id=line.service_id,
                line_id=line.id,
                supplier=suppliers[category],
                description=line.name,
                **_told(work),
            )
        )
    work.session.flush()


def _spent(line: BudgetLine, months: int) -> Decimal:
    """Tell what a line has cost after so many months of its year."""
    planned = sum((Decimal(one) for one in line.phasing[:months]), Decimal(0))
    over = _DEVIATION[str(line.category)][months - 1] if months else 0
    return (planned * (100 + over) / 100).quantize(Decimal(1))


def _make_person(work: UnitOfWork, name: str, full_name: str, role: str) -> Actor:
    user = create_user(
        work, name, full_name, email=f"{name}@demo.invalid", roles=[role], is_demo=True
    )
    user.notices = NoticePace.NONE
    if role == _ACCOUNTANT:
        user.certificate_no = f"RA-{4711 if name == role else 815}"
        user.certified_until = work.now.date() + timedelta(days=1500)
    return Actor(user_id=user.id, name=name, roles=frozenset({role}))


def _service(
    work: UnitOfWork, one: _Service, people: Mapping[str, Actor], customer_id: UUID
) -> Service:
    live_on = work.now.date() - timedelta(days=365 * one.years)
    return Service(
        number=next_number(work.session, "SRV", live_on.year),
        name=one.name,
        audience=one.audience,
        state=ServiceState.LIVE,
        version=1,
        owner=people[one.owner].user_id,
        customer_id=customer_id,
        utility=one.text,
        availability_pct=Decimal("99.5"),
        rto_hours=4,
        security_class="internal",
        conditions="On working days from 7 to 19; at other times as far as somebody is there.",
        charge_model="showback",
        catalogue_text=one.text,
        live_on=live_on,
        investment=one.investment,
        **_told(work),
    )


def _told(work: UnitOfWork) -> dict[str, Any]:
    return {"created_at": work.now, "created_by": OPERATOR.key, "is_demo": True}
