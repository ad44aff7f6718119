"""Product texts of a shop as other systems take them: without HTML, cut at a word (domain guide 15); pure.

A shop's texts are what an editor or a plugin has made: tags that are never closed, entities, scripts. The standard
library's parser reads them as browsers do, and never fails.
"""

from __future__ import annotations

import html
import unicodedata
from html.parser import HTMLParser

_UNSHOWN = frozenset({"script", "style", "template"})
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "figcaption", "figure"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"}
    | {"section", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)
_CELLS = frozenset({"td", "th"})
_UNPRINTABLE = frozenset({"Cc", "Cs"})
_ELLIPSIS = "…"


def text_of_html(markup: str) -> str:
    """Return what a reader of the page sees, a line per paragraph, without blank lines; characters stay what they are.

    Control characters are left out, and so are halves of characters, which no system could store.
    """
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    lines = (" ".join(_printable(line).split()) for line in "".join(reader.parts).splitlines())
    return "\n".join(line for line in lines if line)


def html_of_text(text: str) -> str:
    """Return plain text as HTML that shows it: what looks like markup stays text."""
    return html.escape(text, quote=False)


def on_one_line(text: str) -> str:
    """Return a text without line breaks."""
    return " ".join(text.split())


def cut(text: str, length: int) -> str:
    """Return the text with at most `length` characters: ended at a word, with an ellipsis, where it is longer."""
    if length < 1:
        raise ValueError(f"a text of {length} characters says nothing")
    if len(text) <= length:
        return text
    kept = text[: length - 1]
    if not text[length - 1].isspace():
        end = max(kept.rfind(blank) for blank in " \n")
        kept = kept[:end] if end > len(kept) / 2 else kept  # one long word is cut in the middle
    return kept.rstrip(" \n,;:-(") + _ELLIPSIS


def alike(one: str, other: str) -> bool:
    """Tell whether two texts say the same: systems change line breaks and blanks as they like."""
    return one.split() == other.split()


class _Reader(HTMLParser):
    """Collects what is shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unshown = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._unshown += tag in _UNSHOWN
        self.parts.append(_space(tag))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.parts.append(_space(tag))

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSHOWN and self._unshown:
            self._unshown -= 1
        self.parts.append(_space(tag))

    def handle_data(self, data: str) -> None:
        if not self._unshown:
            self.parts.append(" ".join(data.splitlines()) + " " * data[-1:].isspace())  # breaks are blanks in HTML


def _space(tag: str) -> str:
    return "\n" if tag in _BLOCKS else " " if tag in _CELLS else ""


def _printable(line: str) -> str:
    return "".join(letter for letter in line if letter.isspace() or unicodedata.category(letter) not in _UNPRINTABLE)
