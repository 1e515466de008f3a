from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from ssflow.forms.context import FormContext
from ssflow.forms.html_form import asks_for_redraw, read_html_form, read_wrong_fields
from ssflow.forms.submission import read_submission
from tests.forms.building import costs, errors_of, layout, number, radio, text
from tests.forms.conftest import FILES, TODAY

Fields = MultiDict[str, str]


def test_fields_become_the_json_that_rest_sends(context: FormContext) -> None:
    found = layout(
        text(),
        number(),
        radio(),
        radio("several") | {"type": "checklist"},
        {"type": "checkbox", "key": "agree"},
        {"type": "datetime", "key": "day"},
        {"type": "filepicker", "key": "files"},
        costs(),
    )
    fields = Fields(
        [
            ("title", "Faster mail"),
            ("amount", "1,234.5"),
            *(("screen", ""), ("screen", "accept")),
            *(("several", ""), ("several", "back"), ("several", "reject")),
            *(("agree", ""), ("agree", "true")),
            ("day", "2026-12-01"),
            *(("files", ""), ("files", "[object File]"), ("files", FILES[0].value)),
            *(("costs", ""), ("costs-0-what", "Disks"), ("costs-0-y0", "10")),
            ("csrf_token", "x"),
        ]
    )

    answers = read_html_form(found, fields, context)

    assert answers == {
        "title": "Faster mail",
        "amount": 1234.5,
        "screen": "accept",
        "several": ["back", "reject"],
        "agree": True,
        "day": "2026-12-01",
        "files": [FILES[0].value],
        "costs": [{"what": "Disks", "y0": 10}],
    }
    assert read_submission(found, answers, context) == answers


def test_an_empty_page_gives_empty_answers_and_an_absent_field_none(context: FormContext) -> None:
    found = layout(number(), radio(), {"type": "checkbox", "key": "agree"}, costs(), text())
    fields = Fields([("amount", ""), ("screen", ""), ("agree", ""), ("costs", "")])

    answers = read_html_form(found, fields, context)

    assert answers == {"amount": None, "screen": "", "agree": False, "costs": []}


@pytest.mark.parametrize(
    ("language", "typed", "number_read"),
    [("nl", "1.234,50", 1234.5), ("sv", "1 234,50", 1234.5), ("en", "1,234.50", 1234.5)],
)
def test_numbers_are_read_in_the_notation_of_the_language(
    language: str, typed: str, number_read: float, context: FormContext
) -> None:
    reader = replace(context, language=language)

    assert read_html_form(layout(number()), Fields({"amount": typed}), reader) == {
        "amount": number_read
    }


def test_what_is_no_number_stays_as_it_was_typed(context: FormContext) -> None:
    answers = read_html_form(layout(number()), Fields({"amount": "about 5"}), context)

    assert answers == {"amount": "about 5"}
    assert errors_of(layout(number()), answers, context) == {"amount": ["Enter a number."]}


def test_hidden_and_locked_fields_are_dropped(context: FormContext) -> None:
    found = layout(
        radio(),
        text("why", conditional={"hide": '=screen != "reject"'}),
        text("shown", readonly=True),
        costs(components=[text("what"), number("y0", conditional={"hide": '=what = "a"'})]),
    )
    fields = Fields(
        {"screen": "accept", "why": "stale", "shown": "forged"}
        | {"costs-0-what": "a", "costs-0-y0": "5", "costs-1-what": "b", "costs-1-y0": "5"}
    )

    answers = read_html_form(found, fields, context)

    assert answers == {"screen": "accept", "costs": [{"what": "a"}, {"what": "b", "y0": 5}]}
    assert errors_of(found, answers, context) == {}


def test_rows_keep_their_order_whatever_their_numbers(context: FormContext) -> None:
    fields = Fields({"costs-10-what": "c", "costs-2-what": "b", "costs-0-what": "a"})

    answers = read_html_form(layout(costs()), fields, context)

    assert [row["what"] for row in answers["costs"]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "name", ["costs-x-what", "costs--what", "costs-99999999-what", "costs-٣-a"]
)
def test_odd_row_numbers_are_no_rows(name: str, context: FormContext) -> None:
    assert read_html_form(layout(costs()), Fields({name: "a"}), context) == {}


def test_a_button_adds_a_row_and_another_removes_one(context: FormContext) -> None:
    typed = {"costs": "", "costs-0-what": "a", "costs-1-what": "b", "costs-2-what": "c"}

    added = read_html_form(layout(costs()), Fields(typed | {"_add": "costs"}), context)
    removed = read_html_form(layout(costs()), Fields(typed | {"_remove": "costs-1"}), context)

    assert added["costs"] == [{"what": "a"}, {"what": "b"}, {"what": "c"}, {}]
    assert removed["costs"] == [{"what": "a"}, {"what": "c"}]


def test_rows_of_a_list_within_a_list_are_added_to_the_right_one(context: FormContext) -> None:
    parts = costs(components=[text("part")]) | {"path": "parts"}
    found = layout(costs(components=[text("what"), parts]))
    fields = Fields(
        {"costs-0-what": "a", "costs-1-what": "b", "costs-1-parts-0-part": "x"}
        | {"_add": "costs-1-parts"}
    )

    answers = read_html_form(found, fields, context)

    assert answers == {"costs": [{"what": "a"}, {"what": "b", "parts": [{"part": "x"}, {}]}]}


def test_fixed_rows_are_neither_added_nor_removed(context: FormContext) -> None:
    in_case = replace(context, variables={"lines": [{"what": "a"}]})
    found = layout(costs(allowAddRemove=False, properties={"prefill": "=lines"}))
    buttons = Fields({"costs-0-what": "a", "_add": "costs", "_remove": "costs-0"})

    assert read_html_form(found, buttons, in_case) == {"costs": [{"what": "a"}]}


@pytest.mark.parametrize("name", ["_add", "_remove", "_redraw"])
def test_a_button_that_changes_the_form_asks_for_a_redraw(name: str) -> None:
    assert asks_for_redraw(Fields({name: "costs"}))
    assert not asks_for_redraw(Fields({"title": "x"}))


def test_what_was_wrong_in_a_table_moves_up_with_its_rows() -> None:
    wrong = ["title", "costs", "costs.0.y0", "costs.1.y0", "costs.2.y0", "costs.2", "costs2.3.y0"]
    fields = Fields([*(("_wrong", path) for path in wrong), ("_remove", "costs-1")])

    moved = read_wrong_fields(fields)

    assert moved == ("title", "costs", "costs.0.y0", "costs.1.y0", "costs.1", "costs2.3.y0")


def test_what_was_wrong_in_a_row_of_a_row_moves_up_in_it() -> None:
    fields = Fields(
        [
            ("_wrong", "cards.0.parts.1.y0"),
            ("_wrong", "cards.1.parts.1.y0"),
            ("_remove", "cards-1-parts-0"),
        ]
    )

    assert read_wrong_fields(fields) == ("cards.0.parts.1.y0", "cards.1.parts.0.y0")


def test_a_file_that_is_chosen_but_not_sent_yet_is_not_wrong() -> None:
    fields = Fields(
        [("_wrong", "files"), ("_wrong", "plan"), ("files", ""), ("files", "[object File]")]
    )

    assert read_wrong_fields(fields) == ("plan",)


@pytest.mark.parametrize(
    "gone", ["", "-", "costs", "costs-", "costs-x", "costs-²", "costs-1" * 999]
)
def test_a_row_that_never_was_moves_nothing(gone: str) -> None:
    assert read_wrong_fields(Fields({"_wrong": "costs.2.y0", "_remove": gone})) == ("costs.2.y0",)


@given(
    st.dictionaries(
        st.sampled_from(
            ["title", "amount", "screen", "costs", "costs-0-what", "costs-1-y0", "_add", "_remove"]
        ),
        st.lists(st.text() | st.sampled_from(["costs", "costs-0", "1,5", "accept"]), max_size=3),
    )
)
def test_whatever_a_browser_sends_is_stored_or_refused(sent: dict[str, list[str]]) -> None:
    found = layout(text(), number(), radio(), costs())
    context = FormContext(variables={}, today=TODAY)

    answers = read_html_form(found, Fields(sent), context)

    assert set(errors_of(found, answers, context)) <= {
        *("title", "amount", "screen", "costs"),
        *(f"costs.{row}.{key}" for row in range(3) for key in ("what", "y0")),
    }
