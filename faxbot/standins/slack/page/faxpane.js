// The second pane: the simulated fax server's lines, jobs and records, and the form to receive a fax.
import { faxControl } from "./api.js";
import { arriveForm, numbersTable } from "./faxform.js";
import { h, icon, iconButton, reconcile } from "./dom.js";
import { openMenu, toast } from "./popup.js";
import { changed, state } from "./store.js";
import { clock, fullTime } from "./times.js";

const POLL_MS = 1000;
const RECORDS_SHOWN = 12;
const SPEEDS = [1, 5, 10, 30];

/** "+1 469-555-0101" for a North American number, any other number unchanged. */
export function prettyNumber(number) {
  const digits = String(number ?? "").replace(/^\+/, "");
  const parts = /^1?(\d{3})(\d{3})(\d{4})$/.exec(digits);
  return parts ? `+1 ${parts[1]}-${parts[2]}-${parts[3]}` : String(number || "unknown number");
}

const count = (value) => Number(value) || 0;

function tone(text) {
  if (/idle/i.test(text)) return "idle";
  if (/not ready|come ready|waiting for modem to come ready|out of order|down/i.test(text)) return "broken";
  return "busy";
}

/** The modem's state in one or two words. */
function spokenState(text) {
  if (/running and idle/i.test(text)) return "Idle";
  if (/come ready/i.test(text)) return "Modem not ready";
  return text;
}

async function control(path, body, said) {
  const answer = await faxControl(path, body);
  if (answer.ok) toast(said, "info");
  else toast(answer.message ?? answer.error ?? "The fax server refused.");
}

function lineMenu(anchor, line) {
  openMenu(anchor, [
    line.in_order === false
      ? { label: "Plug the modem in", icon: icon("check"), run: () => control(`lines/${line.id}`, { in_order: true }, `${line.name}: the modem is back.`) }
      : { label: "Unplug the modem", icon: icon("x"), run: () => control(`lines/${line.id}`, { in_order: false }, `${line.name}: the modem is unplugged.`) },
    { label: "Cut its call", icon: icon("bolt"), run: () => control(`lines/${line.id}/cut`, {}, `${line.name}: the call was cut.`) },
  ], { label: `Actions for line ${line.name}` });
}

function linePart(line) {
  return { key: `line-${line.id}`, sign: JSON.stringify(line), make: () => {
    const more = iconButton("more", `Actions for line ${line.name}`, () => lineMenu(more, line), { dataset: { focus: `line-${line.id}` } });
    return h("li", { class: "fax-line" }, h("span", { class: `lamp lamp-${tone(line.state ?? "")}`, "aria-hidden": "true" }),
      h("div", { class: "fax-words" }, h("div", { class: "fax-strong" }, line.name, h("span", { class: "fax-dim" }, prettyNumber(line.cidnumber))),
        h("div", { class: "fax-dim" }, spokenState(line.state ?? ""), count(line.jobCount) > 0 && ` · ${line.jobCount} ${count(line.jobCount) === 1 ? "job" : "jobs"}`)), more);
  } };
}

/** Progress in pages: one segment per page up to twelve, else one bar. */
function pageBar(done, total, moving) {
  const bar = h("div", { class: moving ? "page-bar moving" : "page-bar", role: "progressbar", "aria-label": "Pages", "aria-valuemin": "0", "aria-valuemax": String(total), "aria-valuenow": String(done) });
  const segments = Math.min(total, 12);
  const filled = Math.floor((done / total) * segments);
  for (let at = 0; at < segments; at++) bar.append(h("span", { class: at < filled ? "page done" : at === filled && moving ? "page now" : "page" }));
  return bar;
}

function jobPart(job, incoming, lines) {
  const line = lines.find((one) => one.modem === job.modem)?.name ?? job.modem;
  const [done, total] = [count(job.sent_pages), count(job.total_pages)];
  const pages = total ? `${done} of ${total} pages` : incoming ? `${done} ${done === 1 ? "page" : "pages"} so far` : "";
  const dials = count(job.totdials) > 0 ? `dial ${job.totdials} of ${job.maxdials}` : "";
  const due = job.time_to_send ? `next at ${job.time_to_send} UTC` : "";
  return { key: `job-${job.jobid}`, sign: JSON.stringify([job, line]), make: () => h("li", { class: "fax-job" },
    h("div", { class: "fax-row" }, h("b", {}, incoming ? `Incoming on ${line}` : prettyNumber(job.destination)), h("span", { class: `state state-${String(job.state).toLowerCase()}` }, job.state)),
    total > 0 && pageBar(done, total, /active/i.test(job.state)),
    h("div", { class: "fax-dim" }, [job.jobid, incoming ? "" : line, pages, dials, due].filter(Boolean).join(" · ")),
    job.status_text && h("div", { class: "fax-status" }, job.status_text)) };
}

function recordPart(record, incoming, lines) {
  const line = lines.find((one) => one.modem === record.modem)?.name ?? record.modem;
  const good = incoming ? !record.status_text : /done/i.test(record.state);
  const pages = count(incoming ? record.total_pages || record.sent_pages : record.sent_pages);
  const shown = `${pages} ${pages === 1 ? "page" : "pages"}`;
  return { key: `record-${record.jobid}-${record.time}`, sign: JSON.stringify([record, line]), make: () => h("li", { class: "fax-record" },
    h("span", { class: good ? "outcome good" : "outcome bad", role: "img", "aria-label": good ? "Complete" : "Not complete" }, icon(good ? "check" : "x", 13)),
    h("div", { class: "fax-words" }, h("div", { class: "fax-row" }, h("span", { class: "fax-strong" }, incoming ? "From " : "To ", prettyNumber(record.phone_number)), h("time", { class: "fax-dim", title: fullTime(record.time) }, clock(record.time))),
      h("div", { class: "fax-dim" }, [record.jobid, line, shown, incoming ? "" : record.status_text].filter(Boolean).join(" · ")),
      incoming && record.status_text && h("div", { class: "fax-status" }, record.status_text))) };
}

function section(title, list, empty) {
  return { title, list, node: h("section", { class: "fax-section", "aria-label": title }, h("h3", {}, title), list, h("p", { class: "fax-empty" }, empty)) };
}

function serverMenu(anchor, serverState) {
  const now = serverState.clock?.speed;
  openMenu(anchor, [{ heading: "Clock" }, ...SPEEDS.map((speed) => ({ label: speed === 1 ? "Real time" : `${speed} times as fast`, icon: now === speed ? icon("check") : h("span", { class: "menu-blank" }), run: () => control("clock", { speed }, `The fax server runs at ${speed}×.`) })), "divider",
    serverState.reachable === false ? { label: "Switch the server on", icon: icon("check"), run: () => control("outage", { on: false }, "The fax server answers again.") }
      : { label: "Switch the server off", icon: icon("x"), danger: true, run: () => control("outage", { on: true }, "The fax server doesn't answer any more.") }], { label: "Fax server" });
}

/** The pane: its node, its toggle button for the channel header, and `draw`. */
export function faxPane() {
  let open = (localStorage.getItem("faxbot-fax-pane") ?? (window.innerWidth < 1100 ? "closed" : "open")) === "open";
  let serverState = null;
  let asking = false;
  const lines = section("Lines", h("ul", { class: "fax-list" }), "No lines.");
  const jobs = section("Jobs", h("ul", { class: "fax-list" }), "Nothing is being sent or received.");
  const records = section("Records", h("ul", { class: "fax-list" }), "No fax has ended yet.");
  const speed = h("span", { class: "fax-speed" });
  const more = iconButton("more", "Fax server", () => serverMenu(more, serverState ?? {}));
  const form = arriveForm();
  const away = h("p", { class: "fax-away", role: "status" });
  const node = h("aside", { class: "pane pane-fax", id: "fax-pane", "aria-label": "Fax server", hidden: true },
    h("header", { class: "pane-head" }, h("h2", { class: "pane-title" }, icon("fax", 18), "Fax server"), speed, h("span", { class: "pane-space" }), more, iconButton("x", "Hide the fax server", () => setOpen(false))),
    h("div", { class: "fax-scroll" }, away, lines.node, jobs.node, form.node, records.node, numbersTable()));
  const toggle = h("button", { type: "button", class: "fax-toggle", "aria-controls": "fax-pane", on: { click: () => setOpen(!open) } }, icon("fax", 16), "Fax server");

  function setOpen(now) {
    open = now;
    localStorage.setItem("faxbot-fax-pane", open ? "open" : "closed");
    changed();
    if (open) poll();
    else toggle.focus();
  }

  async function poll() {
    if (asking || !open || !state.faxPane || document.visibilityState === "hidden") return;
    asking = true;
    const answer = await faxControl("state");
    asking = false;
    if (answer) serverState = answer;
    away.textContent = !answer ? "The fax server's control API doesn't answer." : answer.reachable === false ? "Switched off: the bot can't reach it." : answer.licensed === false ? "The license has expired." : "";
    away.hidden = !away.textContent;
    paint();
  }

  function fill(part, parts) {
    reconcile(part.list, parts);
    part.node.lastChild.hidden = parts.length > 0;
  }

  function paint() {
    if (!serverState) return;
    const all = serverState.lines ?? [];
    speed.textContent = serverState.clock?.paused ? "paused" : serverState.clock?.speed > 1 ? `${serverState.clock.speed}×` : "";
    fill(lines, all.map(linePart));
    fill(jobs, [...(serverState.jobs?.TX ?? []).map((job) => jobPart(job, false, all)), ...(serverState.jobs?.RX ?? []).map((job) => jobPart(job, true, all))]);
    const ended = [...(serverState.records?.TX ?? []).map((record) => [record, false]), ...(serverState.records?.RX ?? []).map((record) => [record, true])].sort((a, b) => b[0].time - a[0].time);
    fill(records, ended.slice(0, RECORDS_SHOWN).map(([record, incoming]) => recordPart(record, incoming, all)));
    form.offer(all);
  }

  setInterval(poll, POLL_MS);

  function draw() {
    toggle.hidden = !state.faxPane;
    toggle.setAttribute("aria-pressed", open ? "true" : "false");
    const shown = state.faxPane && open;
    if (shown && node.hidden) queueMicrotask(poll);
    node.hidden = !shown;
  }
  return { node, toggle, draw };
}
