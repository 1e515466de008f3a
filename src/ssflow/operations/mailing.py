"""How mails leave: built as messages, and brought to a mail server or into a folder."""

import os
import re
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

from ssflow.operations.http_transport import tell_why, trusted_by_all
from ssflow.operations.letters import Letter, one_line
from ssflow.operations.outside import CallFailedError
from ssflow.sentences import Sentence

TIMEOUT_SECONDS = 20
REFUSED, FAILED = "mail_refused", "mail_failed"
_LASTING = 500
_DEFAULT_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700


@dataclass(frozen=True)
class Enclosure:
    """A file that goes along with a mail."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


def build_message(
    mail_id: UUID,
    sender: str,
    address: str,
    name: str,
    letter: Letter,
    at: datetime,
    enclosures: Sequence[Enclosure] = (),
) -> EmailMessage:
    """Build a message that says the same as plain text and as HTML.

    Its Message-ID comes from `mail_id`, so that a second attempt is known as such.
    """
    message = EmailMessage(policy=SMTP)
    domain = sender.rpartition("@")[2]
    message["From"] = Address("ssflow", addr_spec=sender)
    message["To"] = Address(one_line(name), addr_spec=_as_sent(address))
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mail_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    for file in enclosures:
        main, _, sub = _plain_type(file.media_type).partition("/")
        name = one_line(file.name).replace("/", "-").replace("\\", "-")
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=name)
    return message


def _plain_type(media_type: str) -> str:
    """Give a media type that a single file can have, without its parameters."""
    told = media_type.partition(";")[0].strip().lower()
    is_plain = _MEDIA_TYPE.fullmatch(told) and not told.startswith(("multipart/", "message/"))
    return told if is_plain else "application/octet-stream"


def _as_sent(address: str) -> str:
    """Write the domain of an address as the name system knows it."""
    name, _, domain = address.rpartition("@")
    try:
        return f"{name}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return address


class Mailer(Protocol):
    """Brings one message to one address."""

    def send(self, message: EmailMessage, mail_id: UUID, sender: str, address: str) -> None:
        """Bring it.

        Raises:
            CallFailedError: it did not leave.
        """
        ...


def open_mailer(url: str | None, folder: Path | None) -> Mailer:
    """Choose the way out: the mail server, else the folder, else nowhere."""
    if url is not None:
        return ServerMailer(url)
    return FolderMailer(folder) if folder is not None else KeptMailer()


class ServerMailer:
    """A mail server: `smtp://` (secured if it can be), `smtp+starttls://`, `smtps://`.

    `?timeout=5` behind the address says how many seconds it may be silent.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self._host = parts.hostname or "localhost"
        self._port = parts.port or _DEFAULT_PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        given = parse_qs(parts.query).get("timeout", [str(TIMEOUT_SECONDS)])
        self._timeout = float(given[0])

    def send(self, message: EmailMessage, mail_id: UUID, sender: str, address: str) -> None:
        """Hand it over to the server.

        Raises:
            CallFailedError: it was not taken; lasting if the receiving side refuses the address.
        """
        try:
            with self._connect(sender.rpartition("@")[2]) as server:
                server.send_message(message, sender, [_as_sent(address)])
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()), (_LASTING, b""))
            raise _failure(said, is_lasting=code >= _LASTING) from error
        except smtplib.SMTPDataError as error:
            raise _failure(error.smtp_error, is_lasting=error.smtp_code >= _LASTING) from error
        except smtplib.SMTPNotSupportedError as error:
            raise _failure(str(error), is_lasting=True) from error
        except smtplib.SMTPResponseException as error:
            raise _failure(error.smtp_error, is_lasting=False) from error
        except (smtplib.SMTPException, OSError) as error:
            raise _failure(tell_why(error), is_lasting=False) from error

    def _connect(self, own_name: str) -> smtplib.SMTP:
        server: smtplib.SMTP
        if self._scheme == "smtps":
            server = smtplib.SMTP_SSL(
                self._host,
                self._port,
                own_name,
                timeout=self._timeout,
                context=trusted_by_all(),
            )
        else:
            server = smtplib.SMTP(self._host, self._port, own_name, timeout=self._timeout)
        try:
            self._greet(server)
        except BaseException:
            server.close()
            raise
        return server

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        is_secure = self._scheme == "smtps"
        if not is_secure and (self._scheme == "smtp+starttls" or server.has_extn("starttls")):
            server.starttls(context=trusted_by_all())
            server.ehlo()
            is_secure = True
        if not self._user:
            return
        if not is_secure and not _is_this_machine(self._host):
            raise smtplib.SMTPException("it offers no secured connection for the password")
        if not (self._user + self._password).isascii():
            raise smtplib.SMTPException("its user and password may hold plain ASCII letters only")
        server.login(self._user, self._password)


class FolderMailer:
    """A folder that holds each mail as a file, for installations without a mail server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage, mail_id: UUID, sender: str, address: str) -> None:
        """Write the file at once and whole; a second attempt replaces the first.

        Raises:
            CallFailedError: it cannot be written.
        """
        draft = self._folder / f".{mail_id}.draft"
        try:
            self._folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE_FILE)
            with os.fdopen(descriptor, "wb") as file:
                file.write(message.as_bytes())
            draft.replace(self._folder / f"{mail_id}.eml")
        except OSError as error:
            raise _failure(error.strerror or "the folder", is_lasting=False) from error


class KeptMailer:
    """No way out at all: the mail stays in the outbox, as when scenarios are run."""

    def send(self, message: EmailMessage, mail_id: UUID, sender: str, address: str) -> None:
        """Leave it where it is."""


def _failure(said: bytes | str, *, is_lasting: bool) -> CallFailedError:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    reason = one_line(text).rstrip(".")
    if is_lasting:
        told = Sentence("The mail was refused: %(reason)s.", reason=reason)
        return CallFailedError(told, code=REFUSED, is_temporary=False)
    told = Sentence("The mail did not leave: %(reason)s.", reason=reason)
    return CallFailedError(told, code=FAILED, is_temporary=True)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
