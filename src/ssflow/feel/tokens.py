"""Cut S-FEEL text into names, numbers, texts and signs."""

import re
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from ssflow.feel.errors import FeelError

MAX_CHARACTERS = 4_000

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?![\w]))
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<name>[^\W\d]\w*|\?)
      | (?P<sign><=|>=|!=|==|\.\.|[-+*/=<>()\[\],.@])
      | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}


class TokenKind(Enum):
    """What a token is; the values are the names of the groups that find them."""

    NUMBER = "number"
    TEXT = "text"
    NAME = "name"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True)
class Token:
    """One word of an expression; `position` counts characters from 1."""

    kind: TokenKind
    text: str
    position: int


def tokenize(text: str) -> list[Token]:
    """Cut a text into tokens; the last one is its end.

    Raises:
        FeelError: it is too long, or holds a character that S-FEEL does not know.
    """
    if len(text) > MAX_CHARACTERS:
        raise FeelError(
            f"The expression has {len(text)} characters; at most {MAX_CHARACTERS} are allowed.",
            position=MAX_CHARACTERS + 1,
        )
    tokens = [_read_token(text, 0)]
    while tokens[-1].kind is not TokenKind.END:
        tokens.append(_read_token(text, tokens[-1].position - 1 + len(tokens[-1].text)))
    return tokens


def unquote(token: Token) -> str:
    """Give the characters that a text token stands for.

    Raises:
        FeelError: they are no text that can be stored.
    """
    text = _ESCAPE.sub(_unescape, token.text[1:-1])
    with suppress(UnicodeDecodeError):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16")  # \ud83d\ude00 is one 😀
        if "\0" not in text:
            return text
    position = token.position
    raise FeelError(f"The text at character {position} cannot be stored.", position=position)


def _read_token(text: str, start: int) -> Token:
    match = _TOKEN.match(text, start)
    if match is None or match.lastgroup is None:
        raise _unreadable(text, start)
    return Token(
        TokenKind(match.lastgroup), match[match.lastgroup], match.start(match.lastgroup) + 1
    )


def _unreadable(text: str, start: int) -> FeelError:
    rest = text[start:].lstrip()
    position = len(text) - len(rest) + 1
    if rest[0] in "\"'":
        return FeelError(
            f"The text that begins at character {position} has no end.", position=position
        )
    return FeelError(
        f'At character {position}, "{rest[:12]}" cannot be understood.', position=position
    )


def _unescape(match: re.Match[str]) -> str:
    code, character = match.groups()
    return chr(int(code, 16)) if code else _CONTROLS.get(character, character)
