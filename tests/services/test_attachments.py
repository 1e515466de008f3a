"""Files that people add to a case."""

import hashlib
from uuid import uuid4

import pytest

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.note import MAX_ATTACHMENT_BYTES
from ssflow.errors import ForbiddenError, InvalidInputError, NotFoundError
from ssflow.services.attachments import read_attachment, store_attachment
from ssflow.store.notes import attachments_of
from tests.services.bundles import Files, one_task, with_form
from tests.services.office import Office


@pytest.fixture
def owner(office: Office) -> Actor:
    return office.hire("service_owner")


def with_files() -> Files:
    return with_form({"type": "filepicker", "key": "plans", "label": "Plans", "multiple": True})


def content_of(office: Office, actor: Actor, file_id: object) -> bytes:
    with office.look(actor) as work:
        return read_attachment(work, file_id).content  # type: ignore[arg-type] # a UUID


def test_a_file_comes_back_as_it_was(office: Office, owner: Actor) -> None:
    office.deploy(one_task())
    instance_id, content = office.start(owner), bytes(range(256)) * 100

    stored = office.act(
        owner, store_attachment, "räksmörgås 👍.bin", "", content, instance_id=instance_id
    )

    assert content_of(office, office.hire("service_owner"), stored.id) == content
    assert (stored.name, stored.size_bytes) == ("räksmörgås 👍.bin", 25_600)
    assert stored.media_type == "application/octet-stream"
    told = office.details(instance_id, AuditAction.FILE_ATTACHED)
    assert told["sha256"] == hashlib.sha256(content).hexdigest() == stored.sha256
    assert (told["name"], told["bytes"]) == ("räksmörgås 👍.bin", 25_600)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\evil.exe", "evil.exe"),
        ("a\0b\n.txt", "ab.txt"),
        ("x" * 300, "x" * 200),
        ("\ud800.txt", ".txt"),
    ],
)
def test_only_the_plain_name_of_a_file_is_kept(
    office: Office, owner: Actor, given: str, kept: str
) -> None:
    stored = office.act(owner, store_attachment, given, "text/plain", b"x")

    assert stored.name == kept


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("", b"x"),
        ("///", b"x"),
        ("\n\t", b"x"),
        ("a", b""),
        ("a", b"x" * (MAX_ATTACHMENT_BYTES + 1)),
    ],
    ids=["no name", "slashes", "blanks", "empty", "too large"],
)
def test_what_is_no_proper_file_is_refused(
    office: Office, owner: Actor, name: str, content: bytes
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        office.act(owner, store_attachment, name, "", content)

    assert "file" in refused.value.errors


@pytest.mark.parametrize("media_type", ["text/\0", "\ud800/x", "x" * 1000])
def test_a_media_type_that_is_none_is_not_kept(
    office: Office, owner: Actor, media_type: str
) -> None:
    stored = office.act(owner, store_attachment, "a.txt", media_type, b"x")

    assert stored.media_type == "application/octet-stream"


def test_the_system_attaches_nothing(office: Office) -> None:
    with pytest.raises(ForbiddenError), office.work() as work:
        store_attachment(work, "a.txt", "", b"x")


def test_a_completed_form_takes_its_files_into_the_case(office: Office, owner: Actor) -> None:
    office.deploy(with_files())
    instance_id = office.start(owner)
    task = office.task(instance_id, "U_fill")
    files = [office.act(owner, store_attachment, f"{n}.txt", "", b"x") for n in "ab"]

    office.complete(owner, task.id, plans=[str(file.id) for file in files])

    with office.look() as work:
        bound = attachments_of(work.session, instance_id)
    assert {(f.id, f.task_id) for f in bound} == {(f.id, task.id) for f in files}
    assert office.actions(instance_id).count("file.attached") == 2


def test_a_refused_form_binds_no_files(office: Office, owner: Actor) -> None:
    office.deploy(with_files())
    instance_id = office.start(owner)
    file = office.act(owner, store_attachment, "a.txt", "", b"x")

    with pytest.raises(InvalidInputError):
        office.complete(
            owner, office.task(instance_id, "U_fill").id, plans=[str(file.id)], surprise=1
        )

    with office.look() as work:
        assert attachments_of(work.session, instance_id) == []


def test_files_of_others_cannot_be_taken(office: Office, owner: Actor) -> None:
    office.deploy(with_files())
    theirs = office.act(office.hire("service_owner"), store_attachment, "a.txt", "", b"secret")
    instance_id = office.start(owner)

    with pytest.raises(InvalidInputError):
        office.complete(owner, office.task(instance_id, "U_fill").id, plans=[str(theirs.id)])

    with pytest.raises(NotFoundError):
        office.act(owner, read_attachment, theirs.id)


def test_a_file_that_never_was_is_not_found(office: Office, owner: Actor) -> None:
    with pytest.raises(NotFoundError):
        office.act(owner, read_attachment, uuid4())
