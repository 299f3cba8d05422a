// rich_text blocks (the output of Slack's own composer) and a subset of Markdown for markdown blocks.
import { h } from "./dom.js";
import { emojiFor } from "./emoji.js";
import { broadcast, channelMention, dateMention, escapeText, inline, link, userMention } from "./mrkdwn.js";

const LEAVES = {
  text: (leaf) => leaf.text.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line])),
  link: (leaf) => [link(leaf.url, leaf.text)],
  emoji: (leaf) => [emojiFor(leaf.name) ?? `:${leaf.name}:`],
  user: (leaf) => [userMention(leaf.user_id)],
  channel: (leaf) => [channelMention(leaf.channel_id)],
  broadcast: (leaf) => [broadcast(leaf.range)],
  date: (leaf) => [dateMention(leaf.timestamp, leaf.format, leaf.url, leaf.fallback)],
  usergroup: () => [h("span", { class: "broadcast" }, "@group")],
};

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

function styled(leaf) {
  let nodes = LEAVES[leaf.type]?.(leaf) ?? [leaf.text ?? ""];
  for (const [style, tag] of Object.entries(STYLES)) if (leaf.style?.[style]) nodes = [h(tag, {}, nodes)];
  return nodes;
}

const leaves = (element) => (element.elements ?? []).flatMap(styled);

const PARTS = {
  rich_text_section: (part) => h("div", { class: "line" }, leaves(part)),
  rich_text_quote: (part) => h("blockquote", {}, leaves(part)),
  rich_text_preformatted: (part) => h("pre", {}, leaves(part)),
  rich_text_list: (part) => h(part.style === "ordered" ? "ol" : "ul", { class: `indent-${part.indent ?? 0}`, start: part.offset ? part.offset + 1 : null },
    part.elements.map((item) => h("li", {}, leaves(item)))),
};

export const richText = (block) => (block.elements ?? []).map((part) => PARTS[part.type]?.(part)).filter(Boolean);

/** One paragraph of Markdown as mrkdwn: links, bold, italic, strikethrough; other characters are text. */
function asMrkdwn(source) {
  return inline(escapeText(source)
    .replace(/\[([^\]]+)\]\((https?:[^)\s]+)\)/g, "<$2|$1>")
    .replace(/\*\*(.+?)\*\*|(?<!\w)\*([^*\n]+)\*(?!\w)/g, (_whole, bold, italic) => (bold ? `*${bold}*` : `_${italic}_`))
    .replace(/~~(.+?)~~/g, "~$1~"));
}

/** A subset of Markdown: paragraphs, headings, bullets. */
export function markdown(text) {
  return text.split(/\n{2,}/).map((paragraph) => {
    const heading = /^#{1,6}\s+(.*)/.exec(paragraph);
    if (heading) return h("div", { class: "block-header", role: "heading", "aria-level": "3" }, asMrkdwn(heading[1]));
    if (/^\s*[-*] /.test(paragraph)) return h("ul", {}, paragraph.split("\n").map((line) => h("li", {}, asMrkdwn(line.replace(/^\s*[-*] /, "")))));
    return h("div", { class: "line" }, asMrkdwn(paragraph));
  });
}
