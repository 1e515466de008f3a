"""Read the text of PDF files that ssflow made."""

from io import BytesIO

from pypdf import PdfReader


def pages_of(pdf: bytes) -> list[str]:
    """Read the text of each page."""
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def text_of(pdf: bytes) -> str:
    """Read the text of all pages."""
    return "\n".join(pages_of(pdf))
