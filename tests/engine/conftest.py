"""What engine tests share: a sandbox, and cases with cached and with freshly parsed specs."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ssflow.engine.scripts import Sandbox
from tests.engine.cases import Case


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(params=[False, True], ids=["cached", "fresh"])
def case(request: pytest.FixtureRequest, sandbox: Sandbox) -> Callable[..., Case]:
    """Make a case from BPMN and DMN, both as specs from the cache and parsed at every step."""

    def make(diagram: bytes, *decisions: bytes, **functions: Any) -> Case:
        files = {"p.bpmn": diagram} | {f"d{n}.dmn": dmn for n, dmn in enumerate(decisions)}
        return Case(sandbox, files, fresh=request.param, **functions)

    return make
