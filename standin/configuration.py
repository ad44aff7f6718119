"""The configuration of ``python -m standin``: which stand-ins to run, on which ports, with which data."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from standin.clock import Clock
from standin.registry import SYSTEMS, create, default_seed
from standin.seeds import load_seed, with_shop_products
from standin.server import StandinServer

_MEMBERS = {"system", "name", "host", "port", "data", "credentials", "settings", "tls", "shop_products", "latency_ms"}


@dataclass(frozen=True)
class Entry:
    """One stand-in to run.

    ``data`` is a seed: a name in ``standin/data``, a JSON file, the seed itself, or empty for the system's default.
    ``shop_products`` adds products: the words ``recorded`` and ``second`` for those of the known shops, or a list.
    ``tls`` is (certificate file, key file).
    """

    system: str
    name: str
    host: str = "127.0.0.1"
    port: int = 0
    data: str | Mapping[str, Any] = ""
    credentials: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    tls: tuple[str, str] | None = None
    shop_products: str | list[Mapping[str, Any]] = ""
    latency_ms: float = 0.0

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Entry:
        """From one item of the configuration. Raises ValueError naming what is wrong."""
        if unknown := set(value) - _MEMBERS:
            raise ValueError(f"unknown members {', '.join(sorted(unknown))} in stand-in {value.get('name')!r}")
        if value.get("system") not in SYSTEMS or not value.get("name"):
            raise ValueError(f"a stand-in needs a name and a system of {', '.join(sorted(SYSTEMS))}, not {dict(value)}")
        tls = value.get("tls")
        pair = (str(tls["certfile"]), str(tls["keyfile"])) if isinstance(tls, Mapping) else tls and tuple(tls)
        return cls(**{**value, "tls": pair or None})

    def seed(self) -> dict[str, Any]:
        """The data with credentials and shop products put in."""
        seed = dict(self.data) if isinstance(self.data, Mapping) else _named_seed(self.system, self.data)
        if self.credentials:
            seed["credentials"] = dict(self.credentials)
        products = _shop_products(self.shop_products) if isinstance(self.shop_products, str) else self.shop_products
        return with_shop_products(seed, products) if products else seed

    def server(self, clock: Clock) -> StandinServer:
        """The server, not yet started."""
        standin = create(self.system, self.name, self.seed(), self.settings, clock)
        server = StandinServer(standin, self.host, self.port, self.tls, clock)
        server.latency_ms = float(self.latency_ms)
        return server


def read_configuration(path: Path) -> list[Entry]:
    """The entries of a YAML file ``stand_ins: [...]``. Raises ValueError."""
    match yaml.safe_load(path.read_text(encoding="utf-8")):
        case {"stand_ins": [*items]}:
            return [Entry.of(item) for item in items]
        case _:
            raise ValueError(f"{path} needs a list stand_ins")


@dataclass(frozen=True)
class PageEntry:
    """The page where a person works the stand-ins: its port, and links (text, href) to where else there is to look."""

    port: int = 0
    links: tuple[Mapping[str, str], ...] = ()

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> PageEntry:
        """From ``page`` of the configuration. Raises ValueError naming what is wrong."""
        if unknown := set(value) - {"port", "links"}:
            raise ValueError(f"unknown members {', '.join(sorted(unknown))} in page")
        links = value.get("links", [])
        for link in links:
            if set(link) != {"text", "href"} or not str(link["href"]).startswith(("http://", "https://")):
                raise ValueError(f"a link of the page has a text and an http href, not {link}")
        return cls(int(value.get("port", 0)), tuple({name: str(text) for name, text in link.items()} for link in links))


def read_page(path: Path) -> PageEntry | None:
    """The page of a YAML file, None where it has none. Raises ValueError."""
    match yaml.safe_load(path.read_text(encoding="utf-8")):
        case {"page": {**page}}:
            return PageEntry.of({str(name): value for name, value in page.items()})
        case {"page": wrong}:
            raise ValueError(f"{path} needs members in page, not {wrong!r}")
    return None


def short_entry(text: str) -> Entry:
    """An entry from ``system:name[:port]``. Raises ValueError."""
    system, name, port = [*text.split(":"), "0", "0"][:3]
    return Entry.of({"system": system, "name": name, "port": int(port)})


def _named_seed(system: str, name: str) -> dict[str, Any]:
    return load_seed(name) if name else default_seed(system)


def _shop_products(words: str) -> list[Mapping[str, Any]]:
    """The products of the shops that the words name, each SKU once."""
    shop = importlib.import_module(SYSTEMS["woocommerce"])
    known = {"recorded": shop.products_of_recorded_shop, "second": shop.products_of_second_shop}
    if unknown := set(words.split()) - set(known):
        raise ValueError(f"shop_products knows {', '.join(sorted(known))}, not {', '.join(sorted(unknown))}")
    products = [product for word in words.split() for product in known[word]()]
    return list({product["sku"]: product for product in reversed(products)}.values())
