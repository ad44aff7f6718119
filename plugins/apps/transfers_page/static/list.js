// The list: filters from the address, orders from the ledger. Each filter is part of the address, so it can be shared.

import { address, followTheme } from "./airflow.js";
import { showOverview } from "./overview.js";
import {
  ACTORS, STATUSES, amount, ask, badge, byId, decisionLink, lasting, make, needsPerson, openQuestion, outward, say,
  target, time, words,
} from "./page.js";

const NAMES = ["q", "shop", "kind", "reason", "from", "to", "status", "dag", "run"];
const COLUMNS = ["Order", "Placed", "Total", "Document", "Status", "Why", "Since", "Who must act", "Number there"];
const URGENT = ["person", "held", "failed"];
const LONE_COLUMNS = ["Record", "Document", "Status", "Why", "Since", "Who must act", "Number there"];

const asked = new URLSearchParams(location.search);
const filters = Object.fromEntries(NAMES.map((name) => [name, (asked.get(name) || "").trim()]));
const lone = asked.get("list") === "lone";

/** The address of this list with some filters changed; a page's place never outlives a change. */
function listAddress(changes = {}) {
  const wanted = { list: lone ? "lone" : "", ...filters, ...changes };
  const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
  return query.size ? `list?${query}` : "list";
}

/** A day begins at midnight where the reader is. */
function moment(day, later = 0) {
  const [year, month, date] = day.split("-").map(Number);
  return day ? new Date(year, month - 1, date + later).toISOString() : "";
}

function question() {
  const { from, to, ...others } = filters;
  return { ...others, placed_from: moment(from), placed_before: moment(to, 1) };
}

function fillFilters(choices) {
  const form = byId("filters");
  const option = (value, text) => make("option", { value }, text);
  form.elements.shop.append(...choices.shops.map((shop) => option(shop, shop)));
  form.elements.kind.append(...choices.kinds.map((kind) => option(kind, words(kind))));
  for (const [status, title] of Object.entries(STATUSES)) {
    const codes = choices.reasons.filter((reason) => reason.status === status);
    if (codes.length) {
      form.elements.reason.append(
        make("optgroup", { label: title }, ...codes.map((reason) => option(reason.code, words(reason.code)))),
      );
    }
  }
  for (const name of ["shop", "kind", "reason"]) {
    const select = form.elements[name];
    if (filters[name] && ![...select.options].some((one) => one.value === filters[name])) {
      select.append(option(filters[name], words(filters[name])));
    }
  }
  setFilters();
}

function setFilters() {
  const form = byId("filters");
  for (const name of NAMES) form.elements[name].value = filters[name];
  byId("clear").hidden = !NAMES.some((name) => filters[name]);
}

function listenToFilters() {
  const form = byId("filters");
  form.addEventListener("submit", () => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true; // short addresses
  });
  for (const select of form.querySelectorAll("select")) select.addEventListener("change", () => form.requestSubmit());
  addEventListener("pageshow", () => {
    for (const field of form.elements) field.disabled = false;
  });
}

function showTabs(counts) {
  const tab = (status, title, number) =>
    make(
      "a",
      { href: listAddress({ list: "", status }), class: `tab ${status || "all"}`, "aria-current": !lone && filters.status === status ? "page" : null },
      title,
      make("span", { class: number && URGENT.includes(status) ? "count some" : "count" }, number === undefined ? "" : number.toLocaleString()),
    );
  const known = counts || {};
  byId("tabs").replaceChildren(
    tab("", "All orders", known.all),
    tab("person", "Needs a person", known.person),
    ...Object.entries(STATUSES).map(([status, title]) => tab(status, title, known[status])),
    make(
      "a",
      { href: listAddress({ list: "lone", status: "", from: "", to: "", dag: "", run: "" }), class: "tab lone", "aria-current": lone ? "page" : null },
      "Without an order",
    ),
  );
}

function showColumns() {
  byId("columns").replaceChildren(...(lone ? LONE_COLUMNS : COLUMNS).map((title) => make("th", { scope: "col", class: title === "Total" ? "number" : null }, title)));
}

function documentCells(standing) {
  const open = openQuestion(standing);
  const why = make("td", { class: "why" }, standing.meaning);
  if (needsPerson(standing)) why.append(" ", make("span", { class: "action" }, standing.action));
  if (open) why.append(" ", make("span", { class: "action" }, decisionLink(standing, open, address)));
  return [
    make("td", { class: "nowrap" }, words(standing.kind), " ", make("span", { class: "sub" }, target(standing.target))),
    make("td", {}, badge(standing.status)),
    why,
    make("td", { class: "nowrap" }, lasting(standing.since)),
    make("td", { class: needsPerson(standing) ? "person nowrap" : "quiet nowrap" }, ACTORS[standing.actor] || standing.actor),
    make("td", { class: "nowrap" }, standing.remote_number || standing.remote_id || ""),
  ];
}

function orderGroup(order) {
  const rows = Math.max(1, order.documents.length);
  const name = order.number || order.source_id;
  const head = [
    make("th", { scope: "rowgroup", rowspan: rows },
      make("a", { href: `order?id=${order.id}` }, name), " ",
      make("span", { class: "sub" }, `${order.scope} · ${order.native_state || "unreadable"}`)),
    make("td", { rowspan: rows, class: "nowrap" }, order.placed_at ? time(order.placed_at) : "not known"),
    make("td", { rowspan: rows, class: "number" }, amount(order.gross, order.currency)),
  ];
  const lines = order.documents.length
    ? order.documents.map(documentCells)
    : [[make("td", { colspan: 6, class: "quiet" }, order.problem || "No document: no flow of this shop asks for one.")]];
  return make("tbody", {}, ...lines.map((cells, index) => make("tr", {}, ...(index ? [] : head), ...cells)));
}

function loneGroup(standing) {
  const head = make("th", { scope: "row" }, make("a", { href: `order?document=${standing.id}` }, standing.key));
  return make("tbody", {}, make("tr", {}, head, ...documentCells(standing)));
}

function showPages(after) {
  const here = byId("pages");
  here.replaceChildren();
  if (asked.get("after")) here.append(make("a", { href: listAddress(), class: "button" }, "Newest"));
  if (after) here.append(make("a", { href: listAddress({ after }), class: "button", rel: "next" }, "Older →"));
}

async function tellNothing() {
  if (filters.q && !lone) {
    const others = await ask("documents", { q: filters.q });
    if (others.rows.length) {
      say(`No order has “${filters.q}”, but `);
      byId("message").append(make("a", { href: listAddress({ list: "lone", status: "" }) }, "a record without an order has"), ".");
      return;
    }
  }
  const narrowed = lone ? filters.q || filters.shop || filters.kind || filters.reason : NAMES.some((name) => filters[name]);
  if (narrowed) say("Nothing fits these filters. A number must be whole: the order’s, the invoice’s, Rackbeat’s, or a key.");
  else if (lone) say("There is no record without an order yet: customers and other shared records come with the first orders.");
  else say("The ledger has no order yet. Orders come with the first run of a shop’s orders DAG.");
}

async function showList() {
  const table = byId("orders");
  try {
    const page = await ask(lone ? "documents" : "orders", { ...question(), after: asked.get("after") });
    table.append(...page.rows.map(lone ? loneGroup : orderGroup));
    showPages(page.after);
    if (!page.rows.length) await tellNothing();
  } catch (error) {
    say(error.message, error);
  }
  table.setAttribute("aria-busy", "false");
}

function showRun() {
  if (!filters.run) return;
  const place = byId("run");
  place.replaceChildren("Written by ", outward(address("dags", filters.dag, "runs", filters.run), `${filters.dag} ${filters.run}`));
  place.hidden = false;
}

followTheme();
showColumns();
showTabs();
setFilters();
listenToFilters();
showRun();
await showList();
await Promise.allSettled([
  ask("counts", question()).then(showTabs),
  ask("choices").then(fillFilters),
  filters.run ? byId("overview").remove() : ask("overview").then(showOverview, () => byId("overview").remove()),
]);
document.body.dataset.ready = "true";
