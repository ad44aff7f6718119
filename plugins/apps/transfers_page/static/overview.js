// The panel at the top: what is alarmed, stopped and asked, which days are proven, what each flow did last.

import { address } from "./airflow.js";
import { byId, lasting, make, outward, words } from "./page.js";

const DAYS = 14;
const DAY_WORDS = { proven: "proven", open: "still open", differs: "differs", none: "not compared" };

function tile(title, tone, ...content) {
  return make("div", { class: `tile ${tone}` }, make("h2", {}, title), ...content);
}

function list(items) {
  return make("ul", {}, ...items.map((item) => make("li", {}, ...item)));
}

function alertsTile(told) {
  const items = told.alerts.map((alert) => [
    make("b", {}, `${alert.scope} ${alert.flow}`), " ", alert.text, " ",
    alert.run_id ? outward(address("dags", alert.dag_id, "runs", alert.run_id), "run") : "", " ", lasting(alert.raised_at),
  ]);
  const title = told.open_alerts ? `${told.open_alerts} open ${told.open_alerts === 1 ? "alert" : "alerts"}` : "No open alert";
  return tile(title, told.open_alerts ? "bad" : "good", items.length ? list(items) : "");
}

function stopsTile(told) {
  const items = told.stops.map((stop) => [
    make("b", {}, `${stop.scope} ${stop.flow}`), ` ${stop.cause} (${stop.by_person ? "by a person" : "by itself"}) `, lasting(stop.since),
  ]);
  const past = told.stop_events.map((event) => [
    make("b", {}, `${event.scope} ${event.flow}`), ` ${event.event === "lifted" ? "went on" : "stopped"} (${event.by_person ? event.who || "a person" : "by itself"}): ${event.cause} `, lasting(event.at),
  ]);
  const title = items.length ? `${items.length} stopped` : "Nothing stopped";
  const before = past.length ? make("details", {}, make("summary", {}, "Stopped and went on"), list(past)) : "";
  return tile(title, items.length ? "bad" : "good", items.length ? list(items) : "", before);
}

function questionsTile(told) {
  const number = told.open_questions;
  const link = number ? outward(`${address("required_actions")}?response_received=false`, "Required Actions") : "";
  return tile(number ? `${number} ${number === 1 ? "decision" : "decisions"} asked` : "No decision asked", number ? "warn" : "good", link);
}

/** The last days up to yesterday, as a calendar has them: names of days, no time zone. */
function lastDays(now) {
  const [year, month, day] = now.slice(0, 10).split("-").map(Number);
  return Array.from({ length: DAYS }, (_, index) => new Date(Date.UTC(year, month - 1, day - DAYS + index)).toISOString().slice(0, 10));
}

function square(shop, day, proven) {
  const status = proven ? proven.status : "none";
  const said = proven?.differences ? `, ${proven.differences} ${proven.differences === 1 ? "document" : "documents"}` : "";
  const text = `${shop} ${day}: ${DAY_WORDS[status]}${said}`;
  return make("li", { class: `day ${status}`, title: text }, make("span", { class: "unseen" }, text));
}

function daysTile(told) {
  const shops = [...new Set(told.days.map((day) => day.scope))];
  const rows = shops.map((shop) => {
    const known = new Map(told.days.filter((day) => day.scope === shop).map((day) => [day.day, day]));
    const squares = lastDays(told.now).map((day) => square(shop, day, known.get(day)));
    return make("div", { class: "days" }, make("span", {}, shop), make("ul", { "aria-label": `Proven days of ${shop}` }, ...squares));
  });
  const differing = told.days.filter((day) => day.status === "differs").length;
  const title = rows.length ? `Proven days, last ${DAYS}` : "No day proven yet";
  return tile(title, differing ? "bad" : "good", ...rows);
}

function runsTile(told) {
  const rows = told.runs.map((run) =>
    make("tr", { class: run.cause ? "red" : "" },
      make("th", { scope: "row" }, outward(address("dags", run.dag_id, "runs", run.run_id), `${run.scope} ${words(run.flow).toLowerCase()}`)),
      make("td", {}, run.cause || run.note),
      make("td", { class: "nowrap" }, lasting(run.reported_at))));
  const table = make("table", { class: "runs" }, make("caption", { class: "unseen" }, "Each flow’s last run"), make("tbody", {}, ...rows));
  const red = told.runs.filter((run) => run.cause).map((run) => `${run.scope} ${words(run.flow).toLowerCase()}`);
  const text = red.length ? `Last runs of ${told.runs.length} flows; red: ${red.join(", ")}` : `Last runs of ${told.runs.length} flows`;
  return make("details", { class: "lastruns" }, make("summary", { class: red.length ? "bad" : "" }, text), table);
}

/** Fill the panel. */
export function showOverview(told) {
  const panel = byId("overview");
  panel.replaceChildren(
    make("div", { class: "tiles" }, alertsTile(told), stopsTile(told), questionsTile(told), daysTile(told)),
    told.runs.length ? runsTile(told) : "",
  );
  panel.setAttribute("aria-busy", "false");
}
