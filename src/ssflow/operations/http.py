"""`http.request`: ask another system, within the limits that the installation sets."""

import json
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

from ssflow.domain.base import JsonValue
from ssflow.operations.http_rules import DEFAULT_PORTS, HttpRules
from ssflow.operations.http_transport import NOT_ALLOWED, Deadline, GuardedTransport, tell_why
from ssflow.operations.outside import CallFailedError, OutsideContext, outside_operation

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MAX_ANSWER_BYTES = 1_000_000
MAX_REDIRECTS = 5
MAX_URL_CHARACTERS = 4_000
DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS = 20, 60

UNREACHABLE, BAD_ANSWER = "http_unreachable", "http_answer"
_TRY_AGAIN = (408, 425, 429)
_SERVER_FAULT = 500
_TOLD_HEADERS = ("content-type", "content-language", "etag", "last-modified", "location")
_OURS = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "connection", "keep-alive", "te"),
        *("trailer", "upgrade", "expect", "accept-encoding", "idempotency-key"),
    }
)
"""Headers that a diagram cannot set: they say how the request travels."""
_CONFIDENTIAL = frozenset(
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"]
)
"""Headers that a diagram may fill only with a secret of the installation, by its name."""
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


def request(context: OutsideContext, given: Mapping[str, Any]) -> JsonValue:
    """Send a request and read the answer as {status, headers, json, text}.

    Raises:
        CallFailedError: the request is not allowed, got no answer, or one that is not expected.
    """
    expected = given.get("expected") or ()
    with _Conversation(context, given) as conversation:
        response, content = conversation.ask(expected)
    status = response.status_code
    if status not in expected and (expected or not response.is_success):
        raise _unexpected(status, response.request.url, content)
    text, told = None, None
    if "json" in response.headers.get("content-type", "").lower():
        told = _read_json(content) if content else None
    else:
        text = _read_text(content, response.charset_encoding)
    headers = {n: response.headers[n] for n in _TOLD_HEADERS if n in response.headers}
    return {"status": status, "headers": headers, "json": told, "text": text}


HTTP_REQUEST = outside_operation(
    "http.request",
    "Ask another system over HTTP",
    reach=request,
    parameters={
        "method": fields.String(load_default="GET", validate=OneOf(METHODS)),
        "url": fields.String(required=True, validate=Length(1, MAX_URL_CHARACTERS)),
        "headers": fields.Dict(keys=fields.String(), load_default=None, allow_none=True),
        "json": fields.Raw(load_default=None, allow_none=True),
        "body": fields.String(load_default=None, allow_none=True),
        "timeout": fields.Float(
            load_default=DEFAULT_TIMEOUT_SECONDS, validate=Range(1, MAX_TIMEOUT_SECONDS)
        ),
        "expected": fields.List(
            fields.Integer(strict=True, validate=Range(100, 599)),
            load_default=None,
            allow_none=True,
        ),
    },
)


class _Conversation:
    """One request and the redirects that it leads to, all before one deadline."""

    def __init__(self, context: OutsideContext, given: Mapping[str, Any]) -> None:
        self._rules = context.http
        self._deadline = Deadline(monotonic() + given.get("timeout", DEFAULT_TIMEOUT_SECONDS))
        self._client = httpx.Client(
            transport=GuardedTransport(self._rules, self._deadline),
            headers={"user-agent": "ssflow", "accept-encoding": "identity", "accept": "*/*"},
            timeout=MAX_TIMEOUT_SECONDS,  # the deadline ends it earlier; httpx's own is 5 s
            follow_redirects=False,
            trust_env=False,
        )
        self._headers, self._confidential = _read_headers(given.get("headers") or {}, self._rules)
        self._request = self._build(given, str(context.job_id))

    def __enter__(self) -> "_Conversation":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._client.close()

    def ask(self, expected: Sequence[int]) -> tuple[httpx.Response, bytes]:
        """Send the request, follow redirects that are not expected, and read the last answer."""
        pending = self._request
        for _ in range(MAX_REDIRECTS + 1):
            self._require_allowed(pending.url)
            response, content = self._send(pending)
            if response.next_request is None or response.status_code in expected:
                return response, content
            pending = self._redirect(pending, response.next_request)
        raise _failed("The other system redirects more than five times.", BAD_ANSWER)

    def _build(self, given: Mapping[str, Any], key: str) -> httpx.Request:
        content: dict[str, Any] = {}
        headers = {**self._headers, "idempotency-key": key}
        try:
            if given.get("json") is not None:
                content["json"] = given["json"]
            elif given.get("body") is not None:
                content["content"] = given["body"].encode()
            return self._client.build_request(
                given.get("method", "GET"), given["url"], headers=headers, **content
            )
        except (httpx.InvalidURL, ValueError, TypeError, UnicodeError) as error:
            raise _failed(f"The request cannot be made: {error}.", NOT_ALLOWED) from error

    def _require_allowed(self, url: httpx.URL) -> None:
        """Refuse what the installation does not let diagrams call; the address is checked later."""
        if url.scheme not in DEFAULT_PORTS:
            raise _failed("Only http and https addresses can be called.", NOT_ALLOWED)
        if url.userinfo:
            message = "An address must not hold a user or password; use a header with a secret."
            raise _failed(message, NOT_ALLOWED)
        host = url.raw_host.decode("ascii").lower().rstrip(".")
        port = url.port or DEFAULT_PORTS[url.scheme]
        if not self._rules.allows_host(url.scheme, host, port):
            message = f"{host} at port {port} is not on the list of hosts that may be called."
            raise _failed(message, NOT_ALLOWED)

    def _send(self, pending: httpx.Request) -> tuple[httpx.Response, bytes]:
        try:
            response = self._client.send(pending, stream=True)
            try:
                return response, self._read(response)
            finally:
                response.close()
        except (httpx.HTTPError, OSError) as error:
            place, reason = _place(pending.url), tell_why(error)
            message = f"{place} did not answer: {reason}."
            raise _failed(message, UNREACHABLE, is_temporary=True) from error

    def _read(self, response: httpx.Response) -> bytes:
        coding = response.headers.get("content-encoding", "identity").lower()
        if coding != "identity":
            raise _failed(f"The answer is compressed ({coding}), unasked.", BAD_ANSWER)
        content = bytearray()
        for chunk in response.iter_raw():
            content += chunk
            if len(content) > MAX_ANSWER_BYTES:
                raise _failed("The answer is larger than 1 MB.", BAD_ANSWER)
        return bytes(content)

    def _redirect(self, before: httpx.Request, pending: httpx.Request) -> httpx.Request:
        """Take secrets along only to where they were meant for."""
        if before.url.scheme == "https" and pending.url.scheme == "http":
            raise _failed("The other system redirects from https to http.", NOT_ALLOWED)
        if _origin(before.url) != _origin(pending.url):
            for name in self._confidential:
                pending.headers.pop(name, None)
        return pending


def _read_headers(
    given: Mapping[str, Any], rules: HttpRules
) -> tuple[dict[str, str], frozenset[str]]:
    """Read the headers and which of them are confidential; secrets are looked up by name."""
    headers: dict[str, str] = {}
    confidential = set()
    for written, value in given.items():
        name = written.lower()
        if name in _OURS or not name or not _TOKEN.issuperset(name):
            raise _failed(f"The header {written!r} cannot be set by a diagram.", NOT_ALLOWED)
        if isinstance(value, Mapping):
            headers[name] = _read_secret(written, value, rules)
            confidential.add(name)
        elif name in _CONFIDENTIAL:
            message = (
                f'The header {written} needs a secret of the installation: {{"secret": name}}.'
            )
            raise _failed(message, NOT_ALLOWED)
        else:
            headers[name] = str(value)
        if not headers[name].isprintable():
            raise _failed(f"The header {written} holds signs that it cannot carry.", NOT_ALLOWED)
    return headers, frozenset(confidential)


def _read_secret(header: str, value: Mapping[str, Any], rules: HttpRules) -> str:
    name = value.get("secret")
    if not isinstance(name, str) or not set(value) <= {"secret", "prefix"}:
        message = f'The header {header} is neither text nor {{"secret": name, "prefix": text}}.'
        raise _failed(message, NOT_ALLOWED)
    if name not in rules.secrets:
        raise _failed(f"This installation has no secret named {name}.", NOT_ALLOWED)
    return f"{value.get('prefix') or ''}{rules.secrets[name]}"


def _read_json(content: bytes) -> JsonValue:
    try:
        told: JsonValue = json.loads(content, parse_constant=_refuse_constant)
        json.dumps(told, ensure_ascii=False, allow_nan=False).encode()  # no 1e999, no half signs
        return told
    except (ValueError, RecursionError) as error:
        raise _failed(
            "The answer says it is JSON, but cannot be read as such.", BAD_ANSWER
        ) from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _read_text(content: bytes, charset: str | None) -> str:
    try:
        return content.decode(charset or "utf-8", errors="replace")
    except (LookupError, ValueError):  # unknown, or a coding that is none of texts
        return content.decode(errors="replace")


def _unexpected(status: int, url: httpx.URL, content: bytes) -> CallFailedError:
    lines = content[:2_000].decode(errors="replace").splitlines()
    told = " ".join(line.strip() for line in lines if line.strip())[:300]
    message = f"{_place(url)} answered with status {status}" + (f": {told}" if told else ".")
    is_temporary = status in _TRY_AGAIN or status >= _SERVER_FAULT
    return _failed(message, f"http_{status}", is_temporary=is_temporary)


def _failed(message: str, code: str, *, is_temporary: bool = False) -> CallFailedError:
    return CallFailedError(message, code=code, is_temporary=is_temporary)


def _place(url: httpx.URL) -> str:
    """Name an address without its query, which may hold what nobody should read."""
    parts = urlsplit(str(url))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port or DEFAULT_PORTS.get(url.scheme)
