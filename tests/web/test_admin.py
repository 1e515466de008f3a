"""Accounts, roles, one's own profile, the trail and the operations page."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.registers.customers import Customer
from ssflow.services import access_tokens, people
from ssflow.store import people as rows
from ssflow.store import sign_in as secret_rows
from tests.services.bundles import one_task
from tests.services.office import Office
from tests.web.browsing import Browser, text_of
from tests.web.conftest import SignIn


@pytest.fixture
def boss(office: Office) -> Actor:
    return office.hire("admin", name="boss")


@pytest.fixture
def admin(sign_in: SignIn, boss: Actor) -> Browser:
    return sign_in(boss)


@pytest.fixture
def brm(office: Office) -> Actor:
    return office.hire("brm", name="bob")


def _roles(office: Office, actor: Actor) -> frozenset[str]:
    assert actor.user_id is not None
    with office.look() as work:
        return rows.roles_of(work.session, actor.user_id, office.now.date())


def test_a_new_account_comes_with_a_link_that_lets_its_owner_in(app: Flask, admin: Browser) -> None:
    answer = admin.send(
        "/admin/users", name="eva", full_name="Eva Berg", email="eva@example.org", roles="brm"
    )

    [secret] = re.findall(r"http://localhost:8080/sign-in-link#([\w-]+)", answer.text)
    eva = Browser(app)
    assert eva.send("/sign-in-link", token=secret).status_code == 303
    assert "Eva Berg" in text_of(eva.open("/profile"))
    assert "Business relationship manager" in text_of(eva.open("/profile"))


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": "two words", "full_name": "Eva"}, 422),
        ({"name": "", "full_name": "Eva"}, 422),
        ({"name": "eva", "full_name": "Eva", "email": "nonsense"}, 422),
        ({"name": "BOSS", "full_name": "Eva"}, 409),
        ({"name": "eva", "full_name": "Eva", "roles": "nonsense"}, 422),
    ],
)
def test_a_wrong_account_is_not_added(
    admin: Browser, office: Office, fields: dict[str, str], status: int
) -> None:
    answer = admin.send("/admin/users", fields)

    assert answer.status_code == status
    with office.look() as work:
        assert [user.name for user in rows.list_users(work.session).items] == ["boss"]


def test_a_role_is_granted_and_revoked(admin: Browser, office: Office, brm: Actor) -> None:
    admin.send(f"/admin/users/{brm.user_id}/roles", role="auditor")
    granted = _roles(office, brm)
    page = admin.open(f"/admin/users/{brm.user_id}").text
    grants = re.findall(r"/roles/([0-9a-f-]+)/revoke", page)

    for grant in grants:
        admin.send(f"/admin/users/{brm.user_id}/roles/{grant}/revoke")

    assert granted == {"auditor", "brm"}
    assert _roles(office, brm) == frozenset()


def test_a_role_may_begin_later(admin: Browser, office: Office, brm: Actor) -> None:
    admin.send(f"/admin/users/{brm.user_id}/roles", role="auditor", valid_from="2026-04-01")

    assert _roles(office, brm) == {"brm"}
    office.now += timedelta(days=40)
    assert _roles(office, brm) == {"brm", "auditor"}


def test_a_day_that_is_none_does_not_become_a_role_without_an_end(
    admin: Browser, office: Office, brm: Actor
) -> None:
    answer = admin.send(f"/admin/users/{brm.user_id}/roles", role="auditor", valid_to="2026-02-30")

    assert (answer.status_code, "Write a date." in answer.text) == (422, True)
    assert _roles(office, brm) == {"brm"}


def test_a_role_for_one_customer_says_for_which(admin: Browser, office: Office, brm: Actor) -> None:
    with office.work() as work:
        acme = Customer(name="Acme & Sons", created_at=work.now, created_by="x")
        work.session.add(acme)
        work.session.flush()
        assert brm.user_id is not None
        people.grant_role(work, brm.user_id, "customer", customer_id=acme.id)

    page = admin.open(f"/admin/users/{brm.user_id}").text

    assert page.count("only for Acme &amp; Sons") == 1


def test_the_last_administrator_stays(admin: Browser, office: Office, boss: Actor) -> None:
    page = admin.open(f"/admin/users/{boss.user_id}").text
    [grant] = re.findall(r"/roles/([0-9a-f-]+)/revoke", page)

    statuses = [
        admin.send(f"/admin/users/{boss.user_id}/roles/{grant}/revoke").status_code,
        admin.send(f"/admin/users/{boss.user_id}/disable").status_code,
    ]

    assert statuses == [409, 409]
    assert _roles(office, boss) == {"admin"}


def test_an_account_is_switched_off_and_on(admin: Browser, sign_in: SignIn, brm: Actor) -> None:
    bob = sign_in(brm)

    admin.send(f"/admin/users/{brm.user_id}/disable")
    off = bob.open("/tasks").status_code
    admin.send(f"/admin/users/{brm.user_id}/enable")

    assert off == 303
    assert sign_in(brm).open("/tasks").status_code == 200


def test_an_administrator_ends_somebody_s_sessions(
    admin: Browser, sign_in: SignIn, brm: Actor
) -> None:
    bob = sign_in(brm)

    admin.send(f"/admin/users/{brm.user_id}/sessions/end")

    assert bob.open("/tasks").status_code == 303


def test_name_and_address_are_corrected_in_the_trail_s_sight(
    admin: Browser, office: Office, brm: Actor
) -> None:
    admin.send(f"/admin/users/{brm.user_id}", full_name="Bob Young", email="bob@example.org")

    told = office.details(f"sys-{office.now.date()}", AuditAction.USER_CHANGED)
    assert told["before"] == {"full_name": "Bob", "email": None}
    assert told["after"] == {"full_name": "Bob Young", "email": "bob@example.org"}


def test_the_list_of_roles_shows_who_holds_none_and_which_nobody_holds(
    admin: Browser, brm: Actor
) -> None:
    page = text_of(admin.open("/admin/roles"))

    assert "Business relationship manager brm Bob" in page
    assert "Accountant accountant nobody" in page


def test_the_shipped_processes_are_installed_at_a_click(admin: Browser) -> None:
    answer = admin.send("/admin/install")

    assert answer.headers["Location"] == "/processes"
    assert "New or changed service" in text_of(admin.open("/processes"))


# --- one's own profile ---------------------------------------------------------------------------


def test_language_and_zone_change_how_pages_read(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    bob = sign_in(brm)

    bob.send("/profile/settings", language="nl", timezone="Asia/Tokyo")

    page = bob.open("/profile")
    assert "Uw instellingen zijn bewaard." in page.text
    assert '<html lang="nl-NL">' in page.text
    assert "2 mrt 2026, 18:30" in text_of(page)


@pytest.mark.parametrize(
    "fields",
    [
        {"language": "xx", "timezone": ""},
        {"language": "en", "timezone": "Mars/Olympus"},
        {"language": "en", "timezone": "../etc/passwd"},
    ],
)
def test_settings_that_nobody_knows_are_refused(
    sign_in: SignIn, brm: Actor, fields: dict[str, str]
) -> None:
    assert sign_in(brm).send("/profile/settings", fields).status_code == 422


def test_a_token_is_shown_once_and_works(app: Flask, sign_in: SignIn, brm: Actor) -> None:
    bob = sign_in(brm)

    made = bob.send("/profile/tokens", name="reports", days="30")

    [token] = re.findall(r"ssf_[0-9a-f]{16}\.[\w-]{43}", made.text)
    assert token not in bob.open("/profile").text
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/v1/user-tasks", headers=headers).status_code == 200


def test_a_revoked_token_opens_nothing(
    app: Flask, sign_in: SignIn, office: Office, brm: Actor
) -> None:
    bob = sign_in(brm)
    [token] = re.findall(
        r"ssf_[0-9a-f]{16}\.[\w-]{43}", bob.send("/profile/tokens", name="t", days="30").text
    )
    with office.look() as work:
        [row] = secret_rows.list_tokens_of(work.session, brm.user_id)  # type: ignore[arg-type]

    bob.send(f"/profile/tokens/{row.id}/revoke")

    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/v1/user-tasks", headers=headers).status_code == 401


def test_a_token_of_somebody_else_is_not_mine_to_revoke(
    sign_in: SignIn, office: Office, brm: Actor
) -> None:
    token = office.act(brm, access_tokens.create_token, brm.user_id, "t").token

    answer = sign_in(office.hire("brm")).send(f"/profile/tokens/{token.id}/revoke")

    assert answer.status_code == 404


def test_an_administrator_sees_and_revokes_the_tokens_of_all(
    admin: Browser, office: Office, brm: Actor
) -> None:
    token = office.act(brm, access_tokens.create_token, brm.user_id, "reports").token
    page = admin.open("/admin/tokens")

    admin.send(f"/admin/tokens/{token.id}/revoke")

    assert "Bob reports" in text_of(page)
    assert token.secret_hash not in page.text
    assert "Revoked" in text_of(admin.open("/admin/tokens"))


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "days": "30"},
        {"name": "t", "days": "0"},
        {"name": "t", "days": "9999"},
        {"name": "t", "days": "soon"},
        {"name": "t", "days": "30", "scopes": "everything"},
    ],
)
def test_a_token_that_makes_no_sense_is_refused(
    sign_in: SignIn, brm: Actor, fields: dict[str, str]
) -> None:
    assert sign_in(brm).send("/profile/tokens", fields).status_code == 422


def test_one_of_one_s_own_sessions_is_ended(sign_in: SignIn, brm: Actor) -> None:
    here, elsewhere = sign_in(brm), sign_in(brm)
    [other] = re.findall(r'name="session"\s+value="([0-9a-f]+)"', here.open("/profile").text)

    here.send("/profile/sessions/end-one", session=other)

    assert elsewhere.open("/tasks").status_code == 303
    assert here.open("/tasks").status_code == 200


def test_nobody_ends_somebody_else_s_session(sign_in: SignIn, office: Office, brm: Actor) -> None:
    bob, eve = sign_in(brm), sign_in(office.hire("brm"))
    with office.look() as work:
        [stored] = secret_rows.list_sessions_of(work.session, brm.user_id)  # type: ignore[arg-type]

    answer = eve.send("/profile/sessions/end-one", session=stored.token_hash)

    assert answer.status_code == 404
    assert bob.open("/tasks").status_code == 200


# --- the trail -----------------------------------------------------------------------------------


@pytest.fixture
def auditor(sign_in: SignIn, office: Office) -> Browser:
    return sign_in(office.hire("auditor", name="audra"))


def test_the_trail_is_narrowed_by_person_action_case_and_day(
    auditor: Browser, office: Office, boss: Actor
) -> None:
    office.deploy(one_task())
    case = office.start(boss)

    by_person = text_of(auditor.open(f"/audit?person={boss.user_id}"))
    by_action = text_of(auditor.open("/audit?action=deployment.published"))
    by_case = text_of(auditor.open(f"/audit?case={case}&q=U_do"))
    by_day = text_of(auditor.open("/audit?to=2026-03-01"))
    on_the_day = text_of(auditor.open("/audit?from=2026-03-02&to=2026-03-02"))

    assert "Case started" in by_person
    assert "Signed in Audra" not in by_person
    assert "Processes published an operator" in by_action
    assert "Task opened U_do" in by_case
    assert "Nothing found" in by_day
    assert "Case started" in on_the_day


def test_nonsense_in_the_filters_finds_everything(auditor: Browser) -> None:
    page = auditor.open("/audit?case=nonsense&action=nonsense&from=nonsense&to=9999-99-99")

    assert page.status_code == 200
    assert "Signed in" in text_of(page)


def test_the_operations_page_is_calm_when_nothing_is_wrong(admin: Browser) -> None:
    page = text_of(admin.open("/operations"))

    assert "Nothing is stuck" in page
    assert "No jobs wait" in page
