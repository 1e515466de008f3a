"""Registers and the portfolio board."""

import re

import pytest

from ssflow.domain.identity import OPERATOR
from ssflow.domain.registers.portfolio import Service, ServiceState
from tests.services.office import Office
from tests.web.browsing import Browser, text_of
from tests.web.conftest import SignIn


@pytest.fixture
def manager(sign_in: SignIn, office: Office) -> Browser:
    return sign_in(office.hire("portfolio_manager"))


@pytest.fixture
def admin(sign_in: SignIn, office: Office) -> Browser:
    return sign_in(office.hire("admin"))


@pytest.fixture
def services(office: Office) -> None:
    states = {
        "Mail": ServiceState.LIVE,
        "Robots": ServiceState.PROPOSED,
        "Fax": ServiceState.RETIRED,
    }
    with office.work() as work:
        for number, (name, state) in enumerate(states.items(), start=1):
            service = Service(
                number=f"SRV-{number}",
                name=name,
                state=state,
                created_at=work.now,
                created_by=OPERATOR.key,
            )
            work.session.add(service)


def test_the_board_has_a_column_for_each_part_of_the_portfolio(
    manager: Browser, services: None
) -> None:
    page = text_of(manager.open("/portfolio"))

    assert "Service pipeline 1 proposed 1 SRV-2 Robots" in page
    assert "Service catalogue 1 live 1 SRV-1 Mail" in page
    assert "Retired services 1 retired 1 SRV-3 Fax" in page


def test_customers_see_the_catalogue_alone(sign_in: SignIn, office: Office, services: None) -> None:
    browser = sign_in(office.hire("customer"))

    page = text_of(browser.open("/portfolio"))

    assert "SRV-1 Mail" in page
    assert "Robots" not in page
    assert "pipeline" not in page
    assert browser.open("/registers/Service/SRV-2").status_code == 404
    assert browser.open("/registers/Decision").status_code == 404


def test_an_empty_board_says_so(manager: Browser) -> None:
    assert text_of(manager.open("/portfolio")).count("Nothing here.") == 3


def test_registers_stand_in_the_order_of_the_reader_s_words(manager: Browser) -> None:
    manager.send("/profile/settings", language="nl", timezone="Europe/Amsterdam")

    titles = re.findall(r'tile-link" href="[^"]+">([^<]+)<', manager.open("/registers").text)

    assert "Opdrachten" in titles
    assert titles == sorted(titles, key=str.lower)


def test_a_register_is_listed_and_searched(manager: Browser, services: None) -> None:
    everything = text_of(manager.open("/registers/Service"))
    found = text_of(manager.open("/registers/Service?q=robo"))

    assert "SRV-1 Mail" in everything
    assert "SRV-2 Robots" in found
    assert "SRV-1" not in found


def test_a_record_shows_its_facts(manager: Browser, services: None) -> None:
    page = text_of(manager.open("/registers/Service/SRV-1"))

    assert "SRV-1 · Mail" in page
    assert "State live" in page


@pytest.mark.parametrize("path", ["/registers/Nonsense", "/registers/Service/SRV-99"])
def test_what_does_not_exist_is_not_found(manager: Browser, path: str) -> None:
    assert manager.open(path).status_code == 404


@pytest.mark.parametrize(
    ("kind", "fields", "shown"),
    [
        (
            "Customer",
            {"name": "Sales", "kind": "internal", "tier": "key", "status": "active"},
            "Sales",
        ),
        ("StrategicObjective", {"text": "Grow", "status": "active"}, "Grow"),
        ("MarketSegment", {"name": "Shipyards"}, "Shipyards"),
        ("Holiday", {"day": "2026-06-19", "name": "Midsummer"}, "Midsummer"),
    ],
)
def test_administrators_add_what_processes_refer_to(
    admin: Browser, kind: str, fields: dict[str, str], shown: str
) -> None:
    form = admin.open(f"/registers/{kind}/add")

    answer = admin.send(f"/registers/{kind}/add", fields)

    assert form.status_code == 200
    assert answer.status_code == 303
    assert shown in text_of(admin.open(f"/registers/{kind}"))


def test_a_record_is_changed(admin: Browser) -> None:
    fields = {"name": "Shipyards", "kind": "industry"}
    admin.send("/registers/MarketSegment/add", fields)
    page = admin.open("/registers/MarketSegment").text
    [reference] = re.findall(r"/registers/MarketSegment/([0-9a-f-]{36})", page)

    admin.send(f"/registers/MarketSegment/{reference}/change", fields | {"name": "Harbours"})

    listed = text_of(admin.open("/registers/MarketSegment"))
    assert "Harbours" in listed
    assert "Shipyards" not in listed


def test_the_trail_tells_a_change_in_the_words_of_the_register(admin: Browser) -> None:
    admin.send("/registers/Customer/add", name="Acme", kind="internal", status="active")

    told = text_of(admin.open("/audit")).partition("As it was written")[0]

    assert "Record added Customers" in told
    assert "Kind – internal" in told
    assert "State – active" in told


def test_a_wrong_record_comes_back_with_its_errors(admin: Browser) -> None:
    answer = admin.send("/registers/Customer/add", name="", kind="internal")

    assert answer.status_code == 422
    assert 'href="#f-name"' in answer.text


def test_the_same_record_twice_is_refused(admin: Browser) -> None:
    fields = {"name": "Shipyards"}
    admin.send("/registers/MarketSegment/add", fields)

    assert admin.send("/registers/MarketSegment/add", fields).status_code == 409


def test_only_processes_write_the_other_registers(admin: Browser) -> None:
    assert admin.open("/registers/Service/add").status_code == 404


def test_others_are_not_offered_to_change_anything(manager: Browser) -> None:
    assert "/registers/Customer/add" not in manager.open("/registers/Customer").text
    assert manager.send("/registers/Customer/add", name="Sales").status_code == 403


def test_a_record_says_who_added_it(manager: Browser, services: None) -> None:
    page = text_of(manager.open("/registers/Service/SRV-1"))

    assert "added by an operator on the server" in page


def test_the_form_of_a_record_speaks_the_reader_s_language(admin: Browser) -> None:
    admin.send("/profile/settings", language="nl", timezone="")

    page = text_of(admin.open("/registers/Customer/add"))

    assert "Wie beslist en betaalt" in page
    assert "Belangrijke klant" in page
    assert "Who decides" not in page
