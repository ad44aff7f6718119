"""Texts of products: what a reader of the shop's page sees, no longer than a system takes, and nothing else."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pakhus.rules.product_texts import alike, cut, html_of_text, on_one_line, text_of_html

TEXTS = {
    "paragraphs are lines": (
        "<p>Stentøj.</p>\n<p>Tåler <b>opvask</b>.<br />30 cl</p>",
        "Stentøj.\nTåler opvask.\n30 cl",
    ),
    "entities are characters": ("Kop &amp; fad &ndash; &aelig;&oslash;&aring;&nbsp;5&quot;", 'Kop & fad – æøå 5"'),
    "what is written as text stays text": ("&lt;b&gt;fed&lt;/b&gt;", "<b>fed</b>"),
    "scripts and styles are not shown": ("<style>p{color:red}</style>Kop<script>if (a<b) alert('<p>')</script>", "Kop"),
    "comments are not shown": ("Kop<!-- lager: 5 > 3 --> blå", "Kop blå"),
    "attributes are not shown": ('<a title="a>b" href="x">Kop</a>', "Kop"),
    "less than is no tag": ("5 < 6 og 7 > 6", "5 < 6 og 7 > 6"),
    "lists are lines": ("<ul><li>blå<li>rød</ul>", "blå\nrød"),
    "cells are apart": ("<table><tr><td>Højde</td><td>10 cm</td></tr></table>", "Højde 10 cm"),
    "breaks in the markup are blanks": ("Kop\n  til kaffe", "Kop til kaffe"),
    "emoji stay whole": ("Til familien 👩‍👩‍👧", "Til familien 👩‍👩‍👧"),
    "control characters go": ("Ko\x00p\x0b blå", "Kop blå"),
    "tags that never end": ("<p>Kop <b>blå", "Kop blå"),
}


@pytest.mark.parametrize(("markup", "text"), TEXTS.values(), ids=TEXTS)
def test_reads_what_a_page_shows(markup: str, text: str) -> None:
    assert text_of_html(markup) == text


CUTS = {
    "short enough": ("Blå kop", 7, "Blå kop"),
    "at a word": ("Blå kop til kaffe", 12, "Blå kop til…"),
    "the next is a blank": ("Blå kop til kaffe", 8, "Blå kop…"),
    "no comma before the mark": ("Blå kop, hvid kop", 11, "Blå kop…"),
    "one long word": ("Elefantsporvogn", 8, "Elefant…"),
    "a long word after a short one": ("En elefantsporvogn", 12, "En elefants…"),
}


@pytest.mark.parametrize(("text", "length", "wanted"), CUTS.values(), ids=CUTS)
def test_cuts_at_a_word(text: str, length: int, wanted: str) -> None:
    assert cut(text, length) == wanted


def test_a_length_that_holds_nothing_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="says nothing"):
        cut("Kop", 0)


PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=80)


@given(PLAIN)
@example("5 < 6 & <b>x</b> &amp;")
def test_any_text_survives_the_way_into_a_page_and_back(text: str) -> None:
    assert alike(text_of_html(html_of_text(text)), text)


@given(st.text(max_size=200))
@example("<p<<!-->\x00&#0;&#xD800;")
def test_any_markup_becomes_text_that_every_system_can_store(markup: str) -> None:
    text = text_of_html(markup)
    assert text == text.strip()
    assert "\n\n" not in text
    assert "\x00" not in text
    text.encode()


@given(st.text(st.sampled_from("ab ,\n.æ"), max_size=60), st.integers(1, 40))
def test_what_is_cut_fits_and_begins_as_the_text_does(text: str, length: int) -> None:
    shown = cut(text, length)
    assert len(shown) <= length
    assert text == shown or (shown.endswith("…") and text.startswith(shown[:-1]))
    assert cut(shown, length) == shown


def test_one_line_has_no_breaks() -> None:
    assert on_one_line(" Blå\n kop ") == "Blå kop"
