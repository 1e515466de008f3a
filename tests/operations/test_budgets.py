"""Operations on yearly budgets: what each writes, gives and refuses."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from ssflow.domain.identity import Role, RoleGrant, User
from ssflow.domain.registers.budget import (
    Budget,
    BudgetClass,
    BudgetLine,
    BudgetState,
    Commitment,
    CostCategory,
    CostEntry,
)
from ssflow.domain.registers.customers import Customer
from ssflow.domain.registers.portfolio import Decision, Document, Service
from ssflow.domain.registers.strategy import Initiative, StrategyDocument, StrategyState
from ssflow.operations.operation import EffectKind, OperationRefusedError, Refusal
from tests.conftest import NOW
from tests.operations.conftest import Portfolio

GUIDELINES = {
    "ceiling_capital": "1000",
    "ceiling_operational": 2000,
    "ceiling_strategic": None,
    "submit_by": "2026-04-01",
    "zero_base_holders": [],
}
ROW = {"name": "Mail", "category": "software", "budget_class": "operational", "amount": 1200}


def holder(portfolio: Portfolio, name: str) -> User:
    session = portfolio.session
    if session.get(Role, "budget_holder") is None:
        session.add(Role(key="budget_holder", title="Budget holder"))
    user = User(name=name, full_name=name.title(), created_at=NOW)
    session.add(user)
    session.flush()
    session.add(RoleGrant(user_id=user.id, role="budget_holder"))
    session.flush()
    return user


def last_year(portfolio: Portfolio, user: User, name: str, **told: Any) -> BudgetLine:
    former = portfolio.put(
        Budget, number="BUD-2026-0001", fiscal_year=2026, state=BudgetState.APPROVED
    )
    given: dict[str, Any] = {
        "category": CostCategory.SOFTWARE,
        "budget_class": BudgetClass.OPERATIONAL,
        "amount": Decimal(1000),
    }
    line: BudgetLine = portfolio.put(
        BudgetLine, name=name, budget_id=former.id, holder=user.id, **given | told
    )
    return line


def spend(portfolio: Portfolio, line: BudgetLine, period: str, amount: int) -> None:
    portfolio.put(
        CostEntry,
        document_no=f"{line.name} {period}",
        period=period,
        booking_date=NOW.date(),
        gl="61",
        amount=Decimal(amount),
        line_id=line.id,
    )


def a_strategy(portfolio: Portfolio) -> StrategyDocument:
    strategy: StrategyDocument = portfolio.put(
        StrategyDocument,
        number="STR-2026-0001",
        title="Ahead",
        horizon_from=date(2026, 1, 1),
        horizon_to=date(2028, 12, 31),
        state=StrategyState.ACTIVE,
    )
    return strategy


def opened(portfolio: Portfolio, year: int = 2027) -> dict[str, Any]:
    return portfolio.call("budget.open", fiscal_year=year)


def lines(portfolio: Portfolio, budget: dict[str, Any]) -> list[BudgetLine]:
    query = select(BudgetLine).order_by(BudgetLine.name)
    return [
        line for line in portfolio.session.scalars(query) if str(line.budget_id) == budget["id"]
    ]


def submit(
    portfolio: Portfolio, budget: dict[str, Any], user: User, *rows: dict[str, Any]
) -> dict[str, Any]:
    return portfolio.call(
        "budget.take_lines",
        budget=budget["id"],
        holder=str(user.id),
        lines={"lines": list(rows)},
        baseline=budget["baseline"],
    )


def consolidated(portfolio: Portfolio, budget: dict[str, Any]) -> dict[str, Any]:
    told = portfolio.call_list("budget.gather", budget=budget["id"])
    checked = [{"issue": "", "blocking": False} for _ in told]
    return portfolio.call("budget.consolidate", budget=budget["id"], lines=told, checked=checked)


def test_a_year_has_one_budget(portfolio: Portfolio) -> None:
    first = opened(portfolio)

    with pytest.raises(OperationRefusedError, match="only one budget") as refused:
        opened(portfolio.in_another_case())

    assert first["number"] == "BUD-2027-0001"
    assert refused.value.code is Refusal.REFUSED
    assert len(list(portfolio.session.scalars(select(Budget)))) == 1


def test_a_rejected_budget_makes_room_for_another(portfolio: Portfolio) -> None:
    first = opened(portfolio)
    portfolio.call("budget.end", budget=first["id"], outcome="rejected", reason="No.")

    second = opened(portfolio)

    assert second["number"] == "BUD-2027-0002"


@pytest.mark.parametrize("year", [2024, 2032])
def test_a_budget_is_made_for_a_year_that_is_near(portfolio: Portfolio, year: int) -> None:
    with pytest.raises(OperationRefusedError, match=str(year)):
        opened(portfolio, year)


def test_the_baseline_is_what_was_spent_and_what_was_approved_last(portfolio: Portfolio) -> None:
    user = holder(portfolio, "hanna")
    former = portfolio.put(
        Budget, number="BUD-2026-0001", fiscal_year=2026, state=BudgetState.APPROVED
    )
    told: dict[str, Any] = {
        "budget_id": former.id,
        "holder": user.id,
        "category": CostCategory.SOFTWARE,
    }
    spent = portfolio.put(
        BudgetLine, name="a", budget_class=BudgetClass.OPERATIONAL, amount=Decimal(100), **told
    )
    portfolio.put(
        BudgetLine, name="b", budget_class=BudgetClass.CAPITAL, amount=Decimal(70), **told
    )
    for period, amount in (("2025-02", 9999), ("2025-03", 40), ("2026-02", 50), ("2026-03", 7777)):
        portfolio.put(
            CostEntry,
            document_no=period,
            period=period,
            booking_date=NOW.date(),
            gl="61",
            amount=Decimal(amount),
            line_id=spent.id,
        )

    baseline = opened(portfolio)["baseline"]

    assert [(r["budget_class"], r["amount"], r["former"]) for r in baseline] == [
        ("capital", 70.0, 70.0),
        ("operational", 90.0, 100.0),
    ]


def test_what_got_no_money_last_year_is_no_baseline(portfolio: Portfolio) -> None:
    user = holder(portfolio, "hanna")
    last_year(portfolio, user, "Wish", is_funded=False)

    assert opened(portfolio)["baseline"] == []


def test_what_is_promised_and_not_spent_is_asked_for_again(portfolio: Portfolio) -> None:
    line = last_year(portfolio, holder(portfolio, "hanna"), "Move")
    portfolio.put(Commitment, line_id=line.id, amount=Decimal(900))
    portfolio.put(Commitment, line_id=line.id, amount=Decimal(50), released=True)
    spend(portfolio, line, "2026-01", 200)

    baseline = opened(portfolio)["baseline"]

    assert [(row["name"], row["amount"], row["former"]) for row in baseline] == [
        ("Move · promised", 700.0, None),
        ("software · operational", 200.0, 1000.0),
    ]


@pytest.mark.parametrize(
    ("told", "is_offered"),
    [
        ({}, True),
        ({"to_date": date(2026, 12, 31)}, False),
        ({"from_date": date(2028, 1, 1)}, False),
        ({"kind": "service_new"}, False),
        ({"is_launched": False}, False),
        ({"money": Decimal(0)}, False),
    ],
)
def test_initiatives_of_the_strategy_in_force_come_into_the_baseline(
    portfolio: Portfolio, told: dict[str, Any], *, is_offered: bool
) -> None:
    user = holder(portfolio, "hanna")
    strategy = a_strategy(portfolio)
    given: dict[str, Any] = {"kind": "capability", "is_launched": True, "money": Decimal(30000)}
    initiative = portfolio.put(
        Initiative, title="Train", strategy_id=strategy.id, owner=user.id, **given | told
    )
    budget = opened(portfolio)

    portfolio.call(
        "budget.default_lines",
        budget=budget["id"],
        holder=str(user.id),
        baseline=budget["baseline"],
    )

    made = [(line.name, line.budget_class, line.initiative) for line in lines(portfolio, budget)]
    assert made == ([("Train", "strategic", initiative.id)] if is_offered else [])


def test_an_initiative_is_budgeted_once(portfolio: Portfolio) -> None:
    user = holder(portfolio, "hanna")
    initiative = portfolio.put(
        Initiative,
        title="Train",
        kind="capability",
        strategy_id=a_strategy(portfolio).id,
        is_launched=True,
        money=Decimal(30000),
    )
    last_year(portfolio, user, "Train", initiative=initiative.id, is_funded=False)

    assert opened(portfolio)["baseline"] == []


def test_a_budget_whose_case_was_cancelled_makes_room(portfolio: Portfolio) -> None:
    portfolio.begin_case()
    first = opened(portfolio)
    portfolio.cancel_case()

    other = portfolio.in_another_case()
    second = opened(other)

    left = portfolio.session.get_one(Budget, UUID(first["id"]))
    assert (left.state, left.ended_reason) == ("cancelled", "Its case was cancelled.")
    assert second["number"] == "BUD-2027-0002"
    assert [change.number for change in other.context.changes] == [first["number"], "BUD-2027-0002"]


def test_an_approved_budget_stands_though_its_case_was_cancelled(portfolio: Portfolio) -> None:
    portfolio.begin_case()
    first = opened(portfolio)
    portfolio.call("budget.approve", budget=first["id"], fundings=[])
    portfolio.cancel_case()

    with pytest.raises(OperationRefusedError, match="only one budget"):
        opened(portfolio.in_another_case())


def test_lines_that_are_replaced_are_told(portfolio: Portfolio) -> None:
    user, budget = holder(portfolio, "hanna"), opened(portfolio)
    submit(portfolio, budget, user, ROW)
    [line] = lines(portfolio, budget)
    portfolio.context.changes.clear()

    submit(portfolio, budget, user, {**ROW, "amount": 5})

    removed = portfolio.context.changes[0]
    assert removed.record_id == line.id
    assert removed.before is not None
    assert removed.before["amount"] == "1200.00"
    assert removed.after["amount"] is None


def test_holders_are_asked_in_good_time(portfolio: Portfolio) -> None:
    user, budget = holder(portfolio, "hanna"), opened(portfolio)

    asked = portfolio.call(
        "budget.set_guidelines",
        budget=budget["id"],
        guidelines={**GUIDELINES, "zero_base_holders": [str(user.id)]},
        baseline=[{**ROW, "holder": str(user.id), "service": None, "former": 1000}],
    )

    [one] = asked["holders"]
    assert (one["user"], one["name"], one["zero_base"]) == (str(user.id), "Hanna", True)
    assert one["rows"][0]["amount"] is None
    assert asked["remind_at"] == "2026-03-25T08:00:00+01:00"
    assert asked["closes_at"] == "2026-04-01T23:59:59+02:00"
    stored = portfolio.session.scalars(select(Budget)).one()
    assert stored.ceilings == {"capital": "1000.00", "operational": "2000.00", "strategic": "0"}
    assert stored.state == "collecting"


def test_what_a_holder_submits_replaces_what_was_there(portfolio: Portfolio) -> None:
    user, other = holder(portfolio, "hanna"), holder(portfolio, "hugo")
    budget = opened(portfolio)
    submit(portfolio, budget, other, {**ROW, "name": "Theirs"})
    submit(portfolio, budget, user, ROW, {**ROW, "name": "Print"})

    told = submit(portfolio, budget, user, {**ROW, "amount": "12.00", "phasing": "q4"})

    assert told == {"holder": str(user.id), "status": "submitted", "lines": 1, "total": 12.0}
    mine = [line for line in lines(portfolio, budget) if line.holder == user.id]
    assert [(line.name, line.phasing[8:]) for line in mine] == [
        ("Mail", ["0.00", "4.00", "4.00", "4.00"])
    ]
    assert len(lines(portfolio, budget)) == 2


def test_months_that_do_not_sum_to_the_amount_are_refused(portfolio: Portfolio) -> None:
    user, budget = holder(portfolio, "hanna"), opened(portfolio)

    with pytest.raises(OperationRefusedError, match="sum to"):
        submit(portfolio, budget, user, {**ROW, "phasing": "custom", "m1": 1199})

    assert lines(portfolio, budget) == []


def test_what_must_be_corrected_is_told_in_words(portfolio: Portfolio) -> None:
    user, budget = holder(portfolio, "hanna"), opened(portfolio)
    submit(portfolio, budget, user, ROW, {**ROW, "name": "Print", "amount": 800})
    told = portfolio.call_list("budget.gather", budget=budget["id"])
    issues = ["business_case_required", "ask_legal"]
    checked = [{"issue": issue, "blocking": True} for issue in issues]

    totals = portfolio.call("budget.consolidate", budget=budget["id"], lines=told, checked=checked)

    problems = {each["problem"] for each in totals["to_fix"]}
    assert problems == {"Needs a business case", "ask_legal"}


def test_lines_are_added_up_by_class_category_and_holder(portfolio: Portfolio) -> None:
    user, budget = holder(portfolio, "hanna"), opened(portfolio)
    portfolio.call("budget.set_guidelines", budget=budget["id"], guidelines=GUIDELINES, baseline=[])
    submit(
        portfolio,
        budget,
        user,
        ROW,
        {**ROW, "name": "Servers", "budget_class": "capital", "amount": 1950},
    )

    totals = consolidated(portfolio, budget)

    assert (totals["total"], totals["ceiling"], totals["gap_pct"]) == (3150.0, 3000.0, 5.0)
    assert totals["over"] == 150.0
    assert totals["by_holder"] == [{"holder": "Hanna", "amount": 3150.0}]
    assert [(row["budget_class"], row["gap_pct"]) for row in totals["by_class"]] == [
        ("capital", 95.0),
        ("operational", -40.0),
        ("strategic", 0.0),
    ]
    assert [row["name"] for row in totals["to_rank"]] == ["Servers"]


def test_a_cut_makes_a_line_smaller_and_keeps_its_shape(portfolio: Portfolio) -> None:
    user, budget = holder(portfolio, "hanna"), opened(portfolio)
    submit(portfolio, budget, user, {**ROW, "phasing": "q1"})
    [line] = lines(portfolio, budget)

    def cut(amount: int | None) -> dict[str, Any]:
        row = {"line": str(line.id), "new_amount": amount}
        return portfolio.call("budget.cut_lines", budget=budget["id"], cuts={"cuts": [row]})

    assert cut(None)["saved"] == 0.0
    assert cut(300)["saved"] == 900.0
    assert line.amount == Decimal(300)
    assert line.phasing[:4] == ["100.00", "100.00", "100.00", "0.00"]
    with pytest.raises(OperationRefusedError, match="cannot raise"):
        cut(301)


def test_cuts_tell_what_can_be_cut_after_them(portfolio: Portfolio) -> None:
    user, budget = holder(portfolio, "hanna"), opened(portfolio)
    submit(portfolio, budget, user, ROW, {**ROW, "name": "Phones", "amount": 800})
    mail, phones = lines(portfolio, budget)
    row = {"line": str(mail.id), "new_amount": 500}

    totals = portfolio.call("budget.cut_lines", budget=budget["id"], cuts={"cuts": [row]})["totals"]

    assert totals["total"] == 1300.0
    assert [(r["line"], r["amount"]) for r in totals["to_cut"]] == [
        (str(phones.id), 800.0),
        (str(mail.id), 500.0),
    ]


def test_lines_of_another_budget_are_not_touched(portfolio: Portfolio) -> None:
    user, budget = holder(portfolio, "hanna"), opened(portfolio)
    submit(portfolio, budget, user, ROW)
    [line] = lines(portfolio, budget)
    other = opened(portfolio, 2028)

    for name, told in (
        ("budget.cut_lines", {"cuts": {"cuts": [{"line": str(line.id), "new_amount": 1}]}}),
        ("budget.prioritise", {"ranking": {"ranking": [{"line": str(line.id), "rank": 1}]}}),
        ("budget.fix_line", {"line": str(line.id), "fix": {"budget_class": "capital"}}),
    ):
        with pytest.raises(OperationRefusedError, match="has no line"):
            portfolio.call(name, budget=other["id"], **told)
    assert line.amount == 1200


def test_unfunded_lines_do_not_count(portfolio: Portfolio) -> None:
    user, budget = holder(portfolio, "hanna"), opened(portfolio)
    submit(portfolio, budget, user, ROW, {**ROW, "name": "Print", "amount": 800})
    mail, _ = lines(portfolio, budget)

    portfolio.call(
        "budget.prioritise",
        budget=budget["id"],
        ranking={"ranking": [{"line": str(mail.id), "rank": 2, "funded": False}]},
    )

    totals = consolidated(portfolio, budget)
    assert totals["total"] == 800.0
    assert [row["name"] for row in totals["unfunded"]] == ["Mail"]


def test_customers_pay_for_the_lines_of_their_services(portfolio: Portfolio) -> None:
    user, budget = holder(portfolio, "hanna"), opened(portfolio)
    silent = portfolio.put(Customer, name="Nobody decides")
    services = [
        portfolio.put(Service, number=f"S{n}", name=f"S{n}", customer_id=customer.id)
        for n, customer in enumerate((portfolio.customer, silent))
    ]
    rows = [{**ROW, "name": str(n), "service": str(s.id)} for n, s in enumerate(services)]
    submit(portfolio, budget, user, *rows, ROW)

    [share] = portfolio.call_list("budget.shares", budget=budget["id"])

    assert (share["name"], share["share"], share["mandate_holder"]) == (
        "Acme",
        1200.0,
        str(portfolio.initiator),
    )


def test_an_approved_budget_is_locked(portfolio: Portfolio) -> None:
    user, budget = holder(portfolio, "hanna"), opened(portfolio)
    submit(portfolio, budget, user, ROW)
    answers = [
        {"agree": "agree", "name": "Acme", "decider": str(user.id)},
        {"agree": None, "name": "Silent"},
    ]

    told = portfolio.call("budget.approve", budget=budget["id"], fundings=answers)

    assert (told["outcome"], told["version"], told["total"]) == ("approved", 1, 1200.0)
    [decision] = portfolio.session.scalars(select(Decision))
    assert (decision.question, decision.decision) == ("Share of Acme", "agree")
    for name, more in (
        ("budget.take_lines", {"holder": str(user.id), "lines": {}, "baseline": []}),
        ("budget.gather", {}),
        ("budget.end", {"outcome": "cancelled"}),
        ("budget.approve", {"fundings": []}),
    ):
        with pytest.raises(OperationRefusedError, match="locked") as refused:
            portfolio.call(name, budget=budget["id"], **more)
        assert refused.value.code is Refusal.WRONG_STATE


def test_last_year_goes_on_by_a_twelfth_until_the_budget_is_approved(portfolio: Portfolio) -> None:
    user = holder(portfolio, "hanna")
    portfolio.session.add(Role(key="itsg_chair", title="Chair"))
    former = opened(portfolio, 2026)
    submit(portfolio, former, user, ROW)
    portfolio.call("budget.approve", budget=former["id"], fundings=[])
    budget = opened(portfolio.in_another_case(), 2027)

    told = portfolio.call("budget.continue", budget=budget["id"])

    stored = portfolio.session.scalars(select(Budget).where(Budget.fiscal_year == 2027)).one()
    assert told == {"continued": 1}
    assert stored.continuation is True
    assert [(line["name"], line["monthly"]) for line in stored.continued_lines] == [
        ("Mail", "100.00")
    ]
    portfolio.call("budget.approve", budget=budget["id"], fundings=[])
    assert stored.continuation is False
    assert portfolio.call("budget.continue", budget=budget["id"]) == {"continued": 0}


def test_the_budget_book_is_sent_to_holders_and_customers(portfolio: Portfolio) -> None:
    user, budget = holder(portfolio, "hanna"), opened(portfolio)
    service = portfolio.put(Service, number="S", name="Mail", customer_id=portfolio.customer.id)
    submit(portfolio, budget, user, {**ROW, "service": str(service.id)})
    portfolio.call("budget.approve", budget=budget["id"], fundings=[])

    told = portfolio.call("budget.publish", budget=budget["id"])

    [book] = portfolio.session.scalars(select(Document))
    assert told["document"] == str(book.id)
    assert b"Mail" in book.content
    assert b"1,200.00" in book.content
    assert set(told["notified"]) == {str(user.id), str(portfolio.initiator)}
    sent = [e.payload["template"] for e in portfolio.context.effects if e.kind is EffectKind.NOTICE]
    assert sent == ["budget_published"] * 2


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", ("Budgetboek", "Regel", "operationele kosten", "1.200,00", "Gemaakt op")),
        ("sv", ("Budgetbok", "Rad", "driftkostnader", "1\N{NO-BREAK SPACE}200,00", "Skapat")),
    ],
)
def test_the_budget_book_speaks_the_language_of_who_began(
    portfolio: Portfolio, language: str, words: tuple[str, ...]
) -> None:
    portfolio.session.get_one(User, portfolio.initiator).language = language
    user, budget = holder(portfolio, "hanna"), opened(portfolio)
    submit(portfolio, budget, user, ROW)
    portfolio.call("budget.approve", budget=budget["id"], fundings=[])

    portfolio.call("budget.publish", budget=budget["id"])

    [book] = portfolio.session.scalars(select(Document))
    told = book.content.decode()
    assert f'<html lang="{language}">' in told
    assert [word for word in words if word not in told] == []
    assert [word for word in ("Made on", "Holder", "Funded", "Amount") if word in told] == []
    assert book.title.startswith(words[0])


def test_a_budget_that_is_not_there_is_not_found(portfolio: Portfolio) -> None:
    with pytest.raises(OperationRefusedError) as refused:
        portfolio.call("budget.gather", budget=str(uuid4()))

    assert refused.value.code is Refusal.NOT_FOUND
