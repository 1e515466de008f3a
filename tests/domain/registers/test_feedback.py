"""Feedback: which state may follow which, and the clock of the reply."""

from datetime import timedelta
from typing import Any

import pytest

from ssflow.domain.registers.feedback import ENDED_FEEDBACK, Clock, Feedback, FeedbackState
from ssflow.domain.registers.portfolio import WrongStateError
from tests.conftest import NOW

S = FeedbackState
DAY = timedelta(days=1)


def feedback(state: FeedbackState = S.LOGGED, **values: Any) -> Feedback:
    told: dict[str, Any] = {
        "number": "CMP-2026-0001",
        "subject": "s",
        "description": "d",
        "sender": {},
    }
    return Feedback(
        sender_key="k", created_at=NOW, created_by="system", state=state, **told, **values
    )


def assigned() -> Feedback:
    made = feedback(S.TRIAGED)
    made.assign(response_at=NOW + DAY, resolution_at=NOW + 5 * DAY)
    return made


def investigated() -> Feedback:
    made = assigned()
    made.contact(NOW, None)
    return made


@pytest.mark.parametrize("state", sorted(ENDED_FEEDBACK))
@pytest.mark.parametrize("to", list(S))
def test_nothing_follows_an_end(state: FeedbackState, to: FeedbackState) -> None:
    if to is state:
        return
    with pytest.raises(WrongStateError):
        feedback(state).move_to(to)


@pytest.mark.parametrize("state", [state for state in S if state not in ENDED_FEEDBACK])
def test_from_every_other_state_there_is_a_way_to_an_end(state: FeedbackState) -> None:
    seen, waiting = {state}, [state]
    while waiting:
        here = waiting.pop()
        for to in S:
            try:
                feedback(here).move_to(to)
            except WrongStateError:
                continue
            if to not in seen:
                seen.add(to)
                waiting.append(to)

    assert seen & ENDED_FEEDBACK


def test_a_complaint_is_not_answered_before_somebody_looked_into_it() -> None:
    with pytest.raises(WrongStateError):
        assigned().reply(NOW)


def test_waiting_for_the_customer_is_not_counted() -> None:
    complaint = investigated()
    complaint.ask_customer(NOW)

    assert complaint.due_at(NOW + 3 * DAY) == NOW + 8 * DAY
    assert complaint.look_at_clock(NOW + 7 * DAY) is Clock.LATER

    complaint.resume(NOW + 10 * DAY)

    assert complaint.due_resolution_at == NOW + 15 * DAY
    assert complaint.waiting_since is None


def test_a_late_reply_is_noted_once() -> None:
    complaint = investigated()

    looks = [complaint.look_at_clock(NOW + days * DAY) for days in (4, 5, 6)]

    assert looks == [Clock.LATER, Clock.BREACHED, Clock.OVER]
    assert complaint.resolution_breached


def test_a_reply_that_is_out_cannot_become_late() -> None:
    complaint = investigated()
    complaint.reply(NOW)

    assert complaint.look_at_clock(NOW + 9 * DAY) is Clock.OVER
    with pytest.raises(WrongStateError):
        complaint.postpone(NOW + 20 * DAY)


def test_a_promise_for_another_day_does_not_undo_the_breach() -> None:
    complaint = investigated()
    complaint.look_at_clock(NOW + 5 * DAY)

    complaint.postpone(NOW + 9 * DAY)

    assert complaint.look_at_clock(NOW + 6 * DAY) is Clock.LATER
    assert complaint.resolution_breached


def test_reopening_promises_new_dates_and_looks_for_a_new_handler() -> None:
    complaint = investigated()
    complaint.reply(NOW)

    complaint.assign(response_at=NOW + 2 * DAY, resolution_at=NOW + 9 * DAY)

    assert (complaint.reopen_count, complaint.replied_at, complaint.handler) == (1, None, None)
    assert complaint.state is S.ASSIGNED


def test_only_a_reply_can_be_disputed_and_each_dispute_counts() -> None:
    complaint = investigated()
    with pytest.raises(WrongStateError):
        complaint.dispute()
    for _ in range(2):
        complaint.reply(NOW)
        complaint.dispute()

    assert complaint.dispute_count == 2


def test_what_has_ended_does_not_end_again() -> None:
    withdrawn = investigated()
    withdrawn.end(S.WITHDRAWN, NOW)

    with pytest.raises(WrongStateError, match="has ended"):
        withdrawn.end(S.CLOSED, NOW)
    assert withdrawn.closed_at == NOW


def test_what_is_done_too_late_is_late_even_if_no_clock_went_off() -> None:
    contacted, answered, in_time = assigned(), investigated(), investigated()
    contacted.contact(NOW + 2 * DAY, None)
    answered.reply(NOW + 6 * DAY)
    in_time.reply(NOW + 5 * DAY)
    in_time.reply(NOW + 9 * DAY)

    assert (contacted.response_breached, contacted.resolution_breached) == (True, False)
    assert (answered.response_breached, answered.resolution_breached) == (False, True)
    assert (in_time.response_breached, in_time.resolution_breached) == (False, False)
