"""Documents that processes made: read them, and print those that are pages."""

from dataclasses import dataclass
from uuid import UUID

from ssflow.domain.registers.portfolio import Document
from ssflow.errors import NotFoundError
from ssflow.operations.rendering import print_kept
from ssflow.services.registers import read_record
from ssflow.store.unit_of_work import UnitOfWork

PDF = "application/pdf"


@dataclass(frozen=True)
class Printed:
    """A document on paper: a name for its file, and its PDF."""

    name: str
    pdf: bytes


def read_document(work: UnitOfWork, document_id: UUID) -> Document:
    """Give a document that the actor may see.

    Raises:
        NotFoundError: there is none, or it is none of the actor's business.
    """
    found = read_record(work, "Document", str(document_id))
    if not isinstance(found, Document):
        raise NotFoundError("There is no such document.")
    return found


def print_stored(work: UnitOfWork, document_id: UUID) -> Printed:
    """Print a document that was kept as a page; one that is a PDF comes as it is.

    Raises:
        NotFoundError: as `read_document`.
    """
    document = read_document(work, document_id)
    name = f"{document.title}.pdf"
    if document.media_type == PDF:
        return Printed(name, document.content)
    return Printed(name, print_kept(document, work.actor.language, work.timezone))
