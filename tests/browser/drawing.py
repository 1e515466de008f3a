"""What people do in the editors of diagrams, decision tables and forms."""

from playwright.sync_api import Locator, Page, expect


def open_editor(page: Page, path: str) -> None:
    """Open an editor and wait until it can be drawn in."""
    page.goto(path)
    expect(page.locator("[data-editor][data-ready]")).to_be_visible()


def status(page: Page) -> Locator:
    """Find the line that tells what the editor did last."""
    return page.locator(".editor-status")


def panel(page: Page) -> Locator:
    """Find the fields of the element that is selected."""
    return page.get_by_role("region", name="Properties")


def open_group(page: Page, name: str) -> None:
    """Unfold a group of fields."""
    page.locator(".bio-properties-panel-group-header", has_text=name).first.click()


def choose_without_mouse(page: Page, label: str, option: str) -> None:
    """Choose from one of the lists that stand in for the mouse."""
    page.get_by_role("combobox", name=label, exact=True).select_option(label=option)


def drop_user_task_on(page: Page, flow: str) -> None:
    """Take a user task from the palette and drop it on a sequence flow, as one does by mouse."""
    box = page.locator(f'[data-element-id="{flow}"] .djs-hit').first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + 0.6 * box["height"]
    page.locator('.djs-palette [data-action="create.user-task"]').click()
    page.mouse.move(x - 15, y - 5)
    page.mouse.move(x, y, steps=5)
    page.mouse.click(x, y)
    expect(page.locator(".djs-direct-editing-content")).to_be_visible()


def publish(page: Page, comment: str) -> None:
    """Publish what the editor holds."""
    page.get_by_role("button", name="Publish …").click()
    dialog = page.get_by_role("dialog", name="Publish")
    dialog.get_by_label("What changed?").fill(comment)
    dialog.get_by_role("button", name="Publish", exact=True).click()
