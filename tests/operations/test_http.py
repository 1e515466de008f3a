"""Calls to other systems: answers, limits, and attempts to get where nobody should."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ssflow.operations.http import HTTP_REQUEST, MAX_ANSWER_BYTES
from ssflow.operations.http_rules import HttpRules
from ssflow.operations.outside import CallFailedError, OutsideContext
from tests.conftest import NOW
from tests.loopback import Answer, Asked, WebServer, make_certificate, web_server

JOB = UUID(int=7)
LOOPBACK = ip_network("127.0.0.1/32")


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server() as running:
        yield running


class Ask:
    """Calls the operation as a worker does, with rules that a test may change."""

    def __init__(self, server: WebServer) -> None:
        self.rules = HttpRules(
            allow=(f"127.0.0.1:{server.port}", f"api.example.org:{server.port}"),
            allow_private=(LOOPBACK,),
            secrets={"ERP_KEY": "s3cret"},
            resolve=lambda _host, _port: ["127.0.0.1"],
        )

    def __call__(self, url: str, **given: Any) -> Any:
        read = HTTP_REQUEST.schema().load({"url": url, **given})
        return HTTP_REQUEST.reach(OutsideContext(JOB, NOW, self.rules), read)

    def allow(self, *hosts: str, private: Sequence[str] = ("127.0.0.1/32",)) -> None:
        networks = tuple(ip_network(one) for one in private)
        self.rules = HttpRules(hosts, networks, self.rules.secrets, self.rules.resolve)

    def resolve(self, find: Callable[[str, int], Sequence[str]]) -> None:
        rules = self.rules
        self.rules = HttpRules(rules.allow, rules.allow_private, rules.secrets, find)


@pytest.fixture
def ask(server: WebServer) -> Ask:
    return Ask(server)


def refused(ask: Ask, url: str, **given: Any) -> CallFailedError:
    with pytest.raises(CallFailedError) as caught:
        ask(url, **given)
    return caught.value


# --- requests and answers -------------------------------------------------------------------------


def test_an_answer_is_status_headers_and_json(server: WebServer, ask: Ask) -> None:
    told = {"Content-Type": "application/json", "ETag": '"1"', "Set-Cookie": "a=b"}
    server.answers["/x"] = Answer(200, b'{"price": 12, "name": "Gr\xc3\xb6\xc3\x9fe"}', told)

    answer = ask(server.url("/x"))

    assert answer == {
        "status": 200,
        "headers": {"content-type": "application/json", "etag": '"1"'},
        "json": {"price": 12, "name": "Größe"},
        "text": None,
    }


def test_what_is_not_json_is_text_in_its_own_coding(server: WebServer, ask: Ask) -> None:
    server.answers["/x"] = Answer(
        200, "é".encode("latin-1"), {"Content-Type": "text/plain; charset=latin-1"}
    )

    answer = ask(server.url("/x"))

    assert (answer["json"], answer["text"]) == (None, "é")


@pytest.mark.parametrize("charset", ["undefined", "idna", "klingon"])
def test_text_in_a_coding_that_is_none_is_read_as_usual(
    server: WebServer, ask: Ask, charset: str
) -> None:
    server.answers["/x"] = Answer(
        200, "é".encode(), {"Content-Type": f"text/plain; charset={charset}"}
    )

    assert ask(server.url("/x"))["text"] == "é"


def test_a_body_with_half_a_sign_is_refused_before_anything_is_sent(
    server: WebServer, ask: Ask
) -> None:
    for given in ({"body": "\ud800"}, {"json": ["\ud800"]}):
        error = refused(ask, server.url("/x"), method="POST", **given)

        assert (error.code, error.is_temporary, server.asked) == ("http_not_allowed", False, [])


def test_a_request_carries_its_body_and_the_key_of_its_job(server: WebServer, ask: Ask) -> None:
    ask(server.url("/orders"), method="POST", json={"n": 1}, headers={"X-Case": "PRP-1"})

    [asked] = server.asked
    assert (asked.method, asked.json) == ("POST", {"n": 1})
    assert asked.headers["idempotency-key"] == str(JOB)
    assert asked.headers["x-case"] == "PRP-1"
    assert asked.headers["content-type"] == "application/json"


def test_a_body_may_be_plain_text(server: WebServer, ask: Ask) -> None:
    ask(server.url(), method="PUT", body="å;b", headers={"Content-Type": "text/csv"})

    assert (server.asked[0].body, server.asked[0].headers["content-type"]) == (
        "å;b".encode(),
        "text/csv",
    )


def test_a_status_that_was_expected_is_an_answer(server: WebServer, ask: Ask) -> None:
    server.answers["/x"] = Answer(404, b"none", {"Content-Type": "text/plain"})

    assert ask(server.url("/x"), expected=[200, 404])["status"] == 404


@pytest.mark.parametrize(
    ("status", "is_temporary"),
    [(400, False), (404, False), (408, True), (429, True), (500, True), (503, True)],
)
def test_another_status_fails_and_is_tried_again_if_that_may_help(
    server: WebServer, ask: Ask, status: int, is_temporary: object
) -> None:
    server.answers["/x"] = Answer(status, b"No stock\n  of that.")

    error = refused(ask, server.url("/x?key=private"))

    assert (error.code, error.is_temporary) == (f"http_{status}", is_temporary)
    assert error.message == f"{server.url('/x')} answered with status {status}: No stock of that."


def test_a_status_that_was_not_expected_fails_though_it_is_good(
    server: WebServer, ask: Ask
) -> None:
    assert refused(ask, server.url(), expected=[201]).code == "http_200"


def test_json_that_is_none_fails_for_good(server: WebServer, ask: Ask) -> None:
    for body in (b"{", b'{"a": NaN}', b"[" * 100_000, b'{"a": 1e999}', b'"\\ud800"'):
        server.answers["/x"] = Answer(200, body)

        error = refused(ask, server.url("/x"))

        assert (error.code, error.is_temporary) == ("http_answer", False)


def test_an_empty_answer_is_no_json(server: WebServer, ask: Ask) -> None:
    server.answers["/x"] = Answer(204, b"")

    assert ask(server.url("/x"))["json"] is None


# --- limits ---------------------------------------------------------------------------------------


def test_an_answer_of_more_than_a_megabyte_is_refused(server: WebServer, ask: Ask) -> None:
    server.answers["/x"] = Answer(
        200, b"a" * (MAX_ANSWER_BYTES + 1), {"Content-Type": "text/plain"}
    )

    assert refused(ask, server.url("/x")).message == "The answer is larger than 1 MB."


def test_a_compressed_answer_is_refused_before_it_is_unpacked(server: WebServer, ask: Ask) -> None:
    server.answers["/x"] = Answer(200, b"...", {"Content-Encoding": "gzip"})

    assert "compressed" in refused(ask, server.url("/x")).message
    assert server.asked[0].headers["accept-encoding"] == "identity"


def test_a_server_that_drips_is_left_when_the_time_is_up(server: WebServer, ask: Ask) -> None:
    def drip(_asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        for _ in range(40):
            time.sleep(0.1)
            try:
                handler.wfile.write(b"a")
            except OSError:
                return

    server.answers["/slow"] = drip
    began = time.monotonic()

    error = refused(ask, server.url("/slow"), timeout=1)

    assert (error.code, error.is_temporary) == ("http_unreachable", True)
    assert time.monotonic() - began < 3


def test_an_answer_may_take_as_long_as_the_diagram_says(server: WebServer, ask: Ask) -> None:
    def think(_asked: Asked, _handler: BaseHTTPRequestHandler) -> Answer:
        time.sleep(5.5)  # longer than the HTTP library waits by itself
        return Answer()

    server.answers["/thorough"] = think

    assert ask(server.url("/thorough"), timeout=20)["status"] == 200


def test_a_host_that_nobody_answers_for_may_be_tried_again(ask: Ask) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        ask.allow(f"127.0.0.1:{port}")

        error = refused(ask, f"http://127.0.0.1:{port}/")

    assert (error.code, error.is_temporary) == ("http_unreachable", True)


def test_a_name_without_an_address_may_be_tried_again(server: WebServer, ask: Ask) -> None:
    def find(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror("unknown")

    ask.resolve(find)

    assert refused(ask, server.url(host="api.example.org")).is_temporary


# --- where nobody should get ----------------------------------------------------------------------


def test_nothing_may_be_called_unless_it_is_allowed(server: WebServer, ask: Ask) -> None:
    ask.allow()

    error = refused(ask, server.url())

    assert (error.code, error.is_temporary, server.asked) == ("http_not_allowed", False, [])


@pytest.mark.parametrize(
    ("entry", "url", "is_allowed"),
    [
        ("api.example.org", "http://api.example.org/", True),
        ("api.example.org", "https://API.example.org./", True),
        ("api.example.org", "http://api.example.org:8080/", False),
        ("api.example.org:8080", "http://api.example.org:8080/", True),
        ("api.example.org:8080", "http://api.example.org/", False),
        ("api.example.org", "http://evil-api.example.org/", False),
        ("api.example.org", "http://api.example.org.evil.net/", False),
        ("*.example.org", "http://a.b.example.org/", True),
        ("*.example.org", "http://example.org/", False),
        ("*.example.org", "http://.example.org/", False),
        ("*.example.org", "http://evilexample.org/", False),
    ],
)
def test_hosts_are_allowed_by_name_and_port(
    ask: Ask, entry: str, url: str, is_allowed: object
) -> None:
    ask.allow(entry, private=())

    error = refused(ask, url)  # the address 127.0.0.1 is refused in the end

    assert ("not a public address" in error.message) is is_allowed


@pytest.mark.parametrize(
    "url",
    [
        "ftp://api.example.org/",
        "file:///etc/passwd",
        "http:///nowhere",
        "//api.example.org/",
        "http://user:password@127.0.0.1/",
        "http://api.example.org@evil.net/",
        "http://api.example.org:80@evil.net/",
        "http://api.example.org\\@evil.net/",
        "http://evil.net#@api.example.org/",
        "http://evil.net/?@api.example.org/",
        "http://api.example.org%00.evil.net/",
        "http://api.example.org\r\nHost: evil.net/",
        "http://[::1",
        "http://api.example.org:99999/",
        "http://ａｐｉ.evil.net/",
    ],
)
def test_tricks_with_addresses_are_refused(server: WebServer, ask: Ask, url: str) -> None:
    ask.allow("api.example.org", "127.0.0.1")

    error = refused(ask, url)

    assert (error.code, error.is_temporary) == ("http_not_allowed", False)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104 - nobody listens there
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:7f00:1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "not an address",
    ],
)
def test_addresses_that_are_not_public_are_refused(ask: Ask, address: str) -> None:
    ask.allow("api.example.org", private=())
    ask.resolve(lambda _host, _port: [address])

    error = refused(ask, "http://api.example.org/")

    assert error.message == f"api.example.org leads to {address}, which is not a public address."


def test_public_addresses_are_not_refused() -> None:
    public = ("93.184.216.34", "2606:2800:220:1::", "::ffff:93.184.216.34", "64:ff9b::5db8:d822")

    assert all(HttpRules().allows_address(address) for address in public)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "017700000001", "127.1", "0", "localhost"]
)
def test_other_ways_to_write_this_machine_are_refused(ask: Ask, host: str) -> None:
    ask.allow(host, private=())
    ask.resolve(lambda name, port: [str(e[4][0]) for e in socket.getaddrinfo(name, port)])

    error = refused(ask, f"http://{host}/")

    assert error.code in ("http_not_allowed", "http_unreachable")
    assert "did not answer: All" not in error.message


def test_one_private_address_among_public_ones_is_refused(ask: Ask) -> None:
    ask.allow("api.example.org", private=())
    ask.resolve(lambda _host, _port: ["93.184.216.34", "10.0.0.1"])

    assert "10.0.0.1" in refused(ask, "http://api.example.org/").message


def test_a_host_is_looked_up_once_and_called_by_its_name(server: WebServer, ask: Ask) -> None:
    looked_up: list[str] = []

    def rebind(host: str, _port: int) -> Sequence[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["169.254.169.254"]

    ask.resolve(rebind)

    answer = ask(server.url("/x", host="api.example.org"))

    assert (answer["status"], looked_up) == (200, ["api.example.org"])
    assert server.asked[0].headers["host"] == f"api.example.org:{server.port}"


# --- redirects ------------------------------------------------------------------------------------


def redirect(to: str, status: int = 302) -> Answer:
    return Answer(status, b"", {"Location": to})


def test_redirects_are_followed_up_to_five(server: WebServer, ask: Ask) -> None:
    for number in range(6):
        server.answers[f"/{number}"] = redirect(f"/{number + 1}")

    assert ask(server.url("/1"))["status"] == 200
    assert "more than five times" in refused(ask, server.url("/0")).message


@pytest.mark.parametrize(
    "target",
    ["http://evil.net/", "http://10.0.0.1/", "file:///etc/passwd", "http://a:b@127.0.0.1/"],
)
def test_a_redirect_is_checked_like_any_address(server: WebServer, ask: Ask, target: str) -> None:
    server.answers["/x"] = redirect(target)

    error = refused(ask, server.url("/x"))

    assert (error.code, len(server.asked)) == ("http_not_allowed", 1)


def test_a_redirect_to_a_private_address_is_refused(server: WebServer, ask: Ask) -> None:
    ask.allow(f"127.0.0.1:{server.port}", "inner.example.org")
    ask.resolve(lambda host, _port: ["10.0.0.1" if host.startswith("inner") else "127.0.0.1"])
    server.answers["/x"] = redirect("http://inner.example.org/")

    assert "10.0.0.1" in refused(ask, server.url("/x")).message


def test_a_secret_does_not_go_along_to_another_host(server: WebServer, ask: Ask) -> None:
    server.answers["/x"] = redirect(server.url("/y", host="api.example.org"))
    headers = {"X-Api-Key": {"secret": "ERP_KEY"}, "X-Case": "1"}

    ask(server.url("/x"), headers=headers)

    first, second = server.asked
    assert (first.headers["x-api-key"], first.headers["x-case"]) == ("s3cret", "1")
    assert "x-api-key" not in second.headers


# --- headers and secrets --------------------------------------------------------------------------


def test_a_secret_is_put_in_by_its_name(server: WebServer, ask: Ask) -> None:
    ask(server.url(), headers={"Authorization": {"secret": "ERP_KEY", "prefix": "Bearer "}})

    assert server.asked[0].headers["authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer from a diagram"},
        {"cookie": "a=b"},
        {"X-API-Key": "k"},
        {"Host": "evil.net"},
        {"Content-Length": "3"},
        {"Transfer-Encoding": "chunked"},
        {"Idempotency-Key": "mine"},
        {"X-Case": "a\r\nHost: evil.net"},
        {"X\r\nHost": "evil.net"},
        {"": "x"},
        {"Authorization": {"secret": "NO_SUCH"}},
        {"Authorization": {"secret": "ERP_KEY", "suffix": "x"}},
        {"Authorization": {"name": "ERP_KEY"}},
    ],
)
def test_headers_that_a_diagram_may_not_set_are_refused(
    server: WebServer, ask: Ask, headers: dict[str, Any]
) -> None:
    error = refused(ask, server.url(), headers=headers)

    assert (error.code, error.is_temporary, server.asked) == ("http_not_allowed", False, [])
    assert "s3cret" not in error.message


# --- TLS ------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for api.example.org, with its key, that signs itself."""
    return make_certificate(tmp_path, "api.example.org")


def test_a_certificate_is_checked_for_the_name_though_the_address_is_used(
    ask: Ask, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with web_server(certificate) as secured:
        ask.allow(f"api.example.org:{secured.port}", f"127.0.0.1:{secured.port}")

        answer = ask(secured.url(host="api.example.org", scheme="https"))
        error = refused(ask, secured.url(host="127.0.0.1", scheme="https"))

    assert (answer["status"], error.code) == (200, "http_unreachable")


def test_an_unknown_certificate_is_refused(ask: Ask, certificate: Path) -> None:
    with web_server(certificate) as secured:
        ask.allow(f"api.example.org:{secured.port}")

        error = refused(ask, secured.url(host="api.example.org", scheme="https"))

    assert (error.code, secured.asked) == ("http_unreachable", [])
    assert "its certificate does not hold: self-signed certificate" in error.message


def test_a_redirect_from_https_to_http_is_refused(
    server: WebServer, ask: Ask, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with web_server(certificate) as secured:
        ask.allow(f"api.example.org:{secured.port}", f"127.0.0.1:{server.port}")
        secured.answers["/x"] = redirect(server.url("/y"))

        error = refused(ask, secured.url("/x", host="api.example.org", scheme="https"))

    assert (error.code, server.asked) == ("http_not_allowed", [])
