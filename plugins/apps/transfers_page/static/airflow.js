// What the page knows of the Airflow that frames it: its look, its addresses, and how to go to one of them.

const FOLDER = "/pakhus/transfers/";

/** Airflow's own path, "/" unless it lives below another one. */
const base = location.pathname.slice(0, location.pathname.lastIndexOf(FOLDER) + 1);

/** The window of Airflow's user interface, or null when the page stands alone or in a foreign frame. */
const frame = (() => {
  try {
    return window.parent !== window && window.parent.document ? window.parent : null;
  } catch {
    return null;
  }
})();

/** The address of one of Airflow's pages from the parts of its path. */
export function address(...parts) {
  return base + parts.map((part) => encodeURIComponent(part)).join("/");
}

/** The address at which Airflow shows a task's log of one try, or the run when no task is known. */
export function addressOfCall(call) {
  if (!call.run_id) return null;
  const run = ["dags", call.dag_id, "runs", call.run_id];
  if (!call.task_id) return address(...run);
  const mapped = call.map_index >= 0 ? ["mapped", String(call.map_index)] : [];
  return `${address(...run, "tasks", call.task_id, ...mapped)}?try_number=${call.try_number || 1}`;
}

/** Airflow's log-in, which comes back to the page that is shown now. */
export function addressOfLogin() {
  const shown = (frame || window).location;
  return `${base}auth/login?next=${encodeURIComponent(shown.pathname + shown.search)}`;
}

/**
 * Let a link to one of Airflow's pages change Airflow, not this frame. A sandboxed frame may not navigate the window
 * around it, but the two are of one origin: Airflow's router is told, as the browser's own buttons tell it.
 */
export function leadOut(link) {
  if (!frame) return link;
  link.addEventListener("click", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey || event.shiftKey || new URL(link.href).pathname.startsWith(`${base}auth/`)) {
      openAround(link.href, event.ctrlKey || event.metaKey || event.shiftKey);
    } else {
      frame.history.pushState(null, "", link.href);
      frame.dispatchEvent(new frame.PopStateEvent("popstate", { state: null }));
    }
  });
  return link;
}

function openAround(href, apart) {
  const link = frame.document.createElement("a");
  link.href = href;
  if (apart) {
    link.target = "_blank";
    link.rel = "noopener";
  }
  link.click();
}

/** Be light or dark as Airflow is, and follow when that is changed. */
export function followTheme() {
  const root = document.documentElement;
  const set = () => {
    const outer = frame?.document.documentElement;
    const dark = outer
      ? outer.classList.contains("dark") || outer.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "dark" : "light";
  };
  set();
  if (frame) {
    const watch = new MutationObserver(set);
    watch.observe(frame.document.documentElement, { attributes: true, attributeFilter: ["class", "data-theme"] });
    addEventListener("pagehide", () => watch.disconnect());
  } else {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", set);
  }
}
