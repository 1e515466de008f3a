"""Documents: the same in HTML and in PDF, whatever people typed."""

import re
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ssflow.operations.outside import CallFailedError
from ssflow.operations.printing import Block, print_document, read_blocks
from ssflow.operations.rendering import Rendered, render_document
from tests.pdf import pages_of, text_of

AT = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


def render(*sections: dict[str, Any], language: str = "en", is_demo: object = False) -> Rendered:
    return render_document(
        "report",
        {"sections": list(sections), "case": "BUD-2026-01"},
        language,
        title="Monthly report",
        at=AT,
        timezone=ZoneInfo("Europe/Amsterdam"),
        is_demo=bool(is_demo),
    )


def test_signs_of_european_languages_are_printed() -> None:
    text = "é ö Å ß ñ č Ελληνικά Кириллица € – … „quotes“"

    rendered = render({"heading": "Größe", "text": text})

    assert text in rendered.html
    assert text in text_of(rendered.pdf)
    assert "Größe" in text_of(rendered.pdf)


def test_a_sign_without_a_picture_is_a_question_mark() -> None:
    assert "A ? B" in text_of(render({"heading": "x", "text": "A 漢 B"}).pdf)


def test_html_that_people_typed_stays_text() -> None:
    rendered = render({"heading": "<h1>x", "text": "<script>alert(1)</script>"})

    assert "<script>" not in rendered.html
    assert "<script>alert(1)</script>" in text_of(rendered.pdf)


def test_tables_have_headings_in_html_and_in_pdf() -> None:
    table = {"columns": ["Line", "Planned"], "rows": [["Licences", "1 200"], ["Staff", None]]}

    rendered = render({"heading": "Lines", "table": table})

    assert '<th scope="col">Planned</th>' in rendered.html
    assert re.search(r"Line.*Planned.*Licences.*1 200.*Staff", text_of(rendered.pdf), re.DOTALL)


def test_the_heading_of_a_long_table_stands_on_each_page() -> None:
    rows = [[f"Line {number}", "10"] for number in range(120)]

    rendered = render({"heading": "Lines", "table": {"columns": ["Name", "Sum"], "rows": rows}})

    pages = pages_of(rendered.pdf)
    assert len(pages) > 2
    assert all("Name" in page and f"{n} / {len(pages)}" in page for n, page in enumerate(pages, 1))


@pytest.mark.parametrize("lines", [24, 26, 29, 31])
def test_a_heading_stands_on_the_page_of_what_it_heads(lines: int) -> None:
    cell = "many words " * 30
    html = (
        "".join(f"<p>Line {number}</p>" for number in range(lines))
        + "<h2>Reasons</h2><h3>Licences</h3>"
        + f"<table><tr><th>Why</th><th>Note</th></tr><tr><td>{cell}</td><td>x</td></tr></table>"
    )

    pdf = print_document(html, title="t", language="en", made_at=AT, made_on="today")

    [page] = [page for page in pages_of(pdf) if "Reasons" in page]
    assert "Licences" in page
    assert "many words" in page


def test_facts_and_points_are_printed() -> None:
    rendered = render({"heading": "x", "facts": {"Owner": "Ann"}, "points": ["First", "Second"]})

    assert "<dt>Owner</dt>" in rendered.html
    for told in ("Owner", "Ann", "•  First", "•  Second"):
        assert told in text_of(rendered.pdf)


@pytest.mark.parametrize(
    ("language", "made_on"),
    [("en", "March 3, 2026"), ("nl", "3 maart 2026"), ("sv", "3 mars 2026")],
)
def test_a_document_is_dated_in_its_language_and_time_zone(language: str, made_on: str) -> None:
    rendered = render({"heading": "x"}, language=language)

    assert f'<html lang="{language}">' in rendered.html
    assert made_on in rendered.html
    assert made_on in text_of(rendered.pdf)
    assert f"/Lang ({language})".encode() in rendered.pdf


def test_what_is_not_real_says_so_on_every_page() -> None:
    rows = [[str(number)] for number in range(120)]

    rendered = render({"heading": "x", "table": {"columns": ["n"], "rows": rows}}, is_demo=True)

    assert "Demonstration: no real data" in rendered.html
    assert all("Demonstration: no real data" in page for page in pages_of(rendered.pdf))
    assert "Demonstration" not in text_of(render({"heading": "x"}).pdf)


def test_the_same_data_makes_the_same_document() -> None:
    first, second = render({"heading": "x"}), render({"heading": "x"})

    assert first == second


def test_a_word_without_end_is_broken() -> None:
    table = {"columns": [f"c{n}" for n in range(12)], "rows": [["x" * 500] * 12]}

    rendered = render({"heading": "y" * 500, "text": "z" * 5_000, "table": table})

    assert rendered.pdf.startswith(b"%PDF")


def test_a_large_document_is_made_in_time() -> None:
    rows = [[f"Line {number}", "1 000", "2 000", "3 000"] for number in range(1_000)]
    began = time.process_time()

    render({"heading": "x", "table": {"columns": list("abcd"), "rows": rows}})

    assert time.process_time() - began < 15


@pytest.mark.parametrize("data", [{}, {"sections": 3}, {"sections": [{"table": {"rows": 1}}]}])
def test_data_that_does_not_fit_is_told(data: dict[str, Any]) -> None:
    with pytest.raises(CallFailedError) as caught:
        render_document("report", data, "en", title="x", at=AT, timezone=ZoneInfo("UTC"))

    assert (caught.value.code, caught.value.is_temporary) == ("document", False)


@pytest.mark.parametrize("template", ["nothing", "../charter", "/etc/passwd"])
def test_there_is_no_way_out_of_the_templates(template: str) -> None:
    with pytest.raises(CallFailedError):
        render_document(template, {}, "en", title="x", at=AT, timezone=ZoneInfo("UTC"))


def test_blocks_are_read_from_html() -> None:
    html = (
        "<html><head><title>no</title></head><body><h2>A <b>b</b></h2><p>one<br>two</p><ul>"
        "<li>x</li></ul><table><tr><th>a</th></tr><tr><th>r</th><td>1</td></tr></table></body>"
    )

    assert read_blocks(html) == [
        Block("h2", "A b"),
        Block("p", "one\ntwo"),
        Block("li", "x"),
        Block("table", "", [["a"], ["r", "1"]], 1),
    ]


def test_columns_of_numbers_stand_to_the_right() -> None:
    head = '<tr><th>Line</th><th class="number">Amount</th></tr>'
    [table] = read_blocks(f'<table>{head}<tr><td>A</td><td class="number">1.00</td></tr></table>')

    assert table.numbers == {1}
    assert table.rows == [["Line", "Amount"], ["A", "1.00"]]
