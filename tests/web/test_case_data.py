"""The data of a case reads as the forms asked for it."""

import json
from typing import Any

from tests.engine.diagrams import end, flows, start, user
from tests.services.bundles import bundle, number_field, text_field
from tests.services.office import Office
from tests.web.browsing import text_of
from tests.web.conftest import SignIn

_NEED = {
    "type": "select",
    "key": "need_source",
    "label": "Where the need comes from",
    "values": [
        {"value": "customer_need", "label": "A customer needs it"},
        {"value": "law", "label": "The law asks for it"},
    ],
}
_CEILING = {
    **number_field("investment_ceiling"),
    "label": "Spend at most",
    "properties": {"type": "money"},
}
_COSTS = {
    "type": "dynamiclist",
    "path": "costs",
    "label": "Costs",
    "components": [
        {**text_field("what"), "label": "What for"},
        {**number_field("sum"), "label": "How much", "properties": {"type": "money"}},
    ],
}


def _bundle(variable: str | None) -> dict[str, bytes]:
    task = user("U_fill", role="service_owner", form="fill", variable=variable)
    files = bundle(
        start(),
        task,
        user("U_last", role="service_owner"),
        end(),
        flows("start U_fill U_last end"),
        fill=[_NEED, _CEILING, _COSTS],
    )
    labels = {"nl": {"fill.need_source": "Waar de behoefte vandaan komt", "U_fill": "Invullen"}}
    return {**files, "p.i18n.json": json.dumps(labels).encode()}


def _data_page(office: Office, sign_in: SignIn, variable: str | None) -> str:
    office.deploy(_bundle(variable))
    owner = office.hire("service_owner")
    case = office.start(owner, odd_name="left")
    answers: dict[str, Any] = {
        "need_source": "customer_need",
        "investment_ceiling": 200_000,
        "costs": [{"what": "A <server>", "sum": 1234.5}],
    }
    office.complete(owner, office.task(case, "U_fill").id, **answers)
    page = sign_in(owner).open(f"/instances/{case}?view=data")
    assert page.status_code == 200
    assert "&amp;lt;" not in page.text
    return text_of(page).partition("As the process sees it")[0]


def test_labels_options_and_money_stand_as_in_the_form(office: Office, sign_in: SignIn) -> None:
    told = _data_page(office, sign_in, "define")

    assert "Odd name left" in told
    assert "U_fill Where the need comes from A customer needs it" in told
    assert "Spend at most EUR 200,000" in told
    assert "What for How much A <server> EUR 1,234.50" in told
    for raw in ("need_source", "customer_need", "investment"):
        assert raw not in told


def test_fields_that_become_variables_of_their_own_have_labels_too(
    office: Office, sign_in: SignIn
) -> None:
    told = _data_page(office, sign_in, None)

    assert "Where the need comes from A customer needs it" in told
    assert "Odd name left" in told


def test_the_history_tells_answers_as_the_form_asked_for_them(
    office: Office, sign_in: SignIn
) -> None:
    office.deploy(_bundle("define"))
    owner = office.hire("service_owner")
    case = office.start(owner)
    office.complete(owner, office.task(case, "U_fill").id, need_source="law", investment_ceiling=7)

    page = text_of(sign_in(owner).open(f"/instances/{case}?view=history"))
    _, _, answers = page.partition("What was filled in")

    assert answers.startswith(" Where the need comes from The law asks for it Spend at most EUR 7")


def test_what_no_form_asked_is_told_in_the_words_of_registers(
    office: Office, sign_in: SignIn
) -> None:
    office.deploy(_bundle("define"))
    owner = office.hire("service_owner")
    other = "0b4f3f66-5b0c-4f6e-9a38-3d1f6f3f3f10"
    case = office.start(
        owner,
        calc={
            "npv": 61003.92,
            "costs": [{"what": "Disks", "sum": 10}],
            "similar": [{"id": other, "number": "PRP-1", "state": "defined"}],
        },
        route={"level": "it_director", "customer_decision": True},
    )
    office.complete(owner, office.task(case, "U_fill").id, need_source="law")

    page = sign_in(owner).open(f"/instances/{case}?view=data")
    told = text_of(page).partition("As the process sees it")[0]

    assert "Figures Net present value EUR 61,003.92" in told
    assert "What for How much Disks EUR 10" in told
    assert "Similar proposals Number State PRP-1 defined" in told
    assert "Who had to approve Level IT director The customer decides Yes" in told
    assert told.index("Where the need comes from") < told.index("Net present value")
    assert other not in told


def test_labels_are_in_the_readers_language(office: Office, sign_in: SignIn) -> None:
    office.deploy(_bundle("define"))
    owner = office.hire("service_owner")
    case = office.start(owner)
    office.complete(owner, office.task(case, "U_fill").id, need_source="law")
    browser = sign_in(owner)
    browser.send("/profile/settings", language="nl", timezone="")

    told = text_of(browser.open(f"/instances/{case}?view=data"))

    assert "Invullen Waar de behoefte vandaan komt" in told
