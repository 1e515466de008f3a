"""Operations of the portfolio review: what each service is worth, and what becomes of it."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from marshmallow import fields

from ssflow.domain.registers.portfolio import Service, ServiceReview, ServiceState
from ssflow.domain.registers.work import ActionItem
from ssflow.operations.case_figures import add_months
from ssflow.operations.documents import make_document
from ssflow.operations.operation import OperationContext, OperationRefusedError, Refusal, operation
from ssflow.operations.parameters import (
    amount_of,
    form,
    id_of,
    identifier,
    optional_amount_of,
    rating_of,
    text,
)
from ssflow.operations.proposal_records import notice, record_of
from ssflow.operations.record_changes import add_record, changing
from ssflow.sentences import Sentence
from ssflow.store import portfolio as portfolio_rows

MAX_SERVICES = 300
"""As many as one board looks at; the form of the board has no more rows."""
NEXT_REVIEW_MONTHS = 12
NO_BENEFIT = Decimal("9.99")
UNKNOWN_USERS = -1
_MIDDLE = 3
_YEAR = timedelta(days=365)
_CASE_YEARS = 3


def cost_benefit_ratio(cost: Decimal, benefit: Decimal | None) -> Decimal:
    """Compare what a service costs and brings in a year: cost / benefit, at most 999.99.

    No benefit is 9.99; where nobody ever promised one (None) there is nothing to compare: 0.
    """
    if benefit is None:
        return Decimal(0)
    if not benefit:
        return NO_BENEFIT
    ratio = (cost / benefit).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return min(ratio, Decimal("999.99"))


def users_expected(growth: Sequence[Mapping[str, Any]], year: int) -> int | None:
    """Give the users that a charter expects in a year: those of the last year told up to then."""
    told = [(int(row["year"]), int(row["users"])) for row in growth if row.get("users") is not None]
    past = [row for row in sorted(told) if row[0] <= year]
    return past[-1][1] if past else None


@operation(
    "review.gather",
    "Gather figures of services",
    services=fields.List(fields.UUID(), required=False, allow_none=True, load_default=None),
)
def gather_services(context: OperationContext, given: dict[str, Any]) -> list[dict[str, Any]]:
    """List live services with what is known of them: all, or those that are named."""
    live = portfolio_rows.live_services(context.session, MAX_SERVICES)
    wanted = set(given["services"] or [])
    return [_metrics(context, one) for one in live if not wanted or one.id in wanted]


@operation(
    "review.rate",
    "Rate a service",
    service=form(),
    assessment=form(),
)
def rate_service(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Bring figures and assessment of a service together; a silent owner gives middle scores."""
    service, told = given["service"], given["assessment"]
    is_default = bool(told.get("is_default"))
    promised = optional_amount_of(service.get("yearly_benefit"))
    realised = optional_amount_of(told.get("benefit_realised_pct"))
    share = Decimal(100) if realised is None else realised
    benefit = None if promised is None else promised * share / 100
    ratio = cost_benefit_ratio(amount_of(service.get("yearly_cost")), benefit)
    users = told.get("users", service.get("users"))
    return {
        "service": service["service"],
        "number": service["number"],
        "name": service["name"],
        "owner": service.get("owner"),
        "customer": service.get("customer"),
        "users": UNKNOWN_USERS if users is None else int(users),
        "value_score": _MIDDLE if is_default else rating_of(told["value_score"]),
        "tech_score": _MIDDLE if is_default else rating_of(told["tech_score"]),
        "ratio": float(ratio),
        "yearly_cost": service.get("yearly_cost"),
        "yearly_benefit": None if benefit is None else float(benefit),
        "benefit_realised_pct": None if realised is None else float(realised),
        "outcome_still_needed": bool(told.get("outcome_still_needed", True)),
        "is_default": is_default,
        "note": told.get("note") or "",
    }


@operation(
    "review.record",
    "Record the reviews",
    reviews=fields.List(fields.Dict(), required=True),
    rows=fields.List(fields.Dict(), required=True),
)
def record_reviews(context: OperationContext, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Write down what the board decided about each service; tells what is to be started.

    A service that ended or is ending since it was assessed is left out.
    """
    decided = {str(row["service"]): row for row in given["rows"]}
    found = [
        (record_of(context, Service, _service_id(review)), review)
        for review in given["reviews"]
        if str(review["service"]) in decided
    ]
    return [
        _record_review(context, service, review, decided[str(review["service"])])
        for service, review in found
        if service.state is ServiceState.LIVE
    ]


@operation("review.retain", "Keep a service", service=identifier())
def retain_service(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Keep the service as it is; it is looked at again in a year."""
    service = record_of(context, Service, given["service"])
    due = add_months(context.calendar.local_date(context.now), NEXT_REVIEW_MONTHS)
    with changing(context, service):
        service.review_due = due
    return {"review_due": due.isoformat()}


@operation(
    "review.merge", "Ask to merge a service", service=identifier(), reason=text(required=False)
)
def merge_service(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Leave it to the owner to merge the service with one that does the same."""
    service = record_of(context, Service, given["service"])
    action = add_record(
        context,
        ActionItem(
            what=Sentence(
                "Rationalise %(number)s %(name)s", number=service.number, name=service.name
            ),
            kind="merge",
            source_type="Service",
            source_id=service.id,
            owner=service.owner,
            result=given["reason"] or "",
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
    return {"action": str(action.id)}


@operation(
    "review.report",
    "Report on the portfolio review",
    accepted=fields.List(fields.Dict(), required=True),
)
def report_reviews(context: OperationContext, given: dict[str, Any]) -> dict[str, Any]:
    """Write the report of the review and tell the steering group and the IT director."""
    today = context.calendar.local_date(context.now)
    title = Sentence("Portfolio review %(day)s", day=today.isoformat())
    owner = ("ProcessInstance", context.instance_id)
    document = make_document(context, owner, "portfolio_review", title, accepted=given["accepted"])
    context.effects.append(
        notice("portfolio_reviewed", ["it_director", "itsg_chair"], title=document.title)
    )
    counts: dict[str, int] = {}
    for row in given["accepted"]:
        counts[row["disposition"]] = counts.get(row["disposition"], 0) + 1
    return {"document": str(document.id), "counts": counts}


REVIEW_OPERATIONS = (
    gather_services,
    rate_service,
    record_reviews,
    retain_service,
    merge_service,
    report_reviews,
)


def _metrics(context: OperationContext, service: Service) -> dict[str, Any]:
    today = context.calendar.local_date(context.now)
    cases = portfolio_rows.cases_of_service(context.session, service.id)
    promised = sum((case.tco3 for case in cases), Decimal(0)) / _CASE_YEARS
    cost = portfolio_rows.yearly_cost_of(context.session, service.id, *_last_year(today))
    benefit = sum((case.benefit3 for case in cases), Decimal(0)) / _CASE_YEARS
    former = portfolio_rows.last_review_of(context.session, service.id)
    return {
        "service": str(service.id),
        "number": service.number,
        "name": service.name,
        "owner": str(service.owner) if service.owner else None,
        "customer": str(service.customer_id) if service.customer_id else None,
        "users": known_users(context, service),
        "yearly_cost": float(amount_of(promised if cost is None else cost)),
        "yearly_benefit": float(amount_of(benefit)) if cases else None,
        "complaints": portfolio_rows.complaints_about(
            context.session, service.id, context.now - _YEAR
        ),
        "former": former.disposition if former else None,
    }


def known_users(context: OperationContext, service: Service) -> int | None:
    """Give how many users a service has, as last reviewed, else as its charter expects."""
    former = portfolio_rows.last_review_of(context.session, service.id)
    if former is not None and former.users >= 0:
        return former.users
    charters = portfolio_rows.charters_of_service(context.session, service.id)
    year = context.calendar.local_date(context.now).year
    found = (users_expected(charter.growth, year) for charter in charters)
    return next((users for users in found if users is not None), None)


def _last_year(today: date) -> tuple[str, str]:
    """Give the twelve periods before the present one."""
    last = add_months(today.replace(day=1), -1)
    return f"{add_months(last, -11):%Y-%m}", f"{last:%Y-%m}"


def _record_review(
    context: OperationContext, service: Service, told: Mapping[str, Any], row: Mapping[str, Any]
) -> dict[str, Any]:
    add_record(
        context,
        ServiceReview(
            service_id=service.id,
            reviewed_on=context.calendar.local_date(context.now),
            value_score=rating_of(told["value_score"]),
            tech_score=rating_of(told["tech_score"]),
            users=int(told["users"]),
            yearly_cost=amount_of(told.get("yearly_cost")),
            yearly_benefit=amount_of(told.get("yearly_benefit")),
            ratio=amount_of(told.get("ratio")),
            benefit_realised_pct=optional_amount_of(told.get("benefit_realised_pct")),
            outcome_still_needed=bool(told.get("outcome_still_needed")),
            is_default=bool(told.get("is_default")),
            note=told.get("note") or "",
            proposed=str(told["disposition"]),
            disposition=str(row["disposition"]),
            investment=row.get("investment") or None,
            reason=row.get("reason") or "",
            instance_id=context.instance_id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
    with changing(context, service):
        service.investment = row.get("investment") or service.investment
    return {
        "service": str(service.id),
        "number": service.number,
        "name": service.name,
        "customer": told.get("customer"),
        "disposition": str(row["disposition"]),
        "reason": row.get("reason") or told.get("note") or "",
    }


def _service_id(told: Mapping[str, Any]) -> UUID:
    service_id = id_of(told.get("service"))
    if service_id is None:
        raise OperationRefusedError("A review names no service.", code=Refusal.WRONG_PARAMETER)
    return service_id
