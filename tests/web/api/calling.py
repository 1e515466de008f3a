"""Programs that call the REST interface on behalf of people."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

PREFIX = "/api/v1"


class Caller:
    """A program with one token, or without any."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self._client = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.send("GET", path, **({"query_string": query} if query else {}))

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> TestResponse:
        headers = {"Idempotency-Key": key} if key else {}
        return self.send("POST", path, json={} if body is None else body, headers=headers)

    def put(self, path: str, body: Any) -> TestResponse:
        return self.send("PUT", path, json=body)

    def upload(
        self, path: str, files: Mapping[str, bytes], *, key: str | None = None, **fields: str
    ) -> TestResponse:
        parts = [(BytesIO(content), name) for name, content in files.items()]
        headers = {"Idempotency-Key": key} if key else {}
        return self.send("POST", path, data={"files": parts, **fields}, headers=headers)

    def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **request: Any
    ) -> TestResponse:
        full = path if path.startswith("/") else f"{PREFIX}/{path}"
        return self._client.open(
            full, method=method, headers={**self.headers, **(headers or {})}, **request
        )


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    """Give the problem that an answer tells, after checking that it is told as RFC 9457 says."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    told = response.get_json()
    assert isinstance(told, dict)
    assert (told["status"], told["type"]) == (status, "about:blank")
    assert told["title"]
    assert told["detail"]
    assert told["request_id"] == response.headers["X-Request-Id"]
    return told


def items(response: TestResponse) -> list[dict[str, Any]]:
    """Give the items of a list."""
    assert response.status_code == 200, response.get_data(as_text=True)
    body = response.get_json()
    assert set(body) == {"items", "next_cursor"}
    listed: list[dict[str, Any]] = body["items"]
    return listed


def body(response: TestResponse, status: int = 200) -> dict[str, Any]:
    """Give the JSON object of a good answer."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/json"
    told = response.get_json()
    assert isinstance(told, dict)
    return told
