"""Two at once: one wins, the other is told who, and nothing is done twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.instance import InstanceStatus
from ssflow.domain.user_task import TaskClaimedByOtherError, TaskNotOpenError
from ssflow.errors import ConflictError, SsflowError
from ssflow.services import user_tasks
from ssflow.services.audit import verify_stream
from ssflow.services.incidents import retry_incident
from ssflow.services.jobs import run_due_jobs
from ssflow.services.messages import send_message
from tests.engine.diagrams import (
    after,
    boundary,
    catch,
    diagram,
    end,
    flows,
    into,
    message,
    on_message,
    parallel,
    process,
    start,
    user,
)
from tests.services.bundles import bundle, one_task, two_tasks, with_script
from tests.services.office import Office

Deed = Callable[[], Any]


def at_once(*deeds: Deed) -> list[Any]:
    """Do all of it at the same moment; gives what came of each, errors of ours included."""
    barrier = threading.Barrier(len(deeds))

    def do(deed: Deed) -> Any:
        barrier.wait(timeout=20)
        try:
            return deed()
        except SsflowError as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def split(outcomes: list[Any]) -> tuple[list[Any], list[SsflowError]]:
    failed = [outcome for outcome in outcomes if isinstance(outcome, SsflowError)]
    return [outcome for outcome in outcomes if outcome not in failed], failed


def assert_trail_is_whole(office: Office, stream: Any) -> None:
    with office.look() as work:
        assert verify_stream(work, str(stream)).problem is None


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_completions_one_wins_and_the_other_changes_nothing(
    office: Office, attempt: int
) -> None:
    office.deploy(two_tasks())
    ann, ben = office.hire("customer"), office.hire("customer")
    instance_id = office.start(ann)
    ask = office.task(instance_id, "U_ask")

    won, lost = split(
        at_once(*(_completing(office, who, ask.id, by=who.name) for who in (ann, ben)))
    )

    [done], [refused] = won, lost
    assert isinstance(refused, TaskNotOpenError)
    assert refused.winner == done.completed_by
    winner = ann if done.completed_by == ann.user_id else ben
    assert office.variables(instance_id) == {"by": winner.name}
    assert office.actions(instance_id).count("task.completed") == 1
    assert office.open(instance_id) == ["U_answer"]
    assert_trail_is_whole(office, instance_id)


def _completing(office: Office, who: Actor, task_id: Any, **fields: Any) -> Deed:
    return lambda: office.act(who, user_tasks.complete_task, task_id, fields)


def test_of_many_claims_one_wins(office: Office) -> None:
    office.deploy(one_task())
    people = [office.hire("service_owner") for _ in range(5)]
    task = office.task(office.start(people[0]), "U_do")

    won, lost = split(at_once(*(_claiming(office, who, task.id) for who in people)))

    assert len(won) == 1
    assert all(isinstance(error, TaskClaimedByOtherError) for error in lost)
    assert {getattr(error, "winner", None) for error in lost} == {won[0].assignee}


def _claiming(office: Office, who: Actor, task_id: Any) -> Deed:
    return lambda: office.claim(who, task_id)


def test_parallel_tasks_completed_at_once_all_count(office: Office) -> None:
    names = ["U_a", "U_b", "U_c", "U_d"]
    tasks = [user(name, role="service_owner", variable=name.lower()) for name in names]
    paths = [f"split {name} join" for name in names]
    office.deploy(
        bundle(
            start(),
            parallel("split"),
            *tasks,
            parallel("join"),
            end(),
            flows("start split"),
            flows(*paths, "join end"),
        )
    )
    people = {name: office.hire("service_owner") for name in names}
    instance_id = office.start(people["U_a"])
    ids = {task.activity_id: task.id for task in office.open_tasks(instance_id)}

    won, lost = split(at_once(*(_completing(office, people[n], ids[n], said=n) for n in names)))

    assert (len(won), lost) == (4, [])
    assert office.instance(instance_id).status is InstanceStatus.COMPLETED
    assert office.variables(instance_id) == {n.lower(): {"said": n} for n in names}
    assert_trail_is_whole(office, instance_id)


def test_a_timer_and_a_completion_at_once_leave_one_way(office: Office) -> None:
    office.deploy(
        bundle(
            start(),
            user("U_do", role="service_owner"),
            boundary("T_late", "U_do", after("'P1D'")),
            end(),
            end("E_late"),
            flows("start U_do end", "T_late E_late"),
        )
    )
    owner = office.hire("service_owner")
    instance_id = office.start(owner)
    task = office.task(instance_id, "U_do")
    office.now += timedelta(days=2)

    at_once(
        _completing(office, owner, task.id),
        lambda: run_due_jobs(lambda: office.work(SYSTEM)),
    )

    ended = office.instance(instance_id)
    assert ended.status is InstanceStatus.COMPLETED
    assert office.jobs() == []
    done = "task.completed" in office.actions(instance_id)
    assert ended.end_event == ("end" if done else "E_late")
    assert_trail_is_whole(office, instance_id)


def test_two_workers_do_each_job_once(office: Office) -> None:
    office.deploy(
        bundle(
            start(),
            catch("I_wait", after("'PT1H'")),
            user("U_do", role="service_owner"),
            end(),
            flows("start I_wait U_do end"),
        )
    )
    owner = office.hire("service_owner")
    cases = [office.start(owner) for _ in range(6)]
    office.now += timedelta(hours=2)

    done = at_once(*[lambda: run_due_jobs(lambda: office.work(SYSTEM))] * 2)

    assert sum(done) == 6
    assert [office.actions(case).count("timer.fired") for case in cases] == [1] * 6


def test_a_message_sent_twice_at_once_is_caught_once(office: Office) -> None:
    office.deploy(
        {
            "p.bpmn": diagram(
                message("m", "answer"),
                process(
                    "p",
                    start(),
                    catch("I", on_message("m", into("answer"))),
                    user("U_do", role="service_owner"),
                    end(),
                    flows("start I U_do end"),
                ),
            )
        }
    )
    owner = office.hire("service_owner")
    instance_id = office.start(owner, business_key="K1")

    won, lost = split(at_once(*[lambda: office.act(owner, send_message, "answer", "K1", {})] * 2))

    assert (sorted(each.status for each in won), lost) == (["buffered", "delivered"], [])
    assert office.actions(instance_id).count("message.caught") == 1


def test_an_incident_retried_twice_at_once_runs_once(office: Office) -> None:
    office.deploy(with_script("share = 100 / parts"))
    owner, admin = office.hire("service_owner"), office.hire("admin")
    instance_id = office.start(owner)
    office.complete(owner, office.task(instance_id, "U_first").id, parts=0)
    incident = office.incident(instance_id)

    won, lost = split(
        at_once(*[lambda: office.act(admin, retry_incident, incident.id, {"parts": 4})] * 2)
    )

    assert len(won) == 1
    assert all(isinstance(error, ConflictError) for error in lost)
    assert office.open(instance_id) == ["U_last"]


def test_the_same_files_deployed_at_once_are_one_deployment(office: Office) -> None:
    admins = [office.hire("admin"), office.hire("admin")]

    won, lost = split(at_once(*(_deploying(office, admin) for admin in admins)))

    assert len({outcome.deployment.id for outcome in won}) == 1
    assert all(isinstance(error, ConflictError) for error in lost)
    with office.look() as work:
        assert verify_stream(work, f"sys-{office.now.date().isoformat()}").is_ok


def _deploying(office: Office, admin: Actor) -> Deed:
    return lambda: office.deploy(one_task(), admin)
