"""How a case stands, and what it lets happen."""

from uuid import uuid4

import pytest

from ssflow.domain.instance import ENDED, InstanceNotRunningError, InstanceStatus, ProcessInstance
from tests.conftest import NOW


def case(status: InstanceStatus = InstanceStatus.RUNNING) -> ProcessInstance:
    return ProcessInstance(
        definition_id=uuid4(),
        key="p",
        version=1,
        started_by="x",
        started_at=NOW,
        status=status,
        state=b"state",
        open_incidents=2,
    )


def test_a_running_case_is_suspended_and_resumed() -> None:
    one = case()

    one.suspend()
    suspended = one.status
    one.resume()

    assert (suspended, one.status) == ("suspended", "running")


@pytest.mark.parametrize("status", [s for s in InstanceStatus if s is not InstanceStatus.RUNNING])
def test_only_a_running_case_works(status: InstanceStatus) -> None:
    with pytest.raises(InstanceNotRunningError):
        case(status).require_running()
    with pytest.raises(InstanceNotRunningError):
        case(status).suspend()


@pytest.mark.parametrize("status", [s for s in InstanceStatus if s is not InstanceStatus.SUSPENDED])
def test_only_a_suspended_case_is_resumed(status: InstanceStatus) -> None:
    with pytest.raises(InstanceNotRunningError):
        case(status).resume()


@pytest.mark.parametrize("status", [InstanceStatus.RUNNING, InstanceStatus.SUSPENDED])
def test_a_case_that_has_not_ended_is_cancelled(status: InstanceStatus) -> None:
    one = case(status)

    one.cancel(at=NOW)

    assert (one.status, one.ended_at, one.state, one.open_incidents) == (
        *("cancelled", NOW, None, 0),
    )
    assert one.has_ended


@pytest.mark.parametrize("status", sorted(ENDED))
def test_what_has_ended_is_not_cancelled(status: InstanceStatus) -> None:
    with pytest.raises(InstanceNotRunningError):
        case(status).cancel(at=NOW)
