"""Who may enter which endpoint."""

import pytest
from flask import Flask

from ssflow.web import access
from ssflow.web.access import Door, MissingRuleError, find_rule, require_rules
from tests.services.office import Office
from tests.web.browsing import Browser
from tests.web.conftest import SignIn

_PUBLIC = {
    "static",
    "health.alive",
    "health.ready",
    "sign_in.login",
    "sign_in.try_login",
    "sign_in.link",
    "sign_in.use_link",
    "sign_in.first_run",
    "sign_in.make_first_admin",
    "api-docs.openapi_json",
    *(f"public.{name}" for name in ("show", "fields", "send", "thanks")),
    *(f"public.{name}" for name in ("status", "look", "answer", "leave")),
}
_READING = {"GET", "HEAD", "OPTIONS"}


def _rules(app: Flask) -> list[tuple[str, str, access.Rule | None]]:
    return [
        (rule.endpoint, method, find_rule(app, rule.endpoint, method))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]


def test_every_endpoint_says_who_may_enter(app: Flask) -> None:
    missing = [(endpoint, method) for endpoint, method, rule in _rules(app) if rule is None]

    assert missing == []


def test_only_the_doors_to_the_house_are_public(app: Flask) -> None:
    public = {endpoint for endpoint, _, rule in _rules(app) if rule and rule.door is Door.PUBLIC}

    assert public == _PUBLIC


@pytest.mark.adds_endpoints
def test_an_application_with_an_endpoint_without_a_rule_is_refused(app: Flask) -> None:
    app.view_functions["forgotten"] = lambda: "secret"
    app.url_map.add(app.url_rule_class("/forgotten", endpoint="forgotten", methods={"GET"}))

    with pytest.raises(MissingRuleError) as refused:
        require_rules(app)

    assert "forgotten" in str(refused.value)


@pytest.mark.adds_endpoints
def test_an_endpoint_without_a_rule_lets_nobody_in(app: Flask, browser: Browser) -> None:
    app.view_functions["forgotten"] = lambda: "secret"
    app.url_map.add(app.url_rule_class("/forgotten", endpoint="forgotten", methods={"GET"}))

    answer = browser.open("/forgotten")

    assert answer.status_code == 500
    assert "secret" not in answer.text


def _addresses(app: Flask, door: Door) -> list[tuple[str, str]]:
    """Give an address of every endpoint behind a door, with a method."""
    filled = {"uuid": "00000000-0000-4000-8000-000000000000", "int": "1", "string": "x"}
    addresses = []
    for rule in app.url_map.iter_rules():
        values = {}
        for name, converter in rule._converters.items():
            kind = type(converter).__name__
            values[name] = filled[
                "uuid" if "UUID" in kind else "int" if "Int" in kind else "string"
            ]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            found = find_rule(app, rule.endpoint, method)
            if found is not None and found.door is door:
                with app.test_request_context():
                    built = app.url_map.bind("localhost").build(
                        rule.endpoint, values, method=method
                    )
                addresses.append((method, built))
    return addresses


def test_nobody_gets_past_a_page_s_door_without_signing_in(app: Flask) -> None:
    for method, address in _addresses(app, Door.SIGNED_IN):
        answer = app.test_client().open(address, method=method)

        assert answer.status_code == 303, (method, address)
        assert answer.headers["Location"].startswith("/login"), (method, address)


def test_no_program_gets_past_rest_s_door_without_a_token(app: Flask) -> None:
    for method, address in _addresses(app, Door.BEARER):
        answer = app.test_client().open(address, method=method)

        assert answer.status_code == 401, (method, address)
        assert answer.mimetype == "application/problem+json"


def test_a_session_does_not_open_rest(sign_in: SignIn, office: Office) -> None:
    browser = sign_in(office.hire("admin"))

    answer = browser.open("/api/v1/user-tasks")

    assert answer.status_code == 401


def test_a_token_does_not_open_pages(app: Flask, office: Office) -> None:
    answer = app.test_client().get("/tasks", headers={"Authorization": "Bearer ssf_0.x"})

    assert answer.status_code == 303


def test_every_write_of_a_signed_in_browser_needs_its_token(
    app: Flask, sign_in: SignIn, office: Office
) -> None:
    browser = sign_in(office.hire("admin", "process_designer", "auditor"))
    writes = [
        (method, address)
        for door in (Door.SIGNED_IN, Door.PUBLIC)
        for method, address in _addresses(app, door)
        if method not in _READING
    ]

    refused = {
        address: browser.client.open(address, method=method, data={}).status_code
        for method, address in writes
    }

    assert set(refused.values()) == {400}, refused


@pytest.mark.parametrize("path", ["/admin/users", "/admin/roles", "/operations", "/audit"])
def test_pages_for_administrators_are_not_for_others(
    sign_in: SignIn, office: Office, path: str
) -> None:
    browser = sign_in(office.hire("portfolio_manager"))

    assert browser.open(path).status_code == 403


def test_the_navigation_offers_nothing_that_would_be_refused(
    sign_in: SignIn, office: Office
) -> None:
    for role in ("customer", "portfolio_manager", "process_designer", "auditor", "admin"):
        browser = sign_in(office.hire(role))
        page = browser.open("/tasks").text
        nav = page[page.index("<nav") : page.index("</nav>")]
        paths = [part.split('"')[0] for part in nav.split('href="')[1:]]

        statuses = {path: browser.client.get(path).status_code for path in paths}

        assert len(paths) >= 5
        assert set(statuses.values()) == {200}, (role, statuses)


def test_signing_in_leads_back_to_where_one_wanted_to_go(browser: Browser) -> None:
    answer = browser.open("/tasks?view=mine&q=a%20b")

    assert answer.headers["Location"] == "/login?next=/tasks?view%3Dmine%26q%3Da%2520b"


def test_a_part_of_a_page_asks_the_whole_page_to_sign_in(browser: Browser) -> None:
    answer = browser.open("/tasks", **{"HX-Request": "true"})

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/login")
