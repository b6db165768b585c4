"""A large JSON document, read one value at a time: memory use depends on the largest value, not on the document.

Only the outer object and its arrays are split; each of their values must be smaller than
:data:`LARGEST_VALUE`. Source: RFC 8259, in UTF-8.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Final

LARGEST_VALUE: Final = 1024 * 1024
"""Characters of one value."""
_PIECE: Final = 256 * 1024
"""Bytes that are decoded at once."""
_BLANK: Final = " \t\r\n"
_BEHIND: Final = frozenset(",:]}" + _BLANK)
"""What may follow a value: a truncated number looks complete."""


class NotJson(ValueError):
    """The document is not a JSON object in UTF-8, or one of its values is too large."""


class JsonObject:
    """The members of a JSON object. The reader may iterate over an array or skip it."""

    def __init__(self, body: bytes) -> None:
        self._body = memoryview(body)
        self._taken = 0
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._text = ""
        self._at = 0
        self._values = json.JSONDecoder()

    def members(self) -> Iterator[tuple[str, object | Iterator[object]]]:
        """Name and value of each member; an array comes as an iterator over its values. Raises NotJson."""
        self._skip("\ufeff")
        self._expect("{")
        if self._next() == "}":
            self._at += 1
        else:
            yield from self._listed()
        if self._next():
            raise NotJson

    def _listed(self) -> Iterator[tuple[str, object | Iterator[object]]]:
        while True:
            name = self._value()
            if not isinstance(name, str):
                raise NotJson
            self._expect(":")
            if self._next() == "[":
                array = self._array()
                yield name, array
                for _ in array:
                    pass
            else:
                yield name, self._value()
            if self._goes_on("}"):
                return

    def _array(self) -> Iterator[object]:
        self._expect("[")
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield self._value()
            if self._goes_on("]"):
                return

    def _goes_on(self, end: str) -> bool:
        """Whether it ends here; otherwise a comma and another value must follow."""
        mark = self._next()
        self._at += 1
        if mark not in (",", end):
            raise NotJson
        return mark == end

    def _value(self) -> object:
        """The next value, which is decoded only when its whole text has been read."""
        self._next()
        while True:
            problem = True
            end = self._at
            try:
                value, end = self._values.raw_decode(self._text, self._at)
                problem = False
            except RecursionError:
                raise NotJson from None
            except ValueError:
                pass
            if problem or self._text[end : end + 1] not in _BEHIND:
                if len(self._text) - self._at > LARGEST_VALUE:
                    raise NotJson
                if self._more():
                    continue
            if problem:
                raise NotJson
            self._at = end
            return value

    def _expect(self, mark: str) -> None:
        if self._next() != mark:
            raise NotJson
        self._at += 1

    def _next(self) -> str:
        """The next character that is not white space; empty at the end."""
        self._skip(_BLANK)
        return self._text[self._at : self._at + 1]

    def _skip(self, blanks: str) -> None:
        while True:
            while self._at < len(self._text) and self._text[self._at] in blanks:
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return

    def _more(self) -> bool:
        """Decode another piece and drop the text before the position; returns whether there was one."""
        if self._taken >= len(self._body):
            return False
        piece = self._body[self._taken : self._taken + _PIECE]
        self._taken += len(piece)
        try:
            text = self._decode(piece, final=self._taken >= len(self._body))
        except UnicodeDecodeError:
            raise NotJson from None
        self._text, self._at = self._text[self._at :] + text, 0
        return True
