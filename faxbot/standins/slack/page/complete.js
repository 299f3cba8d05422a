// Completions in the composer: commands with their usage, people, channels.
import { h, uniqueId } from "./dom.js";
import { nameOf, state } from "./store.js";

const BUILT_IN = [
  { command: "/invite", usage_hint: "@someone", description: "Add someone to this channel" },
  { command: "/remove", usage_hint: "@someone", description: "Remove someone from this channel" },
];

/** The app's commands and the workspace's own two commands. */
export const commands = () => [...state.commands.map((one) => ({ ...one, app: true })), ...BUILT_IN];

const rank = (text, typed) => text.toLowerCase().startsWith(typed.toLowerCase());

function proposals(text, caret) {
  const before = text.slice(0, caret);
  const command = /^\/(\S*)$/.exec(before);
  if (command) return commands().filter((one) => rank(one.command.slice(1), command[1])).map((one) => ({
    from: 0, insert: `${one.command} `, title: one.command, hint: one.usage_hint, note: one.description, app: one.app }));
  const mention = /(^|[\s(])@([^\s@]*)$/.exec(before);
  if (mention) return [...state.users.values()].filter((user) => rank(user.name, mention[2]) || rank(nameOf(user), mention[2])).sort((a, b) => Number(b.is_bot ?? false) - Number(a.is_bot ?? false)).map((user) => ({
    from: caret - mention[2].length - 1, insert: `@${user.name} `, title: nameOf(user), hint: `@${user.name}`, app: user.is_bot }));
  const channel = /(^|[\s(])#([^\s#]*)$/.exec(before);
  if (channel) return [...state.channels.values()].filter((one) => !one.is_im && rank(one.name, channel[2])).map((one) => ({ from: caret - channel[2].length - 1, insert: `#${one.name} `, title: `#${one.name}` }));
  return [];
}

/** Show completions for *field* in a list in *holder*; returns whether the list handled the key. */
export function completion(field, holder) {
  const id = uniqueId("complete");
  let shown = [];
  let active = 0;
  let refused = null;

  function paint() {
    const command = commands().find((one) => field.value.startsWith(`${one.command} `));
    const hint = !shown.length && command?.usage_hint;
    if (shown.length) field.setAttribute("aria-activedescendant", `${id}-${active}`);
    else field.removeAttribute("aria-activedescendant");
    holder.hidden = !shown.length && !hint;
    if (hint) return holder.replaceChildren(h("div", { class: "usage" }, h("b", {}, command.command), " ", command.usage_hint));
    const list = h("div", { class: "complete", role: "listbox", id, "aria-label": "Suggestions" }, shown.map((one, index) => h("div", {
      role: "option", id: `${id}-${index}`, class: index === active ? "option active" : "option", "aria-selected": index === active ? "true" : "false",
      on: { pointerdown: (event) => { event.preventDefault(); take(index); } } },
    h("span", { class: "option-label" }, h("b", {}, one.title), one.hint && h("span", { class: "complete-usage" }, one.hint)), one.note && h("span", { class: "option-hint" }, one.note), one.app && h("span", { class: "app-badge" }, "APP"))));
    holder.replaceChildren(...(shown.length ? [list] : []));
    list.querySelector(".active")?.scrollIntoView({ block: "nearest" });
    return undefined;
  }

  function update() {
    shown = field.value === refused ? [] : proposals(field.value, field.selectionStart).slice(0, 8);
    active = 0;
    paint();
  }

  function take(index) {
    const one = shown[index];
    const rest = field.value.slice(field.selectionStart);
    field.value = field.value.slice(0, one.from) + one.insert + rest.replace(/^ /, "");
    field.setSelectionRange(one.from + one.insert.length, one.from + one.insert.length);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  field.addEventListener("input", () => { refused = null; update(); });
  field.addEventListener("blur", () => { shown = []; paint(); });
  field.addEventListener("focus", update);
  field.setAttribute("aria-controls", id);
  field.setAttribute("aria-autocomplete", "list");

  return function key(event) {
    if (!shown.length) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") active = (active + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length;
    else if (event.key === "Tab" || (event.key === "Enter" && field.value.trim() !== shown[active].title)) return take(active), true;
    else if (event.key === "Escape") { refused = field.value; shown = []; } else return false;
    paint();
    return true;
  };
}
