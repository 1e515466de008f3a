"""The documents that a case has made, as far as the reader may see them."""

from collections.abc import Sequence
from uuid import UUID

from ssflow.domain.registers.record import Record
from ssflow.services.registers import list_register, readable_kinds
from ssflow.store.unit_of_work import UnitOfWork

_KIND = "Document"
MAX_DOCUMENTS = 50


def documents_of(work: UnitOfWork, instance_id: UUID) -> Sequence[Record]:
    """List the documents of a case."""
    if _KIND not in readable_kinds(work):
        return []
    filters = {"instance_id": str(instance_id)}
    return list_register(work, _KIND, filters=filters, limit=MAX_DOCUMENTS).items
