"""What browsers are told to refuse."""

from dataclasses import replace

import pytest
from flask import Flask

from ssflow.config import Config
from ssflow.web.app import create_app
from tests.services.office import Office
from tests.web.browsing import Browser

_EVERYWHERE = ["/login", "/healthz", "/nope", "/static/pages.css", "/api/v1/openapi.json"]


@pytest.mark.parametrize("path", _EVERYWHERE)
def test_the_content_policy_allows_only_our_own_files(browser: Browser, path: str) -> None:
    policy = browser.open(path).headers["Content-Security-Policy"]

    rules = dict(part.split(" ", 1) for part in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["object-src"] == "'none'"
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", _EVERYWHERE)
def test_every_answer_carries_the_other_headers(browser: Browser, path: str) -> None:
    headers = browser.open(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"


def test_pages_are_not_kept_but_static_files_are(browser: Browser) -> None:
    page, file = browser.open("/login"), browser.open("/static/pages.css?v=1")

    assert page.headers["Cache-Control"] == "no-store"
    assert "max-age=31536000" in file.headers["Cache-Control"]


def test_no_page_has_inline_scripts_or_styles(browser: Browser) -> None:
    for path in ("/login", "/sign-in-link", "/first-run", "/nope"):
        page = browser.open(path).text

        assert "<style" not in page
        assert ' style="' not in page
        assert "javascript:" not in page
        assert all("src=" in part.split(">")[0] for part in page.split("<script")[1:])


def test_over_http_browsers_are_not_told_to_insist_on_https(browser: Browser) -> None:
    assert "Strict-Transport-Security" not in browser.open("/login").headers


@pytest.fixture
def https(config: Config, office: Office) -> Flask:
    secured = replace(config, base_url="https://ssflow.example.org")
    return create_app(secured, office.database, clock=lambda: office.now)


def test_over_https_browsers_insist_on_it(https: Flask) -> None:
    answer = https.test_client().get("/login", base_url="https://ssflow.example.org")

    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_over_https_cookies_belong_to_this_host_alone(https: Flask) -> None:
    answer = https.test_client().get("/sign-in-link", base_url="https://ssflow.example.org")

    [cookie] = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
