"""`python -m tests.edges`: which edge cases of the domain have a test, and which have none.

A test says which it covers by `@pytest.mark.edge(number)`, also on a parameter set. Read from the source, so that
it takes no time; only marks of test functions count.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

TESTS = Path(__file__).parent

# The list of the domain, by its groups.
_GROUPS: dict[str, str] = {
    "Orders": "zero-total order; only gift card; only shipping; 100 % coupon; quantity decimal; "
    "negative fee as discount; line price 0; product deleted; order edited after payment; "
    "status jumps back (completed → processing); "
    "trash and restore; duplicate order numbers from a sequential-number plugin; order number ≠ id; "
    "two shops, same number; manual order without e-mail; guest; company without VAT no.; subscription renewal; "
    "pre-order; order in test mode; order note with emoji/HTML; address > field length; country missing; "
    "pickup in store; 500-line order",
    "Tax": "EU B2B number invalid later; VIES down; GL/FO; Canary postcode; OSS rate changed on the day; mixed rates; "
    "VAT-exempt customer plugin; shipping taxed by cart's highest/mixed rate; prices net in shop A and gross in B; "
    "order VAT 0 because of wrong shop settings",
    "Rounding": "totals ≡ 2 mod 5; 'round at subtotal' on; three-decimal currency; large quantity × small price; "
    "correction accumulates one way",
    "Refunds": "amount only; more refunds than one; refund deleted; refund before booking; refund of shipping only; "
    "refund in portal only; refund > left; refund after chargeback; exchange",
    "Payment": "two methods on one order; partial capture; capture in two parts over two payouts; "
    "authorisation expired; currency of capture ≠ order; method renamed; "
    "MobilePay through gateway vs direct; payment id reused; "
    "surcharge by provider",
    "Payout": "negative payout; carried balance; reserve; payout failed at bank; two currencies same day; "
    "batch over month end; fee-only batch; file re-issued with changes; transaction of a shop not connected; "
    "chargeback won; unknown line type; minor units of JPY",
    "Stock": "sold while syncing; negative; bundle component shared; variation inherits; return not resellable; "
    "two locations; product not stock-managed; multi-shop last piece",
    "Systems": "webhook storm; shop down for a day; e-conomic read-only/locked period; Rackbeat API throttling; "
    "token revoked; DST change; clock skew; Airflow task killed between draft and book; two schedulers; "
    "restored database backup (our state older than theirs)",
}


def edge_cases() -> dict[int, str]:
    """Return every edge case by its number."""
    titles = [f"{group.lower()}: {title}" for group, text in _GROUPS.items() for title in text.split("; ")]
    return dict(enumerate(titles, 1))


def marked(files: Iterable[Path]) -> dict[int, list[str]]:
    """Return the tests by the number that they are marked with."""
    found: dict[int, list[str]] = defaultdict(list)
    for file in files:
        for function in _test_functions(ast.parse(file.read_text(encoding="utf-8"))):
            for number in _numbers(function.decorator_list):
                found[number].append(f"{file.name}::{function.name}")
    return dict(found)


def report(cases: Mapping[int, str], tests: Mapping[int, list[str]]) -> tuple[list[str], int]:
    """Return the lines to print and the exit code: 1 when a mark names an edge case that is not there."""
    strange = sorted(set(tests) - set(cases))
    covered = [number for number in cases if number in tests]
    lines = [f"{number:2}  {cases[number]}: {', '.join(tests[number])}" for number in covered]
    lines.append(f"{len(covered)}/{len(cases)} edge cases have a test")
    lines.append("missing: " + ", ".join(str(number) for number in cases if number not in tests))
    lines += [f"no edge case {number}: {', '.join(tests[number])}" for number in strange]
    return lines, 1 if strange else 0


def main() -> int:
    lines, code = report(edge_cases(), marked(sorted(TESTS.rglob("test_*.py"))))
    sys.stdout.write("\n".join(lines) + "\n")
    return code


def _test_functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node


def _numbers(decorators: Iterable[ast.expr]) -> Iterator[int]:
    """The arguments of every `pytest.mark.edge(…)` in the decorators, those inside `pytest.param` too."""
    for decorator in decorators:
        for node in ast.walk(decorator):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.edge":
                yield from (int(ast.literal_eval(argument)) for argument in node.args)


if __name__ == "__main__":
    sys.exit(main())
