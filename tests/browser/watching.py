"""What a browser complains about: errors in its console, and what a page's policy refused."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Response, WebError

_EDITOR = re.compile(r"/processes/[^/]+/(edit|forms/[^/]+|decisions/[^/]+)$")
_INLINE_STYLE = re.compile(
    r"(Applying|apply) inline style.*(violates|because it violates).*style-src"
)
"""The editors' libraries set some styles as text; the policy refuses them, and nothing is lost."""
_FAILED_TO_LOAD = re.compile(r"Failed to load resource: .* status of (\d{3})")


@dataclass
class Watch:
    """Collects the complaints of every page in one browser context."""

    complaints: list[str] = field(default_factory=list)
    expected_statuses: set[int] = field(default_factory=set)
    """What a test asks for on purpose, such as a form that comes back with errors."""

    def over(self, context: BrowserContext) -> None:
        """Begin to listen."""
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("response", self._on_response)

    def expect(self, *statuses: int) -> None:
        """Let answers with these statuses pass."""
        self.expected_statuses |= set(statuses)

    def require_silence(self) -> None:
        """Fail the test when a browser complained."""
        assert not self.complaints, "\n".join(dict.fromkeys(self.complaints))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning", "assert"):
            return
        url = message.page.url if message.page else ""
        if _EDITOR.search(_path(url)) and _INLINE_STYLE.search(message.text):
            return
        found = _FAILED_TO_LOAD.search(message.text)
        if found and int(found[1]) in self.expected_statuses:
            return
        self.complaints.append(f"{url}: {message.type}: {message.text}")

    def _on_error(self, error: WebError) -> None:
        url = error.page.url if error.page else ""
        self.complaints.append(f"{url}: {error.error}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected_statuses:
            self.complaints.append(f"{response.url} answered {response.status}")


def _path(url: str) -> str:
    return url.partition("?")[0].partition("#")[0]
