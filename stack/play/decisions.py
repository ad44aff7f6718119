"""A held order: a person mends the cause and answers in Airflow's Required Actions; the order goes on."""

from __future__ import annotations

import time
from typing import Any

from stack.play.evidence import belongs
from stack.play.rows import Row
from stack.play.scene import Scene
from stack.waiting import wait_until

SHOP = "nordlys"
NUMBER_TOO_LONG = "sku_too_long"
AGAIN = "again"
NEW_NUMBER = "NH-EFTERAAR-1"
ASKED_WITHIN_S = 300
# Answered sooner, a question that just appeared can fail in Airflow 3.3.
READ_THE_QUESTION_S = 3.0


def decide(scene: Scene) -> list[Row]:
    """A product number is too long for the warehouse: the staff shortens it, and one answers `again`."""
    scene.say("an order is held as its product number is too long: the staff shortens it, and answers the question")
    shop = next(shop for shop in scene.shops if shop.shop == SHOP)
    held = next(kept for kept in scene.documents() if kept.is_of(shop, "order") and kept.reason == NUMBER_TOO_LONG)
    line = scene.orders(shop)[held.order]["line_items"][0]
    scene.act(SHOP, "edit_product", sku=line["sku"], changes={"sku": NEW_NUMBER})
    scene.act("rackbeat", "add_item", number=NEW_NUMBER, name=line["name"])
    scene.act("rackbeat", "receive", item=NEW_NUMBER, quantity=str(line["quantity"]))
    scene.wake(f"{SHOP}__decisions")
    scene.run("questions")
    answer(scene, held.key)
    scene.run("orders")
    made = [row for row in scene.state("rackbeat")["orders"].values() if row["heading"] == held.key]
    return [
        Row(SHOP, "held orders that an answer has released", "1", str(len(made))),
        Row(SHOP, "of these booked", "1", str(sum(1 for row in made if row["is_booked"] and belongs(held.key, shop)))),
    ]


def answer(scene: Scene, document: str) -> None:
    """Answer `again` to the question about a document, and wait until its run has ended."""
    dag = f"{SHOP}__decisions"

    def asked() -> Any:
        found = scene.api.request("GET", f"/dags/{dag}/dagRuns/~/hitlDetails", response_received="false")
        rows = [row["task_instance"] for row in found["hitl_details"]]
        return next((row for row in rows if row["dag_run_id"].startswith(f"{document}__")), None)

    task = wait_until(asked, f"the question about {document}", ASKED_WITHIN_S, every_s=0.5)
    time.sleep(READ_THE_QUESTION_S)
    path = f"/dags/{dag}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/{task['map_index']}/hitlDetails"
    scene.api.request("PATCH", path, {"chosen_options": [AGAIN], "params_input": {}})
    scene.api.wait_for_run(dag, task["dag_run_id"], within_s=scene.run_within_s)
