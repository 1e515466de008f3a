"""Error events on service tasks: what an operation refuses, a diagram may catch."""

from uuid import uuid4

import pytest

from ssflow.domain.instance import InstanceStatus
from tests.engine.diagrams import (
    boundary,
    diagram,
    end,
    error,
    flows,
    on_error,
    process,
    service,
    start,
    user,
)
from tests.services.office import Office


def _bundle(definition: str) -> dict[str, bytes]:
    return {
        "p.bpmn": diagram(
            error("ER", "not_found"),
            error("OTHER", "wrong_state"),
            process(
                "p",
                start(),
                user("U_ask", role="brm"),
                service("S_tell", "proposal.communicate", {"proposal": "proposal"}),
                boundary("B_refused", "S_tell", definition),
                end("told"),
                end("not_told"),
                flows("start U_ask S_tell told", "B_refused not_told"),
            ),
        )
    }


@pytest.mark.parametrize("definition", [on_error("ER"), "<bpmn:errorEventDefinition/>"])
def test_an_error_event_catches_what_an_operation_refuses(office: Office, definition: str) -> None:
    brm = office.hire("brm")
    office.deploy(_bundle(definition))
    case = office.start(brm, proposal=str(uuid4()))

    office.complete(brm, office.open_tasks(case)[0].id)

    ended = office.instance(case)
    assert (ended.status, ended.end_event) == (InstanceStatus.COMPLETED, "not_told")


def test_an_error_event_of_another_code_leaves_an_incident(office: Office) -> None:
    brm = office.hire("brm")
    office.deploy(_bundle(on_error("OTHER")))
    case = office.start(brm, proposal=str(uuid4()))

    office.complete(brm, office.open_tasks(case)[0].id)

    assert office.instance(case).open_incidents == 1
