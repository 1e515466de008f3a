"""Running code on variables: what it sees, what comes back, and what is said when it fails."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ssflow.engine.faults import ElementError
from ssflow.engine.sandbox import Clock, Sandbox
from ssflow.engine.scripts import MontyEnvironment
from tests.engine.cases import CALENDAR

NOW = datetime(2026, 5, 4, 22, 30, tzinfo=UTC)
"""Half past midnight on the fifth, a holiday, in Amsterdam."""


@pytest.fixture
def environment(sandbox: Sandbox) -> MontyEnvironment:
    reserved = {"initiator": "ann", "done_by": {"U_a": "bob"}, "business_key": "K-1"}
    return MontyEnvironment(sandbox, Clock(NOW, CALENDAR), reserved)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a.b + 1", 3),
        ("[line.n for line in lines]", [1, 2]),
        ("sum(line.n * 2 for line in lines if line.n > 1)", 4),
        ("{k: v.n for k, v in by_name.items()}", {"x": 1}),
        ("[f'{line.n}!' for line in lines]", ["1!", "2!"]),
        ("f'{\"x\".upper()}{len(a.keys())}{a.b}'", "X12"),
        ("today()", "2026-05-05"),
        ("today().year", 2026),
        ("(today() - wd(-1)).days", 1),
        ("wd(1)", "2026-05-06"),
        ("wd(n=0)", "2026-05-06"),
        ("now.hour", 0),
        ("now", "2026-05-05T00:30:00+02:00"),
        ("initiator + business_key + done_by.U_a", "annK-1bob"),
        ("(1, 2)", [1, 2]),
        ("{3, 1, 2}", [1, 2, 3]),
        ("None", None),
        ('f"{a.b:03d}|{lines[0].n}"', "002|1"),
        ("a.get('zz', 5)", 5),
        ("max(lines, key=lambda line: line.n).n", 2),
    ],
)
def test_expressions_give_json(environment: MontyEnvironment, expression: str, value: Any) -> None:
    data = {"a": {"b": 2}, "lines": [{"n": 1}, {"n": 2}], "by_name": {"x": {"n": 1}}}

    assert environment.evaluate(expression, data) == value


@pytest.mark.parametrize(
    ("script", "result"),
    [
        ("x = a.b", {"x": 2}),
        ("a.c = 3\na.b += 1", {"a": {"b": 3, "c": 3}}),
        ("a.d = {}\na.d.e = [1]\na.d.e.append(2)", {"a": {"b": 2, "d": {"e": [1, 2]}}}),
        (
            "from datetime import date, timedelta\nx = date(2026, 1, 1) + timedelta(days=1)",
            {"x": "2026-01-02"},
        ),
        (
            "from datetime import datetime, date\nx = [datetime.now(), date.today()]",
            {"x": ["2026-05-05T00:30:00", "2026-05-05"]},
        ),
        ("from decimal import Decimal\nx = Decimal('1.10') + 1", {"x": "2.10"}),
        ("import math\nx = math.floor(math.pi)", {"x": 3}),
        ("import json\nx = json.loads(json.dumps(a))", {"x": {"b": 2}}),
        ("if a.b > 5:\n    big = True", {}),
        ("def half(n):\n    return n / 2\nx = half(a.b)", {"x": 1.0}),
        ("half = lambda n: n / 2\nx = half(a.b)", {"x": 1.0}),
        ("_t = 1\nfor i in [1, 2]:\n    _t = _t + i\nx = _t", {"x": 4}),
        ("try:\n    x = a.zz\nexcept KeyError as e:\n    x = 'none'", {"x": "none"}),
        ("d = today()\nx = d.day", {"d": "2026-05-05", "x": 5}),
        ("print('hello')\nx = 1", {"x": 1}),
        ("x = y = [1]\nx.append(2)", {"x": [1, 2], "y": [1, 2]}),
        ("x, (y, z) = 1, (2, 3)", {"x": 1, "y": 2, "z": 3}),
    ],
)
def test_scripts_change_what_they_assign(
    environment: MontyEnvironment, script: str, result: dict[str, Any]
) -> None:
    data: dict[str, Any] = {"a": {"b": 2}, "other": 1}

    environment.execute(script, data)

    assert data == {"a": {"b": 2}, "other": 1} | result


def test_a_script_never_changes_what_others_hold(environment: MontyEnvironment) -> None:
    shared = {"k": {"v": 0}, "l": [1]}
    data: dict[str, Any] = {"r": shared}

    environment.execute('r["k"]["v"] = 99\nr.l.append(5)', data)

    assert data["r"] == {"k": {"v": 99}, "l": [1, 5]}
    assert shared == {"k": {"v": 0}, "l": [1]}


def test_values_that_did_not_change_stay_the_same_objects(environment: MontyEnvironment) -> None:
    large = {"rows": [1, 2, 3]}
    data: dict[str, Any] = {"large": large, "n": 0}

    environment.execute("n += len(large.rows)\nlarge.rows.sort()", data)

    assert data["n"] == 3
    assert data["large"] is large


def test_code_is_given_only_what_it_names(environment: MontyEnvironment) -> None:
    data: dict[str, Any] = {"secret": 1, "object": object()}

    with pytest.raises(ElementError) as raised:
        environment.execute("x = other", data)

    assert raised.value.message == "NameError: name 'other' is not defined"


def test_random_numbers_are_the_same_when_a_step_is_replayed(
    environment: MontyEnvironment,
) -> None:
    one: dict[str, Any] = {}
    two: dict[str, Any] = {}

    environment.execute("import random\nx = random.random()", one)
    environment.execute("import random\nx = random.random()", two)

    assert one == two


@pytest.mark.parametrize(
    ("script", "line", "source_line", "message"),
    [
        ("x = 1\ny = x / 0", 2, "y = x / 0", "ZeroDivisionError: division by zero"),
        ("for i in [1]:\n    y = i.no", 2, "y = i.no", "AttributeError"),
        ("for i in [{}]:\n    y = i.no", 2, "y = i.no", "KeyError: no"),
        ("y = a.zz", 1, "y = a.zz", "KeyError: zz"),
        ("def f():\n    return 1 / 0\n\ny = f()", 2, "return 1 / 0", "ZeroDivisionError"),
        (
            "assert a.b == 3, 'must be three'",
            1,
            "assert a.b == 3, 'must be three'",
            "must be three",
        ),
        ("y = 1\nraise KeyError(5)", 2, "raise KeyError(5)", "An exception takes one text"),
        ("y = wd(10**6)", 1, "y = wd(10**6)", "ValueError: At most 5000 working days"),
    ],
)
def test_a_fault_names_its_line_as_the_author_wrote_it(
    environment: MontyEnvironment, script: str, line: int, source_line: str, message: str
) -> None:
    with pytest.raises(ElementError) as raised:
        environment.execute(script, {"a": {"b": 2}})

    fault = raised.value
    assert (fault.kind, fault.line, fault.source_line) == ("script", line, source_line)
    assert message in fault.message


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("x = len", "x: a value of type MontyStdTypeProxy cannot be kept."),
        ("x = {'a': {None: 1}}", "x.a: key None is not text."),
        ("x = [1, {'b': 2**60}]", "x[1].b: whole numbers may go up to 2**53"),
        ("x = float('nan')", "x: nan is not a finite number."),
        ("from datetime import timedelta\nx = timedelta(days=3)", "x: a length of time"),
        ("x = b'bytes'", "x: a value of type bytes cannot be kept."),
        ("x = ['a\\x00']", "x[0]: a text with a NUL character cannot be kept."),
        ("x = {'a\\x00': 1}", "x: a text with a NUL character cannot be kept."),
    ],
)
def test_a_result_that_is_not_json_names_its_place(
    environment: MontyEnvironment, script: str, message: str
) -> None:
    data: dict[str, Any] = {}

    with pytest.raises(ElementError) as raised:
        environment.execute(script, data)

    assert raised.value.kind == "data"
    assert message in raised.value.message
    assert data == {}


@pytest.mark.parametrize(
    "script",
    [
        "x = ['a']\nfor i in range(60):\n    x = [x, x]",
        "x = ['a' * 900_000] * 1_000",
        "x = {'a': ['b' * 10_000] * 1_000}",
        "\n".join(f"x{n} = 'a' * 300_000" for n in range(4)),
    ],
)
def test_a_small_result_that_is_endless_when_written_is_refused(
    environment: MontyEnvironment, script: str
) -> None:
    """The sandbox hands over a list once, however often it is part of another."""
    data: dict[str, Any] = {}

    with pytest.raises(ElementError) as raised:
        environment.execute(script, data)

    assert raised.value.kind == "data"
    assert "larger than 1 MB" in raised.value.message
    assert data == {}


def test_several_expressions_go_in_one_visit(environment: MontyEnvironment) -> None:
    data = {"a": {"b": 2}}
    texts = {"one": "a.b", "two": '"fixed"', "three": "[a.b,\n a.b]", "four": "initiator"}

    values = environment.evaluate_all(texts, data)

    assert values == {"one": 2, "two": "fixed", "three": [2, 2], "four": "ann"}
    assert list(values) == list(texts)


def test_the_faulty_one_of_several_expressions_is_named(environment: MontyEnvironment) -> None:
    with pytest.raises(ElementError) as raised:
        environment.evaluate_all({"one": "1 + 1", "two": "1 +\n zz"}, {})
    with pytest.raises(ElementError):
        environment.evaluate_all({"one": "1), 'x': (2", "two": "3 + 1"}, {})

    assert (raised.value.line, raised.value.source_line) == (2, "zz")


def test_hostile_code_stays_inside(environment: MontyEnvironment, tmp_path: Any) -> None:
    canary = tmp_path / "canary"
    attacks = [
        f"open({str(canary)!r}, 'w').write('x')",
        "().__class__.__base__.__subclasses__()",
        "getattr(getattr((), '__class__'), '__base__')",
        'eval(\'__import__("os").system("id")\')',
        "(lambda: 0).__globals__",
        "today.__globals__",
        "wd.__self__",
    ]

    for attack in attacks:
        with pytest.raises(ElementError):
            environment.evaluate(attack, {})

    assert not canary.exists()


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("while True:\n    pass", "1 s is not enough; let it do less."),
        ("x = [0] * 10**9", "64 MB of memory are not enough; let it hold less."),
        ("def f(n):\n    return f(n + 1)\nf(0)", "it calls itself more than 200 times deep."),
    ],
)
def test_code_that_goes_too_far_is_told_so_without_words_of_the_sandbox(
    environment: MontyEnvironment, script: str, told: str
) -> None:
    with pytest.raises(ElementError) as raised:
        environment.execute(script, {})

    assert raised.value.message.endswith(f"Error: the code went too far: {told}")


def test_a_fault_has_no_endless_message(environment: MontyEnvironment) -> None:
    with pytest.raises(ElementError) as raised:
        environment.execute("raise ValueError('no' * 100_000)", {})

    assert len(raised.value.message) < 1_100


@pytest.mark.parametrize("indent", ["    ", "\t\t", " "])
def test_a_script_may_stand_indented_in_its_file(
    environment: MontyEnvironment, indent: str
) -> None:
    data = {"a": {"b": 2}}

    environment.execute(
        f"\n{indent}if a.b > 1:\n{indent}    x = a.b / 1\n\n{indent}y = 2\n  ", data
    )

    assert data == {"a": {"b": 2}, "x": 2.0, "y": 2}


def test_a_fault_in_an_indented_script_names_its_line(environment: MontyEnvironment) -> None:
    with pytest.raises(ElementError) as raised:
        environment.execute("\n    x = 1\n    y = x / 0", {})

    assert (raised.value.line, raised.value.source_line) == (3, "y = x / 0")
