"""The macros of _form.html, drawn without an application."""

from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lxml import etree, html
from werkzeug.datastructures import MultiDict

from ssflow.forms.context import FormContext
from ssflow.forms.drawing import build_form_view
from ssflow.forms.html_form import read_html_form
from ssflow.forms.layout import Layout
from ssflow.forms.submission import initial_values
from tests.forms.building import Json, costs, layout, number, radio, text
from tests.forms.conftest import FILES

TEMPLATES = Path("src/ssflow/web/templates")
PAGE = """{% import "_form.html" as parts %}<form method="post" novalidate>
{{ parts.fields(form, "/tasks/1/fields") }}</form>"""
NASTY = "</textarea><script>alert(1)</script>\"'>"

EVERYTHING: tuple[Json, ...] = (
    {"type": "text", "id": "facts", "text": "# Case\n## Part\nOne {{propose.title}}\n\n- **item**"},
    text(description="A hint", validate={"required": True, "maxLength": 120}),
    {"type": "textarea", "key": "note", "label": "Note"},
    number(properties={"type": "money"}),
    number("share", label="Share", properties={"type": "pct"}),
    number("stars", label="Stars", properties={"type": "rating"}),
    {"type": "datetime", "key": "day", "dateLabel": "Day"},
    {"type": "checkbox", "key": "agree", "label": "I agree"},
    radio(properties={"display": "cards"}, validate={"required": True}),
    radio("plain", label="Plain", properties={"display": "inline"}),
    radio("several", label="Several") | {"type": "checklist"},
    {"type": "select", "key": "service", "label": "Service",
     "properties": {"type": "ref", "entity": "Service"}},
    {"type": "taglist", "key": "people", "label": "People", "properties": {"type": "users"}},
    {"type": "filepicker", "key": "files", "label": "Files", "multiple": True, "accept": ".pdf"},
    {"type": "separator", "id": "line"},
    {"type": "spacer", "id": "room"},
    {"type": "group", "id": "money", "label": "Money", "description": "All of it",
     "showOutline": True, "components": [number("more", label="More", layout={"columns": 8})]},
    costs(),
    costs(path="cards", label="Cards", components=[
        {"type": "textarea", "key": "story", "label": "Story"},
        costs(path="parts", label="Parts"),
    ]),
    {"type": "expression", "key": "total", "label": "Total", "expression": "=sum(costs.y0)"},
    {"type": "table", "id": "lines", "label": "Lines", "dataSource": "=lines",
     "columns": [{"key": "a", "label": "A", "type": "money"}]},
)  # fmt: skip


@pytest.fixture(scope="module")
def templates() -> Environment:
    environment = _load_templates()
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # of i18n
    return environment


class Page:
    """A drawn form, asked about what stands in it."""

    def __init__(
        self,
        templates: Environment,
        found: Layout,
        context: FormContext,
        values: Json | None = None,
        errors: dict[str, list[str]] | None = None,
    ) -> None:
        view = build_form_view(found, values or {}, context, errors)
        self.source = templates.from_string(PAGE).render(form=view)
        self.root = html.fragment_fromstring(self.source)

    def find(self, path: str) -> Sequence[html.HtmlElement]:
        found = self.root.xpath(path)
        assert isinstance(found, list)
        return found

    def one(self, path: str) -> html.HtmlElement:
        [element] = self.find(path)
        return element

    def fields(self) -> MultiDict[str, str]:
        """What a browser would send."""
        areas = {area.get("name") for area in self.find("//textarea")}
        # Browsers leave out a line feed right after <textarea>; lxml keeps it.
        return MultiDict(
            (name, value.removeprefix("\n") if name in areas else value)
            for name, value in self.root.form_values()
        )


@pytest.fixture
def everything(templates: Environment, context: FormContext) -> Page:
    values = {"files": [FILES[0].value], "cards": [{"story": NASTY, "parts": [{}]}]}
    errors = {"title": ["This field is required."], "costs.0.y0": ["Enter a number."], "odd": ["x"]}
    return Page(templates, layout(*EVERYTHING), context, values, errors)


def test_every_control_has_a_name_for_those_who_cannot_see_it(everything: Page) -> None:
    labelled = {label.get("for") for label in everything.find("//label[@for]")}

    for control in everything.find("//input[not(@type='hidden')] | //select | //textarea"):
        wrapped = control.xpath("ancestor::label//span[normalize-space()]")
        assert control.get("id") in labelled or control.get("aria-label") or wrapped


def test_every_id_is_there_once_and_every_reference_leads_somewhere(everything: Page) -> None:
    ids = [element.get("id") for element in everything.find("//*[@id]")]

    assert len(ids) == len(set(ids))
    for attribute in ("for", "aria-describedby", "aria-labelledby"):
        for element in everything.find(f"//*[@{attribute}]"):
            assert set((element.get(attribute) or "").split()) <= set(ids)
    for link in everything.find("//a"):
        assert (link.get("href") or "").removeprefix("#") in ids


def test_fieldsets_have_a_legend_and_buttons_and_tables_their_words(everything: Page) -> None:
    assert all(fieldset.xpath("./legend") for fieldset in everything.find("//fieldset"))
    assert all(button.text_content().strip() for button in everything.find("//button"))
    assert all(cell.text_content().strip() for cell in everything.find("//th"))


def test_nothing_needs_more_than_the_strict_content_policy_allows(everything: Page) -> None:
    assert not everything.find("//script | //style | //*[@style]")
    handlers = [name for element in everything.root.iter() for name in element.attrib]
    assert not [name for name in handlers if str(name).startswith("on")]
    assert "javascript:" not in everything.source


def test_the_html_is_well_formed(everything: Page) -> None:
    assert _list_unclosed(everything.source) == []
    assert etree.tostring(everything.root)


@pytest.mark.parametrize("component", [text(), {"type": "textarea", "key": "title"}])
def test_what_was_typed_is_escaped_and_kept(
    component: Json, templates: Environment, context: FormContext
) -> None:
    typed = "\n  " + NASTY if component["type"] == "textarea" else NASTY

    page = Page(templates, layout(component), context, {"title": typed})

    assert not page.find("//script")
    assert page.fields()["title"] == typed


def test_labels_options_and_facts_are_escaped(templates: Environment, context: FormContext) -> None:
    found = layout(
        text(label=NASTY, description=NASTY, appearance={"prefixAdorner": NASTY}),
        radio(values=[{"value": NASTY, "label": NASTY, "description": NASTY}]),
        {"type": "text", "text": NASTY},
        costs(label=NASTY, components=[text("what", label=NASTY)]),
    )

    page = Page(templates, found, context, {}, {"title": [NASTY], NASTY: [NASTY]})

    assert not page.find("//script")
    assert page.one("//label[@for='f-title']").text_content() == NASTY


def test_a_wrong_field_says_so_and_is_linked_from_the_summary(everything: Page) -> None:
    title = everything.one("//input[@name='title']")

    assert (title.get("aria-invalid"), title.get("required")) == ("true", "")
    assert title.get("aria-describedby") == "f-title-error f-title-hint"
    assert everything.one("//*[@id='f-title-error']").text_content() == "This field is required."
    summary = everything.one("//*[@id='form-errors']")
    assert [link.get("href") for link in summary.xpath(".//a")] == ["#f-title", "#f-costs-0-y0"]
    assert "odd" in summary.text_content()


def test_required_fields_are_marked_and_the_mark_is_explained(everything: Page) -> None:
    assert "required" in (everything.one("//label[@for='f-title']").get("class") or "")
    assert everything.one("//*[@id='fields-required']").text_content().strip()


def test_a_page_sends_back_what_it_shows(templates: Environment, context: FormContext) -> None:
    found = layout(*EVERYTHING)
    values = {
        "title": "Faster mail",
        "note": "one\ntwo",
        "amount": 1234.5,
        "stars": 4,
        "day": "2026-12-01",
        "agree": True,
        "screen": "back",
        "several": ["accept", "reject"],
        "service": "s2",
        "people": ["u1", "u2"],
        "files": [FILES[0].value],
        "costs": [{"what": "a", "y0": 5}, {"what": "b", "y0": None}],
        "cards": [{"story": "x", "parts": [{"what": "p", "y0": 1}]}],
    }

    page = Page(templates, found, context, values)

    sent = read_html_form(found, page.fields(), context)
    assert {key: sent[key] for key in values} == values


def test_a_fresh_page_sends_back_the_initial_answers(
    templates: Environment, context: FormContext
) -> None:
    found = layout(*EVERYTHING)

    sent = read_html_form(found, Page(templates, found, context).fields(), context)

    begun = initial_values(found, context)
    assert {key for key in sent if sent[key] not in (begun[key], "")} == set()


def test_buttons_add_and_remove_rows_with_and_without_javascript(everything: Page) -> None:
    add = everything.one("//button[@id='f-costs-add']")
    remove = everything.one("//button[@id='f-cards-0-remove']")

    assert (add.get("name"), add.get("value"), add.get("hx-post")) == (
        "_add",
        "costs",
        "/tasks/1/fields",
    )
    assert (remove.get("name"), remove.get("value")) == ("_remove", "cards-0")
    assert remove.get("aria-label") == "Remove row 1 of Cards"
    assert add.get("formnovalidate") is not None


def test_the_fields_are_redrawn_on_change_only_when_that_changes_something(
    templates: Environment, context: FormContext, everything: Page
) -> None:
    plain = Page(templates, layout(text()), context)

    assert everything.one("//*[@id='fields']").get("hx-swap") == "innerMorph"
    assert plain.one("//*[@id='fields']").get("hx-post") is None
    assert not plain.find("//noscript")


def test_what_was_wrong_is_remembered_on_the_page(everything: Page) -> None:
    remembered = everything.find("//*[@id='fields']/input[@type='hidden'][@name='_wrong']")

    assert [each.get("value") for each in remembered] == ["title", "costs.0.y0", "odd"]
    assert everything.one("//*[@id='fields']//*[@id='form-errors']").get("autofocus") is not None


def test_a_summary_that_is_drawn_again_leaves_reader_and_focus_alone(
    templates: Environment, context: FormContext
) -> None:
    view = build_form_view(layout(text()), {}, context, {"title": ["This field is required."]})
    again = replace(view, is_redrawn=True)

    drawn = html.fragment_fromstring(templates.from_string(PAGE).render(form=again))

    [summary] = drawn.xpath("//*[@id='form-errors']")
    assert not {"autofocus", "role"} & set(summary.keys())


def test_cells_carry_the_name_of_their_column_for_phones(everything: Page) -> None:
    cells = everything.find("//*[@id='f-costs']//tbody//td[@data-label]")

    assert [cell.get("data-label") for cell in cells] == ["Title", "Amount"]
    assert everything.one("//input[@id='f-costs-0-y0']").get("aria-label") == "Costs: Amount, row 1"


def test_all_words_of_the_template_can_be_translated(context: FormContext) -> None:
    environment = _load_templates()
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # of the extension
        lambda text: f"«{text}»", lambda one, many, n: f"«{one}»", newstyle=True
    )
    silent = [{**component, "label": "1"} for component in EVERYTHING[1:7]]

    page = Page(environment, layout(*silent, costs(label="1")), context, {}, {"title": ["1"]})

    words = [t for t in map(str, page.find("//text()")) if any(map(str.isalpha, t))]
    silent_words = ["A hint", "EUR", "Title", "Amount", "EUR"]
    assert [text for text in words if "«" not in text] == silent_words
    assert len(words) > 5


def _load_templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )


class _Opened(HTMLParser):
    """Notes what is opened and not closed in turn."""

    VOID = frozenset({"input", "br", "hr", "meta", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.open.append(f"/{tag}")


def _list_unclosed(source: str) -> list[str]:
    parser = _Opened()
    parser.feed(source)
    return parser.open
