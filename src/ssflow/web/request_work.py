"""The unit of work of one request."""

from collections.abc import Iterator
from contextlib import contextmanager

from ssflow.services.audit import record_refusals
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.sentences import tell
from ssflow.web.sign_in import current_actor
from ssflow.web.site import current_site


@contextmanager
def request_work(*, read_only: bool = False) -> Iterator[UnitOfWork]:
    """Open a unit of work for whoever sends this request; it commits when the block ends well."""
    opened: UnitOfWork | None = None
    try:
        with current_site().open_work(current_actor(), read_only=read_only) as opened:
            opened.translate = tell
            yield opened
    finally:
        if opened is not None and opened.refusals:
            _tell_refusals(opened)


def _tell_refusals(undone: UnitOfWork) -> None:
    """Write what was refused to the trail, in a work of its own that is not undone with it."""
    with current_site().open_work(undone.actor) as after:
        record_refusals(after, undone.refusals)
