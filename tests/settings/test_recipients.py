"""Who is told of a red run: the shop's people, those of all shops of an agreement, or everybody."""

from pathlib import Path

from pakhus.settings import INSTALLATION, alerts_settings
from tests.settings.folders import shop_text, write_folder


def told(folder: Path, scope: str) -> list[str]:
    return sorted(address for section in alerts_settings(scope, folder) for address in section.mail_to)


def mailed(shop: str, **changes: str | None) -> str:
    return f"{shop_text(shop, **changes)}alerts:\n  mail_to: [{shop}@x.example]\n"


def shops(root: Path, **texts: str) -> Path:
    return write_folder(root, texts)


def test_a_shop_tells_its_own_people_and_an_agreement_those_of_its_shops(tmp_path: Path) -> None:
    folder = shops(
        tmp_path,
        nordlys=mailed("nordlys"),
        fjordliv=mailed("fjordliv", rackbeat="second"),
        vestkyst=mailed("vestkyst", economic="other"),
    )
    assert told(folder, "nordlys") == ["nordlys@x.example"]
    assert told(folder, "second") == ["fjordliv@x.example"]
    assert told(folder, "main") == ["fjordliv@x.example", "nordlys@x.example", "vestkyst@x.example"]
    assert len(told(folder, INSTALLATION)) == 3


def test_a_file_that_is_wrong_elsewhere_still_says_whom_to_tell(tmp_path: Path) -> None:
    folder = shops(tmp_path, nordlys=mailed("nordlys", mapping="no_such", start_from=None), fjordliv=mailed("fjordliv"))
    assert told(folder, "nordlys") == ["nordlys@x.example"]


def test_everybody_is_told_when_a_file_cannot_say_whom(tmp_path: Path) -> None:
    unreadable = shops(tmp_path / "a", nordlys="shop: [", fjordliv=mailed("fjordliv"))
    assert told(unreadable, "nordlys") == ["fjordliv@x.example"]
    wrong = shops(tmp_path / "b", nordlys=f"{shop_text()}alerts: {{mail_to: [nobody]}}", fjordliv=mailed("fjordliv"))
    assert told(wrong, "nordlys") == ["fjordliv@x.example"]
    assert told(wrong, "no_such_shop") == ["fjordliv@x.example"]


def test_nobody_is_told_where_a_shop_names_nobody(tmp_path: Path) -> None:
    folder = shops(tmp_path, nordlys=shop_text(), fjordliv=mailed("fjordliv"))
    assert told(folder, "nordlys") == []
