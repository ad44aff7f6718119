"""What is free at some locations: never more than in all, in doubt less."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.model import Available
from pakhus.rules.stock_locations import Location, LocationTree, Place, UnknownLocationError

D = Decimal
TREE = LocationTree.of(
    [
        Location("100", "Hovedlager"),
        Location("110", "A1", "100"),
        Location("120", "B2", "100"),
        Location("200", "Butik"),
        Location("210", "A1", "200"),
    ]
)
PIECES = st.integers(0, 9).map(D)


def item(stock: str, free: str) -> Available:
    return Available("N", D(free), D(stock))


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (["Butik"], {"200"}),
        ([" butik ", "B2"], {"200", "120"}),
        (["210"], {"210"}),
        (["Hovedlager", "B2"], {"100"}),
        ([], set()),
    ],
)
def test_locations_are_named_by_name_or_number_and_counted_once(wanted: list[str], chosen: set[str]) -> None:
    assert TREE.chosen(wanted) == chosen


@pytest.mark.parametrize(("name", "problem"), [("Kælder", "there is no location Kælder"), ("A1", "2 locations")])
def test_name_that_is_not_there_or_there_twice_is_an_error(name: str, problem: str) -> None:
    with pytest.raises(UnknownLocationError, match=problem):
        TREE.chosen([name])


@pytest.mark.edge(76)
def test_two_locations_are_told_apart() -> None:
    rows = {"110": Place(D(7), D(5)), "200": Place(D(3), D(3))}
    for chosen, free in ((["100"], 5), (["200"], 3), (["100", "200"], 8)):
        assert TREE.free(item("10", "8"), rows, chosen) == free


def test_row_of_a_location_is_not_counted_besides_those_below_it() -> None:
    """Whether it includes them is not known: what is certain in both cases counts."""
    rows = {"100": Place(D(10), D(10)), "110": Place(D(4), D(4)), "120": Place(D(6), D(6))}
    assert TREE.free(item("10", "10"), rows, ["100"]) == 10
    assert TREE.free(item("20", "20"), rows, ["100"]) == 10


def test_what_orders_hold_back_and_no_row_shows_may_lie_anywhere() -> None:
    rows = {"110": Place(D(7), D(7)), "200": Place(D(3), D(3))}
    assert TREE.free(item("10", "8"), rows, ["200"]) == 1
    unsaid = {"110": Place(D(7), None), "200": Place(D(3), None)}
    assert TREE.free(item("10", "8"), unsaid, ["200"]) == 1


def test_nobody_can_tell_without_the_quantities_over_all_locations() -> None:
    assert TREE.free(Available("N", D(3), None), {"200": Place(D(3), D(3))}, ["200"]) is None


@given(st.tuples(PIECES, PIECES, PIECES), st.tuples(PIECES, PIECES, PIECES), PIECES)
def test_never_more_than_is_free_there_and_in_all(
    stock: tuple[Decimal, ...], held: tuple[Decimal, ...], nowhere: Decimal
) -> None:
    """Rows that exclude what lies below, and orders of which some name a location and some do not."""
    places = {
        number: Place(pieces, pieces - back)
        for number, pieces, back in zip(("100", "110", "200"), stock, held, strict=True)
    }
    free = sum(stock) - sum(held) - nowhere
    found = TREE.free(Available("N", D(free), D(sum(stock))), places, ["200"])
    assert found is not None
    assert found <= min(free, stock[2] - held[2])
