"""The workers behind scripts: opened late, lost and replaced, shared by threads."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread, Timer
from time import perf_counter

import pydantic_monty as monty
import pytest

from ssflow.engine.faults import ElementError, SandboxBusyError
from ssflow.engine.sandbox import Sandbox, Stopwatch


def list_workers() -> list[int]:
    """List the processes that this one has started."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    found = children.read_text().split() if children.exists() else []
    return [int(child) for child in found]


def test_workers_start_with_the_first_use_and_end_with_close() -> None:
    before = set(list_workers())
    sandbox = Sandbox()
    assert set(list_workers()) == before

    assert sandbox.run("1 + 1", {}) == 2
    started = set(list_workers()) - before
    sandbox.close()

    assert started
    assert not started & set(list_workers())
    assert sandbox.run("2 + 2", {}) == 4
    sandbox.close()


def test_a_worker_that_is_killed_while_idle_is_not_noticed() -> None:
    before = set(list_workers())
    with Sandbox(max_workers=1) as sandbox:
        sandbox.run("1", {})
        for worker in set(list_workers()) - before:
            os.kill(worker, signal.SIGKILL)

        assert sandbox.run("a + 1", {"a": 1}) == 2


def test_a_worker_that_is_killed_at_work_is_replaced_and_the_code_runs_again() -> None:
    before = set(list_workers())
    with Sandbox(max_workers=1) as sandbox:
        sandbox.run("1", {})
        [worker] = set(list_workers()) - before
        attempts: list[int] = []

        def kill_at_first() -> int:
            attempts.append(worker)
            if len(attempts) == 1:
                os.kill(worker, signal.SIGKILL)
            return len(attempts)

        assert sandbox.run("kill_at_first()", {}, functions={"kill_at_first": kill_at_first}) == 2


def test_code_that_loses_its_worker_again_and_again_is_at_fault() -> None:
    before = set(list_workers())
    with Sandbox(max_workers=1) as sandbox:
        sandbox.run("1", {})
        done = Event()

        def kill_all() -> None:
            while not done.wait(0.02):
                for worker in set(list_workers()) - before:
                    with suppress(ProcessLookupError):
                        os.kill(worker, signal.SIGKILL)

        killer = Thread(target=kill_all)
        killer.start()
        with pytest.raises(ElementError) as raised:
            sandbox.run("while True:\n    pass", {})
        done.set()
        killer.join()

        assert raised.value.kind == "sandbox"
        assert sandbox.run("1", {}) == 1


def test_nothing_leaks_from_one_run_to_the_next() -> None:
    with Sandbox(max_workers=1) as sandbox:
        sandbox.run("secret = 42", {})

        assert sandbox.run("try:\n    x = secret\nexcept NameError:\n    x = None\nx", {}) is None


def test_threads_share_workers_and_get_their_own_results() -> None:
    with Sandbox() as sandbox, ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda n: sandbox.run("n * 2", {"n": n}), range(200)))

    assert results == [n * 2 for n in range(200)]


@contextmanager
def occupied(sandbox: Sandbox) -> Iterator[Event]:
    """Keep one worker busy until the event is set."""
    is_held, is_enough = Event(), Event()

    def hold() -> None:
        is_held.set()
        is_enough.wait()

    def work() -> None:
        with suppress(monty.MontyError):  # it may have taken more time than code may
            sandbox.run("hold()", {}, functions={"hold": hold})

    holder = Thread(target=work)
    holder.start()
    is_held.wait()
    try:
        yield is_enough
    finally:
        is_enough.set()
        holder.join()


def test_a_busy_sandbox_says_so() -> None:
    with Sandbox(max_workers=1, checkout_timeout=timedelta(milliseconds=50)) as sandbox:
        with occupied(sandbox), pytest.raises(SandboxBusyError):
            sandbox.run("1", {})

        assert sandbox.run("1", {}) == 1


def test_waiting_for_a_worker_is_not_counted_as_running() -> None:
    stopwatch = Stopwatch()

    with Sandbox(max_workers=1) as sandbox, occupied(sandbox) as is_enough:
        Timer(0.5, is_enough.set).start()
        began = perf_counter()
        sandbox.run("1", {}, stopwatch=stopwatch)
        waited = perf_counter() - began

    assert 0 < stopwatch.seconds <= waited - 0.25


def test_a_forked_child_is_told_that_it_cannot_run_scripts_and_its_parent_goes_on() -> None:
    program = """
import os, sys
from ssflow.engine.sandbox import Sandbox
sandbox = Sandbox()
assert sandbox.run("1 + 1", {}) == 2
child = os.fork()
if child == 0:
    try:
        sandbox.run("2 + 2", {})
    except RuntimeError as error:
        os._exit(7 if "forked" in str(error) else 1)
    os._exit(2)
_, status = os.waitpid(child, 0)
assert sandbox.run("3 + 3", {}) == 6
sandbox.close()
sys.exit(os.waitstatus_to_exitcode(status))
"""

    assert run_program(program) == 7


def test_a_child_that_is_forked_before_the_first_script_may_run_scripts() -> None:
    program = """
import os, sys
from ssflow.engine.sandbox import Sandbox
sandbox = Sandbox()
child = os.fork()
assert sandbox.run("2 + 2", {}) == 4
sandbox.close()
if child == 0:
    os._exit(7)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""

    assert run_program(program) == 7


def run_program(program: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", program],
        timeout=30,
        check=False,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return done.returncode


def test_a_long_wait_ends_with_the_time_limit() -> None:
    with Sandbox(max_workers=1) as sandbox, pytest.raises(Exception, match="time limit"):
        sandbox.run("while True:\n    pass", {})
