"""How a booked invoice reaches its buyer."""

from dataclasses import replace

import pytest

from pakhus.model import Buyer
from pakhus.rules.booking import send_by
from pakhus.settings.sections import InvoicesSettings
from tests.rules.orders import line, order

PRIVATE = order([line("80.00", "20.00")], "100.00")
PUBLIC = replace(PRIVATE, buyer=Buyer(ean="5798000999992"))


def test_nothing_is_sent_unless_the_shop_wants_it() -> None:
    assert [send_by(one, InvoicesSettings()) for one in (PRIVATE, PUBLIC)] == ["none", "none"]


@pytest.mark.parametrize(
    ("settings", "private", "public"),
    [
        (InvoicesSettings(send_email=True), "Email", "none"),  # a public buyer is not invoiced by mail
        (InvoicesSettings(send_ean=True), "none", "ean"),
        (InvoicesSettings(send_email=True, send_ean=True), "Email", "ean"),
    ],
)
def test_public_buyers_get_theirs_by_ean_and_others_by_mail(
    settings: InvoicesSettings, private: str, public: str
) -> None:
    assert (send_by(PRIVATE, settings), send_by(PUBLIC, settings)) == (private, public)
