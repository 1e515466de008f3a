"""Judge a page as axe does, and see whether it is wider than the window."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

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
CONTRAST = ("color-contrast",)


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
