// The page of the stand-ins. Everything that comes from a system is put in as text, never as markup.
"use strict";

const EVERY_MS = 1000;
const FIRST_ROWS = 20;
const $ = (id) => document.getElementById(id);
let frame, world, seen = "";
const rows = new Map(); // what each table row showed last, by key

function el(tag, content, attributes = {}) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...[content ?? ""].flat());
  return made;
}

function badge(text, kind) { return el("span", text, { class: `badge ${kind}` }); }

function option(value, text) { return el("option", text, { value }); }

function fill(select, pairs) {
  const text = JSON.stringify(pairs);
  if (select.dataset.pairs === text) return; // a list that is open stays open
  select.dataset.pairs = text;
  const chosen = select.value;
  select.replaceChildren(...pairs.map(([value, text]) => option(value, text)));
  if (pairs.some(([value]) => value === chosen)) select.value = chosen;
}

let quietAt = 0;
function say(text, good = true) {
  $("message").textContent = text;
  $("message").className = good ? "good" : "bad";
  quietAt = Date.now() + 8000;
}

async function act(system, action, members = {}, done = "Done.") {
  try {
    const answer = await fetch("act", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ system, action, ...members }),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.message);
    say(typeof done === "function" ? done(told) : done);
    await look();
    return told;
  } catch (error) {
    say(`Refused: ${error.message}`, false);
    return null;
  }
}

const named = (kind) => frame.systems.filter((system) => system.kind === kind).map((system) => system.name);
const warehouse = () => named("rackbeat")[0];
const accounts = () => named("economic")[0];
const provider = () => named("stripe")[0];

// --- forms -----------------------------------------------------------------------------------------------------------

function catalogue(shop) {
  return (world.shops[shop] ?? []).map((row) => {
    const left = row.stock === null ? "" : `, ${row.stock} left`;
    return [row.sku, `${row.name} · ${row.sku} · ${row.price}${left}`];
  });
}

function cartLine() {
  const product = el("select", [], { "aria-label": "Product", name: "sku" });
  fill(product, catalogue($("order").elements.shop.value));
  const pieces = el("input", [], { type: "number", min: 1, max: 99, value: 1, "aria-label": "Pieces", name: "quantity" });
  const line = el("div", [product, pieces], { class: "cart-line" });
  const off = () => { if ($("cart").children.length > 1) line.remove(); };
  line.append(el("button", "×", { type: "button", "aria-label": "Take it out", onclick: off }));
  return line;
}

function newCart() { $("cart").replaceChildren(cartLine()); }

function setUp() {
  const shops = named("woocommerce").map((name) => [name, name]);
  for (const form of ["order", "product"]) fill($(form).elements.shop, shops);
  fill($("order").elements.buyer, frame.buyers.map((text, index) => [String(index), text]));
  fill($("order").elements.payment, Object.entries(frame.payments));
  fill($("trouble").elements.system, frame.systems.filter((system) => system.kind !== "mail").map((system) => [system.name, `${system.name} (${system.kind})`]));
  fill($("trouble").elements.trouble, Object.entries(frame.troubles));
  $("lasts").textContent = `It ends by itself after ${frame.lasts_s} seconds. Place an order meanwhile: nothing is lost, and nothing is written twice.`;
  $("links").replaceChildren(...frame.links.map((link) => el("a", link.text, { href: link.href, target: "_blank", rel: "noreferrer" })));
  $("order").elements.shop.addEventListener("change", newCart);
  $("more").addEventListener("click", () => $("cart").append(cartLine()));
  $("product").elements.shop.addEventListener("change", products);
  $("find").addEventListener("input", () => { rows.clear(); orders(); });
  $("all").addEventListener("change", () => { rows.clear(); orders(); });
  for (const [id, handler] of Object.entries(SUBMITS)) {
    $(id).addEventListener("submit", (event) => { event.preventDefault(); handler(event.target, event.submitter); });
  }
  $("shops-card").hidden = shops.length === 0;
  $("warehouse-card").hidden = !warehouse();
  $("accounts-card").hidden = !accounts();
  $("provider-card").hidden = !provider();
  $("pay-out").addEventListener("click", () => act(provider(), "pay_out", {}, (told) => (
    told.payout ? `${told.payout} is on its way to the bank. Pakhus enters it when it asks next.` : "There is nothing to pay out."
  )));
  newCart();
  products();
}

function products() { fill($("product").elements.sku, catalogue($("product").elements.shop.value)); }

const SUBMITS = {
  order: async (form) => {
    const items = [...$("cart").children].map((line) => ({
      sku: line.querySelector("select").value, quantity: Number(line.querySelector("input").value),
    }));
    const { shop, buyer, payment } = form.elements;
    const told = await act(shop.value, "place_order", { items, buyer: Number(buyer.value), payment: payment.value },
      (order) => `Order ${order.order} of ${order.total} is placed. Watch it in the table.`);
    if (told) newCart();
  },
  product: async (form) => {
    const { shop, sku, new_sku, new_name } = form.elements;
    const changes = {};
    if (new_sku.value.trim()) changes.sku = new_sku.value.trim();
    if (new_name.value.trim()) changes.name = new_name.value.trim();
    if (Object.keys(changes).length === 0) return say("Write a new number or a new name first.", false);
    if (await act(shop.value, "edit_product", { sku: sku.value, changes }, "The shop's product is changed.")) {
      new_sku.value = new_name.value = "";
      products();
    }
  },
  receive: (form, button) => {
    const { goods, quantity } = form.elements;
    const done = button?.value === "set_stock" ? "Counted." : "Received: it is on the shelf.";
    act(warehouse(), button?.value ?? "receive", { item: goods.value, quantity: quantity.value }, done);
  },
  item: async (form) => {
    const { number, name } = form.elements;
    const told = await act(warehouse(), "add_item", { number: number.value, name: name.value }, "The item is there.");
    if (told) form.reset();
  },
  trouble: (form) => {
    const { system, trouble } = form.elements;
    act(system.value, null, { trouble: trouble.value }, `Trouble for ${system.value} begins.`);
  },
};

// --- tables ----------------------------------------------------------------------------------------------------------

function table(body, wanted) {
  // Rows that did not change stay, so that buttons do not vanish under the pointer.
  const present = new Map([...body.children].map((row) => [row.dataset.key, row]));
  const next = wanted.map(({ key, value, make }) => {
    const text = JSON.stringify(value), id = `${body.parentElement.id} ${key}`;
    if (rows.get(id) === text && present.has(key)) return present.get(key);
    const row = make();
    row.dataset.key = key;
    if (rows.has(id)) row.classList.add("changed");
    rows.set(id, text);
    return row;
  });
  if (next.length !== body.children.length || next.some((row, index) => body.children[index] !== row)) {
    body.replaceChildren(...next);
  }
}

const SHOP_STATES = { completed: "good", processing: "wait", "on-hold": "wait", pending: "wait", cancelled: "bad", failed: "bad", refunded: "bad" };
const WAREHOUSE_STATES = { shipped: "good", reserved: "wait", "partly shipped": "wait", cancelled: "bad", "not booked": "bad" };

function orders() {
  const wanted = $("find").value.trim().toLowerCase();
  const found = world.orders.filter((order) => !wanted || JSON.stringify(order).toLowerCase().includes(wanted));
  const shown = $("all").checked || wanted ? found : found.slice(0, FIRST_ROWS);
  $("shown").textContent = `${shown.length} of ${world.orders.length} are shown, the youngest first.`;
  table($("orders").tBodies[0], shown.map((order) => ({
    key: `${order.shop}-${order.order}`, value: order, make: () => orderRow(order),
  })));
}

function orderRow(order) {
  const goods = order.lines.map((line) => `${line.quantity} × ${line.name}`).join(", ");
  const shop = [badge(order.state, SHOP_STATES[order.state] ?? ""), el("small", `${order.total} ${order.currency}, ${order.paid_by || "no payment method"}`)];
  if (Number(order.refunded) > 0) shop.push(el("small", `refunded ${order.refunded}`));
  return el("tr", [
    el("td", [`${order.shop} ${order.order}`, el("small", order.buyer), el("small", goods)]),
    el("td", shop),
    el("td", order.warehouse.length ? order.warehouse.flatMap(stored) : "–"),
    el("td", order.invoices.length ? order.invoices.flatMap((each) => invoiced(each, order)) : "–"),
    el("td", order.next),
    el("td", el("div", buttons(order), { class: "buttons" })),
  ]);
}

function stored(each) {
  const left = each.lines.map((line) => `${line.shipped}/${line.ordered} ${line.item}`).join(", ");
  return [badge(each.state, WAREHOUSE_STATES[each.state] ?? ""), el("small", `order ${each.number}: ${left} shipped`)];
}

function invoiced(each, order) {
  const equal = each.kind === "invoice" && each.gross === order.total ? ", equal to the order" : "";
  return [badge(each.kind, each.kind === "draft" ? "wait" : "good"), el("small", `${each.number}: ${each.gross}${equal}`)];
}

function buttons(order) {
  const made = [], shop = order.shop, number = { order: order.order };
  const add = (text, handler) => made.push(el("button", text, { type: "button", onclick: handler }));
  if (["pending", "on-hold", "failed"].includes(order.state)) add("Paid", () => act(shop, "pay_order", number, "Paid."));
  const open = order.warehouse.find((each) => ["reserved", "partly shipped"].includes(each.state));
  if (open) {
    add("Ship", () => act(warehouse(), "ship", { order: open.number }, "Shipped."));
    add("Ship a part …", () => shipDialog(open));
  }
  if (order.state === "processing") add("Complete", () => act(shop, "set_status", { ...number, status: "completed" }, "Completed in the shop."));
  if (["pending", "on-hold", "processing"].includes(order.state)) {
    add("Cancel", () => act(shop, "set_status", { ...number, status: "cancelled" }, "Cancelled in the shop."));
  }
  if (["processing", "completed"].includes(order.state)) add("Refund …", () => refundDialog(order));
  for (const each of order.invoices.filter((invoice) => invoice.kind === "draft")) {
    add("Book", () => act(accounts(), "book_draft", { draft: each.number }, "Booked by hand."));
  }
  return made.length ? made : ["–"];
}

function shipDialog(order) {
  const inputs = order.lines.filter((line) => Number(line.ordered) > Number(line.shipped)).map((line) => {
    const left = Number(line.ordered) - Number(line.shipped);
    const input = el("input", [], { type: "number", min: 0, max: left, step: "any", value: Math.min(1, left) });
    return { item: line.item, label: el("label", [`${line.name} (${left} left)`, input]), input };
  });
  $("ship-lines").replaceChildren(...inputs.map((each) => each.label));
  ask($("ship"), "ship", () => {
    const lines = Object.fromEntries(inputs.filter((each) => Number(each.input.value) > 0).map((each) => [each.item, each.input.value]));
    act(warehouse(), "ship", { order: order.number, lines }, "Shipped.");
  });
}

function refundDialog(order) {
  const input = $("refund").querySelector("input");
  input.value = "";
  ask($("refund"), "refund", () => {
    const amount = input.value.trim().replace(",", ".");
    act(order.shop, "refund", { order: order.order, ...(amount ? { amount } : {}) }, "Refunded in the shop.");
  });
}

function ask(dialog, answer, then) {
  dialog.returnValue = "";
  dialog.onclose = () => { if (dialog.returnValue === answer) then(); };
  dialog.showModal();
}

function stock() {
  const shops = named("woocommerce");
  const heads = ["Item", "Name", "There", "Reserved", "Available", ...shops];
  $("stock").tHead.replaceChildren(el("tr", heads.map((text, index) => el("th", text, { class: index > 1 ? "number" : "" }))));
  table($("stock").tBodies[0], world.stock.map((row) => ({ key: row.item, value: row, make: () => stockRow(row, shops) })));
  fill($("receive").elements.goods, world.stock.map((row) => [row.item, `${row.name} · ${row.item} · ${row.available} available`]));
}

function stockRow(row, shops) {
  const own = [row.physical, row.reserved, row.available].map((text) => el("td", text, { class: "number" }));
  const others = shops.map((shop) => {
    const there = row.shops[shop];
    const differs = there !== undefined && there !== null && there !== row.available;
    return el("td", there === undefined ? "–" : there ?? "not counted", { class: `number${differs ? " differs" : ""}` });
  });
  return el("tr", [el("td", row.item), el("td", row.name), ...own, ...others]);
}

// --- the rest --------------------------------------------------------------------------------------------------------

function drafts() {
  const { drafts: made, booked } = world.accounts;
  $("booked").textContent = `${booked} invoices and credit notes are booked, ${made.length} drafts wait.`;
  $("drafts").replaceChildren(el("ul", made.slice(-8).reverse().map((draft) => el("li", [
    `${draft.number} of ${draft.date}: ${draft.gross} (${draft.key || draft.to}) `,
    el("button", "Book", { type: "button", onclick: () => act(accounts(), "book_draft", { draft: draft.number }, "Booked by hand.") }),
  ]))));
}

function payouts() {
  if (!world.provider) return;
  const { waiting, payouts: made } = world.provider;
  $("owed").textContent = `${waiting} kr. are taken and not paid out; completed orders are taken with the next payout.`;
  $("payouts").replaceChildren(...made.map((payout) => el("li", [
    `${payout.id}: ${payout.amount} ${payout.stopped} `,
    ...(payout.stopped ? [] : [el("button", "The bank sends it back", {
      type: "button", onclick: () => act(provider(), "fail_payout", { payout: payout.id }, "It is on the balance again."),
    })]),
  ])));
}

function webhooks() {
  $("webhooks").replaceChildren(...Object.entries(world.webhooks).map(([shop, hooks]) => {
    const registered = hooks.registered.map((hook) => `${hook.topic} ${hook.status}`).join(", ") || "none is registered";
    const sent = hooks.sent.map((row) => el("li", `${row.topic} ${row.id}: ${row.status ?? row.error}`));
    return el("div", [el("b", shop), el("p", `${registered}; ${hooks.count} sent`, { class: "hint" }), el("ul", sent)]);
  }));
}

function mails() {
  $("mails-card").hidden = world.mails === null;
  if (world.mails === null) return;
  $("mails").replaceChildren(world.mails.length ? el("ul", world.mails.map((mail) => el("li", [
    el("b", mail.subject), el("small", ` to ${mail.to}`), el("p", mail.text, { class: "hint" }),
  ]))) : "none yet");
}

function troubles() {
  $("troubles").replaceChildren(...Object.entries(world.trouble).map(([name, each]) => el("li", [
    `${name}: ${each.text}, ${each.left_s} s more `,
    el("button", "End it", { type: "button", onclick: () => act(name, null, { trouble: null }, "Calm again.") }),
  ])));
}

const PARTS = [orders, stock, drafts, payouts, webhooks, mails, troubles, products];

async function look() {
  const answer = await fetch(`state?seen=${encodeURIComponent(seen)}`);
  if (answer.status === 204) return;
  if (!answer.ok) throw new Error((await answer.json()).message);
  world = await answer.json();
  const first = seen === "";
  seen = (answer.headers.get("ETag") ?? "").replaceAll('"', "");
  if (first) setUp();
  for (const part of PARTS) part();
}

async function live() {
  try {
    frame ??= await (await fetch("frame")).json();
    await look();
    if (quietAt && Date.now() > quietAt) { $("message").textContent = $("message").className = ""; quietAt = 0; }
  } catch (error) {
    say(`The stand-ins do not answer: ${error.message}`, false);
  }
  setTimeout(live, document.hidden ? 5 * EVERY_MS : EVERY_MS);
}

live();
