// Conversion between typed text ("@Dana") and Slack's format ("<@U…>"), and the editor of a sent message.
import { post } from "./api.js";
import { h } from "./dom.js";
import { escapeText, unescapeText } from "./mrkdwn.js";
import { toast } from "./popup.js";
import { nameOf, state } from "./store.js";

/** All names for mentions, longest first, so that "@Dana Lee" is not read as "@Dana" and " Lee". */
function mentionable() {
  const names = [...state.users.values()].flatMap((user) => [[user.name, user.id], [nameOf(user), user.id]]);
  return names.filter(([name]) => name).sort((a, b) => b[0].length - a[0].length);
}

const startsWord = (text, at) => at === 0 || /[\s(]/.test(text[at - 1]);
const endsWord = (text, at) => at >= text.length || !/[\p{L}\p{N}_]/u.test(text[at]);

/** Typed text in Slack's format: escaped, with mentions and channels as references. */
export function toWire(typed) {
  const names = mentionable();
  const channels = [...state.channels.values()].filter((channel) => !channel.is_im);
  let text = "";
  for (let at = 0; at < typed.length;) {
    const rest = typed.slice(at + 1);
    const fits = (name) => rest.toLowerCase().startsWith(name.toLowerCase()) && endsWord(rest, name.length);
    const person = typed[at] === "@" && startsWord(typed, at) ? names.find(([name]) => fits(name)) : null;
    const channel = typed[at] === "#" && startsWord(typed, at) ? channels.find((one) => fits(one.name)) : null;
    const range = typed[at] === "@" && startsWord(typed, at) ? ["channel", "here", "everyone"].find(fits) : null;
    if (person) text += `<@${person[1]}>`;
    else if (channel) text += `<#${channel.id}|${channel.name}>`;
    else if (range) text += `<!${range}>`;
    else text += escapeText(typed[at]);
    at += 1 + (person?.[0] ?? channel?.name ?? range ?? "").length;
  }
  return text;
}

/** Text in Slack's format as the author would type it. */
export function toTyped(text) {
  return unescapeText(text.replace(/<@(\w+)(?:\|[^>]*)?>/g, (_whole, id) => `@${state.users.get(id)?.name ?? id}`)
    .replace(/<#(\w+)(?:\|([^>]*))?>/g, (_whole, id, name) => `#${state.channels.get(id)?.name ?? name ?? id}`)
    .replace(/<!(\w+)>/g, "@$1").replace(/<((?:https?|mailto|tel):[^|>]+)(?:\|[^>]*)?>/g, "$1"));
}

/** An editor in place of a message's text; *done* is called after saving or canceling. */
export function editorFor(message, done) {
  const field = h("textarea", { class: "field editor-field", "aria-label": "Edit message", rows: 2 });
  field.value = toTyped(message.text ?? "");
  const save = async () => {
    const answer = await post("edit", { channel: message.channel, ts: message.ts, text: toWire(field.value.trim()) });
    if (!answer.ok) toast(answer.message ?? "The message could not be changed.");
    done();
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") done();
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) save();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  queueMicrotask(() => { field.focus(); field.setSelectionRange(field.value.length, field.value.length); });
  return h("div", { class: "editor" }, field, h("div", { class: "editor-foot" }, h("button", { type: "button", class: "button", on: { click: done } }, "Cancel"), h("button", { type: "button", class: "button primary", on: { click: save } }, "Save")));
}
