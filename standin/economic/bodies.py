"""The bodies of each write, made of the kinds in ``models``."""

from __future__ import annotations

from standin.economic.models import Day, Flag, Ignored, Kind, Members, Number, OneOf, Rows, Text, Whole, reference

_I = Ignored()
LARGEST_NUMBER = 999_999_999


def _read_only(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, _I)


def _vat_zone() -> Members:
    return reference(
        "vatZoneNumber", shown=_read_only("name", "enabledForCustomer", "enabledForSupplier"), required=True
    )


def _terms(*, required: bool) -> Members:
    types = (
        "net",
        "invoiceMonth",
        "paidInCash",
        "prepaid",
        "dueDate",
        "factoring",
        "invoiceWeekStartingSunday",
        "invoiceWeekStartingMonday",
        "creditcard",
        "avtaleGiro",
    )
    shown = {"paymentTermsType": OneOf(types), **_read_only("daysOfCredit", "name", "description")}
    return reference("paymentTermsNumber", shown=shown, required=required)


def _customer_members() -> dict[str, Kind]:
    return {
        "name": Text(255, shortest=1, required=True),
        "currency": Text(3, shortest=3, required=True),
        "customerGroup": reference("customerGroupNumber", required=True),
        "paymentTerms": reference("paymentTermsNumber", required=True),
        "vatZone": reference("vatZoneNumber", required=True),
        "customerNumber": Whole(1, LARGEST_NUMBER),
        "address": Text(510),
        "zip": Text(30),
        "city": Text(50),
        "country": Text(50),
        "email": Text(255),
        "mobilePhone": Text(50),
        "telephoneAndFaxNumber": Text(255),
        "corporateIdentificationNumber": Text(40),
        "pNumber": Text(10, shortest=10),
        "ean": Text(13),
        "publicEntryNumber": Text(50),
        "vatNumber": Text(20),
        "website": Text(255),
        "creditLimit": Number(),
        "barred": Flag(),
        "eInvoicingDisabledByDefault": Flag(),
        "layout": reference("layoutNumber"),
        "salesPerson": reference("employeeNumber"),
        **_read_only(
            "balance", "dueAmount", "lastUpdated", "contacts", "deliveryLocations", "invoices", "templates", "totals"
        ),
        **_read_only("metaData", "self"),
    }


CUSTOMER = Members(_customer_members())
CUSTOMER_REPLACED = Members(
    {
        **_customer_members(),
        "attention": reference("customerContactNumber"),
        "customerContact": reference("customerContactNumber"),
        "defaultDeliveryLocation": reference("deliveryLocationNumber"),
    }
)

_CONTACT: dict[str, Kind] = {
    "name": Text(255, required=True),
    "email": Text(255),
    "phone": Text(50),
    "eInvoiceId": Text(50),
    "notes": Text(2000),
    "emailNotifications": Rows(OneOf(("invoices", "orders", "quotations", "reminders"))),
    "customer": reference("customerNumber"),
    **_read_only("sortKey", "metaData", "self"),
}
CONTACT = Members(_CONTACT)
CONTACT_REPLACED = Members({**_CONTACT, "customerContactNumber": Whole(1, required=True)})

CURRENCY_PRICE = Members(
    {
        "price": Number(2, required=True),
        "currency": Members({"code": Text(3, shortest=3), **_read_only("self", "name", "isoNumber")}, required=True),
        "product": Members({"productNumber": Text(25, shortest=1), **_read_only("self")}),
        **_read_only("metaData", "self"),
    }
)

PRODUCT = Members(
    {
        "productNumber": Text(25, shortest=1, required=True),
        "name": Text(300, shortest=1, required=True),
        "productGroup": reference(
            "productGroupNumber",
            required=True,
            shown=_read_only("name", "salesAccounts", "products", "inventoryEnabled", "accrual"),
        ),
        "description": Text(500),
        "barCode": Text(50),
        "salesPrice": Number(),
        "recommendedPrice": Number(),
        "costPrice": Number(),
        "barred": Flag(),
        "unit": reference("unitNumber", shown=_read_only("name", "products")),
        "inventory": Members(
            {
                "packageVolume": Number(2),
                "recommendedCostPrice": Number(2),
                **_read_only("available", "inStock", "orderedByCustomers", "orderedFromSuppliers"),
                **_read_only("grossWeight", "netWeight"),
            }
        ),
        "departmentalDistribution": reference("departmentalDistributionNumber", shown={"distributionType": Text()}),
        **_read_only("lastUpdated", "invoices", "pricing", "metaData", "self"),
    }
)

LINE = Members(
    {
        "lineNumber": Whole(1),
        "sortKey": Whole(1),
        "description": Text(2500),
        "product": reference("productNumber", Text(25)),
        "quantity": Number(2),
        "unitNetPrice": Number(2),
        "discountPercentage": Number(2),
        "unitCostPrice": Number(2),
        "unit": reference("unitNumber", shown=_read_only("name", "products")),
        "accrual": Members({"startDate": Day(), "endDate": Day()}),
        "departmentalDistribution": reference("departmentalDistributionNumber", shown={"distributionType": Text()}),
        **_read_only("totalNetAmount", "marginInBaseCurrency", "marginPercentage"),
    }
)
# Appended lines are numbered by e-conomic: their schema has no lineNumber.
_APPENDED = Members({name: kind for name, kind in LINE.members.items() if name != "lineNumber"})
LINES = Members({"lines": Rows(_APPENDED, required=True)})

_NEMHANDEL = ("ean", "corporateIdentificationNumber", "pNumber", "peppol", None)


def _recipient(*, name_required: bool) -> Members:
    return Members(
        {
            "name": Text(250, required=name_required),
            "vatZone": _vat_zone(),
            "address": Text(250),
            "zip": Text(50),
            "city": Text(250),
            "country": Text(50),
            "ean": Text(13),
            "publicEntryNumber": Text(40),
            "mobilePhone": Text(),
            "attention": reference("customerContactNumber"),
            "nemHandelType": OneOf(_NEMHANDEL),
            **_read_only("cvr"),
        },
        required=True,
    )


def _draft_members(*, replaced: bool) -> dict[str, Kind]:
    new = not replaced
    return {
        "date": Day(required=new),
        "currency": Text(3, shortest=3, required=new),
        "layout": reference("layoutNumber", required=new),
        "paymentTerms": _terms(required=new),
        "customer": reference("customerNumber", Whole(1, LARGEST_NUMBER), required=new),
        "recipient": _recipient(name_required=new),
        "exchangeRate": Number(6),
        "dueDate": Day(),
        "delivery": Members(
            {
                "address": Text(255),
                "zip": Text(30),
                "city": Text(50),
                "country": Text(50),
                "deliveryTerms": Text(100),
                "deliveryDate": Day(),
            }
        ),
        "deliveryLocation": reference("deliveryLocationNumber"),
        "notes": Members({"heading": Text(250), "textLine1": Text(1000), "textLine2": Text(1000)}),
        "references": Members(
            {
                "other": Text(250),
                "customerContact": reference("customerContactNumber", shown={"customer": _I}),
                "salesPerson": reference("employeeNumber"),
                "vendorReference": reference("employeeNumber"),
            }
        ),
        "project": reference("projectNumber"),
        "lines": Rows(LINE),
        **_read_only("grossAmount", "grossAmountInBaseCurrency", "netAmount", "netAmountInBaseCurrency", "vatAmount"),
        **_read_only("roundingAmount", "marginInBaseCurrency", "marginPercentage", "costPriceInBaseCurrency"),
        **_read_only("draftInvoiceNumber", "lastUpdated", "pdf", "attachment", "templates", "soap", "self"),
    }


DRAFT = Members(_draft_members(replaced=False))
DRAFT_REPLACED = Members(_draft_members(replaced=True))

BOOKING = Members(
    {
        "draftInvoice": reference("draftInvoiceNumber", Whole(1, LARGEST_NUMBER), required=True),
        "bookWithNumber": Whole(1, LARGEST_NUMBER),
        "sendBy": OneOf(("none", "EAN", "Email")),
    }
)
