"""Operations of the monthly control: what each writes, gives and refuses."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from ssflow.domain.identity import Role, RoleGrant, User
from ssflow.domain.registers.budget import (
    Budget,
    BudgetClass,
    BudgetLine,
    BudgetPeriod,
    BudgetState,
    CostCategory,
    CostEntry,
    VarianceNote,
)
from ssflow.domain.registers.portfolio import Document
from ssflow.operations.operation import EffectKind, OperationRefusedError, Refusal
from tests.conftest import NOW
from tests.operations.conftest import Portfolio

_numbers = count(1)
MARCH = "2026-03"


@pytest.fixture
def budget(portfolio: Portfolio) -> Budget:
    made: Budget = portfolio.put(
        Budget, number="BUD-2026-0001", fiscal_year=2026, state=BudgetState.APPROVED
    )
    return made


@pytest.fixture
def line(portfolio: Portfolio, budget: Budget) -> BudgetLine:
    return a_line(portfolio, budget, "Licences")


def a_line(portfolio: Portfolio, budget: Budget, name: str, **told: Any) -> BudgetLine:
    given: dict[str, Any] = {
        "budget_class": BudgetClass.OPERATIONAL,
        "category": CostCategory.SOFTWARE,
        "amount": Decimal(120000),
        "phasing": ["10000"] * 12,
        "holder": portfolio.initiator,
    }
    made: BudgetLine = portfolio.put(BudgetLine, budget_id=budget.id, name=name, **given | told)
    return made


def cost(portfolio: Portfolio, amount: int, period: str = MARCH, **told: Any) -> CostEntry:
    given: dict[str, Any] = {"gl": "6100", "booking_date": date(2026, 3, 15)}
    made: CostEntry = portfolio.put(
        CostEntry,
        document_no=f"D-{next(_numbers)}",
        period=period,
        amount=Decimal(amount),
        **given | told,
    )
    return made


def accountant(portfolio: Portfolio, name: str, **told: Any) -> User:
    session = portfolio.session
    if session.get(Role, "accountant") is None:
        session.add(Role(key="accountant", title="Accountant"))
    user = User(name=name, full_name=name.title(), created_at=NOW, **told)
    session.add(user)
    session.flush()
    session.add(RoleGrant(user_id=user.id, role="accountant"))
    session.flush()
    return user


def opened(portfolio: Portfolio, budget: Budget, period: str = MARCH) -> dict[str, Any]:
    return portfolio.call("period.open", budget=str(budget.id), period=period)


def classified(portfolio: Portfolio, month: dict[str, Any], *categories: str) -> dict[str, Any]:
    found = [{"category": category} for category in categories]
    return portfolio.call(
        "period.classify", period=month["id"], accounts=month["accounts"], classed=found
    )


def closed(portfolio: Portfolio, month: dict[str, Any], **told: Any) -> dict[str, Any]:
    return portfolio.call("period.close", period=month["id"], close={"closed": True, **told})


@pytest.mark.parametrize("period", ["2025-12", "2027-01", "2026-13", "2026-00", "2026", "x", ""])
def test_only_a_month_of_the_budgets_year_is_controlled(
    portfolio: Portfolio, budget: Budget, period: str
) -> None:
    with pytest.raises(OperationRefusedError) as refused:
        opened(portfolio, budget, period)

    assert refused.value.code is Refusal.WRONG_PARAMETER


def test_a_month_is_controlled_by_one_case_which_may_open_it_again(
    portfolio: Portfolio, budget: Budget
) -> None:
    month = opened(portfolio, budget)

    assert opened(portfolio, budget)["id"] == month["id"]
    with pytest.raises(OperationRefusedError, match="controlled once"):
        opened(portfolio.in_another_case(), budget)


def test_only_an_approved_budget_is_controlled(portfolio: Portfolio) -> None:
    draft = portfolio.put(Budget, number="BUD-1", fiscal_year=2026)

    with pytest.raises(OperationRefusedError, match="draft"):
        opened(portfolio, draft)


def test_accounts_are_classified_and_costs_find_their_only_line(
    portfolio: Portfolio, budget: Budget, line: BudgetLine
) -> None:
    fits, twice = cost(portfolio, 1), cost(portfolio, 2, gl="6200")
    known = cost(portfolio, 4, category=CostCategory.HARDWARE, line_id=line.id)
    later = cost(portfolio, 8, period="2026-04")
    for name in ("One", "Two"):
        a_line(portfolio, budget, name, category=CostCategory.PERSONNEL)
    month = opened(portfolio, budget)

    told = classified(portfolio, month, "software", "personnel")

    assert month["accounts"] == [{"gl": "6100"}, {"gl": "6200"}]
    assert (fits.category, fits.line_id) == ("software", line.id)
    assert (twice.category, twice.line_id) == ("personnel", None)
    assert known.category == "hardware"
    assert later.category == "unclassified"
    assert (told["entries"], told["total"], told["left"]) == (3, 7.0, 1)
    [shown] = told["to_classify"]
    assert (shown["entry"], shown["category"], shown["line"]) == (str(twice.id), "personnel", None)


def test_a_month_with_open_costs_stays_open(
    portfolio: Portfolio, budget: Budget, line: BudgetLine
) -> None:
    odd = cost(portfolio, 5, gl="9999")
    month = opened(portfolio, budget)
    classified(portfolio, month, "unclassified")

    left = closed(portfolio, month)
    row = {"entry": str(odd.id), "category": "overhead", "line": str(line.id)}
    told = closed(portfolio, month, entries=[row])

    assert left == {"closed": False, "left": 1, "at_once": True}
    assert told["closed"] is True
    assert (odd.category, odd.line_id) == ("overhead", line.id)
    assert portfolio.session.scalars(select(BudgetPeriod)).one().state == "closed"


def test_a_month_that_waits_for_costs_is_looked_at_again_later(
    portfolio: Portfolio, budget: Budget, line: BudgetLine
) -> None:
    one, other = cost(portfolio, 5, gl="9999"), cost(portfolio, 6, gl="9999")
    month = opened(portfolio, budget)
    classified(portfolio, month, "unclassified")
    row = {"entry": str(one.id), "category": "overhead", "line": str(line.id)}
    nothing = {"entry": str(other.id), "category": None, "line": None}

    waits = closed(portfolio, month, closed=False, entries=[nothing])
    still_waits = closed(portfolio, month, closed=False, entries=[row, nothing])
    goes_on = closed(portfolio, month, closed=False, entries=[row])

    assert waits == {"closed": False, "left": 2, "at_once": False}
    assert still_waits == {"closed": False, "left": 1, "at_once": False}
    assert goes_on == {"closed": False, "left": 1, "at_once": True}


def test_a_month_whose_case_was_cancelled_is_controlled_by_another(
    portfolio: Portfolio, budget: Budget
) -> None:
    portfolio.begin_case()
    month = opened(portfolio, budget)
    closed(portfolio, month)
    portfolio.cancel_case()
    other = portfolio.in_another_case()

    again = opened(other, budget)

    stored = portfolio.session.scalars(select(BudgetPeriod)).one()
    assert again["id"] == month["id"]
    assert (stored.state, stored.instance_id) == ("open", other.context.instance_id)


def test_costs_of_other_months_are_not_classified_by_this_one(
    portfolio: Portfolio, budget: Budget
) -> None:
    other = cost(portfolio, 5, period="2026-02")
    month = opened(portfolio, budget)

    with pytest.raises(OperationRefusedError, match="no cost of 2026-03"):
        closed(portfolio, month, entries=[{"entry": str(other.id), "category": "overhead"}])


def test_costs_and_accruals_are_compared_with_the_plan_to_date(
    portfolio: Portfolio, budget: Budget, line: BudgetLine
) -> None:
    for period, amount in (("2026-01", 10000), (MARCH, 24000), ("2026-04", 99999)):
        cost(portfolio, amount, period, category=CostCategory.SOFTWARE, line_id=line.id)
    month = opened(portfolio, budget)

    told = closed(portfolio, month, accruals=[{"line": str(line.id), "amount": "2000"}])

    [row] = told["lines"]
    assert (row["planned"], row["actual"], row["var"]) == (30000.0, 36000.0, 6000.0)
    assert (row["var_pct"], row["outlook"]) == (20.0, 36000 + 90000 * 1.2)
    assert told["deviating"] == [row]


def test_small_deviations_are_not_looked_at(
    portfolio: Portfolio, budget: Budget, line: BudgetLine
) -> None:
    cost(portfolio, 30999, category=CostCategory.SOFTWARE, line_id=line.id)

    told = closed(portfolio, opened(portfolio, budget))

    assert told["deviating"] == []
    assert told["var"] == 999.0


def test_explanations_are_kept_and_silence_too(
    portfolio: Portfolio, budget: Budget, line: BudgetLine
) -> None:
    other, month = a_line(portfolio, budget, "Support"), opened(portfolio, budget)
    flagged = [
        {"line": str(each.id), "name": each.name, "rag": "red", "var": 6000.0}
        for each in (line, other)
    ]
    answer = {
        "line": str(line.id),
        "cause": "volume",
        "nature": "trend",
        "outlook_year": 130000,
        "request": "transfer",
        "amount": 6000,
        "from_line": str(other.id),
        "explained_by": str(portfolio.initiator),
    }
    silent = {"line": str(other.id), "status": "unexplained"}

    told = portfolio.call_list(
        "period.note", period=month["id"], flagged=flagged, explained=[silent, answer]
    )

    notes = {n.line_id: n for n in portfolio.session.scalars(select(VarianceNote))}
    assert (notes[line.id].status, notes[line.id].cause) == ("explained", "volume")
    assert (notes[other.id].status, notes[other.id].cause) == ("unexplained", None)
    assert [row["status"] for row in told] == ["explained", "unexplained"]
    again = {**answer, "cause": "price"}
    portfolio.call_list("period.note", period=month["id"], flagged=flagged[:1], explained=[again])
    assert notes[line.id].cause == "price"


def test_amendments_are_asked_for_where_the_manager_said_so(
    portfolio: Portfolio, budget: Budget, line: BudgetLine
) -> None:
    other, month = a_line(portfolio, budget, "Support"), opened(portfolio, budget)
    flagged = [{"line": str(each.id), "var": 6000.0} for each in (line, other)]
    answers = [
        {"line": str(each.id), "cause": "volume", "outlook_year": 1, "request": "supplement",
         "amount": 50}
        for each in (line, other)
    ]  # fmt: skip
    portfolio.call_list("period.note", period=month["id"], flagged=flagged, explained=answers)
    steps = [{"line": str(line.id), "step": "amend"}, {"line": str(other.id), "step": "return"}]

    told = portfolio.call("period.review", period=month["id"], review={"lines": steps})
    asked = portfolio.call("period.request_amendments", period=month["id"])

    assert told == {"returned": [str(other.id)], "amended": 1}
    assert asked == {"requested": 1}
    [effect] = [e for e in portfolio.context.effects if e.kind is EffectKind.START_PROCESS]
    assert effect.payload["variables"]["to_line"] == str(line.id)
    assert effect.payload["variables"]["amount"] == 50.0


@pytest.mark.parametrize(
    ("told", "is_signed"),
    [
        ({"certificate_no": "RA-1", "certified_until": NOW.date()}, True),
        ({"certificate_no": "RA-1", "certified_until": date(2026, 3, 1)}, False),
        ({"certificate_no": None, "certified_until": date(2030, 1, 1)}, False),
        ({"certificate_no": "RA-1", "certified_until": None}, False),
    ],
)
def test_only_a_valid_certificate_signs(
    portfolio: Portfolio, budget: Budget, told: dict[str, Any], *, is_signed: bool
) -> None:
    signer, month = accountant(portfolio, "anna", **told), opened(portfolio, budget)
    compared = closed(portfolio, month)

    signed = portfolio.call("period.sign", period=month["id"], signer=str(signer.id))

    stored = portfolio.session.scalars(select(BudgetPeriod)).one()
    assert signed["signed"] is is_signed
    assert stored.state == ("signed" if is_signed else "closed")
    assert compared["uncertified"] == ([] if is_signed else [str(signer.id)])
    assert signed["barred"] == (None if is_signed else str(signer.id))


def test_the_report_tells_every_line(
    portfolio: Portfolio, budget: Budget, line: BudgetLine
) -> None:
    signer = accountant(portfolio, "anna", certificate_no="RA-1", certified_until=date(2030, 1, 1))
    portfolio.session.add_all(
        Role(key=key, title=key) for key in ("it_director", "itsg_chair", "itsg_member")
    )
    cost(portfolio, 12345, category=CostCategory.SOFTWARE, line_id=line.id)
    month = opened(portfolio, budget)
    closed(portfolio, month)
    portfolio.call("period.sign", period=month["id"], signer=str(signer.id))

    told = portfolio.call("period.report", period=month["id"])

    [report] = portfolio.session.scalars(select(Document))
    assert told["notified"] == [str(portfolio.initiator)]
    for words in (b"Licences", b"12,345.00", b"Anna", b"RA-1"):
        assert words in report.content


def test_the_report_tells_why_and_what_is_known_but_not_booked(
    portfolio: Portfolio, budget: Budget, line: BudgetLine
) -> None:
    cost(portfolio, 60000, category=CostCategory.SOFTWARE, line_id=line.id)
    month = opened(portfolio, budget)
    [flagged] = closed(
        portfolio,
        month,
        accruals=[{"line": str(line.id), "amount": "1234.5", "note": "Invoice of March"}],
    )["deviating"]
    said = {"line": str(line.id), "cause": "one_off", "nature": "one_time", "outlook_year": 140000}
    portfolio.call_list(
        "period.note",
        period=month["id"],
        flagged=[{**flagged, "rag": "red"}],
        explained=[{**said, "request": "supplement", "amount": 20000, "action": "Talk <soon>."}],
    )

    content = report_of(portfolio, month)

    for words in (
        "61,234.50",
        "one-off cost",
        "140,000.00",
        "20,000.00",
        "1,234.50",
        "Invoice of March",
    ):
        assert words in content
    assert "Talk &lt;soon&gt;." in content


def test_a_month_without_costs_or_lines_is_reported(portfolio: Portfolio, budget: Budget) -> None:
    month = opened(portfolio, budget)
    closed(portfolio, month)

    content = report_of(portfolio, month)

    assert "no line with money" in content
    assert "No line deviated" in content


@pytest.mark.parametrize(
    ("months", "state"),
    [(["2026-12"], "closed"), (["2026-11"], "approved"), (["2026-10", "2026-12"], "approved")],
)
def test_the_last_month_closes_the_budget_unless_another_waits(
    portfolio: Portfolio, budget: Budget, months: list[str], state: str
) -> None:
    begun = [opened(portfolio, budget, period) for period in months]
    closed(portfolio, begun[-1])

    report_of(portfolio, begun[-1])

    assert budget.state == state


def test_the_budget_is_closed_by_whichever_month_is_signed_last(
    portfolio: Portfolio, budget: Budget
) -> None:
    november, december = (opened(portfolio, budget, month) for month in ("2026-11", "2026-12"))
    for month in (november, december):
        closed(portfolio, month)
    report_of(portfolio, december)
    signer = accountant(portfolio, "ben", certificate_no="RA-2", certified_until=date(2030, 1, 1))
    portfolio.call("period.sign", period=november["id"], signer=str(signer.id))
    before = str(budget.state)

    portfolio.call("period.report", period=november["id"])

    assert (before, budget.state) == ("approved", "closed")


def report_of(portfolio: Portfolio, month: dict[str, Any]) -> str:
    """Sign a closed month and give its report."""
    signer = accountant(portfolio, "anna", certificate_no="RA-1", certified_until=date(2030, 1, 1))
    for key in ("it_director", "itsg_chair", "itsg_member"):
        portfolio.session.add(Role(key=key, title=key))
    portfolio.call("period.sign", period=month["id"], signer=str(signer.id))
    portfolio.call("period.report", period=month["id"])
    return portfolio.session.scalars(select(Document)).one().content.decode()
