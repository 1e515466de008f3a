"""Settings, read once from SSFLOW_… variables."""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs

from ssflow.errors import InvalidInputError

DEFAULT_BASE_URL = "http://localhost:8080"
DEFAULT_MESSAGE_TTL = timedelta(days=7)
MAX_MESSAGE_TTL = timedelta(days=90)
_LOCALTIME = Path("/etc/localtime")
_SECRET_BYTES = 32
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
_MAIL_SCHEMES = ("smtp", "smtp+starttls", "smtps")
_SECRET = "SSFLOW_SECRET_"  # noqa: S105 - how the names of secrets begin
_HOST_PATTERN = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?")
_LENGTH = re.compile(
    r"P(?=.)(?:(?P<weeks>\d{1,3})W)?(?:(?P<days>\d{1,3})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,4})H)?(?:(?P<minutes>\d{1,5})M)?)?",
    re.ASCII,
)
_MAIL_ADDRESS = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+")

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Outside:
    """What may leave this installation, and by which way; by default nothing does."""

    base_url: str = DEFAULT_BASE_URL
    mail_url: str | None = field(default=None, repr=False)
    mail_from: str = "ssflow@localhost"
    mail_folder: Path | None = None
    """Where mails are put as files when there is no mail server."""
    http_allow: tuple[str, ...] = ()
    """Hosts that `http.request` may call: `name`, `name:port` or `*.name`."""
    http_allow_private: tuple[Network, ...] = ()
    """Networks that are not public and may be called all the same."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    answers: Mapping[str, Any] = field(default_factory=dict)
    """In a scenario: what calls of service tasks answer, by element id, instead of calling."""


@dataclass(frozen=True)
class Config:
    """Where ssflow keeps its data, how it is reached, and in which time zone it works."""

    database_url: str = field(repr=False)
    home: Path
    base_url: str
    timezone: ZoneInfo
    secret_key: str = field(repr=False)
    outside: Outside = field(default_factory=Outside)
    message_ttl: timedelta = DEFAULT_MESSAGE_TTL
    """How long a message that no case waits for is kept when its sender does not say."""
    trusted_proxies: int = 0
    """How many proxies stand in front and set X-Forwarded-… headers."""
    is_demo: bool = False
    """A sample organisation, whose people anybody at this machine may become."""

    @property
    def is_https(self) -> bool:
        """Whether browsers reach ssflow over TLS."""
        return self.base_url.startswith("https://")


def read_config(environ: Mapping[str, str]) -> Config:
    """Read the settings; makes the home folder and its secret key when there are none.

    Raises:
        InvalidInputError: a setting makes no sense, or the home folder cannot be used.
    """
    home = _read_home(environ)
    base_url = _read_base_url(environ)
    return Config(
        database_url=_read(environ, "DATABASE_URL") or f"sqlite:///{home / 'ssflow.db'}",
        home=home,
        base_url=base_url,
        timezone=_read_timezone(environ),
        secret_key=_read_secret_key(home / "secret.key"),
        outside=_read_outside(environ, home, base_url),
        message_ttl=_read_message_ttl(environ),
        trusted_proxies=_read_trusted_proxies(environ),
    )


def _read(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(f"SSFLOW_{name}", "").strip() or None


def _refuse(name: str, reason: str) -> InvalidInputError:
    return InvalidInputError(f"SSFLOW_{name}: {reason}", errors={f"SSFLOW_{name}": [reason]})


def _read_home(environ: Mapping[str, str]) -> Path:
    given = _read(environ, "HOME")
    folder = Path(given) if given else platformdirs.user_data_path("ssflow", appauthor=False)
    home = folder.expanduser().absolute()
    try:
        home.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise _refuse("HOME", f"{home} cannot be made ({error.strerror}).") from error
    return home


def _read_base_url(environ: Mapping[str, str]) -> str:
    url = _read(environ, "BASE_URL") or DEFAULT_BASE_URL
    if not _is_web_address(url):
        raise _refuse("BASE_URL", f"{url!r} is not an address such as https://ssflow.example.org.")
    return url.rstrip("/")


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_place = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and has_place and not (parts.query or parts.fragment)


def _read_timezone(environ: Mapping[str, str]) -> ZoneInfo:
    name = _read(environ, "TIMEZONE")
    if name is None:
        return _system_timezone()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _refuse("TIMEZONE", f"{name!r} is not a zone such as Europe/Stockholm.") from error


def _system_timezone() -> ZoneInfo:
    _, found, name = str(_LOCALTIME.resolve()).partition("/zoneinfo/")
    try:
        return ZoneInfo(name if found else "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _read_outside(environ: Mapping[str, str], home: Path, base_url: str) -> Outside:
    return Outside(
        base_url=base_url,
        mail_url=_read_mail_url(environ),
        mail_from=_read_mail_from(environ, base_url),
        mail_folder=home / "mail",
        http_allow=_read_hosts(environ),
        http_allow_private=_read_networks(environ),
        secrets=MappingProxyType(
            {
                name.removeprefix(_SECRET): value
                for name, value in environ.items()
                if name.startswith(_SECRET) and value
            }
        ),
    )


def _read_mail_url(environ: Mapping[str, str]) -> str | None:
    url = _read(environ, "MAIL_URL")
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        is_server = parts.scheme in _MAIL_SCHEMES and bool(parts.hostname) and parts.port != 0
        is_server = is_server and bool(re.fullmatch(r"(?:timeout=[1-9]\d?)?", parts.query))
    except ValueError:
        is_server = False
    if not is_server:
        raise _refuse("MAIL_URL", "it is not an address such as smtp://user:password@host:587.")
    return url


def _read_mail_from(environ: Mapping[str, str], base_url: str) -> str:
    given = _read(environ, "MAIL_FROM")
    if given is None:
        return f"ssflow@{urlsplit(base_url).hostname}"
    if not _MAIL_ADDRESS.fullmatch(given):
        raise _refuse("MAIL_FROM", f"{given!r} is not an address such as ssflow@example.org.")
    return given


def _read_hosts(environ: Mapping[str, str]) -> tuple[str, ...]:
    hosts = _split(_read(environ, "HTTP_ALLOW"))
    for host in hosts:
        if not _HOST_PATTERN.fullmatch(host.lower()):
            hint = f"{host!r} is not a host such as api.example.org, *.example.org or host:8443."
            raise _refuse("HTTP_ALLOW", hint)
    return tuple(host.lower() for host in hosts)


def _read_networks(environ: Mapping[str, str]) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(given) for given in _split(_read(environ, "HTTP_ALLOW_PRIVATE")))
    except ValueError as error:
        hint = f"it lists networks such as 10.1.0.0/16 or addresses ({error})."
        raise _refuse("HTTP_ALLOW_PRIVATE", hint) from error


def _split(given: str | None) -> list[str]:
    return [part.strip() for part in (given or "").split(",") if part.strip()]


def _read_trusted_proxies(environ: Mapping[str, str]) -> int:
    given = _read(environ, "TRUSTED_PROXIES") or "0"
    if not given.isascii() or not given.isdigit():
        raise _refuse("TRUSTED_PROXIES", f"{given!r} is not the number of proxies in front.")
    return int(given)


def _read_message_ttl(environ: Mapping[str, str]) -> timedelta:
    given = _read(environ, "MESSAGE_TTL")
    if given is None:
        return DEFAULT_MESSAGE_TTL
    match = _LENGTH.fullmatch(given)
    parts = match.groupdict(default="0") if match else {}
    length = timedelta(**{name: int(number) for name, number in parts.items()})
    if not timedelta(0) < length <= MAX_MESSAGE_TTL:
        hint = f"{given!r} is not a length of time such as P7D or PT12H, 90 days at most."
        raise _refuse("MESSAGE_TTL", hint)
    return length


def _read_secret_key(file: Path) -> str:
    """Read the key that signs cookies; the first process to come makes it, for its owner only."""
    try:
        if not file.exists():
            _make_secret_key(file)
        key = file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise _refuse("HOME", f"{file} cannot be made or read ({error.strerror}).") from error
    if len(key) < _SECRET_BYTES:
        raise _refuse("HOME", f"{file} does not hold a key; remove it to have a new one made.")
    return key


def _make_secret_key(file: Path) -> None:
    """Make the file whole and at once, so that processes starting together agree on one key."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(_SECRET_BYTES))
    with suppress(FileExistsError):
        file.hardlink_to(draft)
    draft.unlink()
