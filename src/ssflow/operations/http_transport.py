"""Connections to other systems that go only where the installation's rules let them."""

import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any

import certifi
import httpcore
import httpx

from ssflow.operations.http_rules import HttpRules
from ssflow.operations.outside import CallFailedError
from ssflow.sentences import Sentence

CONNECT_TIMEOUT_SECONDS = 10
NOT_ALLOWED = "http_not_allowed"


def trusted_by_all() -> ssl.SSLContext:
    """Trust whom this machine trusts, and whom browsers trust."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def tell_why(error: BaseException) -> str:
    """Say what was wrong with a connection; of a certificate, what to do about it."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = cause.verify_message.rstrip(".")
        return f"its certificate does not hold: {reason} (SSL_CERT_FILE adds an authority of yours)"
    if isinstance(cause, ssl.SSLError):
        reason = (cause.reason or "no TLS").replace("_", " ").lower()
        return f"no secured connection can be made with it: {reason}"
    return (str(error) or type(error).__name__).rstrip(".")


@dataclass(frozen=True)
class Deadline:
    """A moment of the monotonic clock after which nothing is waited for any more."""

    at: float

    def cap(self, timeout: float | None) -> float:
        """Shorten a timeout to what is left.

        Raises:
            ReadTimeout: nothing is left.
        """
        left = self.at - monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time is up")
        return left if timeout is None else min(timeout, left)


class GuardedTransport(httpx.BaseTransport):
    """Carries requests over connections that go only where the rules let them."""

    def __init__(self, rules: HttpRules, deadline: Deadline) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusted_by_all(),
            max_keepalive_connections=0,
            network_backend=_GuardedNetwork(rules, deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; its answer is read afterwards."""
        url = request.url
        try:
            response = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise httpx.TransportError(str(error) or type(error).__name__) from error
        return httpx.Response(
            response.status, headers=response.headers, stream=_Stream(response.stream)
        )

    def close(self) -> None:
        """Close what is still open."""
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise httpx.TransportError(str(error) or type(error).__name__) from error

    def close(self) -> None:
        self._stream.close()


class _GuardedNetwork(httpcore.NetworkBackend):
    """Looks a host up once, checks every address it has, and connects to exactly these."""

    def __init__(self, rules: HttpRules, deadline: Deadline) -> None:
        self._rules, self._deadline = rules, deadline
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = self._rules.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} has no address") from error
        for address in addresses:
            if not self._rules.allows_address(address):
                message = Sentence(
                    "%(host)s leads to %(address)s, which is not a public address.",
                    host=host,
                    address=address,
                )
                raise CallFailedError(message, code=NOT_ALLOWED, is_temporary=False)
        return _TimedStream(self._connect_first(addresses, port, socket_options), self._deadline)

    def _connect_first(
        self, addresses: Iterable[str], port: int, options: Iterable[Any] | None
    ) -> httpcore.NetworkStream:
        last: Exception = httpcore.ConnectError("the host has no address")
        for address in addresses:
            timeout = self._deadline.cap(CONNECT_TIMEOUT_SECONDS)
            try:
                return self._network.connect_tcp(address, port, timeout, None, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last


class _TimedStream(httpcore.NetworkStream):
    """A connection of which no part lasts beyond the deadline, however slowly the other drips."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.cap(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.cap(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.cap(timeout)
        secured = self._stream.start_tls(ssl_context, server_hostname, left)
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
