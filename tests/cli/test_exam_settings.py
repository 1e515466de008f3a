"""Settings that make no sense: each is told in one line, without a traceback."""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ssflow.cli.main import main

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs a command of an installation of its own; gives its exit code and all it told."""
    monkeypatch.setenv("SSFLOW_HOME", str(tmp_path))

    def call(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["ssflow", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        told = capsys.readouterr()
        return int(stopped.value.code or 0), told.out + told.err

    return call


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSFLOW_DATABASE_URL", "postgresql://somebody:secret@127.0.0.1:none/name"),
        ("SSFLOW_DATABASE_URL", "postgresql://somebody:secret@127.0.0.1:1/name"),
        ("SSFLOW_DATABASE_URL", "sqlite:////no/such/folder/ssflow.db"),
        ("SSFLOW_DATABASE_URL", f"sqlite:///{__file__}"),
        ("SSFLOW_BASE_URL", "http://[flow"),
        ("SSFLOW_BASE_URL", "http://flow:99999"),
        ("SSFLOW_HOME", "/dev/null/ssflow"),
        ("SSFLOW_TIMEZONE", "Mars/Olympus"),
        ("SSFLOW_TRUSTED_PROXIES", "-1"),
    ],
)
def test_a_setting_that_makes_no_sense_is_told_in_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    code, told = run("user", "list")

    assert code == 1
    assert re.fullmatch(r"Error: .+\.\n", told)
    assert "secret" not in told


def test_a_database_of_a_newer_ssflow_is_left_alone(run: Run, tmp_path: Path) -> None:
    run("db", "upgrade")
    database = sqlite3.connect(tmp_path / "ssflow.db")
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.commit()
    database.close()

    code, told = run("user", "list")

    assert code == 1
    assert re.fullmatch(r"Error: The database was made by a newer ssflow .*\n", told)


def test_a_database_with_tables_of_others_is_left_alone(run: Run, tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "ssflow.db")
    database.execute("CREATE TABLE user_task (title TEXT)")
    database.close()

    code, told = run("user", "list")

    assert code == 1
    assert re.fullmatch(r"Error: The database sqlite:///.* cannot be used: .*\n", told)


def test_what_an_installation_writes_is_for_its_owner_alone(run: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    run("db", "upgrade")

    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()}
    assert modes == {"ssflow.db": "0o600", "secret.key": "0o600"}


def test_an_account_that_is_switched_off_gets_no_token(run: Run) -> None:
    run("user", "add", "anna")
    run("user", "disable", "anna")

    code, told = run("token", "create", "--user", "anna", "--name", "script")

    assert (code, told) == (1, "Error: This account is switched off.\n")


def test_a_token_stands_alone_on_the_last_line(run: Run) -> None:
    run("user", "add", "anna")

    code, told = run("token", "create", "--user", "anna", "--name", "script")

    assert code == 0
    assert re.fullmatch(r"ssf_\S+", told.splitlines()[-1])


@pytest.mark.parametrize(("zone", "is_told"), [("UTC", True), ("Europe/Stockholm", False)])
def test_holidays_that_nobody_could_install_are_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, zone: str, *, is_told: bool
) -> None:
    monkeypatch.setenv("SSFLOW_TIMEZONE", zone)

    code, told = run("deploy", "--shipped")

    assert code == 0
    assert ("No public holidays were installed" in told) is is_told
