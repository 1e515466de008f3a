"""Texts of a form in another language, found by the name of what they belong to."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Labels:
    """Translated texts: `form.key`, `form.key.option`, `form.key@message`, with or without form."""

    form_id: str
    texts: Mapping[str, object] = field(default_factory=dict)

    def find(self, path: str, default: str, *, part: str = "") -> str:
        """Give the translated text of a part of the form, or the form's own."""
        name = f"{path}@{part}" if part else path
        found = self.texts.get(f"{self.form_id}.{name}", self.texts.get(name))
        return found if isinstance(found, str) else default

    def title(self, default: str) -> str:
        """Give the translated title of the form."""
        found = self.texts.get(self.form_id)
        return found if isinstance(found, str) else default
