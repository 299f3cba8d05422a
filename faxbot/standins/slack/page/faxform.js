// The form "Let a fax arrive", and the table of test numbers, whose last digits select how a call ends.
import { faxControl } from "./api.js";
import { combobox } from "./combobox.js";
import { h, uniqueId } from "./dom.js";
import { toast } from "./popup.js";

function labelled(label, control, id) {
  control.id = id;
  return h("div", { class: "fax-field" }, h("label", { for: id }, label), control);
}

const field = (label, attributes) => labelled(label, h("input", { class: "field", autocomplete: "off", ...attributes }), uniqueId("fax"));

const valueOf = (holder) => holder.querySelector("input").value.trim();

/** The form; `offer(lines)` sets the selectable lines. */
export function arriveForm() {
  let lines = [];
  let line = null;
  const lineLabel = uniqueId("fax");
  const lineHolder = h("div", { class: "fax-field" }, h("label", { id: lineLabel }, "Line"));
  const from = field("From number", { value: "+1 214-245-4571", inputmode: "tel" });
  const name = field("Name", { value: "JONES & CO", maxlength: 40 });
  const pages = field("Pages", { value: "3", type: "number", min: 1, max: 99 });
  const cut = field("Cut after page", { placeholder: "never", type: "number", min: 0, max: 98 });
  const button = h("button", { type: "submit", class: "button primary" }, h("span", { class: "button-text" }, "Let it ring"));
  const form = h("form", { class: "fax-form", novalidate: true, on: { submit: arrive } }, lineHolder, from, name, h("div", { class: "fax-pair" }, pages, cut), button);
  const node = h("details", { class: "fax-section fax-details" }, h("summary", {}, "Let a fax arrive"), form);

  async function arrive(event) {
    event.preventDefault();
    const number = valueOf(from).replace(/[^\d*#]/g, "");
    const wanted = { line: line?.value ?? lines[0]?.id ?? "1", from: number, cid_name: valueOf(name), station_id: valueOf(name), pages: Math.max(1, Number(valueOf(pages)) || 1) };
    if (valueOf(cut) !== "") wanted.cut_after = Number(valueOf(cut));
    button.setAttribute("aria-busy", "true");
    const answer = await faxControl("receive", wanted);
    button.removeAttribute("aria-busy");
    if (answer.ok) toast(`A fax is ringing on ${lines.find((one) => one.id === wanted.line)?.name ?? "the line"}.`, "info");
    else toast(answer.message ?? answer.error ?? "The fax server refused.");
  }

  return {
    node,
    offer(now) {
      if (JSON.stringify(now.map((one) => [one.id, one.name])) === JSON.stringify(lines.map((one) => [one.id, one.name]))) return;
      lines = now;
      const choices = lines.map((one) => ({ value: one.id, label: one.name }));
      line = choices[0];
      lineHolder.querySelector(".combobox")?.remove();
      lineHolder.append(combobox({ label: "Line", labelledby: lineLabel, choicesFor: () => choices, chosen: choices.slice(0, 1), onChange: ([choice]) => { line = choice; } }));
    },
  };
}

/** The table of test numbers, loaded when it is first opened. */
export function numbersTable() {
  const body = h("tbody");
  const empty = h("p", { class: "fax-empty", hidden: true }, "The fax server names no test numbers.");
  const node = h("details", { class: "fax-section fax-details" }, h("summary", {}, "Test numbers"), h("p", { class: "fax-dim" }, "The last four digits decide how a call ends."), empty,
    h("table", { class: "fax-numbers" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Ends in"), h("th", { scope: "col" }, "What happens"))), body));
  node.addEventListener("toggle", async () => {
    if (!node.open || body.children.length) return;
    const numbers = await faxControl("numbers");
    empty.hidden = Boolean(numbers);
    body.replaceChildren(...Object.entries(numbers ?? {}).sort().map(([ending, outcome]) => h("tr", {}, h("td", {}, ending), h("td", {}, String(outcome)))));
  });
  return node;
}
