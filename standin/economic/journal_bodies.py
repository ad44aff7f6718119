"""The body of a voucher, and of what host B takes (contract 8.2, 8.5, 8.6)."""

from __future__ import annotations

from standin.economic.bodies import LARGEST_NUMBER
from standin.economic.models import Day, Ignored, Kind, Members, Number, OneOf, Rows, Text, Whole, reference

ENTRY_TYPES = {
    "customerPayments": "customerPayment",
    "financeVouchers": "financeVoucher",
    "manualCustomerInvoices": "manualCustomerInvoice",
    "supplierInvoices": "supplierInvoice",
    "supplierPayments": "supplierPayment",
}

_I = Ignored()


def _entry(kind: str, **members: Kind) -> Members:
    return Members(
        {
            "text": Text(250),
            "amount": Number(2, required=True),
            "date": Day(required=True),
            "journal": reference("journalNumber", Number()),
            "currency": Members({"code": Text(), "self": Text()}),
            "exchangeRate": Number(6),
            "contraAccount": reference("accountNumber"),
            "contraVatAccount": reference("vatCode", Text(5)),
            "contraVatAmount": Number(2),
            "contraVatAmountInBaseCurrency": Number(2),
            "amountBaseCurrency": Number(2),
            "departmentalDistribution": reference("departmentalDistributionNumber", shown={"distributionType": Text()}),
            "employee": reference("employeeNumber"),
            "entryType": OneOf((kind,)),
            "voucher": reference("voucherNumber", Number()),
            "remainder": _I,
            "remainderInDefaultCurrency": _I,
            **members,
        }
    )


def _quantities() -> dict[str, Kind]:
    units = {name: reference("unitNumber", Whole(0)) for name in ("unit1", "unit2")}
    return {"quantity1": Number(2), "quantity2": Number(2), **units}


def _supplier_entry(kind: str, **members: Kind) -> Members:
    return _entry(kind, supplier=reference("supplierNumber"), supplierInvoiceNumber=Text(30), **members)


VOUCHER = Members(
    {
        "voucherNumber": Number(),
        "accountingYear": Members({"year": Text(), "self": Text()}, required=True),
        "journal": reference("journalNumber", Number()),
        "attachment": _I,
        "self": _I,
        "entries": Members(
            {
                "financeVouchers": Rows(
                    _entry(
                        "financeVoucher",
                        account=reference("accountNumber"),
                        vatAccount=reference("vatCode", Text(5)),
                        vatAmount=Number(2),
                        vatAmountBaseCurrency=Number(2),
                        project=reference("projectNumber"),
                        costType=reference("costTypeNumber"),
                        **_quantities(),
                    )
                ),
                "customerPayments": Rows(
                    _entry(
                        "customerPayment",
                        customer=reference("customerNumber", Whole(1, LARGEST_NUMBER)),
                        customerInvoice=Whole(1),
                    )
                ),
                "manualCustomerInvoices": Rows(
                    _entry(
                        "manualCustomerInvoice",
                        customer=reference("customerNumber", Whole(1, LARGEST_NUMBER)),
                        customerInvoice=Whole(1, LARGEST_NUMBER),
                        dueDate=Day(),
                    )
                ),
                "supplierInvoices": Rows(
                    _supplier_entry(
                        "supplierInvoice",
                        dueDate=Day(),
                        paymentDetails=Members({"paymentType": reference("paymentTypeNumber")}),
                        project=reference("projectNumber"),
                        costType=reference("costTypeNumber"),
                        **_quantities(),
                    )
                ),
                "supplierPayments": Rows(_supplier_entry("supplierPayment")),
            }
        ),
    }
)
VOUCHERS = Rows(VOUCHER)
ENTRY_NUMBERS = Rows(Whole(1))
ENTRY_NUMBERS_IN_OBJECT = Members({"entryNumbers": Rows(Whole(1), required=True)})
MATCH = Members({"entryIds": Rows(Whole(1), required=True)})
