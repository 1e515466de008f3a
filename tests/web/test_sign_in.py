"""Signing in and out: passwords, one-time links, sessions, the first administrator."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.services import credentials, people
from ssflow.store import people as people_rows
from ssflow.store import sign_in as rows
from ssflow.web.sessions import ABSOLUTE, IDLE
from ssflow.web.sign_in import read_new_password
from tests.services.office import Office
from tests.web.browsing import Browser, text_of
from tests.web.conftest import SignIn

PASSWORD = "lantern harbour quietly seven"
OTHER_PASSWORD = "meadow turbine crisp ninety"


@pytest.fixture
def brm(office: Office) -> Actor:
    return office.hire("brm", name="bob")


@pytest.fixture
def with_password(app: Flask, office: Office, brm: Actor) -> Actor:
    """Somebody who has chosen a password."""
    with app.app_context():
        hashed = read_new_password(PASSWORD, None).hash
    with office.work() as work:
        credentials.set_password(work, _id(brm), hashed)
    return brm


def _id(actor: Actor) -> UUID:
    assert actor.user_id is not None
    return actor.user_id


def _log_in(browser: Browser, name: str, password: str, **more: str) -> int:
    return browser.send("/login", {"name": name, "password": password, **more}).status_code


def _is_in(browser: Browser) -> bool:
    return browser.client.get("/tasks").status_code == 200


# --- passwords -----------------------------------------------------------------------------------


def test_name_and_password_let_one_in(browser: Browser, with_password: Actor) -> None:
    status = _log_in(browser, "bob", PASSWORD)

    assert status == 303
    assert _is_in(browser)


def test_the_name_may_be_written_in_any_case(browser: Browser, with_password: Actor) -> None:
    _log_in(browser, "BOB", PASSWORD)

    assert _is_in(browser)


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(
    app: Flask, with_password: Actor
) -> None:
    wrong, unknown = Browser(app), Browser(app, address="127.0.0.2")

    statuses = (_log_in(wrong, "bob", "not it at all, sorry"), _log_in(unknown, "nob", PASSWORD))

    assert statuses == (401, 401)
    assert wrong.page is not None
    assert unknown.page is not None
    assert text_of(wrong.page) == text_of(unknown.page)


def test_an_account_without_a_password_is_like_one_that_does_not_exist(
    browser: Browser, brm: Actor
) -> None:
    assert _log_in(browser, "bob", "") == 401


def test_the_password_counts_exactly_as_typed(browser: Browser, with_password: Actor) -> None:
    assert _log_in(browser, "bob", f" {PASSWORD}") == 401
    assert _log_in(browser, "bob", PASSWORD.upper()) == 401


def test_hashes_are_argon2id_of_the_chosen_cost(office: Office, with_password: Actor) -> None:
    with office.look() as work:
        stored = people_rows.get_user(work.session, _id(with_password)).password

    assert stored is not None
    assert stored.startswith("$argon2id$v=19$m=47104,t=1,p=1$")


@pytest.mark.parametrize(
    "chosen", ["short", "password1234", "aaaaaaaaaaaaaaaa", "bobbobbobbob", "x" * 129]
)
def test_a_password_that_is_short_or_easily_guessed_is_refused(
    sign_in: SignIn, brm: Actor, chosen: str
) -> None:
    browser = sign_in(brm)

    answer = browser.send("/profile/password", password=chosen)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text


def test_failed_attempts_are_in_the_trail_without_the_password(
    browser: Browser, office: Office, with_password: Actor
) -> None:
    _log_in(browser, "bob", "not it at all, sorry")

    stream = f"sys-{office.now.date()}"
    assert office.details(stream, AuditAction.SIGN_IN_FAILED) == {"name": "bob"}
    assert not any("not it at all" in event.body for event in office.events(stream))


# --- throttle ------------------------------------------------------------------------------------


def test_the_sixth_guess_has_to_wait_even_with_the_right_password(
    browser: Browser, with_password: Actor
) -> None:
    guesses = [_log_in(browser, "bob", f"guess number {n} of mine") for n in range(5)]

    right = _log_in(browser, "bob", PASSWORD)

    assert guesses == [401] * 5
    assert right == 429
    assert not _is_in(browser)


def test_the_wait_ends(browser: Browser, office: Office, with_password: Actor) -> None:
    for n in range(5):
        _log_in(browser, "bob", f"guess number {n} of mine")

    office.now += timedelta(seconds=2)

    assert _log_in(browser, "bob", PASSWORD) == 303


def test_guessing_from_many_addresses_does_not_help(app: Flask, with_password: Actor) -> None:
    browsers = [Browser(app, address=f"10.0.0.{n}") for n in range(1, 8)]

    statuses = [_log_in(browser, "bob", "one guess from each place") for browser in browsers]

    assert statuses == [401] * 5 + [429] * 2


def test_parallel_guesses_do_not_overrun_the_limit(app: Flask, with_password: Actor) -> None:
    browsers = [Browser(app, address=f"10.0.1.{n}") for n in range(1, 17)]
    for browser in browsers:
        browser.open("/login")

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda b: _log_in(b, "bob", "all at the same time"), browsers))

    assert sorted(statuses) == [401] * 5 + [429] * 11


def test_an_own_account_does_not_win_free_guesses_at_others(
    browser: Browser, office: Office, app: Flask, with_password: Actor
) -> None:
    victim = office.hire("brm", name="victim")
    for n in range(4):
        _log_in(browser, victim.name, f"guess number {n} of mine")

    _log_in(Browser(app), "bob", PASSWORD)

    assert _log_in(browser, victim.name, "fifth guess of mine") == 401
    assert _log_in(browser, victim.name, "sixth guess of mine") == 429


def test_an_own_account_does_not_win_free_guesses_at_many_others(
    app: Flask, with_password: Actor
) -> None:
    statuses = []
    for n in range(6):
        statuses.append(_log_in(Browser(app), f"victim{n}", "spring2026 for everybody"))
        _log_in(Browser(app), "bob", PASSWORD)

    assert statuses == [401] * 5 + [429]


def test_many_people_behind_one_address_do_not_wait_for_one_another(
    app: Flask, with_password: Actor
) -> None:
    statuses = [_log_in(Browser(app), "bob", PASSWORD) for _ in range(8)]

    assert statuses == [303] * 8


# --- sessions ------------------------------------------------------------------------------------


def test_a_visitor_costs_no_session_in_the_database(browser: Browser, office: Office) -> None:
    browser.open("/sign-in-link")

    assert _sessions(office) == 0


def test_the_database_holds_only_the_hash_of_a_session_s_secret(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    secret = sign_in(brm).cookie("ssflow")

    assert secret is not None
    with office.look() as work:
        [stored] = rows.list_sessions_of(work.session, _id(brm))
    assert stored.token_hash == credentials.hash_secret(secret)
    assert secret not in str(stored.data)


def test_a_session_that_somebody_else_planted_is_not_adopted(
    browser: Browser, with_password: Actor
) -> None:
    browser.client.set_cookie("ssflow", "planted-by-an-attacker")

    _log_in(browser, "bob", PASSWORD)

    assert browser.cookie("ssflow") not in (None, "planted-by-an-attacker")


def test_signing_in_again_makes_a_new_session(
    sign_in: SignIn, browser: Browser, with_password: Actor
) -> None:
    _log_in(browser, "bob", PASSWORD)
    first = browser.cookie("ssflow")

    _log_in(browser, "bob", PASSWORD)

    assert browser.cookie("ssflow") != first


def test_a_session_ends_when_it_is_not_used(sign_in: SignIn, office: Office, brm: Actor) -> None:
    browser = sign_in(brm)

    office.now += IDLE + timedelta(seconds=1)

    assert not _is_in(browser)


def test_a_session_that_is_used_lasts_twelve_hours(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    browser = sign_in(brm)
    begun = office.now

    while office.now + IDLE / 2 < begun + ABSOLUTE:
        office.now += IDLE / 2
        assert _is_in(browser)
    office.now = begun + ABSOLUTE + timedelta(seconds=1)

    assert not _is_in(browser)


def test_after_signing_out_the_old_cookie_opens_nothing(
    app: Flask, sign_in: SignIn, brm: Actor
) -> None:
    browser = sign_in(brm)
    stolen = browser.cookie("ssflow")

    browser.send("/logout")

    thief = Browser(app)
    thief.client.set_cookie("ssflow", stolen or "")
    assert not _is_in(browser)
    assert not _is_in(thief)


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(
    sign_in: SignIn, brm: Actor
) -> None:
    here, elsewhere = sign_in(brm), sign_in(brm)

    answer = here.send("/profile/password", password=PASSWORD)

    assert answer.status_code == 303
    assert _is_in(here)
    assert not _is_in(elsewhere)


def test_the_old_password_is_asked_for(browser: Browser, with_password: Actor) -> None:
    _log_in(browser, "bob", PASSWORD)

    answer = browser.send("/profile/password", password=OTHER_PASSWORD, old_password="wrong")

    assert answer.status_code == 422
    assert "This is not your present password." in answer.text


def test_switching_an_account_off_ends_its_sessions_at_once(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    browser, admin = sign_in(brm), office.hire("admin")

    office.act(admin, people.disable_user, brm.user_id)

    assert not _is_in(browser)


def test_a_role_that_is_taken_away_counts_at_once(sign_in: SignIn, office: Office) -> None:
    auditor, admin = office.hire("auditor"), office.hire("admin")
    browser = sign_in(auditor)
    assert browser.open("/audit").status_code == 200

    office.act(admin, people.revoke_role, auditor.user_id, "auditor")

    assert browser.open("/audit").status_code == 403


def test_ending_all_other_sessions_keeps_this_one(sign_in: SignIn, brm: Actor) -> None:
    here, elsewhere = sign_in(brm), sign_in(brm)

    here.send("/profile/sessions/end")

    assert _is_in(here)
    assert not _is_in(elsewhere)


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(
    app: Flask, office: Office, brm: Actor
) -> None:
    secret = office.act(Actor(None, "operator"), credentials.create_sign_in_link, brm.user_id)
    browser = Browser(app)

    answer = browser.send("/sign-in-link", token=secret)

    [cookie] = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith("ssflow=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def _sessions(office: Office) -> int:
    with office.look() as work:
        users = people_rows.list_users(work.session).items
        return sum(len(rows.list_sessions_of(work.session, user.id)) for user in users)


# --- where to go on ------------------------------------------------------------------------------


def test_after_signing_in_one_goes_on_to_where_one_wanted(
    browser: Browser, with_password: Actor
) -> None:
    answer = browser.send("/login", name="bob", password=PASSWORD, next="/instances?q=a")

    assert answer.headers["Location"] == "/instances?q=a"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "///evil.example",
        " //evil.example",
        "/..//evil.example\n",
        "evil.example",
        "",
    ],
)
def test_nobody_is_led_to_another_site(browser: Browser, with_password: Actor, target: str) -> None:
    answer = browser.send("/login", name="bob", password=PASSWORD, next=target)

    assert answer.headers["Location"] == "/tasks"


# --- one-time links ------------------------------------------------------------------------------


def test_a_link_works_once(app: Flask, office: Office, brm: Actor) -> None:
    secret = office.act(Actor(None, "operator"), credentials.create_sign_in_link, brm.user_id)
    first, second = Browser(app), Browser(app, address="127.0.0.2")

    statuses = [b.send("/sign-in-link", token=secret).status_code for b in (first, second)]

    assert statuses == [303, 403]
    assert _is_in(first)
    assert not _is_in(second)


def test_a_link_ends_after_a_day(browser: Browser, office: Office, brm: Actor) -> None:
    secret = office.act(Actor(None, "operator"), credentials.create_sign_in_link, brm.user_id)

    office.now += credentials.SIGN_IN_LINK_LIFE + timedelta(seconds=1)

    assert browser.send("/sign-in-link", token=secret).status_code == 403


def test_a_new_link_replaces_the_former_one(browser: Browser, office: Office, brm: Actor) -> None:
    operator = Actor(None, "operator")
    former = office.act(operator, credentials.create_sign_in_link, brm.user_id)
    office.act(operator, credentials.create_sign_in_link, brm.user_id)

    assert browser.send("/sign-in-link", token=former).status_code == 403


def test_guessing_at_links_is_slowed_down(browser: Browser, brm: Actor) -> None:
    statuses = [browser.send("/sign-in-link", token=f"guess{n}").status_code for n in range(6)]

    assert statuses == [403] * 5 + [429]


def test_signing_in_needs_the_page_s_token(browser: Browser, with_password: Actor) -> None:
    fields = {"name": "bob", "password": PASSWORD}

    answer = browser.client.post("/login", data=fields)

    assert answer.status_code == 400
    assert not _is_in(browser)


# --- the first administrator ---------------------------------------------------------------------


def _first_run(browser: Browser, secret: str, **more: str) -> int:
    asked = {"name": "root", "full_name": "Ada Root", "password": PASSWORD, **more}
    return browser.send("/first-run", {"token": secret, **asked}).status_code


def _first_run_secret(office: Office) -> str:
    with office.work() as work:
        secret = credentials.first_run_link(work)
    assert secret is not None
    return secret


def test_a_fresh_installation_leads_to_its_first_administrator(browser: Browser) -> None:
    assert browser.open("/login").headers["Location"] == "/first-run"


def test_the_first_administrator_is_signed_in_and_may_install(
    browser: Browser, office: Office
) -> None:
    status = _first_run(browser, _first_run_secret(office))

    assert status == 303
    assert browser.open("/admin/welcome").status_code == 200
    assert "Install the shipped processes" in text_of(browser.open("/admin/welcome"))


def test_a_weak_password_does_not_use_the_link_up(browser: Browser, office: Office) -> None:
    secret = _first_run_secret(office)

    statuses = (_first_run(browser, secret, password="root"), _first_run(browser, secret))

    assert statuses == (422, 303)


def test_a_refused_name_leaves_the_code_of_the_link_where_it_was(
    browser: Browser, office: Office
) -> None:
    secret = _first_run_secret(office)
    asked = {"name": "Zoe Brien", "full_name": "Zoe Brien", "password": PASSWORD}

    refused = browser.send("/first-run", {"token": secret, **asked})
    wrong = browser.send("/first-run", {"token": "made-up", **asked, "name": "zoe"})

    assert refused.status_code == 422
    assert f'value="{secret}"' in refused.text
    assert wrong.status_code == 403
    assert "made-up" not in wrong.text


def test_of_many_who_hold_the_first_link_one_becomes_administrator(
    app: Flask, office: Office
) -> None:
    secret = _first_run_secret(office)
    browsers = [Browser(app, address=f"10.0.2.{n}") for n in range(1, 9)]
    for browser in browsers:
        browser.open("/sign-in-link")

    with ThreadPoolExecutor(8) as pool:
        statuses = list(
            pool.map(
                lambda pair: _first_run(pair[1], secret, name=f"a{pair[0]}"), enumerate(browsers)
            )
        )

    assert sorted(statuses) == [303] + [403] * 7
    with office.look() as work:
        assert len(people_rows.list_users(work.session).items) == 1


def test_with_users_there_is_no_first_run_any_more(
    browser: Browser, office: Office, brm: Actor
) -> None:
    with office.work() as work:
        link = credentials.first_run_link(work)

    assert link is None
    assert browser.open("/first-run").headers["Location"] == "/login"
