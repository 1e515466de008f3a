"""Documents that processes made."""

import hashlib
from uuid import UUID, uuid4

import pytest

from ssflow.domain.identity import OPERATOR, Actor
from ssflow.domain.registers.portfolio import Document
from tests.services.bundles import one_task
from tests.services.office import Office
from tests.web.conftest import SignIn

_PAGE = b"<h1>Charter</h1><script>alert(1)</script>"


@pytest.fixture
def boss(office: Office) -> Actor:
    return office.hire("admin")


@pytest.fixture
def document(office: Office, boss: Actor) -> Document:
    """A charter of a case."""
    office.deploy(one_task())
    case = office.start(boss)
    with office.work() as work:
        made = Document(
            owner_type="ServiceProposal",
            owner_id=uuid4(),
            kind="charter",
            title="Charter of Mail",
            media_type="text/html; charset=utf-8",
            sha256=hashlib.sha256(_PAGE).hexdigest(),
            content=_PAGE,
            instance_id=case,
            created_at=work.now,
            created_by=OPERATOR.key,
        )
        work.session.add(made)
    return made


def _case(document: Document) -> UUID:
    assert document.instance_id is not None
    return document.instance_id


def test_a_case_lists_the_documents_it_made(
    sign_in: SignIn, boss: Actor, document: Document
) -> None:
    page = sign_in(boss).open(f"/instances/{_case(document)}?view=talk").text

    assert "Charter of Mail" in page
    assert f"/files/documents/{document.id}" in page


def test_a_document_runs_nothing_and_reaches_nothing(
    sign_in: SignIn, boss: Actor, document: Document
) -> None:
    answer = sign_in(boss).open(f"/files/documents/{document.id}")

    assert answer.data == _PAGE
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy


def test_a_customer_opens_no_document_of_others(
    sign_in: SignIn, office: Office, document: Document
) -> None:
    browser = sign_in(office.hire("customer"))

    assert browser.open(f"/files/documents/{document.id}").status_code == 404


def test_a_document_can_be_had_on_paper(sign_in: SignIn, boss: Actor, document: Document) -> None:
    answer = sign_in(boss).open(f"/files/documents/{document.id}/print")

    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert 'filename="Charter of Mail.pdf"' in answer.headers["Content-Disposition"]


def test_a_customer_gets_no_document_on_paper(
    sign_in: SignIn, office: Office, document: Document
) -> None:
    answer = sign_in(office.hire("customer")).open(f"/files/documents/{document.id}/print")

    assert answer.status_code == 404
