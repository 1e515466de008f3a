"""From which state a service or proposal may go where."""

import pytest

from ssflow.domain.registers.portfolio import (
    CATALOGUE_STATES,
    EARLY_ENDS,
    ENDED_PROPOSALS,
    Phase,
    ProposalState,
    Service,
    ServiceProposal,
    ServiceState,
    WrongStateError,
)
from tests.conftest import NOW


def service(state: ServiceState) -> Service:
    return Service(number="SRV-1", name="Mail", state=state, created_at=NOW, created_by="x")


def proposal(state: ProposalState) -> ServiceProposal:
    told = {"number": "PRP-1", "title": "Mail", "change_type": "new", "created_by": "x"}
    return ServiceProposal(**told, state=state, created_at=NOW)  # type: ignore[arg-type] # all are texts


@pytest.mark.parametrize("state", ServiceState)
def test_the_phase_follows_from_the_state(state: ServiceState) -> None:
    phase = service(state).phase

    if state in EARLY_ENDS:
        assert phase is None
    elif state in CATALOGUE_STATES:
        assert phase is Phase.CATALOGUE
    else:
        assert phase is (Phase.RETIRED if state is ServiceState.RETIRED else Phase.PIPELINE)


@pytest.mark.parametrize("state", sorted({*EARLY_ENDS, ServiceState.RETIRED}))
def test_a_service_that_has_ended_goes_nowhere(state: ServiceState) -> None:
    for target in ServiceState:
        with pytest.raises(WrongStateError, match="SRV-1"):
            service(state).move_to(target)


@pytest.mark.parametrize("state", sorted(CATALOGUE_STATES))
def test_a_live_service_does_not_go_back(state: ServiceState) -> None:
    for target in ServiceState:
        one = service(state)
        if target in CATALOGUE_STATES or target is ServiceState.RETIRED:
            one.move_to(target)
            assert one.state is target
        else:
            with pytest.raises(WrongStateError, match="live"):
                one.move_to(target)


def test_a_planned_service_goes_on_and_back_and_may_end_early() -> None:
    for target in (ServiceState.ANALYSED, ServiceState.PROPOSED, ServiceState.REJECTED):
        one = service(ServiceState.DEFINED)
        one.move_to(target)
        assert one.state is target


@pytest.mark.parametrize("state", ProposalState)
def test_a_proposal_moves_until_it_has_ended(state: ProposalState) -> None:
    one = proposal(state)

    assert one.has_ended is (state in ENDED_PROPOSALS)
    if one.has_ended:
        with pytest.raises(WrongStateError, match="PRP-1"):
            one.move_to(ProposalState.PROPOSED)
    else:
        one.move_to(ProposalState.PROPOSED)
        assert one.state is ProposalState.PROPOSED
