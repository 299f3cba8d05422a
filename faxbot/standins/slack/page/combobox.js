// The select of Block Kit: type to filter, arrow keys to choose; one value or several.
import { h, icon, topLayer, uniqueId } from "./dom.js";
import { place } from "./popup.js";

/** Each choice is {value, label, hint?, group?}; `raw` is passed through to the owner. */
const matches = (choice, typed) => `${choice.label} ${choice.hint ?? ""}`.toLowerCase().includes(typed.toLowerCase());

/**
 * A combobox. *choicesFor(typed)* returns the choices or a promise of them; with `remote` (external selects) the server
 * filters them. *chosen* is the initial array of choices; *onChange(array)* is called after each change.
 */
export function combobox({ label, labelledby, describedby, placeholder, choicesFor, remote = false, minimum = 0, multiple = false, limit = Infinity, chosen = [], onChange, focusKey }) {
  const listId = uniqueId("list");
  let selected = [...chosen];
  let list = null;
  let active = -1;
  let shown = [];
  let requests = 0;

  const input = h("input", { type: "text", role: "combobox", class: "combobox-input", autocomplete: "off", spellcheck: "false", "aria-expanded": "false", "aria-autocomplete": "list",
    "aria-controls": listId, "aria-label": labelledby ? null : label, "aria-labelledby": labelledby, "aria-describedby": describedby, placeholder, dataset: { focus: focusKey } });
  const chips = h("span", { class: "chips" });
  const box = h("div", { class: multiple ? "combobox multiple" : "combobox", on: { pointerdown: press } }, chips, input, icon("down", 16));

  function paint() {
    chips.replaceChildren(...(multiple ? selected.map((choice) => h("span", { class: "chip" }, choice.label,
      h("button", { type: "button", class: "chip-x", "aria-label": `Remove ${choice.label}`, on: { click: () => commit(selected.filter((one) => one.value !== choice.value)) } }, icon("x", 12)))) : []));
    if (!multiple) input.value = selected[0]?.label ?? "";
    input.placeholder = selected.length && multiple ? "" : (placeholder ?? "");
    box.classList.toggle("filled", selected.length > 0);
  }

  function commit(next) {
    selected = next.slice(0, limit);
    paint();
    onChange?.(selected);
  }

  function press(event) {
    if (event.target.closest(".chip-x")) return;
    if (event.target !== input) event.preventDefault();
    input.focus();
    if (list) { if (event.target !== input || !multiple) close(); } else open("");
  }

  function close() {
    list?.remove();
    list = null;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    paint();
    if (multiple) input.value = "";
  }

  async function open(typed) {
    list ??= h("div", { id: listId, role: "listbox", class: "listbox", "aria-label": label ?? placeholder ?? "Options", "aria-multiselectable": multiple ? "true" : null, on: { pointerdown: (event) => event.preventDefault() } });
    if (!list.isConnected) topLayer().append(list);
    input.setAttribute("aria-expanded", "true");
    const request = ++requests;
    if (remote && typed.length < minimum) return fill([], `Type ${minimum} ${minimum === 1 ? "character" : "characters"} or more to search`);
    const answer = choicesFor(typed);
    if (answer instanceof Promise) fill([], "Searching…");
    const all = await answer;
    if (request !== requests || !list) return undefined;
    return fill(remote ? all : all.filter((choice) => matches(choice, typed)), "Nothing matches");
  }

  function fill(choices, empty) {
    shown = choices;
    const rows = [];
    let group;
    for (const [index, choice] of choices.entries()) {
      if (choice.group !== group) rows.push(h("div", { class: "listbox-group", role: "presentation" }, (group = choice.group)));
      const on = selected.some((one) => one.value === choice.value);
      rows.push(h("div", { role: "option", id: `${listId}-${index}`, class: "option", "aria-selected": on ? "true" : "false", on: { click: () => choose(index), pointermove: () => point(index) } },
        h("span", { class: "option-label" }, choice.label), choice.hint && h("span", { class: "option-hint" }, choice.hint), on && icon("check", 16)));
    }
    list.replaceChildren(...(rows.length ? rows : [h("div", { class: "listbox-empty" }, empty)]));
    place(list, box, { matchWidth: true });
    point(Math.max(0, choices.findIndex((choice) => selected.some((one) => one.value === choice.value))));
  }

  function point(index) {
    list.querySelector(".active")?.classList.remove("active");
    active = shown.length ? (index + shown.length) % shown.length : -1;
    const row = list.querySelector(`#${listId}-${active}`);
    row?.classList.add("active");
    row?.scrollIntoView({ block: "nearest" });
    if (row) input.setAttribute("aria-activedescendant", row.id);
  }

  function choose(index) {
    const choice = shown[index];
    if (!choice) return;
    if (!multiple) {
      selected = [choice];
      close();
      commit([choice]);
      return;
    }
    const without = selected.filter((one) => one.value !== choice.value);
    commit(without.length < selected.length ? without : [...selected, choice]);
    input.value = "";
    open("");
  }

  input.addEventListener("input", () => {
    if (!multiple && !input.value && selected.length) commit([]);
    open(input.value);
  });
  input.addEventListener("focus", () => { if (!multiple) input.select(); });
  input.addEventListener("blur", () => { if (list) close(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list) point(active + (event.key === "ArrowDown" ? 1 : -1));
      else open("");
    } else if (event.key === "Enter" && list) choose(active);
    else if (event.key === "Escape" && list) close();
    else if (event.key === "Backspace" && multiple && !input.value && selected.length) commit(selected.slice(0, -1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  paint();
  return box;
}
