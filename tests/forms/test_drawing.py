from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.forms.context import FormContext
from ssflow.forms.drawing import build_form_view, visible_components
from ssflow.forms.views import FactsView, FieldView, RowsView, TableView, View, Widget
from tests.forms.building import Json, costs, layout, number, radio, text
from tests.forms.conftest import FILES, TODAY


def draw(component: Json, context: FormContext, values: Json | None = None) -> View:
    [view] = visible_components(layout(component), values or {}, context)
    return view


def draw_field(component: Json, context: FormContext, values: Json | None = None) -> FieldView:
    view = draw(component, context, values)
    assert isinstance(view, FieldView)
    return view


def draw_rows(component: Json, context: FormContext, values: Json | None = None) -> RowsView:
    view = draw(component, context, values)
    assert isinstance(view, RowsView)
    return view


def read_facts(component: Json, context: FormContext) -> list[str]:
    """The lines of a text component, as they are read."""
    view = draw(component, context)
    assert isinstance(view, FactsView)
    return ["".join(run.text for run in line) for block in view.blocks for line in block.lines]


MANY = [{"value": str(n), "label": f"Option {n}"} for n in range(16)]
SERVICE = {"type": "select", "key": "s", "properties": {"type": "ref", "entity": "Service"}}


@pytest.mark.parametrize(
    ("component", "widget"),
    [
        (text(), Widget.INPUT),
        ({"type": "textarea", "key": "a"}, Widget.TEXTAREA),
        (number(), Widget.INPUT),
        (number(properties={"type": "rating"}), Widget.RADIOS),
        ({"type": "datetime", "key": "a"}, Widget.INPUT),
        ({"type": "checkbox", "key": "a"}, Widget.CHECKBOX),
        (radio(), Widget.RADIOS),
        (radio(properties={"display": "cards"}), Widget.CARDS),
        (radio(values=MANY), Widget.SELECT),
        (radio() | {"type": "select"}, Widget.SELECT),
        (radio() | {"type": "checklist"}, Widget.CHECKS),
        (radio(values=MANY) | {"type": "taglist"}, Widget.SELECT),
        ({"type": "filepicker", "key": "a"}, Widget.FILES),
        (text(readonly=True), Widget.OUTPUT),
        ({"type": "expression", "key": "a", "label": "A", "expression": "=1"}, Widget.OUTPUT),
    ],
)
def test_each_field_has_its_widget(component: Json, widget: Widget, context: FormContext) -> None:
    assert draw_field(component, context).widget is widget


@pytest.mark.parametrize(
    ("component", "value", "language", "shown"),
    [
        (number(), 1234.5, "en", "1234.5"),
        (number(), 1234.5, "nl", "1234,5"),
        (number(properties={"type": "money"}), 1234.5, "sv", "1234,50"),
        (number(), "about 5", "nl", "about 5"),
        (number(), None, "en", ""),
        ({"type": "datetime", "key": "amount", "subtype": "datetime"},
         "2026-07-01T12:30:00Z", "en", "2026-07-01T14:30"),
        ({"type": "datetime", "key": "amount"}, "soon", "en", "soon"),
        (text("amount"), "<b>", "en", "<b>"),
    ],
)  # fmt: skip
def test_a_field_shows_its_answer_as_one_types_it(
    component: Json, value: object, language: str, shown: str, context: FormContext
) -> None:
    reader = replace(context, language=language)

    assert draw_field(component, reader, {"amount": value}).value == shown


def test_a_field_begins_with_its_prefill_or_default(context: FormContext) -> None:
    prefilled = text(properties={"prefill": "=propose.title"}, defaultValue="x")

    assert draw_field(prefilled, context).value == "Faster mail"
    assert draw_field(number(defaultValue=6), context).value == "6"
    assert draw_field(number(defaultValue=6), context, {"amount": None}).value == ""


def test_options_tell_which_are_chosen(context: FormContext) -> None:
    one = draw_field(radio(), context, {"screen": "back"})
    many = draw_field(radio() | {"type": "checklist"}, context, {"screen": ["accept", "reject"]})
    score = draw_field(number(properties={"type": "rating"}), context, {"amount": 4})

    assert [option.is_selected for option in one.options] == [False, True, False]
    assert [option.is_selected for option in many.options] == [True, False, True]
    assert [option.value for option in score.options if option.is_selected] == ["4"]


def test_records_users_and_files_are_offered_by_name(context: FormContext) -> None:
    live = SERVICE | {"properties": {"type": "ref", "entity": "Service", "filter": "state=live"}}
    files = {"type": "filepicker", "key": "f", "multiple": True}

    assert [o.label for o in draw_field(SERVICE, context).options] == ["Mail", "Payroll", "Archive"]
    assert [o.label for o in draw_field(live, context).options] == ["Mail", "Payroll"]
    added = draw_field(files, context, {"f": [FILES[1].value]})
    assert [option.label for option in added.options] == ["costs.xlsx"]


def test_a_locked_field_shows_names_not_ids(context: FormContext) -> None:
    locked = [
        (SERVICE | {"readonly": True, "defaultValue": "s2"}, "Payroll"),
        (radio(disabled=True, defaultValue="back"), "Back"),
        (number(readonly=True, defaultValue=1234.5, properties={"type": "money"}), "1,234.50"),
        (number(readonly=True, defaultValue=2027, properties={"type": "year"}), "2027"),
        (text(readonly=True), "–"),
    ]

    for component, shown in locked:
        assert draw_field(component, context).value == shown


def test_hidden_components_are_not_drawn(context: FormContext) -> None:
    hide = {"hide": '=screen = "accept"'}
    found = layout(
        radio(),
        text(conditional=hide),
        {"type": "separator", "id": "line", "conditional": hide},
        {"type": "group", "id": "g", "conditional": hide, "components": [number()]},
    )

    assert len(visible_components(found, {}, context)) == 4
    assert len(visible_components(found, {"screen": "accept"}, context)) == 1


def test_a_field_is_marked_as_required_while_it_is(context: FormContext) -> None:
    found = layout(radio(), text(properties={"requiredWhen": '=screen = "back"'}))

    assert not build_form_view(found, {"screen": "accept"}, context).has_required
    assert build_form_view(found, {"screen": "back"}, context).has_required


def test_a_form_is_redrawn_only_when_answers_change_it(context: FormContext) -> None:
    total = {"type": "expression", "key": "t", "expression": "=amount"}

    assert not build_form_view(layout(text(), number()), {}, context).is_dynamic
    assert build_form_view(layout(number(), total), {}, context).is_dynamic
    assert build_form_view(layout(costs()), {}, context).is_dynamic


def test_rows_are_drawn_as_they_were_typed_with_their_errors(context: FormContext) -> None:
    values = {"costs": [{"what": "a", "y0": "many"}, {}]}
    errors = {"costs": ["Too few."], "costs.0.y0": ["Enter a number."], "costs.1": ["Odd row."]}

    view = build_form_view(layout(costs()), values, context, errors)

    [rows] = view.components
    assert isinstance(rows, RowsView)
    cell = rows.rows[0].cells[1]
    assert isinstance(cell, FieldView)
    assert (cell.name, cell.value, cell.errors) == ("costs-0-y0", "many", ("Enter a number.",))
    assert (rows.errors, rows.rows[1].errors) == (("Too few.",), ("Odd row.",))
    assert [(link.target, link.label) for link in view.errors] == [
        ("f-costs", "Costs"),
        ("f-costs-0-y0", "Amount"),
        ("f-costs-1", "Costs 2"),
    ]


def test_a_table_offers_rows_within_its_bounds(context: FormContext) -> None:
    bounded = costs(properties={"minRows": 1, "maxRows": 2}, defaultRepetitions=1)

    one = draw_rows(bounded, context)
    two = draw_rows(bounded, context, {"costs": [{}, {}]})

    assert (len(one.rows), one.may_add, one.may_remove) == (1, True, False)
    assert (len(two.rows), two.may_add, two.may_remove) == (2, False, True)


def test_fixed_rows_show_their_facts(context: FormContext) -> None:
    in_case = replace(context, variables={"lines": [{"line": "L1"}, {"line": "L2"}]})
    columns = [text("line", readonly=True), text("verdict")]
    fixed = costs(components=columns, allowAddRemove=False, properties={"prefill": "=lines"})

    rows = draw_rows(fixed, in_case, {"costs": [{"verdict": "keep"}, {"verdict": ""}]})

    assert (rows.may_add, rows.may_remove) == (False, False)
    shown = [[cell.value for cell in row.cells if isinstance(cell, FieldView)] for row in rows.rows]
    assert shown == [["L1", "keep"], ["L2", ""]]


def test_a_hidden_cell_leaves_its_place_in_the_row_empty(context: FormContext) -> None:
    columns = [text("what"), number("y0", conditional={"hide": '=what = "a"'})]

    rows = draw_rows(costs(components=columns), context, {"costs": [{"what": "a"}, {"what": "b"}]})

    assert [row.cells[1] is None for row in rows.rows] == [True, False]


def test_rows_that_need_room_are_cards(context: FormContext) -> None:
    roomy = costs(components=[text("what"), {"type": "textarea", "key": "note"}])

    assert draw_rows(roomy, context).has_cards
    assert not draw_rows(costs(), context).has_cards


def test_facts_are_filled_in_and_never_read_as_markup(context: FormContext) -> None:
    data = {
        "title": "# No **heading**\n- no item",
        "tco": 120000,
        "free": True,
        "none": None,
        "day": "2026-12-01",
        "at": "2026-07-01T12:30:00Z",
        "tags": ["a", "b"],
        "owner": "u1",
        "service": "s2",
        "share": 12.5,
        "line": {"amount": 5},
    }
    in_case = replace(context, variables=data)
    lines = [
        "## Case {{title}}",
        "Cost {{tco | money}} at {{share | pct}}, free: {{free}}, by {{none}}",
        "{{day}} {{at}} {{tags}} {{line}}",
        "",
        "- {{owner | user}}",
        "- **{{service | ref Service}}**",
    ]

    shown = read_facts({"type": "text", "id": "t", "text": "\n".join(lines)}, in_case)

    assert shown == [
        "Case # No **heading**- no item",
        "Cost 120,000.00 at 12.5 %, free: Yes, by –",
        "1 Dec 2026 1 Jul 2026 14:30 a, b amount: 5",
        "Anna",
        "Payroll",
    ]


def test_lines_of_nothing_but_a_missing_value_are_left_out(context: FormContext) -> None:
    in_case = replace(context, variables={"pack": "", "asked": "Buy?"})
    lines = ["## {{asked}}", "{{pack}}", "", "- {{none}}", "", "{{none}}", "By: {{none}}"]

    view = draw({"type": "text", "id": "t", "text": "\n".join(lines)}, in_case)

    assert isinstance(view, FactsView)
    shown = [[run.text for line in block.lines for run in line] for block in view.blocks]
    assert ["".join(texts) for texts in shown] == ["Buy?", "By: –"]


def test_facts_are_written_in_the_language_of_the_reader(context: FormContext) -> None:
    data = {"tco": 1234.5, "day": "2026-12-01"}
    component = {"type": "text", "text": "{{tco | money}} {{day}}"}

    for language, shown in [("nl", "1.234,50 01-12-2026"), ("sv", "1\xa0234,50 2026-12-01")]:
        reader = replace(context, variables=data, language=language)
        assert read_facts(component, reader) == [shown]


def test_facts_follow_the_answers(context: FormContext) -> None:
    found = layout(number(), {"type": "text", "text": "Twice: {{amount * 2}}"})

    _, facts = visible_components(found, {"amount": "21"}, context)

    assert isinstance(facts, FactsView)
    assert facts.blocks[0].lines[0][0].text == "Twice: 42"


def test_a_read_only_table_shows_a_list(context: FormContext) -> None:
    lines = [{"name": "Disks", "amount": 1200, "service": "s1"}, "odd", {"name": None}]
    in_case = replace(context, variables={"lines": lines})
    columns = [
        {"key": "name", "label": "Line"},
        {"key": "amount", "label": "Amount", "type": "money"},
        {"key": "service", "label": "Service", "type": "ref", "entity": "Service"},
    ]

    view = draw({"type": "table", "dataSource": "=lines", "columns": columns}, in_case)

    assert isinstance(view, TableView)
    assert view.rows == (("Disks", "1,200.00", "Mail"), ("–", "–", "–"))
    assert [column.is_number for column in view.columns] == [False, True, False]


def test_years_are_written_without_thousands(context: FormContext) -> None:
    in_case = replace(context, variables={"costs": [{"year": 2027, "money": 2027}]})
    columns = [{"key": "year", "type": "year"}, {"key": "money", "type": "number"}]

    view = draw({"type": "table", "dataSource": "=costs", "columns": columns}, in_case)

    assert isinstance(view, TableView)
    assert view.rows == (("2027", "2,027"),)
    assert read_facts({"type": "text", "text": "{{costs[1].year | year}}"}, in_case) == ["2027"]


def test_a_read_only_table_tells_a_number_that_stands_for_something_else(
    context: FormContext,
) -> None:
    in_case = replace(context, variables={"lines": [{"users": -1}, {"users": 1200}]})
    values = [{"value": -1, "label": "Not known"}]
    column = {"key": "users", "label": "Users", "type": "number", "values": values}

    view = draw({"type": "table", "dataSource": "=lines", "columns": [column]}, in_case)

    assert isinstance(view, TableView)
    assert view.rows == (("Not known",), ("1,200",))


def test_a_read_only_table_tells_codes_by_what_they_are_called(context: FormContext) -> None:
    lines = [{"class": "capital"}, {"class": "odd"}, {"class": None}, {"class": ["capital"]}]
    in_case = replace(context, variables={"lines": lines})
    column = {"key": "class", "label": "Class", "values": [{"value": "capital", "label": "Big"}]}

    view = draw({"type": "table", "dataSource": "=lines", "columns": [column]}, in_case)

    assert isinstance(view, TableView)
    assert view.rows == (("Big",), ("odd",), ("–",), ("capital",))


def test_errors_without_a_field_come_last(context: FormContext) -> None:
    errors = {"odd": ["The form has no such field."], "title": ["This field is required."]}

    view = build_form_view(layout(text()), {}, context, errors)

    assert [(link.target, link.label) for link in view.errors] == [
        ("f-title", "Title"),
        ("", "odd"),
    ]


@pytest.mark.parametrize(("columns", "width"), [(16, 12), (8, 6), (4, 3), (1, 1), (None, 12)])
def test_the_grid_of_form_js_becomes_ours(
    columns: int | None, width: int, context: FormContext
) -> None:
    assert draw_field(text(layout={"columns": columns}), context).width == width


@pytest.mark.parametrize("junk", [5, "x", [], {}, [5], [[]], [{"what": []}], True, None])
def test_a_draft_of_any_shape_can_be_drawn(junk: object, context: FormContext) -> None:
    found = layout(
        text("a"),
        number("b"),
        radio("c"),
        radio("d") | {"type": "checklist"},
        {"type": "datetime", "key": "e", "subtype": "datetime"},
        {"type": "checkbox", "key": "f"},
        {"type": "filepicker", "key": "g"},
        costs(path="h"),
    )

    views = visible_components(found, dict.fromkeys("abcdefgh", junk), context)

    assert len(views) == 8


def test_a_list_of_options_borrows_the_labels_of_the_options_of_the_field(
    context: FormContext,
) -> None:
    vote = radio(values=[{"value": "approve", "label": "Yes"}, {"value": "reject", "label": "No"}])
    offered = ["approve", {"value": "reject", "label": "Never"}, "later"]

    field = draw_field(
        vote | {"valuesExpression": "=options"}, replace(context, variables={"options": offered})
    )

    assert [(o.value, o.label) for o in field.options] == [
        ("approve", "Yes"),
        ("reject", "Never"),
        ("later", "later"),
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(
    values=st.dictionaries(st.sampled_from("abcdefgh"), json_values | st.just([{"what": 5}])),
    variables=st.dictionaries(st.sampled_from(["x", "lines"]), json_values),
)
def test_whatever_a_draft_and_a_case_hold_can_be_drawn(values: Json, variables: Json) -> None:
    found = layout(
        text("a", label="{{x}} {{x.y | date}}"),
        number("b", properties={"prefill": "=x"}),
        radio("c") | {"valuesExpression": "=lines"},
        radio("d", readonly=True, properties={"prefill": "=x"}) | {"type": "checklist"},
        {"type": "datetime", "key": "e", "subtype": "datetime", "properties": {"prefill": "=x"}},
        {"type": "filepicker", "key": "g"},
        costs(path="h", properties={"prefill": "=lines"}),
        {
            "type": "text",
            "text": "{{x | money}} {{lines | pct}} {{x | ref Service}} {{lines | user}}",
        },
        {"type": "table", "dataSource": "=lines", "columns": [{"key": "what", "type": "date"}]},
    )

    view = build_form_view(found, values, FormContext(variables=variables, today=TODAY), {})

    assert len(view.components) == 9


def test_what_the_case_was_told_is_said_in_the_reader_s_language(context: FormContext) -> None:
    told = {"The amount must be more than nothing.": "Het bedrag moet meer dan nul zijn.", "a": "b"}
    case = {"problem": "The amount must be more than nothing.", "code": "a"}
    in_dutch = replace(context, translate=lambda text: told.get(text, text), variables=case)

    shown = read_facts({"type": "text", "text": "{{problem}} {{code}}"}, in_dutch)

    assert shown == ["Het bedrag moet meer dan nul zijn. a"]
