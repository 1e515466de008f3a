"""How mails reach a mail server: secured or not at all where a password is at stake."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from ssflow.operations.letters import Letter, Reader, compose
from ssflow.operations.mailing import Enclosure, ServerMailer, build_message
from ssflow.operations.outside import CallFailedError
from tests.loopback import mail_server, make_certificate

MAIL = UUID(int=9)
SENDER, ANN = "ssflow@example.org", "ann@example.org"
LOGIN = ("ssflow@mail", "p@ss:word/+")
AS_WRITTEN = "ssflow%40mail:p%40ss%3Aword%2F+"
"""The login as it stands in an address."""


def write(
    letter: Letter | None = None,
    address: str = ANN,
    name: str = "Ann",
    enclosures: tuple[Enclosure, ...] = (),
) -> EmailMessage:
    told = letter or Letter("Hello", "All is well.\n", "<p>All is well.</p>")
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    return build_message(MAIL, SENDER, address, name, told, at, enclosures)


def send(url: str, message: EmailMessage | None = None) -> None:
    ServerMailer(f"{url}?timeout=2").send(message or write(), MAIL, SENDER, ANN)


def refused(url: str) -> CallFailedError:
    with pytest.raises(CallFailedError) as caught:
        send(url)
    return caught.value


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path, "localhost")


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate whose authority the operator has added."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


# --- secured --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "is_secured"), [("smtps", True), ("smtp+starttls", False), ("smtp", False)]
)
def test_a_login_goes_over_a_secured_connection(
    trusted: Path, scheme: str, *, is_secured: bool
) -> None:
    with mail_server(trusted, is_secured=is_secured, login=LOGIN) as server:
        send(f"{scheme}://{AS_WRITTEN}@localhost:{server.port}")

    assert server.logins == [LOGIN]
    assert server.addresses == [ANN]
    assert server.mails[0]["Message-ID"] == f"<{MAIL}@example.org>"


@pytest.mark.parametrize(("scheme", "is_secured"), [("smtps", True), ("smtp+starttls", False)])
def test_a_server_that_nobody_vouches_for_gets_neither_login_nor_mail(
    certificate: Path, scheme: str, *, is_secured: bool
) -> None:
    with mail_server(certificate, is_secured=is_secured, login=LOGIN) as server:
        error = refused(f"{scheme}://{AS_WRITTEN}@localhost:{server.port}")

    assert (server.logins, server.mails) == ([], [])
    assert "certificate" in error.message
    assert "SSL_CERT_FILE" in error.message
    assert error.is_temporary


def test_a_certificate_for_another_name_is_refused(trusted: Path) -> None:
    with mail_server(trusted, is_secured=True) as server:
        error = refused(f"smtps://127.0.0.1:{server.port}")

    assert server.mails == []
    assert "certificate" in error.message
    assert "127.0.0.1" in error.message


def test_where_starttls_is_asked_for_nothing_goes_unsecured() -> None:
    with mail_server() as server:
        error = refused(f"smtp+starttls://localhost:{server.port}")

    assert server.mails == []
    assert "STARTTLS" in error.message


def test_tls_with_a_server_that_speaks_plainly_is_a_clear_error() -> None:
    with mail_server() as server:
        error = refused(f"smtps://localhost:{server.port}")

    assert error.message.startswith("The mail did not leave: ")
    assert error.message.count("\n") == 0
    assert "_ssl.c" not in error.message


def test_a_wrong_password_is_not_told_to_anybody(trusted: Path) -> None:
    with mail_server(trusted, is_secured=True, login=LOGIN) as server:
        error = refused(f"smtps://ssflow:s3cret@localhost:{server.port}")

    assert "s3cret" not in error.message
    assert "Authentication" in error.message


def test_a_login_beyond_ascii_is_a_clear_error(trusted: Path) -> None:
    with mail_server(trusted, is_secured=True, login=LOGIN) as server:
        error = refused(f"smtps://ssflow:p%C3%A9@localhost:{server.port}")

    assert error.message == (
        "The mail did not leave: its user and password may hold plain ASCII letters only."
    )


# --- odd servers ----------------------------------------------------------------------------------


@contextmanager
def saying(*lines: bytes) -> Iterator[int]:
    """Say some lines to whoever connects, and hang up; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                for line in lines:
                    connection.sendall(line)
                    connection.recv(1000)

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize(
    "lines",
    [
        (b"554 No mail here\r\n",),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n",),
        (b"\xff\xfe\x00\r\n",),
        (b"220 hello\r\n", b"250 hello\r\n", b"\x00\x01garbage\r\n"),
        (b"220 hello\r\n", b""),
        (b"220 " + b"x" * 20_000,),
    ],
)
def test_a_server_that_talks_nonsense_is_a_clear_error(lines: tuple[bytes, ...]) -> None:
    with saying(*lines) as port:
        error = refused(f"smtp://127.0.0.1:{port}")

    assert error.message.startswith(("The mail did not leave: ", "The mail was refused: "))
    assert error.message.isprintable()


# --- what people write ----------------------------------------------------------------------------


def test_headers_hold_what_they_are_given_and_nothing_more(trusted: Path) -> None:
    letter = compose(
        "text",
        Reader("Zoë\r\nBcc: eve@evil.example", "sv", ZoneInfo("Europe/Stockholm")),
        {"subject": "Åsa\r\nBcc: eve@evil.example\r\n\r\n<b>", "text": "Hej då 🎉\r\n.\r\nQUIT"},
        None,
    )
    files = (
        Enclosure("räkning\r\nX-Evil: 1.pdf", "application/pdf", b"%PDF"),
        Enclosure("../../etc/passwd", "nonsense", b"\x00\xff"),
        Enclosure("", "text/plain; charset=x", b"text"),
    )
    message = write(letter, name="Zoë\r\nBcc: eve@evil.example", enclosures=files)

    with mail_server(trusted, is_secured=True) as server:
        send(f"smtps://localhost:{server.port}", message)

    [mail] = server.mails
    assert (server.addresses, mail["Bcc"], mail["X-Evil"]) == ([ANN], None, None)
    assert mail["Subject"] == "Åsa Bcc: eve@evil.example <b>"
    assert mail["To"].addresses[0].addr_spec == ANN
    assert mail["To"].addresses[0].display_name == "Zoë Bcc: eve@evil.example"
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert "Hej då 🎉\r\n.\r\nQUIT" in plain.get_content()
    attached = [(p.get_filename(), p.get_content_type()) for p in mail.iter_attachments()]
    assert attached[0] == ("räkning X-Evil: 1.pdf", "application/pdf")
    assert attached[1] == ("..-..-etc-passwd", "application/octet-stream")
    assert len(attached) == 3


def test_a_domain_beyond_ascii_is_called_as_the_name_system_knows_it() -> None:
    address = "ann@exämple.org"
    with mail_server() as server:
        ServerMailer(server.url).send(write(address=address), MAIL, SENDER, address)

    assert server.addresses == ["ann@xn--exmple-cua.org"]
    assert server.mails[0]["To"] == "Ann <ann@xn--exmple-cua.org>"


@pytest.mark.parametrize(
    "media_type", ["multipart/mixed", "message/rfc822", "text", "text/a b", "a/b\r\nX-Evil: 1", ""]
)
def test_a_file_of_an_odd_kind_goes_along_whole(media_type: str) -> None:
    content = b"From: x\r\n\r\n--b\r\n\x00\xff"
    with mail_server() as server:
        file = Enclosure("x", media_type, content)
        ServerMailer(server.url).send(write(enclosures=(file,)), MAIL, SENDER, ANN)

    [part] = server.mails[0].iter_attachments()
    assert (part.get_content_type(), part.get_content()) == ("application/octet-stream", content)
