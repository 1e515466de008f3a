"""The table of claims names only what is shipped, and leaves no claim out."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree
from werkzeug.routing import MapAdapter

from ssflow.config import Config
from ssflow.store.database import open_database
from ssflow.store.records import RECORD_KINDS
from ssflow.web.app import create_app

GUIDES = Path(__file__).parents[2] / "docs" / "guide"
ROW = re.compile(r"^\| (T\d\d) \| (.+?) \| (.+) \|$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)#?([^)]*)\)")
RECORD = re.compile(r"`([A-Z]\w+)\.(\w+)`")
PAGE = re.compile(r"`(/[^`]*)`")
LATER = re.compile(r"\*later: P\d+[a-c]?(?:, P\d+[a-c]?)*\*")
CLAIMS = {
    claim: (words, covered)
    for claim, words, covered in ROW.findall((GUIDES / "traceability.md").read_text())
}


@pytest.fixture(scope="module")
def routes() -> MapAdapter:
    """Where the addresses of pages lead."""
    config = Config("sqlite://", Path(), "http://localhost", ZoneInfo("UTC"), "k" * 64)
    database = open_database("sqlite://")
    app = create_app(config, database, clock=lambda: datetime.now(UTC))
    database.close()
    return app.url_map.bind("localhost")


def keys_of(components: list[Mapping[str, Any]], before: str = "") -> Iterator[str]:
    """List the fields of a form; those of a table's rows as table.field."""
    for component in components:
        name = component.get("key") or component.get("path")
        here = f"{before}{name}" if name else ""
        if here:
            yield here
        yield from keys_of(component.get("components", []), f"{here}." if here else before)


def names_in(file: Path) -> set[str]:
    """List what a link into a file may name after its #."""
    if file.name.endswith(".form.json"):
        return {*keys_of(json.loads(file.read_bytes())["components"])}
    return {one.get("id", "") for one in etree.parse(file).iter() if isinstance(one.tag, str)}


def test_no_claim_is_left_out() -> None:
    assert list(CLAIMS) == [f"T{number:02}" for number in range(1, 91)]


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_is_quoted_and_covered_or_said_to_come_later(claim: str) -> None:
    words, covered = CLAIMS[claim]

    assert re.fullmatch(r"S[0-4] .+", words)
    assert "later" not in covered or LATER.search(covered)
    left = RECORD.sub("", PAGE.sub("", LATER.sub("", LINK.sub("", covered))))
    assert left.replace(" ", "").replace("·", "") == ""


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_covers_a_claim_is_shipped(claim: str, routes: MapAdapter) -> None:
    covered = CLAIMS[claim][1]

    for link, name in LINK.findall(covered):
        file = (GUIDES / link).resolve()
        assert file.is_file(), link
        assert file.suffix == ".dmn" or name in names_in(file), f"{link}#{name}"
    for kind, field in RECORD.findall(covered):
        assert hasattr(RECORD_KINDS[kind], field), f"{kind}.{field}"
    for page in PAGE.findall(covered):
        assert routes.test(page, "GET"), page
