"""`ssflow serve`, `worker` and `demo` as processes: how they begin, and how they end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from ssflow.cli.main import main; main()"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of an installation of its own."""
    return tmp_path / "home"


@pytest.fixture
def port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
    return found


@contextmanager
def _started(
    home: Path, *arguments: str, more: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SSFLOW_")}
    environ |= {"SSFLOW_HOME": str(home), "TMPDIR": str(home.parent), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*COMMAND, *arguments],
        env={**environ, **(more or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _run(home: Path, *arguments: str, more: Mapping[str, str] | None = None) -> tuple[int, str]:
    with _started(home, *arguments, more=more) as process:
        told, _ = process.communicate(timeout=120)
        return process.returncode, told


def _lines_until(process: subprocess.Popen[str], wanted: str) -> str:
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if wanted in line:
            return told
    raise AssertionError(f"{wanted!r} never came: {told}")


def _get(port: int, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    deadline = time.monotonic() + 60
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read().decode() + str(answer.headers)
        except ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        finally:
            connection.close()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_stop_ends_in_good_order(
    home: Path, port: int, told: signal.Signals
) -> None:
    with _started(home, "serve", "--port", str(port)) as process:
        status, _ = _get(port, "/healthz")

        process.send_signal(told)
        rest, _ = process.communicate(timeout=60)

    assert status == 200
    assert process.returncode == 0
    assert "Traceback" not in rest


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_ends_in_good_order(home: Path, told: signal.Signals) -> None:
    with _started(home, "worker") as process:
        _lines_until(process, "looking for due jobs")

        process.send_signal(told)
        rest, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "Traceback" not in rest


def test_a_demo_that_is_told_to_stop_leaves_nothing_behind(home: Path, port: int) -> None:
    home.mkdir()
    with _started(home, "demo", "--port", str(port)) as process:
        _lines_until(process, "Making a sample organisation")

        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "Traceback" not in rest
    assert not list(home.parent.glob("ssflow-demo-*"))


def test_the_first_link_leads_to_the_port_that_was_asked_for(home: Path, port: int) -> None:
    with _started(home, "serve", "--port", str(port)) as process:
        told = _lines_until(process, "first administrator")

    assert f"http://localhost:{port}/first-run#" in told


def test_the_first_link_names_the_address_that_people_open(home: Path, port: int) -> None:
    more = {"SSFLOW_BASE_URL": "https://flow.example.org"}

    with _started(home, "serve", "--port", str(port), more=more) as process:
        told = _lines_until(process, "first administrator")

    assert "https://flow.example.org/first-run#" in told


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_is_taken_is_told_in_one_line(home: Path, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        code, told = _run(home, command, "--port", str(port))

    assert code == 1
    assert told == f"Error: Cannot listen on 127.0.0.1:{port}: Address already in use.\n"


def test_a_trusted_proxy_may_say_by_which_name_people_came(home: Path, port: int) -> None:
    more = {"SSFLOW_TRUSTED_PROXIES": "1", "SSFLOW_BASE_URL": "https://flow.example.org"}
    sent = {"Host": "127.0.0.1", "X-Forwarded-Host": "elsewhere.example.org"}

    with _started(home, "serve", "--port", str(port), more=more):
        status, _ = _get(port, "/login", sent)

    assert status == 400


def test_a_stranger_is_not_believed_to_be_a_proxy(home: Path, port: int) -> None:
    sent = {"X-Forwarded-Host": "elsewhere.example.org", "X-Forwarded-Proto": "https"}

    with _started(home, "serve", "--port", str(port)):
        status, answer = _get(port, "/first-run", sent)

    assert status == 200
    assert "elsewhere.example.org" not in answer
