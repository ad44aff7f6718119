"""The accounts' own arithmetic for tests: the stand-in's, which shares no code with the prediction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pakhus.model import InvoiceLine, Totals
from pakhus.rules.invoices import AccountsFacts, VatOfProduct
from standin.economic.amounts import compute
from standin.economic.seed import build
from standin.economic.state import State
from standin.registry import default_seed

RATES = tuple(Decimal(rate) for rate in ("0", "0.12", "0.19", "0.21", "0.24", "0.25", "0.255"))
ZONE = 1


def product_of(rate: Decimal) -> str:
    """The number of the product that carries a rate."""
    return f"S{(rate * 1000).normalize():f}"


def seed_of_all_rates(products: Mapping[str, Decimal]) -> dict[str, Any]:
    """The agreement with a group, an account and a VAT code for each rate, and these products."""
    seed = default_seed("economic")
    for index, rate in enumerate(RATES):
        account, group = 1900 + index, 90 + index
        if rate:
            percentage = str(rate * 100)
            code = {"vatCode": f"T{index}", "name": f"T{index}", "ratePercentage": percentage}
            seed["vat_accounts"].append({**seed["vat_accounts"][0], **code})
        seed["accounts"].append(
            {
                **seed["accounts"][0],
                "accountNumber": account,
                "accountType": "profitAndLoss",
                "name": f"Salg {rate}",
                "vatCode": f"T{index}" if rate else None,
            }
        )
        seed["product_groups"].append(
            {"productGroupNumber": group, "name": f"Sats {rate}", "sales_accounts": {str(ZONE): account}}
        )
    known = {row["productNumber"] for row in seed["products"]}
    for number, rate in products.items():
        if number not in known:
            seed["products"].append({"productNumber": number, "name": number, "group": 90 + RATES.index(rate)})
    return seed


PRODUCTS = {**{product_of(rate): rate for rate in RATES}, "afrund": Decimal(0)}
STATE: State = build(seed_of_all_rates(PRODUCTS), datetime(2026, 11, 21, tzinfo=UTC))
FACTS = AccountsFacts(
    {number: VatOfProduct(rate, f"T{RATES.index(rate)}" if rate else "") for number, rate in PRODUCTS.items()},
    {},
)


def answer(lines: Sequence[InvoiceLine], rounding: str) -> Totals:
    """What the accounts answer to a draft of these lines: by product and zone alone, as they know no rate of ours."""
    document = {
        "recipient": {"vatZone": ZONE},
        "lines": [
            {
                "product": line.product_number,
                "quantity": line.quantity,
                "unitNetPrice": line.unit_price,
                "discountPercentage": 0,
                "unitCostPrice": 0,
            }
            for line in lines
        ],
    }
    found = compute(STATE, document, rounding)
    return Totals(found.net, found.vat, found.gross)
