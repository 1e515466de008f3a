"""A task of a called process shows the form of the bundle that the called process came with."""

import json
from dataclasses import replace
from uuid import UUID

from ssflow.domain.identity import Actor
from ssflow.forms.component import Component
from ssflow.services.user_tasks import task_form
from tests.engine.diagrams import call, end, flows, start, user
from tests.services.bundles import Files, bundle, text_field
from tests.services.office import Office


def called_bundle(label: str) -> Files:
    files = bundle(
        start(),
        user("U_vote", role="itsg_chair", form="vote"),
        end(),
        flows("start U_vote end"),
        key="called",
        vote=[text_field("answer", required=True)],
    )
    labels = {"nl": {"vote.answer": label}, "sv": {"vote.answer": label}}
    return {**files, "called.i18n.json": json.dumps(labels).encode()}


def calling_bundle(key: str, called: str) -> Files:
    return bundle(start(), call("C_ask", called), end(), flows("start C_ask end"), key=key)


def only_field(office: Office, reader: Actor, task_id: UUID) -> Component:
    with office.look(reader) as work:
        form = task_form(work, task_id)
        assert form is not None
        [component] = form.layout.components
    return component


def test_the_form_and_its_labels_come_from_the_called_bundle(office: Office) -> None:
    chair = office.hire("itsg_chair")
    office.deploy(called_bundle("Antwoord"))
    office.deploy(calling_bundle("between", "called"))
    office.deploy(calling_bundle("outer", "between"))
    task = office.task(office.start(chair, "outer"), "U_vote")

    component = only_field(office, replace(chair, language="nl"), task.id)

    assert component.key == "answer"
    assert component.label is not None
    assert component.label.parts == ("Antwoord",)


def test_a_running_case_keeps_the_form_of_the_called_version_it_is_pinned_to(
    office: Office,
) -> None:
    chair = office.hire("itsg_chair")
    office.deploy(called_bundle("Eerst"))
    office.deploy(calling_bundle("outer", "called"))
    task = office.task(office.start(chair, "outer"), "U_vote")
    newer = called_bundle("Later")
    newer["vote.form.json"] = newer["vote.form.json"].replace(b'"answer"', b'"reply"')
    office.deploy(newer)

    component = only_field(office, chair, task.id)

    assert component.key == "answer"
