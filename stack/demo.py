"""The demo: two shops on one warehouse and one set of accounts, worked by the running Airflow, seen and compared.

Connections are made as a person would make them in the user interface, pools as `python -m pakhus apply` would; then
the acts of `stack.play.programme` follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from pakhus.settings import load_all
from pakhus.settings.pools import pools_of
from stack.airflow import Stack
from stack.demo_files import AIRFLOW_PAGES, POLLED_ACCOUNT, DemoFiles
from stack.play.evidence import held
from stack.play.programme import ACTS
from stack.play.rows import Row, show
from stack.play.scene import RUN_WITHIN_S, Scene
from stack.waiting import Say

PAGE = "page"
SENDER = "pakhus@nordlys.example"


def prepare(
    stack: Stack, files: DemoFiles, urls: Mapping[str, str], say: Say, run_within_s: float = RUN_WITHIN_S
) -> Scene:
    """Make connections and pools, wait for the DAGs, and register the shops' webhooks."""
    systems = {name: url for name, url in urls.items() if name != PAGE}
    shops = load_all(files.include)
    scene = Scene(stack.api, systems, _credentials(files), shops, stack.ledger_url, files.settlements, say)
    scene.run_within_s = run_within_s
    say("making connections and pools")
    _connect(scene)
    for pool in pools_of(scene.shops):
        scene.api.put_pool(pool.name, pool.slots, pool.description)
    scene.dags = scene.api.wait_for_flows(_flows(stack, scene))
    say("registering webhooks in the shops, so that an order travels when it is placed")
    scene.run("webhooks")
    return scene


def _flows(stack: Stack, scene: Scene) -> set[str]:
    """The flows that have a DAG for at least one shop: products have a master only where a shop's file names one."""
    flows = {file.stem for file in stack.dags.glob("*.py")}
    return flows if any(shop.sends_products for shop in scene.shops) else flows - {"products"}


def play(stack: Stack, files: DemoFiles, urls: Mapping[str, str], say: Say) -> bool:
    """Play all acts and show what was seen; true when it is what was expected."""
    return perform(prepare(stack, files, urls, say))


def perform(scene: Scene) -> bool:
    """Play all acts on a scene that is prepared."""
    say = scene.say
    say("playing: what people do in the systems, and Airflow's runs between")
    rows: list[Row] = []
    try:
        for act in ACTS:
            rows += act(scene)
        scene.wake(*sorted(scene.dags))
    finally:  # an act that breaks off must not take what was seen before with it
        for line in (*held(scene.ledger_url), *show(rows)):
            say(line)
    return all(row.equal for row in rows)


def where_to_click(stack: Stack, urls: Mapping[str, str]) -> Iterator[str]:
    """What there is to look at, and what to try first."""
    login = f"user {stack.user}, password {stack.password}" if stack.user else "no log-in needed"
    yield ""
    yield f"{'Airflow':17}  {stack.url}/  ({login})"
    for text, path in AIRFLOW_PAGES[1:]:
        yield f"{text:17}  {stack.url}{path}"
    yield f"{'The systems':17}  {urls[PAGE]}/  (no log-in; mails, too)"
    yield ""
    yield "Try this: place an order on the page of the systems and watch it being reserved. Ship it there; within two"
    yield "minutes the shop completes it and e-conomic has its invoice. Then let the provider pay out what it took."
    yield "Make trouble for a system meanwhile."
    yield ""


def _connect(scene: Scene) -> None:
    for shop in scene.shops:
        scene.connect_shop(shop)
    rackbeat = f"{scene.urls['rackbeat']}/api"
    scene.api.put_connection("rackbeat__main", "rackbeat", host=rackbeat, password=scene.keys["rackbeat"]["token"])
    economic = scene.keys["economic"]
    scene.api.put_connection(
        "economic__main",
        "economic",
        host=scene.urls["economic"],
        password=economic["agreement_grant_token"],
        extra={"app_secret_token": economic["app_secret_token"]},
    )
    key = scene.keys["stripe"]["api_key"]
    scene.api.put_connection(f"stripe__{POLLED_ACCOUNT}", "stripe", host=scene.urls["stripe"], password=key)
    _connect_mail(scene)


def _connect_mail(scene: Scene) -> None:
    smtp = scene.state("mail")["smtp"]
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": SENDER}
    scene.api.put_connection("smtp_default", "smtp", host=smtp["host"], port=smtp["port"], extra=extra)


def _credentials(files: DemoFiles) -> dict[str, Any]:
    """Each system's credentials, by its name."""
    entries = yaml.safe_load(files.stand_ins.read_text(encoding="utf-8"))["stand_ins"]
    return {entry["name"]: entry["credentials"] for entry in entries if "credentials" in entry}
