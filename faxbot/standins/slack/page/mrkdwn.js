// Slack's mrkdwn as DOM nodes. All text becomes text nodes; nothing is parsed as HTML.
import { h } from "./dom.js";
import { emojiFor, withEmoji } from "./emoji.js";
import { emojiNodes } from "./emojifont.js";
import { nameOf, state } from "./store.js";
import { fillDate, fullTime } from "./times.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

/** Unescape Slack's three entities once, so that "&amp;lt;" becomes "&lt;". */
export const unescapeText = (text) => text.replace(/&(amp|lt|gt);/g, (entity) => ENTITIES[entity]);

export const escapeText = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** Slack's plain_text: text with emoji, without other formatting. */
export const plain = (text) => withEmoji(unescapeText(text ?? ""));

/** A link when its URL scheme is safe, else its text. */
export function link(address, label) {
  const href = unescapeText(address);
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(href)) return document.createTextNode(label ?? href);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, label ?? href.replace(/^(mailto|tel):/i, ""));
}

export function userMention(id, label) {
  const user = state.users.get(id);
  return h("span", { class: id === state.me?.id ? "mention mention-me" : "mention", dataset: { user: id } }, `@${user ? nameOf(user) : (label ?? id)}`);
}

export function channelMention(id, label) {
  const channel = state.channels.get(id);
  const known = channel && !channel.is_im;
  return known ? h("a", { class: "mention", href: `#${state.me.name}/${channel.name}` }, `#${channel.name}`)
    : h("span", { class: "mention" }, `#${label ?? id}`);
}

export const broadcast = (range) => h("span", { class: "broadcast", title: `This notifies everyone (@${range})` }, `@${range}`);

export function dateMention(ts, pattern, address, fallback) {
  const text = Number.isFinite(Number(ts)) ? fillDate(ts, pattern) : fallback;
  const node = h("time", { title: Number.isFinite(Number(ts)) ? fullTime(ts) : null }, text);
  return address ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, node) : node;
}

/** The node for a tag in angle brackets; null when it is not one of Slack's tags. */
function angle(content) {
  const bar = content.indexOf("|");
  const target = bar < 0 ? content : content.slice(0, bar);
  const label = bar < 0 ? undefined : unescapeText(content.slice(bar + 1));
  if (/^@[UWB]\w+$/.test(target)) return userMention(target.slice(1), label);
  if (/^#C\w+$/.test(target)) return channelMention(target.slice(1), label);
  if (/^!(channel|here|everyone|group)$/.test(target)) return broadcast(target.slice(1));
  if (target.startsWith("!subteam^")) return h("span", { class: "broadcast" }, label ?? "@group");
  const date = /^!date\^(\d+)\^([^^]+)(?:\^(.+))?$/.exec(target);
  if (date) return dateMention(date[1], unescapeText(date[2]), date[3], label);
  if (/^(https?:\/\/|mailto:|tel:)/i.test(target)) return link(target, label === undefined ? undefined : withEmoji(label));
  return null;
}

const WORD = /[\p{L}\p{N}]/u;
const MARKS = { "*": "strong", _: "em", "~": "s" };

/** The index that closes the mark at *at* on its line, or -1; tags and code spans are skipped. */
function closing(text, at) {
  const mark = text[at];
  if (WORD.test(text[at - 1] ?? "") || /[\s]|^$/.test(text[at + 1] ?? "") || text[at + 1] === mark) return -1;
  for (let i = at + 1; i < text.length && text[i] !== "\n"; i++) {
    if (text[i] === "<" || text[i] === "`") {
      const end = text.indexOf(text[i] === "<" ? ">" : "`", i + 1);
      if (end > 0) i = end;
    } else if (text[i] === mark && i > at + 1 && !/\s/.test(text[i - 1]) && !WORD.test(text[i + 1] ?? "")) return i;
  }
  return -1;
}

/** The inline markup at *at* as [node, length]; null for an ordinary character. */
function piece(text, at) {
  const char = text[at];
  if (char === "<") {
    const end = text.indexOf(">", at);
    const node = end > 0 ? angle(text.slice(at + 1, end)) : null;
    return node && [node, end + 1 - at];
  }
  if (char === "\n") return [h("br"), 1];
  if (char === "`") {
    const end = text.indexOf("`", at + 1);
    const code = end > at + 1 ? text.slice(at + 1, end) : "\n";
    return code.includes("\n") ? null : [h("code", {}, unescapeText(code.replace(/<[^<>|]+\|([^<>]+)>|<([^<>]+)>/g, "$1$2"))), end + 1 - at];
  }
  if (char === ":") {
    const name = /^:([a-z0-9_+-]+):/.exec(text.slice(at, at + 40))?.[1];
    const character = name && emojiFor(name);
    return character ? [h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` }, emojiNodes(character)), name.length + 2] : null;
  }
  if (MARKS[char]) {
    const end = closing(text, at);
    return end < 0 ? null : [h(MARKS[char], {}, inline(text.slice(at + 1, end))), end + 1 - at];
  }
  if (char === "h" && !WORD.test(text[at - 1] ?? "")) {
    const url = /^https?:\/\/[^\s<>"]+[^\s<>".,;:!?)']/.exec(text.slice(at))?.[0];
    return url ? [link(url), url.length] : null;
  }
  return null;
}

/** Text nodes, with runs of block characters (a progress bar) in their own element. */
const withBars = (text) => text.split(/([▰▱█░▓▒■□]{3,})/).filter(Boolean).flatMap((run) => (/^[▰▱█░▓▒■□]{3}/.test(run) ? h("span", { class: "bar" }, run) : emojiNodes(run)));

/** Inline mrkdwn as an array of nodes. */
export function inline(text) {
  const nodes = [];
  let pending = "";
  const flush = () => {
    if (pending) nodes.push(...withBars(unescapeText(pending)));
    pending = "";
  };
  for (let at = 0; at < text.length;) {
    const found = piece(text, at);
    if (!found) {
      pending += text[at++];
      continue;
    }
    flush();
    nodes.push(found[0]);
    at += found[1];
  }
  flush();
  return nodes;
}

const QUOTE = /^(&gt;|>) ?/;
const BULLET = /^\s*[•◦-]\s+/;
const NUMBERED = /^\s*(\d+)[.)]\s+/;
const kindOf = (line) => (QUOTE.test(line) ? "quote" : BULLET.test(line) ? "bullet" : NUMBERED.test(line) ? "numbered" : "text");

const GROUPS = {
  quote: (lines) => h("blockquote", {}, inline(lines.map((line) => line.replace(QUOTE, "")).join("\n"))),
  bullet: (lines) => h("ul", {}, lines.map((line) => h("li", {}, inline(line.replace(BULLET, ""))))),
  numbered: (lines) => h("ol", { start: NUMBERED.exec(lines[0])[1] }, lines.map((line) => h("li", {}, inline(line.replace(NUMBERED, ""))))),
  text: (lines) => h("div", { class: "line" }, inline(lines.join("\n"))),
};

/** mrkdwn as an array of block nodes: paragraphs, quotes, lists, preformatted. */
export function mrkdwn(text) {
  const nodes = [];
  for (const [index, part] of (text ?? "").split("```").entries()) {
    if (index % 2) {
      nodes.push(h("pre", {}, unescapeText(part.replace(/^\n|\n$/g, ""))));
      continue;
    }
    let group = [];
    const lines = part.replace(/^\n|\n$/g, "").split("\n");
    if (lines.length === 1 && !lines[0]) continue;
    for (const [at, line] of lines.entries()) {
      group.push(line);
      if (kindOf(line) !== kindOf(lines[at + 1] ?? "") || at === lines.length - 1) {
        nodes.push(GROUPS[kindOf(line)](group));
        group = [];
      }
    }
  }
  return nodes;
}

/** The nodes of a text object ({type, text}). */
export function textObject(object) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text) : emojiNodes(plain(object.text));
}

/** A text without any markup, for accessible names and previews. */
export function bare(text) {
  const holder = h("div", {}, mrkdwn(text));
  return holder.textContent.replace(/\s+/g, " ").trim();
}
