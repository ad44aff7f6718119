"""What must stand in no message: keys, and what belongs to the people who bought."""

from collections.abc import Iterator

from tests.flows.world import World


def secrets(world: World) -> list[str]:
    """The keys of all three systems."""
    return [str(value) for seed in world.seeds.values() for value in seed["credentials"].values()]


def personal_texts(world: World) -> list[str]:
    """E-mail addresses, full names, telephone numbers and streets of all buyers of the shop."""
    return sorted(set(_texts(world)))


def _texts(world: World) -> Iterator[str]:
    for order in world.shop_server.dump()["orders"]:
        for side in ("billing", "shipping"):
            party = order[side]
            yield from (str(party[name]) for name in ("email", "phone", "address_1") if party.get(name))
            name = f"{party.get('first_name', '')} {party.get('last_name', '')}".strip()
            if " " in name:
                yield name


def assert_discreet(world: World, *texts: str) -> None:
    """Fail when a text holds a key or anything of a person."""
    told = [value for value in (*secrets(world), *personal_texts(world)) if any(value in text for text in texts)]
    assert not told, f"a message holds {told}"
