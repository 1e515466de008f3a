"""Reading code in diagrams: what it may hold, and how data is named in it."""

import ast

import pytest

from ssflow.engine.code import CodeError, find_problems, read_expression, read_script
from ssflow.engine.scripts import check_code


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a.b", '(a["b"]\n)'),
        ("a.b.c > 1", '(a["b"]["c"] > 1\n)'),
        ("a.b.get('c')", "(a[\"b\"].get('c')\n)"),
        ("a . b", '(a [ "b"]\n)'),
        ("(a).b", '((a)["b"]\n)'),
        ("é.b + a.b", '(é["b"] + a["b"]\n)'),
        ("a[0].b['x'].c", '(a[0]["b"][\'x\']["c"]\n)'),
        ("len(a.b)", '(len(a["b"])\n)'),
        ("a.upper()", "(a.upper()\n)"),
    ],
)
def test_attributes_of_data_become_keys(source: str, text: str) -> None:
    assert read_expression(source).text == text


def test_attributes_within_a_formatted_text_become_keys() -> None:
    written = ast.parse(read_expression("f'{a.b} x'").text)

    assert ast.dump(written) == ast.dump(ast.parse("f\"{a['b']} x\""))


def test_a_condition_may_go_over_several_lines() -> None:
    program = read_expression("a.b > 1 and\n  c.d < 2")

    assert program.text == '(a["b"] > 1 and\n  c["d"] < 2\n)'
    assert program.names == {"a", "c"}


def test_names_that_code_binds_itself_are_looked_into_when_it_runs() -> None:
    program = read_script("for line in costs.lines:\n    total = total + line.amount\n")

    assert 'costs["lines"]' in program.text
    assert '__get(line, "amount")' in program.text
    assert program.line_of(3) == 2


def test_modules_keep_their_attributes() -> None:
    program = read_script("import math\nfrom datetime import date\nx = math.pi + date.max.year\n")

    assert "x = math.pi + date.max.year" in program.text
    assert program.uses_modules


def test_only_what_a_script_assigns_is_handed_back() -> None:
    program = read_script(
        "import math\n_tmp = 1\nfor n in [1]:\n    x = n\ny = 2\n"
        "def double(a):\n    inside = a * 2\n    return inside\nz = double(y)\n"
    )

    assert program.stored == {"x", "y", "z", "inside"}
    assert program.certain == {"y", "z"}
    assert program.may_change_inputs


def test_a_script_that_changes_nothing_in_place_hands_no_inputs_back() -> None:
    reads = read_script("total = sum([line['n'] for line in lines]) + max(a, b)")
    writes = read_script('lines[0]["n"] = 3')
    appends = read_script("lines.append(1)")

    assert "'lines'" not in reads.text_for(frozenset({"lines", "a", "b"}))
    assert "'lines'" in writes.text_for(frozenset({"lines"}))
    assert "'lines'" in appends.text_for(frozenset({"lines"}))


def test_a_literal_needs_no_sandbox() -> None:
    assert read_expression('"PT1H"').constant == ("PT1H",)
    assert read_expression("5").constant == (5,)
    assert read_expression("None").constant == (None,)
    assert read_expression("[1]").constant is None


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("x = 1\ndel x", 2, "set the variable to None"),
        ("class A:\n    pass", 1, "Classes are not supported"),
        ("return 3", 1, "outside a function"),
        ("x = 1\ny = (yield x)", 2, "Generators"),
        ("async def f():\n    pass", 1, "Asynchronous"),
        ("import os", 1, "`os` may not be imported"),
        ("from os.path import join", 1, "`os.path` may not be imported"),
        ("from math import *", 1, "name what you need"),
        ("import numpy as np", 1, "`numpy` may not be imported"),
        ("def f():\n    global x", 2, "`global` is not supported"),
        ("now = 3", 1, "`now` is read-only"),
        ("for initiator in []:\n    pass", 1, "`initiator` is read-only"),
        ("x = __import__('os')", 1, "two underscores"),
        ("x = (1", 1, "not valid Python"),
        ("if x:\n  y = 1\n z = 2", 3, "not valid Python"),
        ("x = '\\x00' + '\x00'", 1, "not valid Python"),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_line(source: str, line: int, words: str) -> None:
    [problem, *_] = find_problems(source, expression=False)

    assert (problem.line, words in problem.message) == (line, True), problem
    with pytest.raises(CodeError):
        read_script(source)
    assert check_code(source, expression=False)[0][0] == line


def test_an_expression_is_one_expression() -> None:
    assert check_code("x = 1", expression=True)[0][0] == 1
    assert check_code("a b", expression=True)
    assert check_code("", expression=True)
    assert check_code("a and\n(b", expression=True)
    assert check_code("1) + (2", expression=True) == [(1, "`)` closes nothing.")]
    assert check_code("(')' + f'{a[0]}')  # )", expression=True) == []
    assert check_code(" a.b > 1 and\n b ", expression=True) == []


@pytest.mark.parametrize("source", ["# later", "#{amount}", " # a\n# b"])
def test_a_comment_is_no_expression(source: str) -> None:
    [(line, message)] = check_code(source, expression=True)

    assert (line, "only a comment" in message) == (1, True)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("${amount > 5}", "without ${ }"),
        ("=amount > 5", "without the ="),
        ('= status = "open"', "without the ="),
        ("a && b", "Write and, or, not."),
        ("!done", "Write and, or, not."),
        ("NOT done AND ok", "in small letters"),
        ("a === b", "== and !="),
        ("a <> b", "!= for unequal"),
        ("a => 3", ">= and <="),
        ("a eq b", "==, !="),
        ("a == \u201cyes\u201d", "straight quotes"),
        ("a ? b : c", "one if condition else other"),
        ("if a then b else c", "one if condition else other"),
        ("amount between 1 and 5", "1 <= amount <= 5"),
        ("x in [1..5]", "1 <= amount <= 5"),
        ("list contains(x, 1)", "item in items"),
        ("some x in y satisfies x > 1", "any("),
        ("string length(x) > 3", "len(text)"),
    ],
)
def test_expressions_of_other_engines_are_told_how_to_be_written(source: str, words: str) -> None:
    [(_, message)] = check_code(source, expression=True)

    assert words in message


@pytest.mark.parametrize("source", ["a b", "var x = 1;", "let x = 1"])
def test_a_guess_of_pythons_is_not_passed_on(source: str) -> None:
    [(_, message)] = check_code(source, expression=False)

    assert "comma" not in message
    assert ("JavaScript" in message) == (source != "a b")


def test_what_only_the_sandbox_refuses_is_found_without_running_the_code() -> None:
    problems = check_code("x = 1\ntype Name = int\n", expression=False)
    fine = check_code("while True:\n    x = 1 / 0\n", expression=False)

    assert [line for line, _ in problems] in ([1], [2])
    assert fine == []


def test_deeply_nested_code_is_refused_and_not_fatal() -> None:
    assert check_code("(" * 500 + "1" + ")" * 500, expression=True)
    assert check_code("-" * 100_000 + "1", expression=True)
