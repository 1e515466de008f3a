"""Read S-FEEL text into its tree."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from ssflow.feel.arithmetic import OPERATIONS
from ssflow.feel.cursor import Cursor
from ssflow.feel.functions import FUNCTIONS
from ssflow.feel.logic import conjunction, disjunction
from ssflow.feel.questions import Anything, Holds, NoneOf, OneOf, Same, Within, compared
from ssflow.feel.tokens import Token, TokenKind, unquote
from ssflow.feel.tree import (
    Asked,
    Calculation,
    Call,
    Choice,
    Connection,
    FieldStep,
    FilterStep,
    ItemStep,
    ListOf,
    Literal,
    Loop,
    Minus,
    Name,
    Node,
    Path,
    Question,
    Step,
    Today,
)
from ssflow.feel.values import Value, as_duration, find_date

MAX_NESTING = 64
MAX_DIGITS = 34
MAX_LOOP_NAMES = 5

_OR, _AND, _COMPARISON, _SUM, _PRODUCT = 1, 2, 3, 4, 5
_SIGNS = {"=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_LEVELS = {
    "or": _OR,
    "and": _AND,
    **dict.fromkeys((*_SIGNS, "in", "between"), _COMPARISON),
    **dict.fromkeys("+-", _SUM),
    **dict.fromkeys("*/", _PRODUCT),
}
_CONSTANTS = {"true": True, "false": False, "null": None}
_CONSTANTS |= {"True": True, "False": False, "None": None}  # files for SpiffWorkflow have these
_LOOPS: dict[str, tuple[str, Callable[..., Value]]] = {
    "some": ("satisfies", disjunction),
    "every": ("satisfies", conjunction),
    "for": ("return", list),
}
_KEYWORDS = frozenset(
    {*_LOOPS, *_CONSTANTS, *("and", "or", "in", "between", "not", "if", "then", "else")}
    | {"satisfies", "return"}
)
_AFTER_RANGE = frozenset(
    {"", ")", "]", ",", "..", "then", "else", "satisfies", "return", *_LEVELS} - {"-"}
)
_PYTHON_METHODS = {"startswith": "starts with", "endswith": "ends with"}
_CONSTRUCTORS = frozenset({"date", "date and time", "duration"})
_MOST_WORDS = 3

Read = TypeVar("Read")


class Reader(Cursor):
    """Reads one text, and collects the names that it speaks of on the way.

    With `knows_value` the text may speak of the value that it tests as `?`.
    """

    def __init__(self, text: str, *, knows_value: bool = False) -> None:
        super().__init__(text)
        self.names: set[str] = set()
        self.names_in_filters: set[str] = set()
        self._knows_value = knows_value
        self._mentions = 0  # of the value, so far
        self._nesting = 0
        self._filters = 0  # around the place
        self._bound: list[str] = []  # names of loops and filters around the place

    def read_expression(self) -> Node:
        """Read the whole text as an expression.

        Raises:
            FeelError: it is none.
        """
        return self._within_stack(self._whole_expression)

    def read_tests(self) -> Question:
        """Read the whole text as the tests in a decision's cell.

        Raises:
            FeelError: they are none.
        """
        return self._within_stack(self._whole_tests)

    def _within_stack(self, read: Callable[[], Read]) -> Read:
        try:
            return read()
        except RecursionError:
            self.refuse("too much is nested before {}")

    def _whole_expression(self) -> Node:
        node = self._expression()
        self.need_end()
        return node

    def _whole_tests(self) -> Question:
        if self.is_at_end or self.sees("-", ""):
            return Anything()
        question = self._find_negation() or self._tests()
        if self.symbol in ("and", "or"):
            self.refuse('{} needs the value on both sides, as in "? > 1 and ? < 5"')
        self.need_end()
        return question

    # tests of a value

    def _find_negation(self) -> Question | None:
        """Read `not(…)` if that is all there is; otherwise it belongs to a condition on `?`."""
        start = self.token
        if self.eat("not", "("):
            question = self._tests()
            if self.eat(")") and self.is_at_end:
                return NoneOf(question)
        self.go_back(start)
        return None

    def _tests(self) -> Question:
        tests = [self._test()]
        while self.eat(","):
            tests.append(self._test())
        return tests[0] if len(tests) == 1 else OneOf(tuple(tests))

    def _test(self) -> Question:
        if self.symbol in _SIGNS:
            return compared(_SIGNS[self.take().text], self._operation(_SUM))
        if self._sees_range():
            return self._range()
        mentions = self._mentions
        node = self._expression()
        return Same(node) if mentions == self._mentions else Holds(node)

    def _tests_after_in(self) -> Question:
        if self._sees_range() or self.symbol in _SIGNS:
            return self._test()
        if self.eat("("):
            tests = self._tests()
            self.need(")")
            return tests
        return Same(self._operation(_SUM))

    def _sees_range(self) -> bool:
        if self.symbol == "]":
            return True
        depth = 0
        for symbol in self.symbols_ahead():
            depth += (symbol in ("(", "[")) - (symbol in (")", "]"))
            if depth == 0 or (symbol == ".." and depth == 1):
                return depth == 1
        return False

    def _range(self) -> Question:
        low_sign = ">=" if self.take().text == "[" else ">"
        low = self._operation(_SUM)
        self.need("..")
        high = self._operation(_SUM)
        if self.symbol not in ("]", ")", "["):
            self.refuse('"]" or ")" is missing before {}')
        high_sign = "<=" if self.take().text == "]" else "<"
        return Within(compared(low_sign, low), compared(high_sign, high))

    # operators

    def _expression(self) -> Node:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            self.refuse(f"{{}} is nested more than {MAX_NESTING} deep")
        node = self._operation(_OR)
        self._nesting -= 1
        return node

    def _operation(self, lowest: int) -> Node:
        node = self._operand()
        while (level := self._find_level()) >= lowest:
            node = self._continue(node, level)
        return node

    def _find_level(self) -> int:
        return _LEVELS.get(self.symbol or "", 0)

    def _continue(self, left: Node, level: int) -> Node:
        if level == _OR:
            return Connection(decisive=True, conditions=(left, *self._conditions("or", _AND)))
        if level == _AND:
            return Connection(
                decisive=False, conditions=(left, *self._conditions("and", _COMPARISON))
            )
        if level == _COMPARISON:
            return self._comparison(left)
        return self._calculation(left, level)

    def _conditions(self, word: str, level: int) -> Iterator[Node]:
        while self.eat(word):
            yield self._operation(level)

    def _calculation(self, first: Node, level: int) -> Node:
        rest = []
        while self._find_level() == level:
            operation = OPERATIONS[self.take().text]
            rest.append((operation, self._operation(level + 1)))
        return Calculation(first, tuple(rest))

    def _comparison(self, left: Node) -> Node:
        if self.eat("in"):
            node: Node = Asked(left, self._tests_after_in())
        elif self.eat("between"):
            node = Asked(left, self._bounds())
        else:
            node = self._compare(left)
        if self._find_level() == _COMPARISON:
            self.refuse("{} follows another comparison; join the two with and, or use parentheses")
        return node

    def _bounds(self) -> Question:
        low = self._operation(_SUM)
        self.need("and")
        return Within(compared(">=", low), compared("<=", self._operation(_SUM)))

    def _compare(self, left: Node) -> Node:
        comparisons: list[Node] = []
        while self.symbol in _SIGNS and (not comparisons or self._knows_value):
            sign = _SIGNS[self.take().text]
            right = self._operation(_SUM)
            comparisons.append(Asked(left, compared(sign, right)))
            left = right
        if len(comparisons) == 1:
            return comparisons[0]
        return Connection(decisive=False, conditions=tuple(comparisons))

    # operands

    def _operand(self) -> Node:
        minus = 0
        while self.eat("-"):
            minus += 1
        node = self._path(self._start_of_path())
        if minus % 2 == 1:
            return _turn_round(node)
        return _turn_round(_turn_round(node)) if minus else node

    def _start_of_path(self) -> Node:
        if self.token.kind is TokenKind.NUMBER:
            return self._number()
        if self.token.kind is TokenKind.TEXT:
            return Literal(unquote(self.take()))
        if self.token.kind is TokenKind.NAME:
            return self._word()
        if self.eat("("):
            node = self._expression()
            self.need(")")
            return node
        if self.eat("["):
            return self._list()
        if not self.eat("@"):
            self.refuse("a value is missing before {}")
        return self._literal_after_at()

    def _number(self) -> Node:
        token = self.take()
        if len(token.text) > MAX_DIGITS:
            self.refuse(f"the number {{}} has more than {MAX_DIGITS} digits", token)
        return Literal(Decimal(token.text) if "." in token.text else int(token.text))

    def _list(self) -> Node:
        items: list[Node] = []
        if not self.sees("]"):
            items = self._arguments()
        if self.sees(".."):
            self.refuse(
                "{} makes a range, which can only follow in or stand in a cell of a decision"
            )
        self.need("]")
        return ListOf(tuple(items))

    def _literal_after_at(self) -> Node:
        token = self.take()
        value: Value = None
        if token.kind is TokenKind.TEXT:
            value = find_date(unquote(token)) or as_duration(unquote(token))
        if value is None:
            self.refuse("@ needs the text of a date, a moment or a duration, not {}", token)
        return Literal(value)

    # words

    def _word(self) -> Node:
        word = self.token.text
        if (name := self._find_function()) is not None:
            return self._call(name)
        if word == "if":
            return self._choice()
        if word in _LOOPS:
            return self._loop()
        if word in _CONSTANTS:
            return Literal(_CONSTANTS[self.take().text])
        if word in _KEYWORDS:
            self.refuse("a value is missing before {}")
        return self._name()

    def _name(self) -> Node:
        token = self.take()
        if token.text == "?":
            if not self._knows_value:
                self.refuse("{} has no meaning outside the cells of a decision", token)
            self._mentions += 1
        elif token.text not in self._bound:
            (self.names_in_filters if self._filters else self.names).add(token.text)
        return Name(token.text)

    def _choice(self) -> Node:
        self.need("if")
        condition = self._expression()
        self.need("then")
        then = self._expression()
        self.need("else")
        return Choice(condition, then, self._expression())

    def _loop(self) -> Node:
        first = self.take()
        before_body, join = _LOOPS[first.text]
        names: list[str] = []
        sources: list[Node] = []
        while not names or self.eat(","):
            name = self._need_name()
            self.need("in")
            sources.append(self._expression())
            names.append(name)
            self._bound.append(name)
        if len(names) > MAX_LOOP_NAMES:
            self.refuse(f"{{}} has more than {MAX_LOOP_NAMES} names", first)
        self.need(before_body)
        body = self._expression()
        del self._bound[-len(names) :]
        return Loop(join, tuple(names), tuple(sources), body)

    def _need_name(self) -> str:
        token = self.take()
        if token.kind is not TokenKind.NAME or token.text in _KEYWORDS or token.text == "?":
            self.refuse("a name is missing before {}", token)
        return token.text

    # functions

    def _find_function(self) -> str | None:
        """Find the function that is called here; some have several words."""
        words = list(islice(self.symbols_ahead(), _MOST_WORDS + 1))
        if "(" not in words:
            return None
        name = " ".join(word or "" for word in words[: words.index("(")])
        if name in FUNCTIONS or name == "today":
            return name
        if words[1] == "(" and words[0] not in _KEYWORDS:
            self.refuse("there is no function {}")
        return None

    def _call(self, name: str) -> Node:
        token = self.token
        for _ in name.split():
            self.take()
        return self._call_with(name, [], token)

    def _call_with(self, name: str, arguments: list[Node], token: Token) -> Node:
        self.need("(")
        if not self.sees(")"):
            arguments = arguments + self._arguments()
        self.need(")")
        if name == "today" and not arguments:
            return Today()
        function = FUNCTIONS.get(name)
        if function is None or not function.accepts(len(arguments)):
            takes = function.describe_arguments() if function else "no argument"
            self.refuse(f"{{}} takes {takes}, not {len(arguments)}", token)
        if name in _CONSTRUCTORS and isinstance(arguments[0], Literal):
            return self._construct(function.call(arguments[0].value), token)
        return Call(function.call, tuple(arguments))

    def _construct(self, value: Value, token: Token) -> Node:
        if value is None:
            self.refuse("{} cannot understand its text", token)
        return Literal(value)

    def _arguments(self) -> list[Node]:
        arguments = [self._expression()]
        while self.eat(","):
            arguments.append(self._expression())
        return arguments

    # paths

    def _path(self, start: Node) -> Node:
        steps: list[Step] = []
        while True:
            if self.eat("."):
                token = self.take()
                if token.kind is not TokenKind.NAME:
                    self.refuse("the name of a field is missing before {}", token)
                if self.sees("("):
                    start, steps = self._method(_join(start, steps), token), []
                else:
                    steps.append(FieldStep(token.text))
            elif self._sees_filter():
                steps.append(self._step_in_brackets())
            else:
                return _join(start, steps)

    def _method(self, target: Node, token: Token) -> Node:
        name = _PYTHON_METHODS.get(token.text) if self._knows_value else None
        if name is None:
            self.refuse("{} is called like a method; write a function instead", token)
        return self._call_with(name, [target], token)

    def _sees_filter(self) -> bool:
        """Tell "[" that begins a filter from one that ends a range, as in `x in ]1..5[`."""
        return self.sees("[") and list(islice(self.symbols_ahead(), 2))[1] not in _AFTER_RANGE

    def _step_in_brackets(self) -> Step:
        self.need("[")
        self._filters += 1
        self._bound.append("item")
        condition = self._expression()
        self._bound.pop()
        self._filters -= 1
        self.need("]")
        if isinstance(condition, Literal) and isinstance(condition.value, str):
            return FieldStep(condition.value)
        if isinstance(condition, Literal) and type(condition.value) is int:
            return ItemStep(condition.value)
        return FilterStep(condition)


def _join(start: Node, steps: list[Step]) -> Node:
    return Path(start, tuple(steps)) if steps else start


def _turn_round(node: Node) -> Node:
    if isinstance(node, Literal) and type(node.value) in (int, Decimal):
        return Literal(-node.value)
    return Minus(node)
