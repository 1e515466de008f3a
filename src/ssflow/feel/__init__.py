"""S-FEEL, the language of form rules and decision tables: text to tree to value.

Values are JSON. Dates, moments and durations travel as ISO 8601 text (`2026-05-01`,
`2026-05-01T12:00:00Z`, `P14D`) and are compared and calculated with as what they mean wherever
both sides look like it. Numbers are decimal, so that 0.1 + 0.2 is 0.3.

Evaluation never fails. What has no answer - a missing name, text times a number, a division by
zero - is null, and null travels on by the rules of three-valued logic: `false and null` is false,
`true and null` is null. A condition holds only when its value is true. A text is at most 4 000
characters long and nested 64 deep; what walks through more than 100 000 items is null, too.

What can be written, from the loosest binding to the tightest:

    if c then a else b                  a when c is true, b otherwise (also when c is null)
    some x in list satisfies c          also `every`; `some x in a, y in b satisfies …`
    for x in list return a              a list
    a or b,  a and b
    = != < <= > >=                      not chained: write `1 < a and a < 5`
    x between 1 and 5                   both ends included
    x in (1, 2)   x in list             one of them
    x in [1..5)   x in (< 0, > 10)      in a range, or passes one of the tests
    + - * /  and unary -                also date + duration, date - date, text + text
    request.customer.tier               a field; of a list of rows: the list of that field
    request["customer"]                 the same, for names that are no plain word
    rows[gap = true]   rows[1]          the rows for which it is true; by number, from 1 or from -1
    (…)   [1, 2, 3]   12.5   "text"   true   false   null   date("2026-05-01")   @"2026-05-01"

In a filter the fields of the row come before names from outside; `item` is the row itself.
A date has `.year .month .day .weekday` (Monday is 1), a moment also `.hour .minute .second`,
a duration `.years .months .days .hours .minutes .seconds`: `(finish - milestone).days > 20`.

Functions:

    today()   date(x)   date and time(x)   duration("P14D")
    sum(list)   min(list)   max(list)   mean(list)   all(list)   any(list)   or items: max(a, b)
    count(list)   list contains(list, x)   distinct values(list)
    contains(text, part)   starts with(text, part)   ends with(text, part)
    upper case(text)   lower case(text)   string length(text)   string(x)   number(text)
    abs(n)   floor(n)   ceiling(n)   round half up(n, digits)   decimal(n, digits)   not(c)

Three things differ from the DMN standard on purpose, because half-filled forms are the rule here:
`sum` of an empty list is 0; `sum`, `min`, `max` and `mean` pass over empty cells; and a date and
a moment are compared by the day. A moment without offset is taken as UTC.

A decision cell (`unary_tests`) is one or more tests of its column's value, joined by commas:
`< 5`, `[1..10]`, `(1..10]`, `]1..10]`, `"a","b"`, `not("a")`, `true`, `null`, a date, or nothing
or `-` for any value. A cell may also speak of its value as `?`: `? in ("a","b")`, `2 < ? <= 5`,
`starts with(?, "60")`. A value of another kind than the cell speaks of does not pass, but where
the cell asks for an order that the two do not have ("x" < 5) there is an error.

As a courtesy to files written for SpiffWorkflow, Python's `==`, `True`, `False`, `None` and 'text'
are understood everywhere, and `?.startswith("60")` in cells.
"""
