// What both pages share: elements, texts, times, amounts, and asking for data. Nothing here makes HTML from text.

import { addressOfLogin, leadOut } from "./airflow.js";

export const STATUSES = {
  held: "Held",
  failed: "Failed",
  waiting: "Waiting",
  due: "Due",
  done: "Done",
  skipped: "Skipped",
  filtered: "Filtered",
  not_ours: "Not ours",
};
export const ACTORS = {
  nobody: "nobody",
  wait: "nobody, it waits",
  merchant: "the merchant",
  operator: "the operator",
  us: "Pakhus’ maintainers",
};
const PEOPLE = ["merchant", "operator", "us"];
const TARGETS = { woocommerce: "WooCommerce", rackbeat: "Rackbeat", economic: "e-conomic" };

/** Make an element: `make("a", {href: "…", class: "…"}, "text", otherElement)`. Texts stay texts. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** A code as words: credit_note → Credit note. */
export function words(code) {
  const text = code.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Where a document goes: economic__main → e-conomic main. */
export function target(name) {
  const [system, agreement = ""] = name.split("__");
  return `${TARGETS[system] || system} ${agreement}`.trim();
}

const SHORT = new Intl.DateTimeFormat(undefined, {
  day: "2-digit", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
const EXACT = new Intl.DateTimeFormat(undefined, {
  day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

/** A moment in the reader's own time; UTC on hover. */
export function time(iso, exact = false) {
  if (!iso) return "";
  const moment = new Date(iso);
  const utc = `${moment.toISOString().replace("T", " ").slice(0, 19)} UTC`;
  return make("time", { datetime: iso, title: utc }, (exact ? EXACT : SHORT).format(moment));
}

/** How long something has lasted, roughly: "3 h", "2 days"; the moment itself on hover. */
export function lasting(iso, now = Date.now()) {
  const minutes = Math.max(0, Math.round((now - new Date(iso)) / 60000));
  const steps = [[1440 * 2, 1440, "days"], [90, 60, "h"], [1, 1, "min"]];
  const [, unit, name] = steps.find(([from]) => minutes >= from) || [0, 1, ""];
  const element = time(iso);
  element.title = `${element.textContent} (${element.title})`;
  element.textContent = name ? `${Math.round(minutes / unit)} ${name}` : "just now";
  return element;
}

/** An amount as its currency is written; texts of digits go in, so that no digit is lost. */
export function amount(value, currency) {
  if (value === null || value === undefined) return "";
  const digits = value.includes(".") ? value.replace(/0+$/, "").replace(/\.$/, "") : value;
  const decimals = (digits.split(".")[1] || "").length;
  if (!/^[A-Z]{3}$/.test(currency)) return digits;
  const style = { style: "currency", currency, currencyDisplay: "code" };
  const usual = new Intl.NumberFormat(undefined, style).resolvedOptions().maximumFractionDigits;
  return new Intl.NumberFormat(undefined, { ...style, maximumFractionDigits: Math.max(usual, decimals) }).format(digits);
}

export function badge(status) {
  return make("span", { class: `badge ${status}` }, STATUSES[status] || words(status));
}

export const needsPerson = (standing) => PEOPLE.includes(standing.actor);

/** A link to one of Airflow's own pages. */
export function outward(href, ...children) {
  return leadOut(make("a", { href, class: "outward" }, ...children));
}

/** A link to what a person is asked about a document, while it is open. */
export function decisionLink(standing, question, addressOf) {
  const run = addressOf("dags", `${standing.scope}__decisions`, "runs", question.run_id, "required_actions");
  return outward(run, "Answer in Required Actions");
}

/** The question that is still open about where a document stands now, if one; an older one is moot. */
export function openQuestion(standing) {
  return standing.questions.find((asked) => asked.answer === null && asked.run_id && asked.reason_since === standing.since);
}

class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** Ask for data by its path below data/; what goes wrong is an error that says what to do. */
export async function ask(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));
  let answer;
  try {
    answer = await fetch(`data/${path}?${query}`, { headers: { Accept: "application/json" } });
  } catch {
    throw new Refused(0, "Airflow does not answer. See whether its API server runs, then load the page again.");
  }
  const content = await answer.json().catch(() => ({}));
  if (answer.ok) return content;
  if (answer.status === 401) throw new Refused(401, "You are not signed in, or no longer.");
  if (answer.status === 422) throw new Refused(422, "This address asks for something the page does not know. Clear the filters.");
  const detail = typeof content.detail === "string" ? content.detail : "The page failed. Airflow’s API server has the cause in its log.";
  throw new Refused(answer.status, detail);
}

/** Send what a person said; the header says that this page asks, which no other site can make a browser say. */
export async function tell(path, content = null) {
  let answer;
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-Pakhus-Page": "order" };
  try {
    answer = await fetch(`data/${path}`, { method: "POST", headers, body: content === null ? null : JSON.stringify(content) });
  } catch {
    throw new Refused(0, "Airflow does not answer. See whether its API server runs, then try again.");
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  if (answer.status === 401) throw new Refused(401, "You are not signed in, or no longer.");
  throw new Refused(answer.status, typeof told.detail === "string" ? told.detail : "It could not be done; Airflow’s API server has the cause in its log.");
}

/** Send a document again. */
export const sendAgain = (documentId) => tell(`again/${encodeURIComponent(documentId)}`);

/** Show a message instead of what was asked for; with the way to sign in when that is what is missing. */
export function say(text, error = null) {
  const place = byId("message");
  place.replaceChildren(text);
  place.className = `message${error ? " bad" : ""}`;
  place.setAttribute("role", error ? "alert" : "status");
  if (error?.status === 401) place.append(" ", outward(addressOfLogin(), "Sign in"));
  if (error && error.status !== 401) {
    const again = make("button", { type: "button" }, "Try again");
    again.addEventListener("click", () => location.reload());
    place.append(" ", again);
  }
  place.hidden = !text;
}
