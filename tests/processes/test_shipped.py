"""What ssflow ships is sound, complete and translated."""

import re
from pathlib import Path

import pytest

from ssflow.engine.problems import Severity
from ssflow.services.bundle_calls import Bundle
from ssflow.services.definitions import LABELS_SUFFIX, LANGUAGES, SCENARIOS_SUFFIX, read_labels
from ssflow.services.deployment import check_files
from ssflow.services.scenario_file import read_scenarios
from ssflow.services.shipped import install_shipped, read_bundles
from ssflow.store.database import Database
from tests.services.office import Office

PROCESSES = Path(__file__).parents[2] / "processes"


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def bundles() -> list[Bundle]:
    return read_bundles(PROCESSES)


def test_every_shipped_process_has_scenarios() -> None:
    for bundle in bundles():
        diagrams = {name.removesuffix(".bpmn") for name in bundle.files if name.endswith(".bpmn")}
        walked = {
            scenario.process
            for name, content in bundle.files.items()
            if name.endswith(SCENARIOS_SUFFIX)
            for scenario in read_scenarios(content, name)
        }
        assert walked == diagrams


def test_what_is_shipped_can_be_deployed_on_both_databases(office: Office) -> None:
    with office.work() as work:
        outcomes = install_shipped(work)
    with office.work() as work:
        again = install_shipped(work)

    assert all(outcome.is_new for outcome in outcomes)
    assert [outcome.is_new for outcome in again] == [False] * len(outcomes)
    assert [o.deployment.id for o in again] == [o.deployment.id for o in outcomes]


@pytest.mark.parametrize("bundle", bundles(), ids=lambda bundle: str(bundle.area))
def test_the_check_finds_no_errors(sqlite_database: Database, bundle: Bundle) -> None:
    office = Office(sqlite_database)
    with office.work() as work:
        install_shipped(work)
    with office.work() as work:
        problems = check_files(work, bundle.files).problems

    assert [str(p) for p in problems if p.severity is Severity.ERROR] == []


@pytest.mark.parametrize("bundle", bundles(), ids=lambda bundle: str(bundle.area))
def test_every_label_is_translated_into_every_language(bundle: Bundle) -> None:
    files = [name for name in bundle.files if name.endswith(LABELS_SUFFIX)]
    labels = [read_labels(bundle.files[name]) or {} for name in files]

    assert labels
    for translated in labels:
        assert set(translated) == set(LANGUAGES)
        assert {frozenset(texts) for texts in translated.values()} == {
            frozenset(next(iter(translated.values())))
        }
        assert all(text.strip() for texts in translated.values() for text in texts.values())


@pytest.mark.parametrize("bundle", bundles(), ids=lambda bundle: str(bundle.area))
def test_no_two_elements_share_an_id_under_other_names(bundle: Bundle) -> None:
    """Translations are found by id: two diagrams would take each other's words."""
    names: dict[str, set[str]] = {}
    for file, content in bundle.files.items():
        if file.endswith(".bpmn"):
            found = re.findall(rb'<bpmn:\w+ id="([^"]+)" name="([^"]+)"', content)
            for element, name in found:
                names.setdefault(element.decode(), set()).add(name.decode())

    assert {element: told for element, told in names.items() if len(told) > 1} == {}
