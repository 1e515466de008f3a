"""Judge a page as axe does, and see whether it is wider than the window."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

WIDTHS_PX = (1280, 390)
_AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
_RUN = """async (rules) => {
  for (const fading of document.getAnimations()) {
    if (fading instanceof CSSTransition) fading.finish();
  }
  const only = rules.length ? {runOnly: {type: 'rule', values: rules}} : {};
  const {violations} = await axe.run(document, {...only, resultTypes: ['violations']});
  return violations.flatMap(({id, help, nodes}) =>
    nodes.map(({html, failureSummary}) => `${id} (${help}): ${html}\\n${failureSummary}`));
}"""
_CONTRAST = ("color-contrast",)


def require_readable(page: Page) -> None:
    """See that a page suits everybody at both widths and in both colours."""
    found = []
    for width in WIDTHS_PX:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light")
        expect(page.locator("html[data-bs-theme=light]")).to_have_count(1)
        found += [f"{width} light: {told}" for told in find_violations(page)]
        page.emulate_media(color_scheme="dark")
        expect(page.locator("html[data-bs-theme=dark]")).to_have_count(1)
        found += [f"{width} dark: {told}" for told in find_violations(page, _CONTRAST)]
        if beyond := overflow_px(page):
            found.append(f"{width}: {beyond} px wider than the window")
    assert not found, "\n\n".join(found)


def find_violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """Run axe, its best practices included, or only some of its rules."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.read_text(encoding="utf-8"))
    found: Any = page.evaluate(_RUN, list(rules))
    return [str(violation) for violation in found]


def overflow_px(page: Page) -> int:
    """Tell how far the page reaches beyond the window to the right."""
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return max(0, int(wide))
