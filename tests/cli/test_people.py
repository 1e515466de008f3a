"""ssflow user, role, token, db and audit."""

import re
import sqlite3
from pathlib import Path
from uuid import UUID

import pytest

from ssflow.errors import ConflictError, InvalidInputError, NotFoundError
from tests.cli.conftest import Type, write
from tests.services.bundles import one_task

LINK = re.compile(r"http://localhost:8080/sign-in-link#[\w-]{43}\n")


def test_adding_a_user_prints_a_link_and_nothing_else(ssflow: Type) -> None:
    added = ssflow("user", "add", "ann", "--email", "ann@example.org", "--full-name", "Ann Ek")

    assert added.exit_code == 0, added.output
    assert LINK.fullmatch(added.stdout)
    assert ssflow("user", "list").output == "ann\tAnn Ek\tann@example.org\n"


def test_a_link_to_where_nobody_said_that_ssflow_is_comes_with_advice(
    ssflow: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    guessed = ssflow("user", "add", "ann")
    monkeypatch.setenv("SSFLOW_BASE_URL", "https://ssflow.example.org")
    told = ssflow("user", "link", "ann")

    assert "set SSFLOW_BASE_URL" in guessed.stderr
    assert told.stderr == ""
    assert told.stdout.startswith("https://ssflow.example.org/sign-in-link#")


def test_no_password_is_made_for_a_new_user(ssflow: Type, home: Path) -> None:
    ssflow("user", "add", "ann", "--admin")

    with sqlite3.connect(home / "ssflow.db") as connection:
        users = connection.execute("SELECT name, password FROM app_user").fetchall()
        roles = connection.execute("SELECT role FROM role_grant").fetchall()
    connection.close()

    assert (users, roles) == ([("ann", None)], [("admin",)])


def test_a_name_is_taken_once(ssflow: Type) -> None:
    ssflow("user", "add", "ann")

    assert isinstance(ssflow("user", "add", "ANN").exception, ConflictError)


@pytest.mark.parametrize("words", [("a b",), ("",), ("x" * 65,), ("ann", "--email", "nowhere")])
def test_a_malformed_account_is_refused(ssflow: Type, words: tuple[str, ...]) -> None:
    assert isinstance(ssflow("user", "add", *words).exception, InvalidInputError)
    assert ssflow("user", "list").output == ""


def test_a_new_link_replaces_the_former(ssflow: Type) -> None:
    first = ssflow("user", "add", "ann").stdout

    second = ssflow("user", "link", "ann").stdout

    assert LINK.fullmatch(second)
    assert first != second


def test_a_disabled_user_is_listed_as_such(ssflow: Type) -> None:
    ssflow("user", "add", "boss", "--admin")
    ssflow("user", "add", "ann")

    assert ssflow("user", "disable", "ann").exit_code == 0

    assert "ann\tann\t- (disabled)\n" in ssflow("user", "list").output
    assert isinstance(ssflow("user", "link", "ann").exception, ConflictError)


def test_the_last_administrator_stays(ssflow: Type) -> None:
    ssflow("user", "add", "boss", "--admin")

    assert isinstance(ssflow("user", "disable", "boss").exception, ConflictError)
    assert isinstance(ssflow("role", "revoke", "boss", "admin").exception, ConflictError)


def test_roles_are_granted_and_revoked(ssflow: Type, home: Path) -> None:
    ssflow("user", "add", "ann")

    granted = [ssflow("role", "grant", "ann", "brm"), ssflow("role", "grant", "ann", "brm")]
    revoked = ssflow("role", "revoke", "ann", "brm")

    assert [g.exit_code for g in (*granted, revoked)] == [0, 0, 0]
    assert isinstance(ssflow("role", "revoke", "ann", "brm").exception, NotFoundError)
    assert isinstance(ssflow("role", "grant", "ann", "emperor").exception, InvalidInputError)
    assert isinstance(ssflow("role", "grant", "nobody", "brm").exception, NotFoundError)


def _put_customer(home: Path, customer_id: str) -> None:
    values = {
        "id": UUID(customer_id).hex,
        "name": "Production",
        "kind": "internal",
        "tier": "standard",
        "status": "active",
        "created_at": "2026-03-02 08:00:00",
        "created_by": "x",
        "row_version": 1,
        "is_demo": 0,
    }
    with sqlite3.connect(home / "ssflow.db") as connection:
        columns = ", ".join(values)
        marks = ", ".join("?" * len(values))
        connection.execute(
            f"INSERT INTO customer ({columns}) VALUES ({marks})", tuple(values.values())
        )
    connection.close()


def test_a_role_can_be_limited_to_a_customer(ssflow: Type, home: Path) -> None:
    customer = "00000000-0000-4000-8000-000000000000"
    ssflow("user", "add", "ann")
    unknown = ssflow("role", "grant", "ann", "customer", "--customer", customer)
    _put_customer(home, customer)

    assert str(unknown.exception) == f"There is no customer {customer}."

    assert ssflow("role", "grant", "ann", "customer", "--customer", customer).exit_code == 0
    assert isinstance(ssflow("role", "revoke", "ann", "customer").exception, NotFoundError)
    assert ssflow("role", "revoke", "ann", "customer", "--customer", customer).exit_code == 0
    assert ssflow("role", "grant", "ann", "customer", "--customer", "x").exit_code == 2


def test_a_token_stands_alone_on_the_last_line(ssflow: Type, home: Path) -> None:
    ssflow("user", "add", "ann")

    made = ssflow("token", "create", "--user", "ann", "--name", "Nightly", "--scope", "read")

    token = made.output.splitlines()[-1]
    assert made.exit_code == 0
    assert re.fullmatch(r"ssf_[0-9a-f]{16}\.[\w-]{43}", token)
    assert token.partition(".")[2].encode() not in (home / "ssflow.db").read_bytes()


def test_a_token_needs_a_user_and_known_scopes(ssflow: Type) -> None:
    ssflow("user", "add", "ann")

    unknown = ssflow("token", "create", "--user", "nobody", "--name", "x")
    wrong = ssflow("token", "create", "--user", "ann", "--name", "x", "--scope", "everything")

    assert isinstance(unknown.exception, NotFoundError)
    assert isinstance(wrong.exception, InvalidInputError)
    assert ssflow("token", "create", "--name", "x").exit_code == 2


# --- database and trail ---------------------------------------------------------------------------


def test_the_database_is_made_for_its_owner_alone(ssflow: Type, home: Path) -> None:
    upgraded = ssflow("db", "upgrade")

    assert (upgraded.exit_code, upgraded.output) == (0, "The database is up to date.\n")
    assert (home / "ssflow.db").exists()
    assert home.stat().st_mode & 0o077 == 0
    assert ssflow("db", "upgrade").exit_code == 0


def test_a_whole_trail_is_verified(ssflow: Type, tmp_path: Path) -> None:
    ssflow("user", "add", "ann")
    ssflow("deploy", write(tmp_path / "bundle", one_task()))

    verified = ssflow("audit", "verify")

    assert (verified.exit_code, verified.output) == (0, "1 chains with 3 events, 0 broken\n")


def test_a_broken_trail_is_told_and_fails(ssflow: Type, home: Path) -> None:
    ssflow("user", "add", "ann")
    with sqlite3.connect(home / "ssflow.db") as connection:
        connection.execute("DROP TRIGGER audit_event_no_update")
        connection.execute("UPDATE audit_event SET body = replace(body, 'ann', 'eve')")
    connection.close()

    verified = ssflow("audit", "verify")

    lines = verified.output.splitlines()
    assert verified.exit_code == 1
    assert lines[0].startswith("sys-")
    assert lines[0].endswith(": Event 1 was changed after it was written.")
    assert lines[-1].endswith("1 broken")


def test_an_installation_without_events_is_whole(ssflow: Type) -> None:
    assert ssflow("audit", "verify").output == "0 chains with 0 events, 0 broken\n"
