import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssflow.forms.context import FormContext
from ssflow.forms.options import build_choice_query
from ssflow.forms.submission import FormError, initial_values, read_submission
from tests.forms.building import Json, costs, errors_of, layout, number, radio, text
from tests.forms.conftest import FILES, offer

REQUIRED = {"required": True}


def picker(kind: str, component_type: str = "select", **properties: Any) -> Json:
    return {
        "type": component_type,
        "key": "pick",
        "label": "Pick",
        "properties": {"type": kind} | properties,
    }


AREA = {"type": "textarea", "key": "note"}
TICK = {"type": "checkbox", "key": "agree"}
DAY = {"type": "datetime", "key": "day", "subtype": "date"}
TIME = {"type": "datetime", "key": "at", "subtype": "time"}
MOMENT = {"type": "datetime", "key": "from_at", "subtype": "datetime"}
LIST = radio("several") | {"type": "checklist"}
UPLOAD = {"type": "filepicker", "key": "files", "multiple": True}
MONEY = number(properties={"type": "money"})
YEAR = number(validate={"min": 2000}, properties={"type": "year"})
YES_NO = radio(values=[{"value": True, "label": "Yes"}, {"value": False, "label": "No"}])


@pytest.mark.parametrize(
    ("component", "sent", "stored"),
    [
        (text(), "A title", "A title"),
        (text(), "  padded ", "padded"),
        (text(), "naïve 😀 שלום", "naïve 😀 שלום"),
        (text(), None, ""),
        (AREA, "one\r\ntwo\rthree", "one\ntwo\nthree"),
        (AREA, "\t" + "x" * 499_999, "\t" + "x" * 499_999),
        (AREA, " \n ", ""),
        (text(validate={"validationType": "email"}), "a.b@example.com", "a.b@example.com"),
        (text(validate={"validationType": "phone"}), "+31 (20) 123-4567", "+31 (20) 123-4567"),
        (text(validate={"pattern": "^[A-Z]+$"}), "ABC", "ABC"),
        (text(validate={"maxLength": 2}), "😀😀", "😀😀"),
        (number(), 3, 3),
        (number(), 3.0, 3),
        (number(), 0.1, 0.1),
        (number(), -(2**53), -(2**53)),
        (number(), "12.50", 12.5),
        (number(), "", None),
        (number(), None, None),
        (number(decimalDigits=2), 1.25, 1.25),
        (MONEY, 12.345, 12.35),
        (MONEY, "1.005", 1.01),
        (MONEY, 100, 100),
        (number(properties={"type": "money"}, validate={"min": -5}), -5, -5),
        (number(properties={"type": "pct"}), 99.5, 99.5),
        (number(properties={"type": "rating"}), 5, 5),
        (number(properties={"type": "nps"}), 0, 0),
        (DAY, "2026-11-23", "2026-11-23"),
        (DAY, "", None),
        (TIME, "09:05", "09:05"),
        (TIME, "09:05:30", "09:05"),
        (MOMENT, "2026-07-01T14:30", "2026-07-01T12:30:00Z"),
        (MOMENT, "2026-07-01T14:30:00+00:00", "2026-07-01T14:30:00Z"),
        (TICK, True, True),
        (TICK, None, False),
        (radio(), "accept", "accept"),
        (radio(), "", None),
        (YES_NO, False, False),
        (YES_NO, "false", False),
        (LIST, ["accept", "back"], ["accept", "back"]),
        (LIST, None, []),
        (UPLOAD, [FILES[0].value, FILES[0].value], [FILES[0].value]),
        (UPLOAD, [], []),
        (picker("ref", entity="Service"), "s1", "s1"),
        (picker("refs", "taglist", entity="Service"), ["s1", "s3"], ["s1", "s3"]),
        (picker("user", role="service_owner"), "u2", "u2"),
        (picker("users", "checklist"), ["u1", "u2"], ["u1", "u2"]),
    ],
)
def test_a_sound_answer_is_stored(
    component: Json, sent: object, stored: object, context: FormContext
) -> None:
    key = component["key"]

    found = read_submission(layout(component), {key: sent}, context)

    assert found == {key: stored}
    assert type(found[key]) is type(stored)


@pytest.mark.parametrize(
    ("component", "sent", "sentence"),
    [
        (text(), 5, "This must be a text."),
        (text(), ["a"], "This must be a text."),
        (text(), {"typename": "x"}, "This must be a text."),
        (text(), "a\0b", "The text holds a character that cannot be stored."),
        (text(), "\ud83d", "The text holds a character that cannot be stored."),
        (text(), "a\nb", "The text must be a single line."),
        (text(), "x" * 1001, "Write 1000 characters or fewer."),
        (text(validate=REQUIRED), "", "This field is required."),
        (text(validate=REQUIRED), "  ", "This field is required."),
        (text(validate=REQUIRED), None, "This field is required."),
        (text(validate={"minLength": 3}), "ab", "Write 3 or more characters."),
        (text(validate={"validationType": "email"}), "a@b", "Enter an e-mail address, such"),
        (text(validate={"validationType": "phone"}), "call me", "Enter a phone number, such"),
        (
            text(validate={"pattern": "^[A-Z]+$"}),
            "abc",
            "The text does not have the expected form.",
        ),
        (AREA, "x" * 500_001, "The text is larger than 500 kB."),
        (AREA, "é" * 250_001, "The text is larger than 500 kB."),
        (number(), "many", "Enter a number."),
        (number(), True, "Enter a number."),
        (number(), [1], "Enter a number."),
        (number(), float("nan"), "Enter a number."),
        (number(), float("inf"), "Enter a number."),
        (number(), 2**53 + 1, "The number is too large."),
        (number(), 10**400, "The number is too large."),
        (number(decimalDigits=0), 1.5, "Enter a whole number."),
        (number(decimalDigits=2), 1.255, "Enter 2 or fewer decimals."),
        (number(validate={"min": 1000}), 3, "Enter 1,000 or more."),
        (number(validate={"max": 0.5}), 3, "Enter 0.5 or less."),
        (number(validate=REQUIRED), None, "This field is required."),
        (MONEY, -1, "Enter 0 or more."),
        (MONEY, 10**11, "Enter 99,999,999,999.99 or less."),
        (MONEY | {"validate": {"max": 10**15}}, 10**11, "Enter 99,999,999,999.99 or less."),
        (MONEY | {"validate": {"min": -(10**15)}}, -(10**11), "Enter -99,999,999,999.99 or more."),
        (number(properties={"type": "pct"}), 101, "Enter 100 or less."),
        (number(properties={"type": "rating"}), 6, "Enter 5 or less."),
        (number(properties={"type": "rating"}), 2.5, "Enter a whole number."),
        (number(properties={"type": "nps"}), -1, "Enter 0 or more."),
        (YEAR, 1999, "Enter 2000 or more."),
        (YEAR, 2027.5, "Enter a whole number."),
        (number(properties={"type": "year"}), 3000, "Enter 2999 or less."),
        (DAY, "23-11-2026", "Enter a date as year-month-day"),
        (DAY, "2026-02-30", "Enter a date as year-month-day"),
        (DAY, "20261123", "Enter a date as year-month-day"),
        (DAY, "0206-11-23", "Enter a date as year-month-day"),
        (DAY, 20261123, "Enter a date as year-month-day"),
        (DAY | {"disallowPassedDates": True}, "2026-11-22", "Enter a day that is not in the past."),
        (MOMENT | {"disallowPassedDates": True}, "2026-11-22T23:59", "Enter a day that is not in"),
        (TIME, "25:00", "Enter a time as hours and minutes"),
        (TIME, "9", "Enter a time as hours and minutes"),
        (MOMENT, "tomorrow", "Enter a date and time"),
        (MOMENT, "0001-01-01T00:00", "Enter a date and time"),
        (MOMENT | {"disallowPassedDates": True}, "9999-12-31T23:59Z", "Enter a date and time"),
        (TICK, "true", "Answer with true or false."),
        (TICK, 1, "Answer with true or false."),
        (TICK | {"validate": REQUIRED}, False, "This must be ticked."),
        (radio(), "maybe", "Choose one of the options offered."),
        (radio(), {"value": "accept"}, "Choose one of the options offered."),
        pytest.param(radio(), 10**5000, "Choose one of the options", id="huge"),
        (YES_NO, 0, "Choose one of the options offered."),
        (LIST, "accept", "This must be a list."),
        (LIST, ["accept", "maybe"], "Choose one of the options offered."),
        (LIST, ["accept", "accept"], "An option was chosen more than once."),
        (LIST | {"validate": REQUIRED}, [], "This field is required."),
        (LIST | {"properties": {"minItems": 2}}, ["back"], "Choose 2 or more."),
        (LIST | {"properties": {"maxItems": 1}}, ["back", "accept"], "Choose 1 or fewer."),
        (UPLOAD, ["plan.pdf"], "This is not a file that was added here."),
        (UPLOAD, ["0b6c8a52-5f0e-4c1e-9d7a-1c8f6a3e0009"], "This is not a file that was"),
        (UPLOAD, "plan.pdf", "This must be a list."),
        (UPLOAD | {"multiple": False}, [f.value for f in FILES], "Add 1 or fewer files."),
        (picker("ref", entity="Service"), "s9", "Choose one of the options offered."),
        (picker("ref", entity="Service", filter="state=live"), "s3", "Choose one of the options"),
        (picker("ref", entity="Service"), "s1\0", "Choose one of the options offered."),
        (picker("refs", "taglist", entity="Service"), ["s1", 5], "Choose one of the options"),
        (picker("user", role="capacity_manager"), "u1", "Choose one of the options offered."),
        (picker("users", "checklist"), [["u1"]], "Choose one of the options offered."),
    ],
)
def test_a_wrong_answer_is_explained_at_its_field(
    component: Json, sent: object, sentence: str, context: FormContext
) -> None:
    key = component["key"]

    errors = errors_of(layout(component), {key: sent}, context)

    assert list(errors) == [key]
    assert errors[key][0].startswith(sentence)


@pytest.mark.parametrize("sent", [None, [], "title", 5])
def test_answers_that_are_no_object_are_refused(sent: Any, context: FormContext) -> None:
    with pytest.raises(FormError, match=r"The answers must be an object of fields\."):
        read_submission(layout(text()), sent, context)


def test_unknown_locked_and_computed_fields_are_refused(context: FormContext) -> None:
    found = layout(
        text(),
        text("shown", readonly=True),
        text("off", disabled=True),
        {"type": "expression", "key": "double", "expression": "=2"},
        {"type": "group", "id": "money", "components": [number()]},
    )

    errors = errors_of(
        found, {"shown": "x", "off": "x", "double": 2, "typename": "x", "money": {}}, context
    )

    assert errors == {
        "typename": ["The form has no such field."],
        "money": ["The form has no such field."],
        "shown": ["This field cannot be changed here."],
        "off": ["This field cannot be changed here."],
        "double": ["This value is computed and cannot be sent."],
    }


def test_names_that_mean_something_in_python_are_only_names(context: FormContext) -> None:
    keys = ("typename", "fields", "load", "Meta", "context", "opts", "validate", "answer_x")
    found = layout(*(text(key) for key in keys))

    stored = read_submission(found, dict.fromkeys(keys, "x"), context)

    assert stored == dict.fromkeys(keys, "x")


def test_a_flood_of_unknown_fields_is_summed_up(context: FormContext) -> None:
    errors = errors_of(layout(text()), {f"{'k' * 500}{n}": n for n in range(1000)}, context)

    assert sum(len(sentences) for sentences in errors.values()) == 21
    assert all(len(name) <= 100 for name in errors)


def test_a_field_that_was_left_out_takes_its_default_and_null_clears_it(
    context: FormContext,
) -> None:
    found = layout(
        number(defaultValue=6), text(properties={"prefill": "=propose.title"}), radio(), AREA
    )

    assert read_submission(found, {}, context) == {
        "amount": 6,
        "title": "Faster mail",
        "screen": None,
        "note": "",
    }
    assert read_submission(found, {"amount": None, "title": None}, context)["amount"] is None


def test_a_prefill_that_does_not_fit_is_as_good_as_none(context: FormContext) -> None:
    found = layout(number(properties={"prefill": "=propose"}))

    assert read_submission(found, {}, context) == {"amount": None}


# --- conditions ---------------------------------------------------------------------------------

DUPLICATE = [
    radio(),
    text("why", validate=REQUIRED, conditional={"hide": '=screen != "reject"'}),
]


def test_a_hidden_field_is_neither_required_nor_missing_from_the_result(
    context: FormContext,
) -> None:
    stored = read_submission(layout(*DUPLICATE), {"screen": "accept"}, context)

    assert stored == {"screen": "accept", "why": ""}


def test_a_field_that_shows_is_required(context: FormContext) -> None:
    errors = errors_of(layout(*DUPLICATE), {"screen": "reject"}, context)

    assert errors == {"why": ["This field is required."]}


def test_an_answer_to_a_hidden_field_is_refused_unless_it_is_empty(context: FormContext) -> None:
    found = layout(*DUPLICATE)

    assert "why" in errors_of(found, {"screen": "accept", "why": "x"}, context)
    assert "why" in errors_of(found, {"screen": "accept", "why": 5}, context)
    assert errors_of(found, {"screen": "accept", "why": ""}, context) == {}
    assert errors_of(found, {"screen": "accept", "why": None}, context) == {}


def test_what_hangs_on_a_hidden_field_is_hidden_with_it(context: FormContext) -> None:
    found = layout(
        text("c", validate=REQUIRED, conditional={"hide": '=b != "yes"'}),
        text("b", defaultValue="yes", conditional={"hide": "=a"}),
        {"type": "checkbox", "key": "a"},
    )

    assert errors_of(found, {"a": False}, context) == {"c": ["This field is required."]}
    assert read_submission(found, {"a": True}, context) == {"a": True, "b": "", "c": ""}


def test_a_hidden_group_hides_all_that_is_in_it(context: FormContext) -> None:
    inner = {"type": "group", "components": [text(validate=REQUIRED)]}
    group = {"type": "group", "components": [inner, costs()], "conditional": {"hide": "=limit > 9"}}

    assert read_submission(layout(group), {}, context) == {"title": "", "costs": []}
    assert "costs" in errors_of(layout(group), {"costs": [{"what": "a"}]}, context)


def test_a_field_of_the_form_hides_a_variable_of_the_same_name(context: FormContext) -> None:
    found = layout(number("limit"), text(conditional={"hide": "=limit = 100"}, validate=REQUIRED))

    assert errors_of(found, {}, context) == {"title": ["This field is required."]}


def test_required_when_follows_the_other_answers(context: FormContext) -> None:
    comment = AREA | {"properties": {"requiredWhen": '=screen != "accept"'}}
    found = layout(radio(), comment)

    assert errors_of(found, {"screen": "accept"}, context) == {}
    assert errors_of(found, {"screen": "back"}, context) == {"note": ["This field is required."]}
    assert errors_of(found, {}, context) == {"note": ["This field is required."]}


def test_a_check_sees_all_answers_the_variables_and_the_day(context: FormContext) -> None:
    until = DAY | {
        "properties": {
            "check": '=day > today() and day <= today() + duration("P1Y") and amount <= limit',
            "message": "Take a day within a year, and keep to the limit.",
        }
    }
    found = layout(until, number())
    refused = {"day": ["Take a day within a year, and keep to the limit."]}

    assert errors_of(found, {"day": "2027-11-23", "amount": 100}, context) == {}
    assert errors_of(found, {"day": "2026-11-23", "amount": 5}, context) == refused
    assert errors_of(found, {"day": "2027-11-24", "amount": 5}, context) == refused
    assert errors_of(found, {"day": "2027-01-01", "amount": 101}, context) == refused


def test_a_check_of_something_empty_passes(context: FormContext) -> None:
    checked = DAY | {"properties": {"check": "=day > today()", "message": "Later."}}

    assert errors_of(layout(checked), {}, context) == {}


def test_a_check_waits_until_the_answer_can_be_read(context: FormContext) -> None:
    checked = number(properties={"check": "=amount > 5", "message": "More."}, validate=REQUIRED)

    assert errors_of(layout(checked), {"amount": "x"}, context) == {"amount": ["Enter a number."]}


def test_computed_fields_follow_each_other_and_are_stored(context: FormContext) -> None:
    found = layout(
        {"type": "expression", "key": "gross", "expression": "=net * 1.21",
         "properties": {"type": "money"}},
        {"type": "expression", "key": "net", "expression": "=amount / 3"},
        number(),
    )  # fmt: skip

    stored = read_submission(found, {"amount": 10}, context)

    assert stored["gross"] == 4.03
    assert stored["net"] == pytest.approx(10 / 3)


def test_a_computed_number_beyond_what_json_holds_is_empty(context: FormContext) -> None:
    power = {"type": "expression", "key": "power", "expression": "=amount * amount"}

    stored = read_submission(layout(number(), power), {"amount": 2**40}, context)

    assert stored["power"] is None


# --- choices ------------------------------------------------------------------------------------


def test_options_may_come_from_a_variable(context: FormContext) -> None:
    votes = [{"value": "yes", "label": "In favour"}, "no", 3, {"label": "odd"}, [], None]
    in_case = replace(context, variables={"pack": {"options": votes}, "plain": ["a"]})
    vote = {"type": "radio", "key": "vote", "valuesExpression": "=pack.options"}
    plain = {"type": "select", "key": "plain_vote", "valuesKey": "plain"}
    found = layout(vote, plain)

    assert read_submission(found, {"vote": "3", "plain_vote": "a"}, in_case)["vote"] == 3
    assert "vote" in errors_of(found, {"vote": "odd"}, in_case)
    assert "vote" in errors_of(found, {"vote": "yes"}, context)


def test_a_filter_may_hang_on_another_answer(context: FormContext) -> None:
    states = radio("state", values=[{"value": "live"}, {"value": "retired"}])
    service = picker("ref", entity="Service", filter="state={{state}}")
    found = layout(states, service)

    assert errors_of(found, {"state": "retired", "pick": "s3"}, context) == {}
    assert "pick" in errors_of(found, {"state": "live", "pick": "s3"}, context)


@pytest.mark.parametrize(
    ("answer", "asked"),
    [(None, ({}, ())), (2026, ({"year": "2026"}, None)), (True, ({"year": "true"}, None))],
)
def test_a_filter_is_written_as_it_is_stored_and_without_its_answer_nothing_is_offered(
    context: FormContext, answer: object, asked: object
) -> None:
    line = layout(picker("ref", entity="Line", filter="year={{year}}")).components[0]

    query = build_choice_query(line, {"year": answer}, context)

    assert (query.filters, query.values) == asked


# --- editable tables ----------------------------------------------------------------------------


def test_rows_are_stored_and_blank_ones_left_out(context: FormContext) -> None:
    sent = {"costs": [{"what": "a", "y0": "1.5"}, {}, {"what": "", "y0": None}, {"what": "b"}]}

    stored = read_submission(layout(costs()), sent, context)

    assert stored == {"costs": [{"what": "a", "y0": 1.5}, {"what": "b", "y0": None}]}


def test_errors_in_rows_name_the_row_and_the_column(context: FormContext) -> None:
    sent = {"costs": [{"what": "a"}, {}, {"y0": "x", "odd": 1}, "row", {"what": "c", "y0": -1}]}

    errors = errors_of(layout(costs()), sent, context)

    assert errors == {
        "costs.2.odd": ["The form has no such field."],
        "costs.2.what": ["This field is required."],
        "costs.2.y0": ["Enter a number."],
        "costs.3": ["This row must be an object of fields."],
        "costs.4.y0": ["Enter 0 or more."],
    }


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ([], "Fill in 2 or more rows."),
        ([{"what": "a"}, {}], "Fill in 2 or more rows."),
        (None, "Fill in 2 or more rows."),
        ([{"what": "a"}] * 4, "Fill in 3 or fewer rows."),
        ([{}] * 4, "Fill in 3 or fewer rows."),
        ({}, "This must be a list."),
        ("a", "This must be a list."),
    ],
)
def test_the_number_of_rows_is_checked(sent: object, sentence: str, context: FormContext) -> None:
    found = layout(costs(properties={"minRows": "2", "maxRows": "3"}))

    assert errors_of(found, {"costs": sent}, context) == {"costs": [sentence]}


def test_rows_beyond_the_largest_table_are_refused_not_dropped(context: FormContext) -> None:
    found = layout(costs(properties={"maxRows": 1000}))

    errors = errors_of(found, {"costs": [{"what": "a"}] * 1001}, context)

    assert errors == {"costs": ["Fill in 1000 or fewer rows."]}


def test_a_row_sees_its_own_cells_first_then_the_form(context: FormContext) -> None:
    columns = [
        radio("kind", values=[{"value": "a"}, {"value": "b"}]),
        text("why", validate=REQUIRED, conditional={"hide": '=kind != "b" or title = "free"'}),
        number("y0"),
        {"type": "expression", "key": "double", "expression": "=y0 * factor"},
    ]
    total = {"type": "expression", "key": "total", "expression": "=sum(costs.double)"}
    found = layout(text(), number("factor"), costs(components=columns), total)
    rows = [{"kind": "a", "y0": 1}, {"kind": "b", "y0": 2}]

    errors = errors_of(found, {"costs": rows, "factor": 3}, context)
    stored = read_submission(found, {"costs": rows, "factor": 3, "title": "free"}, context)

    assert errors == {"costs.1.why": ["This field is required."]}
    assert stored["total"] == 9
    assert stored["costs"][1] == {"kind": "b", "why": "", "y0": 2, "double": 6}


def test_a_check_in_a_row_and_one_over_all_rows(context: FormContext) -> None:
    until = number("until", properties={"check": "=until > y0", "message": "Must grow."})
    found = layout(
        costs(
            components=[number("y0"), until],
            properties={"check": "=sum(costs.until) <= limit", "message": "Over the limit."},
        )
    )

    crossed = errors_of(found, {"costs": [{"y0": 1, "until": 2}, {"y0": 3, "until": 3}]}, context)
    over = errors_of(found, {"costs": [{"y0": 1, "until": 99}, {"y0": 1, "until": 2}]}, context)

    assert crossed == {"costs.1.until": ["Must grow."]}
    assert over == {"costs": ["Over the limit."]}


def test_rules_between_rows(context: FormContext) -> None:
    columns = [
        radio("stage", values=[{"value": "design", "label": "Design"}, {"value": "test"}]),
        {"type": "datetime", "key": "due"},
    ]
    rules = {"unique": "stage", "ascending": "due", "covers": "stage"}
    found = layout(costs(components=columns, properties=rules))
    design = {"stage": "design", "due": "2026-12-01"}

    assert (
        errors_of(found, {"costs": [design, {"stage": "test", "due": "2027-01-01"}]}, context) == {}
    )
    assert errors_of(
        found, {"costs": [{"stage": "test", "due": "2027-01-01"}, design]}, context
    ) == {"costs.1.due": ["This must come after the row before it."]}
    assert errors_of(found, {"costs": [{"stage": "test"}, {"stage": "test"}]}, context) == {
        "costs.1.stage": ["Another row has the same value."],
        "costs": ["There must be a row with “Design”."],
    }


def test_fixed_rows_keep_what_prefill_gave_them(context: FormContext) -> None:
    lines = [{"line": "L1", "amount": 5}, {"line": "L2", "amount": 7}]
    in_case = replace(context, variables={"lines": lines})
    columns = [text("line", readonly=True), text("verdict", validate=REQUIRED)]
    found = layout(
        costs(components=columns, allowAddRemove=False, properties={"prefill": "=lines"})
    )

    stored = read_submission(found, {"costs": [{"verdict": "keep"}, {"verdict": "cut"}]}, in_case)

    assert stored == {
        "costs": [{"line": "L1", "verdict": "keep"}, {"line": "L2", "verdict": "cut"}]
    }
    assert errors_of(found, {"costs": [{"verdict": "keep"}]}, in_case) == {
        "costs": ["Rows cannot be added or removed here."]
    }
    assert errors_of(found, {"costs": [{"line": "L9", "verdict": "a"}, {}]}, in_case) == {
        "costs.0.line": ["This field cannot be changed here."],
        "costs.1.verdict": ["This field is required."],
    }


def test_prefilled_rows_count_as_an_answer_when_none_is_sent(context: FormContext) -> None:
    in_case = replace(context, variables={"lines": [{"what": "a", "y0": 5, "odd": 1}]})
    found = layout(costs(properties={"prefill": "=lines"}))

    assert read_submission(found, {}, in_case) == {"costs": [{"what": "a", "y0": 5}]}
    assert read_submission(found, {"costs": []}, in_case) == {"costs": []}


def test_lists_may_stand_in_lists(context: FormContext) -> None:
    parts = costs(components=[number("count_of", validate=REQUIRED)]) | {"path": "parts"}
    found = layout(costs(components=[text("what"), parts]))
    sound = {"costs": [{"what": "a", "parts": [{"count_of": 1}, {}]}, {"parts": [{}]}]}
    wrong = {"costs": [{"what": "a", "parts": [{"count_of": "x"}]}]}

    stored = read_submission(found, sound, context)
    errors = errors_of(found, wrong, context)

    assert stored == {"costs": [{"what": "a", "parts": [{"count_of": 1}]}]}
    assert errors == {"costs.0.parts.0.count_of": ["Enter a number."]}


# --- messages -----------------------------------------------------------------------------------


def test_messages_are_translated_before_their_parameters_are_filled_in(
    context: FormContext,
) -> None:
    dutch = {"Enter %(least)s or more.": "Vul %(least)s of meer in."}
    in_dutch = replace(context, translate=lambda text: dutch.get(text, text), language="nl")

    errors = errors_of(layout(number(validate={"min": 1000.5})), {"amount": 1}, in_dutch)

    assert errors == {"amount": ["Vul 1.000,5 of meer in."]}


def test_initial_values_are_prefill_and_defaults(context: FormContext) -> None:
    found = layout(
        text(properties={"prefill": "=propose.title"}),
        number(defaultValue=3),
        text("shown", readonly=True, defaultValue="x"),
        costs(defaultRepetitions=2),
    )

    assert initial_values(found, context) == {
        "title": "Faster mail",
        "amount": 3,
        "costs": [{"what": "", "y0": None}, {"what": "", "y0": None}],
    }


def test_a_computed_amount_that_no_record_can_keep_is_refused(context: FormContext) -> None:
    money = {"type": "expression", "properties": {"type": "money"}}
    year = {**money, "key": "year", "expression": "=y0 * 12"}
    total = {**money, "key": "total", "expression": "=sum(costs.year)"}
    rows = costs(components=[number("y0", properties={"type": "money"}), year])

    one = errors_of(layout(rows, total), {"costs": [{"y0": 10**11 - 1}]}, context)
    both = errors_of(layout(rows, total), {"costs": [{"y0": 7 * 10**10}] * 2}, context)

    sentences = ["Enter 999,999,999,999.99 or less."]
    assert one == {"costs.0.year": sentences, "total": sentences}
    assert both == {"total": sentences}


# --- whatever is sent ---------------------------------------------------------------------------

EVERYTHING = layout(
    text(validate=REQUIRED | {"pattern": "^[a-z]+$"}),
    AREA | {"properties": {"requiredWhen": '=screen != "accept"'}},
    number(properties={"check": "=amount < limit", "message": "Less."}),
    radio(),
    LIST,
    DAY | {"disallowPassedDates": True},
    TIME,
    MOMENT,
    TICK,
    UPLOAD,
    picker("refs", "taglist", entity="Service", filter="state={{screen}}"),
    {"type": "expression", "key": "total", "expression": "=sum(costs.y0) + amount"},
    costs(
        components=[
            text("what", conditional={"hide": "=y0 > 5"}),
            number("y0", properties={"type": "money"}),
            costs(components=[DAY], properties={"ascending": "day", "unique": "day"}),
        ],
        properties={"unique": "what", "ascending": "y0"},
    ),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=12,
)
near_values = json_values | st.sampled_from(
    ["accept", "2026-12-01", "s1", True, 3, "4.5", ["accept"], [{"what": "a", "y0": 3}], [{}]]
)
rows = st.lists(
    st.dictionaries(st.sampled_from(["what", "y0", "costs", "day", "x"]), near_values), max_size=4
)
keys = st.sampled_from([*sorted(EVERYTHING.keys()), "typename", ""]) | st.text(max_size=5)

sound_answers = st.fixed_dictionaries(
    {},
    optional={
        "note": st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(
            str.strip
        ),
        "amount": st.floats(-(2.0**50), 99) | st.integers(-(2**53), 99),
        "screen": st.sampled_from(["accept", "back", None, ""]),
        "several": st.lists(st.sampled_from(["accept", "back"]), unique=True),
        "day": st.dates(date(2026, 11, 23), date(2999, 12, 31)).map(str),
        "at": st.times().map(lambda t: t.isoformat("minutes")),
        "from_at": st.dates(date(1900, 1, 1), date(2999, 12, 31)).map("{}T23:59".format),
        "agree": st.booleans(),
        "files": st.lists(st.sampled_from([file.value for file in FILES])),
        "costs": st.lists(st.just({"what": "a", "y0": 3}), max_size=1),
    },
)


@settings(max_examples=300)
@given(
    sent=st.dictionaries(keys, near_values | rows) | json_values,
    variables=st.dictionaries(st.sampled_from(["limit", "title", "costs"]), json_values),
)
def test_any_json_is_stored_as_json_or_refused_with_sentences(
    sent: Any, variables: dict[str, Any]
) -> None:
    context = FormContext(variables=variables, today=date(2026, 11, 23))

    errors = errors_of(EVERYTHING, sent, context)

    json.dumps(errors).encode()
    assert all(sentence for sentences in errors.values() for sentence in sentences)


@settings(max_examples=200)
@given(sent=sound_answers)
def test_sound_answers_are_stored_as_plain_json(sent: dict[str, Any]) -> None:
    context = FormContext(variables={"limit": 100}, today=date(2026, 11, 23), choices=offer)

    stored = read_submission(EVERYTHING, {"title": "abc", "note": "x", **sent}, context)

    assert stored.keys() == EVERYTHING.keys()
    assert json.loads(json.dumps(stored, allow_nan=False)) == stored
    assert json.dumps(stored, ensure_ascii=False).encode()
