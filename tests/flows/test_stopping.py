"""The stop switch while a run works: it takes effect within one document, and what is not begun stays due."""

from pakhus.flows.chunks import due_chunks, see_handed_on
from pakhus.flows.credit_notes import crediter
from pakhus.flows.payments import PAYMENTS, cashier
from pakhus.flows.refunds import CREDITS
from pakhus.flows.report import RunReport
from pakhus.flows.work import Chunk, Treated
from pakhus.ledger import documents, stops
from pakhus.ledger.claims import Claim
from pakhus.ledger.documents import Document
from pakhus.reasons import Verdict
from pakhus.settings.flows import STOPPED_WITH
from tests.flows.world import World


def test_a_stop_in_the_middle_of_a_chunk_leaves_the_rest_due(nordlys: World) -> None:
    nordlys.observe()
    (chunk,) = due_chunks(nordlys.ledger, "nordlys", "orders")
    treated: list[int] = []

    def treat(document: Document, claim: Claim) -> Treated:
        del claim
        treated.append(document.id)
        if len(treated) == 3:
            with nordlys.ledger.begin() as tx:
                stops.stop(tx, "nordlys", "orders", stopped_by="anna", cause="stocktaking")
        return Treated(Verdict.of("transferred"), None)

    report = Chunk(nordlys.ledger, RunReport("orders", "nordlys"), workers=1).work(chunk.documents, treat)
    assert len(treated) == 3
    assert report.codes == {"transferred": 3, "stopped_by_person": len(chunk.documents) - 3}
    assert report.alarms() == []
    assert report.note().endswith("UTC: stocktaking")
    (rest,) = due_chunks(nordlys.ledger, "nordlys", "orders")
    assert rest.documents == chunk.documents[3:]
    with nordlys.ledger.begin() as tx:
        assert {documents.load(tx, row).verdict.code for row in rest.documents} == {"due"}


def test_a_stop_of_another_shop_or_flow_stops_nothing_here(nordlys: World) -> None:
    with nordlys.ledger.begin() as tx:
        stops.stop(tx, "fjordliv", "all", stopped_by="anna", cause="stocktaking")
        stops.stop(tx, "nordlys", "invoices", stopped_by="anna", cause="stocktaking")
    nordlys.observe()
    assert nordlys.reserve().codes["stopped_by_person"] == 0
    assert nordlys.book().codes["transferred"] == 0


def test_an_order_that_is_read_and_then_worked_on_is_seen_once(nordlys: World) -> None:
    read = nordlys.observe()
    count = read.seen
    chunks = due_chunks(nordlys.ledger, "nordlys", "orders")
    see_handed_on(nordlys.ledger, read, chunks)
    worked = nordlys.reserve()
    total = RunReport.of_run("orders", "nordlys", [read], [worked])
    assert worked.seen > 20
    assert total.seen == count
    again = RunReport("orders", "nordlys")
    see_handed_on(nordlys.ledger, again, chunks)  # work left over from an earlier run counts, too
    assert again.seen == worked.seen


def test_a_report_survives_xcom() -> None:
    report = RunReport("orders", "nordlys", seen=2, stopped="stopped by anna")
    report.add(Verdict.of("access_denied", system="Rackbeat", problem="401", connection="rackbeat__main"))
    assert RunReport.from_dict(report.as_dict()) == report
    assert report.red_causes()[0].subject == "rackbeat__main"


def test_flows_that_stop_with_another_are_those_whose_chunks_do(nordlys: World) -> None:
    for flow, dag in STOPPED_WITH.items():
        with nordlys.ledger.begin() as tx:
            stops.stop(tx, "nordlys", dag, stopped_by="anna", cause=flow)
            new = documents.NewDocument(f"nordlys-1-{flow}", "nordlys", flow, flow, "economic__main")
            row = documents.ensure(tx, new, Verdict.of("due")).id
        parts = nordlys.shop, nordlys.accounts, nordlys.ledger, nordlys.settings
        report = crediter(*parts).credit([row]) if flow == CREDITS else cashier(*parts).register([row])
        assert report.codes == {"stopped_by_person": 1}
    assert STOPPED_WITH.keys() == {CREDITS, PAYMENTS}
