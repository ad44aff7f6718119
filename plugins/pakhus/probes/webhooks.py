"""Compare the webhooks that a shop has with those that its file wants; reads only."""

from __future__ import annotations

from pakhus.clients.webshop import Webshop
from pakhus.clients.woocommerce_webhooks import is_source
from pakhus.connections import ConnectionFacts, webhook_secrets, woocommerce_settings
from pakhus.errors import ConfigurationError
from pakhus.flows.webhooks import callback_url
from pakhus.probes.findings import Findings
from pakhus.settings import ShopSettings


def secret_of(connection: ConnectionFacts, findings: Findings) -> str | None:
    """Return the secret for new webhooks, or None with a finding."""
    try:
        return webhook_secrets(connection)[0]
    except ConfigurationError as error:
        findings.operator(str(error), "Orders are read by the schedule until then.")
        return None


def probe_webhooks(
    client: Webshop, findings: Findings, shop: ShopSettings, connection: ConnectionFacts, identity: str
) -> None:
    """Note each webhook that is missing, does not work or leads elsewhere, and what would make us refuse them all."""
    if not shop.webhooks.enabled:
        return
    settings = woocommerce_settings(connection)
    if not is_source(identity, [address for address in (settings.base_url, settings.home_url) if address]):
        findings.operator(
            f"the shop believes to be at {identity}, and its webhooks say so: they would be refused",
            f"Put that address into the extra home_url of the Airflow connection {connection.conn_id}.",
        )
    secret = secret_of(connection, findings)
    if secret is None:
        return
    states = findings.ask(lambda: client.webhooks(callback_url(shop), secret)) or ()
    for state in states:
        if state.problem:
            findings.operator(f"webhook {state.topic} {state.problem}", _what_to_do(state.problem))
    findings.facts.append(f"{sum(not state.problem for state in states)} webhooks")


def _what_to_do(problem: str) -> str:
    if "paused" in problem:
        return "Switch it on in the shop, or delete it there and run `python -m pakhus apply`."
    if "another address" in problem:
        return "Delete it in the shop, unless another Pakhus is there."
    return "Run `python -m pakhus apply`."
