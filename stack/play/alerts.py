"""A key that no longer works makes a run red: one mail says so, and the next run is green again."""

from __future__ import annotations

from typing import Any

from stack.play.rows import Row
from stack.play.scene import Scene
from stack.waiting import wait_until

SHOP = "fjordliv"
WITHDRAWN = "cs_withdrawn"
MAILED_WITHIN_S = 180


def alert_once(scene: Scene) -> list[Row]:
    """A shop's key is withdrawn and given back; the run in between fails, and one mail tells of it."""
    scene.say("a shop withdraws its key: one red run, one mail; then it gives the key back")
    shop, dag = next(shop for shop in scene.shops if shop.shop == SHOP), f"{SHOP}__orders"
    scene.connect_shop(shop, consumer_secret=WITHDRAWN)
    try:
        before = len(_mails(scene))
        scene.api.wait_for_run(dag, scene.api.trigger(dag), scene.run_within_s, state="failed")
        wait_until(lambda: len(_mails(scene)) > before, "the mail about the red run", MAILED_WITHIN_S)
    finally:
        scene.connect_shop(shop)
    scene.api.wait_for_run(dag, scene.api.trigger(dag), scene.run_within_s)
    mails = _mails(scene)[before:]
    named = [mail for mail in mails if SHOP in mail["subject"] + mail["text"]]
    secret = scene.keys[SHOP]["consumer_key"]
    return [
        Row(SHOP, "mails about one red run", "1", str(len(mails))),
        Row(SHOP, "of these naming the shop", "1", str(len(named))),
        Row(SHOP, "of these with a key in them", "0", str(sum(secret in mail["text"] for mail in mails))),
    ]


def _mails(scene: Scene) -> list[Any]:
    mails: list[Any] = scene.state("mail")["mails"]
    return mails
