"""Go through the tokens of a text, and say where something is missing."""

from collections.abc import Iterator
from typing import NoReturn

from ssflow.feel.errors import FeelError
from ssflow.feel.tokens import Token, TokenKind, tokenize

_SYMBOLS = frozenset({TokenKind.SIGN, TokenKind.NAME, TokenKind.END})


class Cursor:
    """A place among the tokens of a text."""

    def __init__(self, text: str) -> None:
        self._tokens = tokenize(text)
        self._index = 0

    @property
    def token(self) -> Token:
        """The token at the place."""
        return self._tokens[self._index]

    @property
    def is_at_end(self) -> bool:
        """Tell whether all tokens were taken."""
        return self.token.kind is TokenKind.END

    @property
    def symbol(self) -> str | None:
        """The sign or word at the place; "" at the end, None for a number or a text."""
        return self._symbol_at(0)

    def sees(self, *symbols: str) -> bool:
        """Tell whether the next tokens are these signs or words."""
        return all(self._symbol_at(ahead) == symbol for ahead, symbol in enumerate(symbols))

    def symbols_ahead(self) -> Iterator[str | None]:
        """Give the symbols from the place on."""
        return (self._symbol_at(ahead) for ahead in range(len(self._tokens) - self._index))

    def take(self) -> Token:
        """Take the token at the place and go on."""
        token = self.token
        if not self.is_at_end:
            self._index += 1
        return token

    def eat(self, *symbols: str) -> bool:
        """Take the next tokens if they are these signs or words."""
        seen = self.sees(*symbols)
        self._index += len(symbols) if seen else 0
        return seen

    def need(self, symbol: str) -> None:
        """Take a sign or word that has to come here.

        Raises:
            FeelError: something else comes.
        """
        if not self.eat(symbol):
            self.refuse(f'"{symbol}" is missing before {{}}')

    def need_end(self) -> None:
        """Make sure that nothing is left over.

        Raises:
            FeelError: something is.
        """
        if not self.is_at_end:
            self.refuse("an operator is missing before {}")

    def go_back(self, token: Token) -> None:
        """Return to a token that was taken before."""
        self._index = self._tokens.index(token)

    def refuse(self, complaint: str, token: Token | None = None) -> NoReturn:
        """Say what is wrong at the place, or at a token that was taken before, shown for "{}".

        Raises:
            FeelError: always.
        """
        token = token or self.token
        shown = "the end" if token.kind is TokenKind.END else f'"{token.text[:40]}"'
        raise FeelError(
            f"At character {token.position}, {complaint.replace('{}', shown)}.",
            position=token.position,
        )

    def _symbol_at(self, ahead: int) -> str | None:
        token = self._tokens[min(self._index + ahead, len(self._tokens) - 1)]
        return token.text if token.kind in _SYMBOLS else None
