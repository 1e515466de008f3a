"""What tests of commands share: a home of their own, and a way to type."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ssflow.cli.main import commands

Type = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ssflow(home: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Type a command; its settings are those of a fresh home, whatever this machine's are."""
    settings = {"SSFLOW_HOME": str(home), "SSFLOW_TIMEZONE": "Europe/Amsterdam"}
    for name in ("SSFLOW_DATABASE_URL", "SSFLOW_BASE_URL", "SSFLOW_MAIL_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(commands, [str(word) for word in words], env=settings)

    return run


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Put a bundle into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
