"""A browser without JavaScript: it keeps cookies, follows links and sends forms as they stand."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class Browser:
    """One browser; `page` is what it shows now."""

    def __init__(self, app: Flask, *, address: str = "127.0.0.1") -> None:
        self.client = app.test_client()
        self.address = {"REMOTE_ADDR": address}
        self.page: TestResponse | None = None

    def open(self, path: str, **headers: str) -> TestResponse:
        self.page = self.client.get(path, headers=headers, environ_base=self.address, buffered=True)
        return self.page

    def send(self, path: str, fields: Mapping[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send a form with the token of the page that is open."""
        sent = {"csrf_token": self.token, **(fields or {}), **more}
        self.page = self.client.post(path, data=sent, environ_base=self.address)
        return self.page

    def send_json(self, method: str, path: str, body: Any) -> TestResponse:
        """Send what a script of the page sends."""
        headers = {"X-CSRFToken": self.token, "Accept": "application/json"}
        return self.client.open(
            path, method=method, json=body, headers=headers, environ_base=self.address
        )

    @property
    def token(self) -> str:
        """The token of a page of this browser's session."""
        found = _TOKEN.search(self.page.text) if self.page is not None else None
        if found is None:
            here = self.client.get("/profile", environ_base=self.address)
            found = _TOKEN.search(here.text) or _TOKEN.search(self._first_page())
        assert found is not None
        return found.group(1)

    def _first_page(self) -> str:
        return self.client.get("/sign-in-link", environ_base=self.address).text

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(name)
        return found.value if found else None


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(response: TestResponse) -> str:
    """Give what a page says, with blanks between words only."""
    reader = _Text()
    reader.feed(response.text)
    return " ".join(" ".join(reader.parts).split())


def links_of(response: TestResponse) -> list[str]:
    """Give where the links of a page lead."""
    return re.findall(r'href="([^"#]+)[^"]*"', response.text)
