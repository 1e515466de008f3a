"""The unit of work of one request."""

from collections.abc import Iterator
from contextlib import contextmanager

from ssflow.errors import SsflowError
from ssflow.services.audit import record_refusals
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.sign_in import current_actor
from ssflow.web.site import current_site


@contextmanager
def request_work(*, read_only: bool = False) -> Iterator[UnitOfWork]:
    """Open a unit of work for whoever sends this request; it commits when the block ends well."""
    site, work = current_site(), None
    try:
        with site.open_work(current_actor(), read_only=read_only) as work:
            yield work
    except SsflowError:
        if work is not None and work.refusals:
            with site.open_work(work.actor) as after:
                record_refusals(after, work.refusals)
        raise
