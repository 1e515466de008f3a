"""What ssflow ships is sound, complete and translated."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ssflow.forms.context import FormContext
from ssflow.forms.drawing import build_form_view
from ssflow.forms.layout import read_layout
from ssflow.forms.views import FactsView
from ssflow.services.bundle_calls import Bundle
from ssflow.services.definitions import (
    FORM_SUFFIX,
    LABELS_SUFFIX,
    LANGUAGES,
    SCENARIOS_SUFFIX,
    read_labels,
)
from ssflow.services.deployment import check_files
from ssflow.services.scenario_file import read_scenarios
from ssflow.services.shipped import install_shipped, read_bundles
from ssflow.store.database import Database
from ssflow.store.definitions import list_latest
from tests.services.office import Office

PROCESSES = Path(__file__).parents[2] / "processes"
_WRITTEN_BY_PEOPLE = frozenset({"reason", "outcome"})
"""Columns of free words that a select of another form happens to share the name with."""


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
def test_the_check_finds_nothing_to_mend(sqlite_database: Database, bundle: Bundle) -> None:
    office = Office(sqlite_database)
    with office.work() as work:
        install_shipped(work)
    with office.work() as work:
        problems = check_files(work, bundle.files).problems

    assert [str(problem) for problem in problems] == []


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


def test_every_process_says_in_every_language_what_it_is_for(sqlite_database: Database) -> None:
    office = Office(sqlite_database)
    with office.work() as work:
        install_shipped(work)
    with office.look() as work:
        facts = {one.key: one.facts for one in list_latest(work.session)}

    assert facts
    for key, of in facts.items():
        told = [of["about"], *(of["labels"][language][f"{key}@about"] for language in LANGUAGES)]
        assert all(20 < len(text) < 120 for text in told)


@pytest.mark.parametrize("bundle", bundles(), ids=lambda bundle: str(bundle.area))
def test_no_text_of_a_form_or_a_diagram_is_without_a_translation(bundle: Bundle) -> None:
    [labels] = [
        read_labels(bundle.files[name]) or {} for name in bundle.files if LABELS_SUFFIX in name
    ]
    texts = frozenset(_texts_of_forms(bundle)) | frozenset(_texts_of_diagrams(bundle))

    assert len(texts) > 50
    assert sorted(texts - set(labels["nl"])) == []


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


def test_the_minutes_name_whatever_the_steering_group_decided() -> None:
    [shared] = [bundle for bundle in bundles() if "itsg_vote.form.json" in bundle.files]
    vote, minutes = (
        {
            c.get("key") or c["id"]: c
            for c in json.loads(shared.files[f"{form}.form.json"])["components"]
        }
        for form in ("itsg_vote", "itsg_minutes")
    )

    told = minutes["outcome"]["text"]

    for option in vote["vote"]["values"]:
        assert f'= "{option["value"]}" then "{option["label"]}"' in told


def test_a_table_names_what_a_select_of_the_same_name_offers() -> None:
    offered: dict[str, set[str]] = {}
    tables = []
    for form_id, source in sorted(_forms()):
        for each in _components(source):
            if each.get("type") in {"select", "radio"} and isinstance(each.get("values"), list):
                texts = {one["value"] for one in each["values"] if isinstance(one["value"], str)}
                offered.setdefault(each.get("key", ""), set()).update(texts)
            if each.get("type") == "table":
                tables += [(form_id, each["id"], column) for column in each["columns"]]

    nameless = [
        (form_id, table, column["key"])
        for form_id, table, column in tables
        if offered.get(column["key"]) and not {"values", "type"} & set(column)
    ]

    assert [each for each in nameless if each[2] not in _WRITTEN_BY_PEOPLE] == []


@pytest.mark.parametrize("organisation", [None, ""])
def test_a_sender_without_an_organisation_is_told_by_name_alone(organisation: str | None) -> None:
    [area] = [bundle for bundle in bundles() if "cmp_contact.form.json" in bundle.files]
    layout = read_layout(json.loads(area.files["cmp_contact.form.json"]))
    feedback = {"name": "Nadia", "organisation": organisation, "desired_remedy": ""}

    view = build_form_view(layout, {}, FormContext({"fb": feedback}, today=date(2026, 3, 2)))

    facts = view.components[0]
    assert isinstance(facts, FactsView)
    sender = facts.blocks[1]
    assert [run.text for run in sender.lines[0]][:3] == ["From ", "Nadia", " · Service: "]


def _forms() -> Iterator[tuple[str, dict[str, Any]]]:
    for bundle in bundles():
        for name, content in bundle.files.items():
            if name.endswith(FORM_SUFFIX):
                yield name, json.loads(content)


def _components(source: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for child in source.get("components", []):
        yield child
        yield from _components(child)


def _texts_of_forms(bundle: Bundle) -> Iterator[str]:
    for file, content in bundle.files.items():
        if file.endswith(FORM_SUFFIX):
            form = json.loads(content)
            yield form["id"]
            yield from (f"{form['id']}.{name}" for name in _texts_of(form["components"]))


def _texts_of(components: list[dict[str, Any]], within: str = "") -> Iterator[str]:
    """Name the texts that people see, as files of translations name them."""
    for component in components:
        name = within + str(component.get("key") or component.get("path") or component.get("id"))
        if component.get("label") or component.get("text"):
            yield name
        if component.get("description"):
            yield f"{name}@description"
        if component.get("properties", {}).get("message"):
            yield f"{name}@message"
        yield from (f"{name}.{_told(option['value'])}" for option in component.get("values", []))
        for column in component.get("columns", []):
            yield f"{name}.{column['key']}"
            options = column.get("values", [])
            yield from (f"{name}.{column['key']}.{_told(o['value'])}" for o in options)
        inner = component.get("components", [])
        yield from _texts_of(inner, within if component["type"] == "group" else f"{name}.")


def _told(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _texts_of_diagrams(bundle: Bundle) -> Iterator[str]:
    shown = (
        r"participant|lane|(?:\w+(?:Task|Event|Gateway))|task|subProcess|callActivity|sequenceFlow"
    )
    for file, content in bundle.files.items():
        if file.endswith(".bpmn"):
            text = content.decode()
            yield from re.findall(rf'<bpmn:(?:{shown}) id="([^"]+)" name="[^"]+"', text)
            told = r'<bpmn:userTask id="([^"]+)"(?:(?!</bpmn:userTask>).)*instructionsForEndUser'
            yield from (f"{task}@instructions" for task in re.findall(told, text, re.DOTALL))
