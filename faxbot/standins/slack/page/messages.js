// One message: author, time, text or blocks, files, thread summary and toolbar.
import { authorOf, authorOfMessage, avatar } from "./avatar.js";
import { blockParts } from "./blocks.js";
import { h, icon, iconButton, reconcile } from "./dom.js";
import { fileCard } from "./files.js";
import { messageMenu } from "./messagemenu.js";
import { bare, mrkdwn, plain } from "./mrkdwn.js";
import { Values } from "./press.js";
import { fileOf, messageAt, replies, state } from "./store.js";
import { ago, clock, dayKey, dayTitle, fullTime } from "./times.js";
import { editorFor } from "./editor.js";

const GROUP_SECONDS = 300;
const editing = new Set();
const keyOf = (message) => `${message.ephemeral ? `e-${message.id}` : message.ts}`;

/** Whether *message* follows *previous* closely enough to omit name and avatar. */
function continues(previous, message) {
  if (!previous || previous.ephemeral || message.ephemeral || dayKey(previous.ts) !== dayKey(message.ts)) return false;
  const same = (previous.user ?? previous.bot_id) === (message.user ?? message.bot_id) && previous.username === message.username;
  const card = message.bot_id && message.blocks?.length; // a card always shows its author
  return same && !card && Number(message.ts) - Number(previous.ts) < GROUP_SECONDS && !previous.subtype?.startsWith("channel_");
}

function threadFooter(message, answers, openThread) {
  const authors = new Map(answers.map((reply) => [reply.user ?? reply.bot_id, authorOfMessage(reply)]));
  const count = `${answers.length} ${answers.length === 1 ? "reply" : "replies"}`;
  return h("button", { type: "button", class: "thread-link", dataset: { focus: `${message.ts}/thread` }, on: { click: () => openThread(message) } },
    h("span", { class: "thread-faces" }, [...authors.values()].slice(0, 4).map((author) => avatar(author, 24))), h("span", { class: "thread-count" }, count), h("span", { class: "thread-last" }, `Last reply ${ago(answers.at(-1).ts)}`));
}

function attachmentParts(message, surface, values) {
  return (message.attachments ?? []).map((attachment, index) => ({
    key: `attachment-${index}`, sign: JSON.stringify(attachment),
    make: () => {
      const node = h("div", { class: "attachment" });
      if (/^#?[0-9a-f]{6}$/i.test(attachment.color ?? "")) node.style.borderColor = `#${attachment.color.replace("#", "")}`;
      if (attachment.blocks) reconcile(node, blockParts(attachment.blocks, surface, values));
      else node.append(...mrkdwn(attachment.text ?? attachment.fallback));
      return node;
    },
  }));
}

/** The parts of a message's body, for `reconcile`. */
function bodyParts(message, place, values) {
  if (editing.has(keyOf(message)) && place.editable) return [{ key: "editor", sign: "", make: () => editorFor(message, () => { editing.delete(keyOf(message)); place.redraw(); }) }];
  const surface = message.ephemeral ? { ephemeral: message.id } : { channel: message.channel, ts: message.ts };
  const parts = message.blocks?.length ? blockParts(message.blocks, surface, values)
    : message.text ? [{ key: "text", sign: message.text, make: () => h("div", { class: "message-text" }, mrkdwn(message.text)) }] : [];
  if (message.edited && !message.bot_id) parts.push({ key: "edited", sign: message.edited.ts, make: () => h("span", { class: "edited", title: fullTime(message.edited.ts) }, "(edited)") });
  parts.push(...attachmentParts(message, surface, values));
  for (const carried of message.files ?? []) {
    const file = fileOf(carried);
    parts.push({ key: `file-${file.id}`, sign: JSON.stringify([file.mode, file.name, file.title, file.size]), make: () => h("div", { class: "message-file" }, fileCard(file)) });
  }
  const answers = place.inThread || message.ephemeral ? [] : replies(message.channel, message.ts);
  if (answers.length) parts.push({ key: "replies", sign: answers.map((reply) => reply.ts).join() + ago(answers.at(-1).ts), make: () => threadFooter(message, answers, place.openThread) });
  return parts;
}

function toolbar(message, place) {
  if (message.ephemeral || message.subtype === "tombstone") return null;
  const more = iconButton("more", "More actions", () => messageMenu(more, message, { edit: () => { editing.add(keyOf(message)); place.redraw(); } }));
  return h("div", { class: "toolbar", role: "toolbar", "aria-label": "Message actions" },
    !place.inThread && iconButton("reply", "Reply in thread", () => place.openThread(message)), more);
}

/** The message as text for screen readers. */
function spoken(message, author) {
  const text = bare(message.text) || (message.files ?? []).map((file) => file.name).join(", ");
  return `${author.name}, ${clock(message.ts)}${message.ephemeral ? ", only visible to you" : ""}: ${text}`;
}

function makeMessage(message, compact, place) {
  const author = authorOfMessage(message);
  const body = h("div", { class: "message-body" });
  const time = h("time", { class: "message-time", title: fullTime(message.ts) }, compact ? clock(message.ts).replace(/ [AP]M/, "") : clock(message.ts));
  const classes = ["message", compact && "compact", message.ephemeral && "ephemeral", author.bot && "from-app", message.subtype === "tombstone" && "gone"].filter(Boolean).join(" ");
  const node = h("article", { class: classes, tabindex: "-1", "aria-label": spoken(message, author), dataset: { ts: message.ts } },
    message.ephemeral && h("div", { class: "only-you" }, icon("eye", 14), "Only visible to you"),
    h("div", { class: "message-gutter" }, compact ? time : avatar(author)),
    h("div", { class: "message-main" }, !compact && h("div", { class: "message-head" }, h("span", { class: "author" }, author.name), author.bot && h("span", { class: "app-badge" }, "APP"), time), body),
    toolbar(message, place));
  node.faxValues = new Values();
  node.faxBody = body;
  return node;
}

const SYSTEM = { channel_join: "joined", channel_leave: "left" };

function systemLine(message) {
  return h("div", { class: "system-line", dataset: { ts: message.ts } }, avatar(authorOf(state.users.get(message.user)), 20), h("span", {}, message.text ? mrkdwn(message.text) : `${plain(authorOfMessage(message).name)} ${SYSTEM[message.subtype]} the channel.`), h("time", { class: "message-time" }, clock(message.ts)));
}

/** The list part of *message*, updated in place to keep typed text, open menus and scroll positions. */
function messagePart(message, previous, place) {
  if (SYSTEM[message.subtype]) return { key: keyOf(message), sign: JSON.stringify(message), make: () => systemLine(message) };
  const compact = continues(previous, message);
  const author = authorOfMessage(message);
  const fill = (node) => {
    reconcile(node.faxBody, bodyParts(message, place, node.faxValues));
    node.setAttribute("aria-label", spoken(message, author));
  };
  const answers = place.inThread || message.ephemeral ? [] : replies(message.channel, message.ts);
  const files = (message.files ?? []).map((file) => fileOf(file));
  const look = `${compact}-${author.name}`;
  return {
    key: `${keyOf(message)}-${look}`,
    sign: JSON.stringify([message, answers.map((reply) => reply.ts), answers.length && ago(answers.at(-1).ts), files.map((file) => [file.mode, file.name, file.size]), editing.has(keyOf(message))]),
    make: () => {
      const node = makeMessage(message, compact, place);
      fill(node);
      return node;
    },
    update: fill,
  };
}

/** The parts of a message list: day dividers, the "New" line, the messages. */
export function listParts(messages, place, newFrom = null) {
  const parts = [];
  let previous = null;
  let marked = false;
  for (const message of messages) {
    if (!place.inThread && (!previous || dayKey(previous.ts) !== dayKey(message.ts))) {
      const title = dayTitle(message.ts);
      parts.push({ key: `day-${dayKey(message.ts)}`, sign: title, make: () => h("div", { class: "day", role: "separator", "aria-label": title }, h("span", {}, title)) });
    }
    if (newFrom && !marked && Number(message.ts) >= newFrom) {
      marked = true;
      parts.push({ key: "new", sign: "", make: () => h("div", { class: "new-line", role: "separator" }, h("span", {}, "New")) });
    }
    parts.push(messagePart(message, previous, place));
    previous = message;
  }
  return parts;
}

/** Arrow keys move through a list of messages; Enter or → opens the thread of a message. */
export function walkable(list, openThread) {
  list.addEventListener("keydown", (event) => {
    const current = event.target.closest(".message");
    if (event.target !== current && event.target !== list) return;
    const all = [...list.querySelectorAll(".message")];
    const at = all.indexOf(current);
    if (event.key === "ArrowUp") (at < 0 ? all.at(-1) : all[Math.max(0, at - 1)])?.focus();
    else if (event.key === "ArrowDown") all[Math.min(all.length - 1, at + 1)]?.focus();
    else if ((event.key === "Enter" || event.key === "ArrowRight") && openThread && current) {
      const message = messageAt(state.channel, current.dataset.ts);
      if (message) openThread(message);
    } else return;
    event.preventDefault();
  });
}

/** Edit this person's last message in *messages*; returns false when there is none. */
export function editLast(messages, redraw) {
  const mine = messages.filter((message) => message.user === state.me.id && !message.ephemeral && !message.subtype?.startsWith("channel_")).at(-1);
  if (!mine) return false;
  editing.add(keyOf(mine));
  redraw();
  return true;
}
