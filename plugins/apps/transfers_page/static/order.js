// One order, or one document without an order: its documents as they stand, and everything that happened, by time.

import { address, addressOfCall, followTheme } from "./airflow.js";
import {
  ACTORS, amount, ask, badge, byId, decisionLink, make, needsPerson, openQuestion, outward, say, sendAgain, target, time, words,
} from "./page.js";

const asked = new URLSearchParams(location.search);
const WRITE_WORDS = {
  planned: "planned", sent: "sent", unknown: "outcome not known", ok: "done", adopted: "found there and taken over",
  refused: "refused", absent: "proved not to have happened", superseded: "replaced by a new plan",
};
const SENDABLE = new Set(["held", "failed", "waiting", "skipped", "filtered"]);
const ANSWERS = { again: "again", accept: "accept as it is", ignore: "leave out" };

const size = (bytes) => (bytes === null ? "" : `${bytes.toLocaleString()} bytes`);
const short = (hash) => (hash ? make("code", { title: hash }, hash.slice(0, 12)) : "");

function fact(list, name, ...value) {
  if (value.some((part) => part !== "" && part !== null)) list.append(make("div", {}, make("dt", {}, name), make("dd", {}, ...value)));
}

function showHead(told) {
  const [object] = told.objects;
  const facts = byId("facts");
  if (!object || asked.get("document")) {
    byId("title").textContent = told.documents[0].key;
    document.title = told.documents[0].key;
    return;
  }
  const name = object.number || object.source_id;
  byId("title").textContent = `Order ${name}`;
  document.title = `Order ${name}`;
  fact(facts, "Shop", object.scope);
  fact(facts, "Id in the shop", object.source_id);
  fact(facts, "State", object.native_state);
  fact(facts, "Placed", time(object.placed_at));
  fact(facts, "Total", amount(object.gross, object.currency));
  fact(facts, "VAT", amount(object.vat, object.currency));
  fact(facts, "First seen", time(object.first_seen_at));
  fact(facts, "Problem", object.problem);
}

/** Why nothing happens to a document: its flow is stopped, since when, by whom, and what to do. */
function stopNote(stop) {
  const who = stop.by_person ? `by ${stop.stopped_by || "a person"}` : "by itself";
  const tried = stop.tries > 1 ? `, tried again ${stop.tries} times, last ` : "";
  return make("p", { class: "action" }, make("b", {}, `The flow ${stop.flow} is stopped ${who} since `, time(stop.since), ": "), `${stop.cause}. `,
    tried ? make("span", { class: "sub" }, tried.slice(2), time(stop.tried_at), ". ") : "", make("b", {}, "To do: "), stop.action);
}

function documentCard(standing, order, stops) {
  const facts = make("dl", { class: "facts" });
  const open = openQuestion(standing);
  fact(facts, "Since", time(standing.since));
  fact(facts, "Who must act", ACTORS[standing.actor] || standing.actor);
  fact(facts, "Looked at again", standing.due_at ? time(standing.due_at) : "");
  fact(facts, "Number there", standing.remote_number || standing.remote_id || "");
  fact(facts, "Total there", amount(standing.gross, standing.currency));
  fact(facts, "VAT there", amount(standing.vat, standing.currency));
  fact(facts, "Rounding line", amount(standing.correction, standing.currency));
  fact(facts, "Mode", standing.mode);
  fact(facts, "Version there", versions(standing, order));
  fact(facts, "Key", make("code", {}, standing.key));
  return make("article", { class: `card ${standing.status}`, "aria-label": words(standing.kind) },
    make("h3", {}, words(standing.kind), " ", make("span", { class: "sub" }, target(standing.target)), " ", badge(standing.status)),
    make("p", { class: "meaning" }, standing.meaning),
    ...stops.filter((stop) => stop.documents.includes(standing.id)).map(stopNote),
    needsPerson(standing) ? make("p", { class: "action" }, make("b", {}, "To do: "), standing.action) : "",
    open ? make("p", { class: "action" }, decisionLink(standing, open, address)) : "",
    facts,
    SENDABLE.has(standing.status) ? againButton(standing) : "");
}

/** A button that sends a document again, and what came of it in its place. */
function againButton(standing) {
  const said = make("span", { class: "sub", role: "status" });
  const button = make("button", { type: "button", title: "Have the order read anew, and this document treated by the next run; nothing is written twice" }, "Send again");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const told = await sendAgain(standing.id);
      said.replaceChildren(told.note, " ", outward(address("dags", told.dag), told.dag));
    } catch (error) {
      said.replaceChildren(error.message);
      button.disabled = false;
    }
  });
  return make("p", { class: "again" }, button, " ", said);
}

function versions(standing, order) {
  if (standing.transferred_version === null || !order) return "";
  const newest = order.versions.at(-1)?.version;
  return newest && newest !== standing.transferred_version ? `${standing.transferred_version} of ${newest}` : String(standing.transferred_version);
}

/** What differs between two versions, in words; the first one is told whole. */
function change(object, version, before) {
  const said = [];
  if (!before || before.native_state !== version.native_state) {
    said.push(before ? `state ${before.native_state || "?"} → ${version.native_state || "?"}` : `state ${version.native_state || "?"}`);
  }
  for (const [name, title] of [["gross", "total"], ["vat", "VAT"]]) {
    if (version[name] === null || (before && before[name] === null)) continue;
    if (!before) said.push(`${title} ${amount(version[name], object.currency)}`);
    else if (before[name] !== version[name]) {
      said.push(`${title} ${amount(before[name], object.currency)} → ${amount(version[name], object.currency)}`);
    }
  }
  return said.join(", ") || "something else than state and amounts changed";
}

function versionEvents(object) {
  return object.versions.map((version, index) => ({
    at: version.seen_at,
    kind: "seen",
    title: `${words(object.kind)} ${object.number || object.source_id} seen, version ${version.version}`,
    parts: [make("p", {}, change(object, version, object.versions[index - 1])), make("p", { class: "sub" }, "Body ", short(version.body_sha256))],
  }));
}

function callItem(call) {
  const href = addressOfCall(call);
  const place = [call.task_id, call.map_index >= 0 ? `[${call.map_index}]` : "", call.try_number ? ` try ${call.try_number}` : ""].join("");
  const answered = call.http_status ? `HTTP ${call.http_status}` : call.finished_at ? "no answer" : "no end noted";
  return make("li", { class: call.http_status >= 200 && call.http_status < 300 ? "ok" : "bad" },
    time(call.sent_at, true), " ", make("b", {}, answered), call.problem ? `: ${call.problem}` : "", " ",
    call.response_sha256 ? make("span", { class: "sub" }, "answer ", size(call.response_size), " ", short(call.response_sha256)) : "", " ",
    call.request_id ? make("span", { class: "sub" }, "request id ", make("code", {}, call.request_id)) : "", " ",
    href ? outward(href, `${call.dag_id} ${place}`) : make("span", { class: "sub" }, "outside Airflow"));
}

function writeEvent(write, standing) {
  const outcome = WRITE_WORDS[write.status] || write.status;
  const name = [words(write.step), write.subject, write.ordinal > 1 ? `(attempt ${write.ordinal})` : ""].filter(Boolean).join(" ");
  return {
    at: write.planned_at,
    kind: `write ${write.status}`,
    title: `${words(standing.kind)}: ${name}, ${outcome}${write.remote_id ? ` as ${write.remote_id}` : ""}`,
    parts: [
      make("p", {}, make("code", {}, `${write.method} ${write.path}`), " ", make("span", { class: "sub" }, size(write.request_size), " ", short(write.request_sha256))),
      write.problem ? make("p", { class: "problem" }, write.problem) : "",
      write.looked_up_at ? make("p", { class: "sub" }, "Looked up ", time(write.looked_up_at, true)) : "",
      write.calls.length ? make("ul", { class: "calls" }, ...write.calls.map(callItem)) : "",
    ],
  };
}

function answered(question) {
  if (question.answer === "moot") return "moved on before anybody answered";
  const by = question.answered_by ? ` by ${question.answered_by}` : "";
  return `answered “${ANSWERS[question.answer] || question.answer}”${by}`;
}

function standingEvents(standing) {
  const asking = standing.questions.map((question) => ({
    at: question.asked_at,
    kind: "question",
    title: `${words(standing.kind)}: a person was asked (${words(question.reason).toLowerCase()})`,
    parts: [question.run_id ? make("p", {}, outward(address("dags", `${standing.scope}__decisions`, "runs", question.run_id), "the run that asks")) : ""],
  }));
  const answers = standing.questions.filter((question) => question.answered_at).map((question) => ({
    at: question.answered_at,
    kind: "answer",
    title: `${words(standing.kind)}: ${answered(question)}`,
    parts: [],
  }));
  return [
    { at: standing.created_at, kind: "created", title: `${words(standing.kind)} for ${target(standing.target)} noted`, parts: [] },
    ...asking,
    ...answers,
    {
      at: standing.since,
      kind: `verdict ${standing.status}`,
      title: [`${words(standing.kind)}: `, badge(standing.status), " until now"],
      parts: [make("p", {}, standing.meaning), needsPerson(standing) ? make("p", { class: "action" }, standing.action) : ""],
    },
  ];
}

function alertEvents(alert) {
  const run = alert.run_id ? outward(address("dags", alert.dag_id, "runs", alert.run_id), "run") : "";
  const raised = { at: alert.raised_at, kind: "alert", title: `Alert, ${words(alert.code).toLowerCase()}`, parts: [make("p", {}, alert.text, " ", run)] };
  return alert.resolved_at ? [raised, { at: alert.resolved_at, kind: "resolved", title: `Alert over, ${words(alert.code).toLowerCase()}`, parts: [] }] : [raised];
}

function stopEvent(event) {
  const who = event.by_person ? `by ${event.who || "a person"}` : "by itself";
  const run = event.run_id ? outward(address("dags", event.dag_id, "runs", event.run_id), "run") : "";
  const happened = event.event === "lifted" ? "goes on" : "is stopped";
  return { at: event.at, kind: event.event === "lifted" ? "resolved" : "alert", title: `The flow ${event.flow} ${happened}, ${who}`, parts: [make("p", {}, event.cause, " ", run)] };
}

/** All that happened, oldest first; what the ledger wrote at one moment keeps the order of cause and effect. */
function events(told) {
  const byDocument = new Map(told.documents.map((standing) => [standing.id, standing]));
  return [
    ...told.objects.flatMap(versionEvents),
    ...told.documents.flatMap((standing) => standingEvents(standing).slice(0, -1)),
    ...told.writes.map((write) => writeEvent(write, byDocument.get(write.document_id))),
    ...told.alerts.flatMap(alertEvents),
    ...told.stop_events.map(stopEvent),
    ...told.documents.flatMap((standing) => standingEvents(standing).slice(-1)),
  ].map((event, index) => ({ ...event, index })).sort((one, other) => new Date(one.at) - new Date(other.at) || one.index - other.index);
}

function eventItem(event) {
  return make("li", { class: `event ${event.kind}` }, make("div", { class: "when" }, time(event.at, true)),
    make("div", { class: "what" }, make("h3", {}, ...[event.title].flat()), ...event.parts));
}

function showTimeline(told) {
  const order = asked.get("document") ? null : told.objects[0];
  byId("documents").replaceChildren(...told.documents.map((standing) => documentCard(standing, order, told.stops)));
  byId("timeline").replaceChildren(...events(told).map(eventItem));
  byId("documents-part").hidden = !told.documents.length;
  byId("timeline-part").hidden = false;
}

async function show() {
  const id = asked.get("id");
  const path = id ? `orders/${encodeURIComponent(id)}` : `documents/${encodeURIComponent(asked.get("document") || "0")}`;
  try {
    const told = await ask(path);
    showHead(told);
    showTimeline(told);
  } catch (error) {
    byId("title").textContent = "Transfers";
    say(error.message, error);
  }
  document.body.dataset.ready = "true";
}

followTheme();
byId("back").addEventListener("click", (event) => {
  if (document.referrer && new URL(document.referrer).pathname.endsWith("/list")) {
    event.preventDefault();
    history.back(); // to the list as it was filtered
  }
});
await show();
