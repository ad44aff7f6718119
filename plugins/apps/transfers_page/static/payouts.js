// Payouts: what stands on the clearing accounts, what waits for a person's word, and the newest payouts.

import { address, followTheme } from "./airflow.js";
import { ACTORS, amount, ask, badge, byId, lasting, make, needsPerson, outward, say, target, tell, time, words } from "./page.js";

const OUTCOMES = {
  matched_amount_differs: "The amount differs from its document’s",
  no_document: "No document was found",
  ambiguous: "Several documents fit",
  already_settled: "Its document is settled already",
  linked: "Linked by a person",
  posted: "Posted by a person",
  ignored: "Left without a document by a person",
};
const WAYS = { link: "it pays the document", post: "it goes to account", ignore: "nobody will find out, because", wait: "wait for its document" };
const WHOLE = { take: "This file counts", ignore: "Leave it out" };

function table(caption, columns, rows) {
  const head = columns.map(([name, type]) => make("th", { scope: "col", class: type || "" }, name));
  return make("table", { class: "orders" }, make("caption", { class: "unseen" }, caption),
    make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
}

function clearingTable(told) {
  const rows = told.clearing.map((row) => make("tr", {},
    make("th", { scope: "row" }, target(row.target)), make("td", {}, String(row.account)),
    make("td", { class: "number" }, amount(row.amount, row.currency)), make("td", { class: "number" }, String(row.count)),
    make("td", { class: "nowrap" }, lasting(row.oldest))));
  if (!rows.length) return make("p", { class: "quiet" }, "Nothing: every payment that was captured is paid out.");
  const columns = [["Accounts"], ["Clearing account"], ["Open", "number"], ["Payments", "number"], ["Oldest"]];
  return table("What is captured and not paid out, per clearing account", columns, rows);
}

function saidOf(line) {
  return line.said.map((said) => make("li", { class: "sub" }, time(said.at), ` ${said.by}: ${said.action} `,
    said.document, said.account ? ` account ${said.account}` : "", said.note ? ` (${said.note})` : ""));
}

/** The form in which a person says what a line is; what came of it stands in its place. */
function lineForm(payout, line) {
  const id = `${payout.standing.id}-${line.number}`;
  const way = make("select", { id: `way-${id}`, name: "say" }, ...Object.entries(WAYS).map(([value, text]) => make("option", { value }, text)));
  const list = make("datalist", { id: `known-${id}` }, ...line.candidates.map((one) =>
    make("option", { value: one.key }, `order ${one.order_number}, ${amount(one.open, one.currency)} open`)));
  const document = make("input", { name: "document", list: `known-${id}`, maxlength: 200, placeholder: "nordlys-1042-payment1", "aria-label": "Key of the document", value: line.candidates.length === 1 ? line.candidates[0].key : "" });
  const account = make("input", { name: "account", inputmode: "numeric", pattern: "[0-9]{1,9}", placeholder: "account", "aria-label": "Account" });
  const note = make("input", { name: "note", maxlength: 500, placeholder: "why; no names", "aria-label": "Note" });
  const button = make("button", { type: "submit" }, "Note this");
  const result = make("span", { class: "sub", role: "status" });
  const show = () => {
    document.hidden = way.value !== "link";
    document.required = way.value === "link";
    account.hidden = way.value !== "post" && way.value !== "link";
    account.required = way.value === "post";
    account.placeholder = way.value === "link" ? "the rest to account" : "account";
    note.required = way.value === "ignore";
  };
  way.addEventListener("change", show);
  show();
  const form = make("form", { class: "decide", "aria-label": `What line ${line.number} is` },
    make("label", { for: `way-${id}`, class: "unseen" }, "What it is"), way, document, list, account, note, button, result);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const said = { say: way.value, note: note.value };
    if (!document.hidden) said.document = document.value;
    if (!account.hidden && account.value) said.account = Number(account.value);
    try {
      result.replaceChildren((await tell(`decide/${payout.standing.id}/lines/${line.number}`, said)).note);
    } catch (error) {
      result.replaceChildren(error.message);
    }
    button.disabled = false;
  });
  return form;
}

function lineItem(payout, line) {
  const kind = line.kind === "refund" ? "Refund" : "Payment";
  return make("li", { class: "line" },
    make("b", {}, `Line ${line.number}: ${kind} ${amount(line.gross, line.currency)}`), " ",
    make("span", { class: "sub" }, time(line.occurred_at), " ", make("code", {}, line.provider_id), line.reference ? ` order ${line.reference}` : ""),
    make("p", {}, OUTCOMES[line.outcome] || words(line.outcome), line.difference ? `, by ${amount(line.difference, line.currency)}` : "", "."),
    line.candidates.length ? make("p", { class: "sub" }, line.candidates.map((one) => `${one.key} (${amount(one.open, one.currency)} open)`).join(", ")) : "",
    line.said.length ? make("ul", { class: "calls" }, ...saidOf(line)) : "",
    payout.is_open ? lineForm(payout, line) : "");
}

function wholeButtons(payout) {
  const result = make("span", { class: "sub", role: "status" });
  const buttons = payout.answers.map((answer) => {
    const button = make("button", { type: "button" }, WHOLE[answer] || words(answer));
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        result.replaceChildren((await tell(`decide/${payout.standing.id}`, { answer })).note);
      } catch (error) {
        result.replaceChildren(error.message);
        button.disabled = false;
      }
    });
    return button;
  });
  return buttons.length ? make("p", { class: "buttons" }, ...buttons, result) : "";
}

function card(payout) {
  const { standing } = payout;
  const title = payout.net === null ? words(standing.kind) : `${amount(payout.net, payout.currency)} `;
  return make("article", { class: `card ${standing.status}`, "aria-label": standing.key },
    make("h3", {}, title, " ", make("span", { class: "sub" }, standing.scope, " ", payout.batch), badge(standing.status)),
    make("p", { class: "meaning" }, standing.meaning),
    needsPerson(standing) ? make("p", { class: "action" }, make("b", {}, "To do: "), standing.action) : "",
    make("p", { class: "sub" }, `Acts: ${ACTORS[standing.actor] || standing.actor} · since `, time(standing.since), " · ",
      make("a", { href: `order?document=${standing.id}` }, standing.key)),
    wholeButtons(payout),
    payout.lines.length ? make("ul", { class: "lines" }, ...payout.lines.map((line) => lineItem(payout, line))) : "",
    make("p", {}, outward(address("dags", `${standing.scope}__payouts`), `${standing.scope}__payouts`)));
}

function row(payout) {
  const { standing } = payout;
  return make("tr", {},
    make("th", { scope: "row" }, make("a", { href: `order?document=${standing.id}` }, payout.batch || standing.key)),
    make("td", {}, standing.scope), make("td", { class: "nowrap" }, payout.paid_on || ""),
    make("td", { class: "number" }, payout.net === null ? "" : amount(payout.net, payout.currency)),
    make("td", {}, badge(standing.status)), make("td", { class: "why" }, standing.meaning),
    make("td", {}, standing.remote_id || ""));
}

const waits = (payout) => payout.standing.status === "held" || (payout.is_open && payout.lines.length > 0);

function showPayouts(told) {
  byId("clearing").replaceChildren(clearingTable(told));
  byId("clearing-part").hidden = false;
  const open = told.payouts.filter(waits);
  byId("open").replaceChildren(...open.map(card));
  byId("open-part").hidden = !open.length;
  const rest = told.payouts.filter((payout) => !waits(payout));
  const columns = [["Payout"], ["Account"], ["Paid on"], ["Amount", "number"], ["Stands"], ["Why"], ["Voucher"]];
  byId("newest").replaceChildren(table("The newest payouts", columns, rest.map(row)));
  byId("newest-part").hidden = !rest.length;
  if (!told.payouts.length) say("No payout was read yet. include/accounts/<account>.yaml says where settlements come from.");
}

followTheme();
try {
  showPayouts(await ask("payouts"));
} catch (error) {
  say(error.message, error);
}
document.body.dataset.ready = "true";
