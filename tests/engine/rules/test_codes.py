"""Every code is documented, used and tested."""

import re
from pathlib import Path

import pytest

import ssflow.engine
from ssflow.engine.problems import Severity
from ssflow.engine.rules.codes import MEANINGS

ENGINE = Path(next(iter(ssflow.engine.__path__)))
SOURCES = [ENGINE / "xml_reading.py", ENGINE / "decisions.py", ENGINE / "diagram.py"]
SOURCES += [file for file in (ENGINE / "rules").glob("*.py") if file.name != "codes.py"]
TESTS = sorted(Path(__file__).parents[1].rglob("test_*.py"))
FORMED = re.compile(r"[a-z]+(-[a-z]+)*")


@pytest.mark.parametrize("code", MEANINGS)
def test_a_code_has_a_form_a_severity_and_a_meaning(code: str) -> None:
    meaning = MEANINGS[code]

    assert FORMED.fullmatch(code)
    assert meaning.severity in Severity
    assert re.fullmatch(r"[A-Z].*\.", meaning.meaning)


@pytest.mark.parametrize("code", MEANINGS)
def test_a_code_is_used(code: str) -> None:
    built = {"signal-unknown", "error-unknown", "escalation-unknown"}

    assert code in built or any(f'"{code}"' in file.read_text() for file in SOURCES)


@pytest.mark.parametrize("code", MEANINGS)
def test_a_code_is_tested(code: str) -> None:
    assert any(f'"{code}"' in file.read_text() for file in TESTS if file != Path(__file__))
