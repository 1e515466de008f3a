"""How a service task reaches the operations: inside ones run in the step's transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from ssflow.domain.base import JsonValue
from ssflow.domain.instance import ProcessInstance
from ssflow.engine.operations import OperationCall, OperationError
from ssflow.errors import SsflowError
from ssflow.ids import read_id
from ssflow.operations.operation import (
    Effect,
    OperationContext,
    OperationRefusedError,
    RecordChange,
)
from ssflow.operations.registry import OPERATIONS
from ssflow.sentences import Sentence
from ssflow.services.working_days import calendar_of
from ssflow.store.savepoint import Savepoint
from ssflow.store.unit_of_work import UnitOfWork, unfit_data_refused


@dataclass
class Operations:
    """The engine's port: `undo` takes back what was done since the last `keep`.

    A savepoint is opened only by the first operation of a step.
    """

    work: UnitOfWork
    instance: ProcessInstance
    changes: list[RecordChange] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    _kept: tuple[int, int] = (0, 0)
    _savepoint: Savepoint = field(init=False)

    def __post_init__(self) -> None:
        self._savepoint = Savepoint(self.work.session)

    def is_outside(self, name: str) -> bool:
        """Whether the operation is done by a worker while the instance waits."""
        return name in OPERATIONS and OPERATIONS[name].is_outside

    def call(self, call: OperationCall) -> JsonValue:
        """Run an inside operation; one that is refused leaves nothing behind.

        Raises:
            OperationError: there is none of that name, or it refused.
        """
        operation = OPERATIONS.get(call.name)
        if operation is None:
            raise OperationError(
                Sentence("There is no operation %(name)s.", name=call.name), code=None
            )
        context = context_of(self.work, self.instance, call.activity_id)
        try:
            with self._all_or_nothing(), unfit_data_refused():
                result = operation.call(context, call.parameters)
                self.work.session.flush()
        except OperationRefusedError as error:
            raise OperationError(str(error.message), code=error.code) from error
        except SsflowError as error:
            raise OperationError(str(error.message), code=None) from error
        self.changes += context.changes
        self.effects += [replace(each, activity_id=call.activity_id) for each in context.effects]
        return result

    def keep(self) -> None:
        """Let what was done so far stand."""
        self._savepoint.keep()
        self._kept = (len(self.changes), len(self.effects))

    def undo(self) -> None:
        """Take back everything since the last `keep`."""
        self._savepoint.undo()
        del self.changes[self._kept[0] :]
        del self.effects[self._kept[1] :]

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Take back what an operation did before it was refused; the step may go on without it."""
        if self._savepoint.is_set:
            with self.work.session.begin_nested():
                yield
            return
        self._savepoint.set()
        try:
            yield
        except SsflowError:
            self._savepoint.undo()
            raise


def context_of(work: UnitOfWork, instance: ProcessInstance, activity_id: str) -> OperationContext:
    """Gather what an operation works with at one element of a case."""
    return OperationContext(
        session=work.session,
        actor=work.actor,
        now=work.now,
        calendar=calendar_of(work),
        instance_id=instance.id,
        initiator=read_id(instance.started_by),
        process_key=instance.key,
        activity_id=activity_id,
    )
