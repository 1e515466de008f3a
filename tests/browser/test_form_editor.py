"""What was typed last in the form editor is saved, however soon the button is pressed."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenAs
from tests.browser.drawing import open_editor, open_group, status
from tests.browser.live import LiveServer, bare_server
from tests.services.bundles import text_field, with_form


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with bare_server(tmp_path_factory.mktemp("forms"), admin="admin") as server:
        server.deploy(with_form(text_field("wish")))
        yield server


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """The cookies of those who have signed in to this server."""
    return {}


def test_the_last_thing_typed_is_saved_at_once(open_as: OpenAs) -> None:
    page = open_as("admin")
    open_editor(page, "/processes/p/forms/fill")
    page.locator(".fjs-element", has_text="Wish").last.click()
    open_group(page, "General")
    label = page.locator(".fjs-properties-container").get_by_label("Field label")
    save = page.get_by_role("button", name="Save draft")
    expect(save).to_be_enabled()

    label.fill("What do you want?")
    page.keyboard.press("ControlOrMeta+s")

    expect(status(page)).to_contain_text("Draft saved")
    page.reload()
    expect(page.locator("[data-editor][data-ready]")).to_be_visible()
    expect(page.locator(".fjs-element", has_text="What do you want?").last).to_be_visible()
