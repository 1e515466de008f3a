import pytest

from tests.engine.rules.diagrams import (
    assert_breaks,
    chain,
    diagram,
    element,
    end,
    extended,
    extensions,
    line_of,
    problems_of,
    script,
    start,
    user,
)


def _tasked(inner: str = "", **properties: str) -> bytes:
    return diagram(
        start(), user("U_a", inner, **properties), end(), chain("Start_1", "U_a", "E_done")
    )


def _process_with(**properties: str) -> bytes:
    return diagram(extensions(**properties), start(), end(), chain("Start_1", "E_done"))


UNREADABLE = {
    "form": ("nowhere", "form-unknown"),
    "role": ("stranger", "role-unknown"),
    "esc": ("stranger", "role-unknown"),
    "due": ("next week", "due-not-readable"),
    "remind": ("80%", "due-not-readable"),
    "priority": ("high", "priority-not-a-number"),
    "assignee": ("demo", "assignee-not-an-id"),
}


@pytest.mark.parametrize(("name", "value", "code"), [(n, *rest) for n, rest in UNREADABLE.items()])
def test_a_literal_value_is_checked(name: str, value: str, code: str) -> None:
    assert_breaks(_tasked(**{name: value}), code, "U_a")


@pytest.mark.parametrize("due", ["wd(5)", "P14D", "PT4H", "P1Y2M", "2026-05-01", "=wd(1 + 1)"])
def test_a_due_time_in_any_of_its_forms_is_fine(due: str) -> None:
    assert problems_of(_tasked(due=due, remind=due)) == ()


def test_a_reminder_can_be_switched_off() -> None:
    assert problems_of(_tasked(due="P2D", remind="none")) == ()
    assert_breaks(_tasked(due="none"), "due-not-readable", "U_a")


@pytest.mark.parametrize("name", ["role", "assignee", "exclude", "due", "esc", "priority"])
def test_a_value_with_an_equals_sign_is_an_expression(name: str) -> None:
    assert_breaks(_tasked(**{name: "= 1 +"}), "code-refused", "U_a")


def test_the_one_person_may_be_named_by_id() -> None:
    assert problems_of(_tasked(assignee="5f0e2c1a-3b1d-4c59-9a60-0d6a1c1b2e3f")) == ()


def test_a_form_without_a_name_is_told_so() -> None:
    problem = assert_breaks(_tasked(form=" "), "form-unknown", "U_a")

    assert problem.message == "The property form is empty; name a form, or delete the property."


def test_a_form_is_named_literally() -> None:
    problem = assert_breaks(_tasked(form="='request'"), "form-unknown", "U_a")

    assert "not by an expression" in problem.message


def test_an_unknown_property_is_a_warning() -> None:
    problem = assert_breaks(_tasked(colour="red"), "unknown-property", "U_a")

    assert problem.severity == "warning"


def test_a_property_of_another_element_is_unknown_here() -> None:
    data = diagram(
        start(extensions(role="clerk")),
        script("X_a", "x = 1"),
        end(),
        chain("Start_1", "X_a", "E_done"),
    )

    assert_breaks(data, "unknown-property", "Start_1")


@pytest.mark.parametrize("attribute", ['name="due"', 'value="P1D"'])
def test_a_property_has_a_name_and_a_value(attribute: str) -> None:
    more = f"<spiffworkflow:property {attribute}/></spiffworkflow:properties>"
    data = _tasked().replace(b"</spiffworkflow:properties>", more.encode())

    assert_breaks(data, "property-incomplete", "U_a")


def test_a_property_is_given_once() -> None:
    more = '<spiffworkflow:property name="role" value="manager"/></spiffworkflow:properties>'
    data = _tasked().replace(b"</spiffworkflow:properties>", more.encode())

    assert assert_breaks(data, "property-twice", "U_a").severity == "warning"


def test_the_start_form_exists() -> None:
    data = diagram(start(extensions(form="nowhere")), end(), chain("Start_1", "E_done"))

    assert_breaks(data, "form-unknown", "Start_1")


@pytest.mark.parametrize("payload", ["source", "source, prefill?", "a? b? c", "none"])
def test_a_start_lists_what_it_may_bring(payload: str) -> None:
    data = diagram(start(extensions(payload=payload)), end(), chain("Start_1", "E_done"))

    assert problems_of(data) == ()


@pytest.mark.parametrize(
    "payload", ["", "a-b", "a, a?", "initiator", "now?", "?", "a b 1", "None?,"]
)
def test_what_a_start_brings_are_names_of_variables(payload: str) -> None:
    data = diagram(start(extensions(payload=payload)), end(), chain("Start_1", "E_done"))

    assert_breaks(data, "payload-not-readable", "Start_1")


def test_what_a_start_may_bring_is_supplied() -> None:
    brought = start(extensions(payload="source?"))
    task = user("U_a", role="=source")
    data = diagram(brought, task, end(), chain("Start_1", "U_a", "E_done"))

    assert problems_of(data) == ()
    assert_breaks(data.replace(b"source?", b"other?"), "undefined-name", "U_a")


def test_a_start_has_a_form_or_a_payload() -> None:
    both = extensions(form="request", payload="source")
    data = diagram(start(both), end(), chain("Start_1", "E_done"))

    assert_breaks(data, "payload-beside-form", "Start_1")


@pytest.mark.parametrize("name", ["starters", "viewers"])
def test_a_process_names_roles(name: str) -> None:
    assert problems_of(_process_with(**{name: "clerk, manager"})) == ()
    assert_breaks(
        _process_with(**{name: "clerk, stranger"}), "role-unknown", "P_main", at="stranger"
    )


@pytest.mark.parametrize(
    "schedule", ["0 6 1 8 *", "*/15 * * * mon-fri", "wd(3) monthly", "wd(3) monthly 08:30"]
)
def test_a_schedule_is_cron_or_a_working_day(schedule: str) -> None:
    assert problems_of(_process_with(schedule=schedule)) == ()


@pytest.mark.parametrize("schedule", ["every day", "0 6 1 8", "wd(3)", "wd(3) monthly 25:00", ""])
def test_another_schedule_is_refused(schedule: str) -> None:
    assert_breaks(
        _process_with(schedule=schedule), "schedule-not-readable", "P_main", at="schedule"
    )


def test_an_expression_in_a_property_of_the_process_is_checked() -> None:
    assert_breaks(_process_with(title="=1 +"), "code-refused", "P_main", at="title")


def test_a_property_is_located_on_its_own_line() -> None:
    spread = extended(
        "\n<spiffworkflow:properties>\n"
        '<spiffworkflow:property name="role" value="stranger"/>\n'
        "</spiffworkflow:properties>\n"
    )
    data = diagram(
        start(), element("userTask", "U_a", spread), end(), chain("Start_1", "U_a", "E_done")
    )

    [problem] = problems_of(data)

    assert (problem.element_id, problem.line) == ("U_a", line_of(data, 'value="stranger"'))
