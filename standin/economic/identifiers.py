"""e-conomic's own escape of characters in ids within a path (contract 2.3)."""

from __future__ import annotations

import re
from urllib.parse import quote

_CHARACTERS = "<>*%:&/\\_ ?.#+"
_ESCAPE = re.compile(r"_(\d{1,2})_")


def escaped(identifier: str) -> str:
    """The id as a path segment: ``A.B/1`` becomes ``A_11_B_6_1``."""
    codes = (f"_{_CHARACTERS.index(one)}_" if one in _CHARACTERS else one for one in identifier)
    return quote("".join(codes), safe="")


def unescaped(segment: str) -> str | None:
    """The id of a path segment; None when it holds a character that should have been escaped."""
    if any(one in _CHARACTERS for one in _ESCAPE.sub("", segment)):
        return None
    return _ESCAPE.sub(_character, segment)


def _character(match: re.Match[str]) -> str:
    code = int(match[1])
    return _CHARACTERS[code] if code < len(_CHARACTERS) else match[0]
