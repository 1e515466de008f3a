"""The command as a whole: how it is found, how it tells what went wrong."""

import tomllib
from pathlib import Path
from pkgutil import resolve_name

import pytest

from ssflow.cli.main import main

ROOT = Path(__file__).parents[2]


def test_the_installed_command_can_be_called() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]

    command = resolve_name(scripts["ssflow"])

    assert callable(command)


def test_what_people_can_mend_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("SSFLOW_HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["ssflow", "user", "disable", "nobody"])

    with pytest.raises(SystemExit) as stopped:
        main()

    assert stopped.value.code == 1
    assert capsys.readouterr().err == "Error: There is no user nobody.\n"
