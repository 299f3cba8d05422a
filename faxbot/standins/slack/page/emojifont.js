// Icons for the emoji that a fax bot uses, on machines without an emoji font (a minimal Linux, screenshots in CI).
import { h, icon } from "./dom.js";

const DRAWN = { "📄": "file", "📃": "file", "📠": "fax", "🖨": "fax", "📎": "clip", "📥": "download", "⚠": "alert", "✅": "check", "❌": "x", "🔒": "lock", "👀": "eye", "🗑": "trash", "✏": "pencil", "⚡": "bolt", "📷": "image", "🔍": "search" };
const SIGNS = new RegExp(`(${Object.keys(DRAWN).join("|")})\uFE0F?`, "u");

/** Whether an emoji is rendered in color; otherwise no emoji font is installed. */
function rendersColor() {
  const context = h("canvas", { width: 24, height: 24 }).getContext("2d", { willReadFrequently: true });
  if (!context) return true;
  context.font = "18px sans-serif";
  context.fillText("📥", 0, 18);
  const { data } = context.getImageData(0, 0, 24, 24);
  for (let at = 0; at < data.length; at += 4) if (Math.max(data[at], data[at + 1], data[at + 2]) - Math.min(data[at], data[at + 1], data[at + 2]) > 24) return true;
  return false;
}

let drawing;

/** *text* as nodes: text, and icons for emoji that this machine cannot render. */
export function emojiNodes(text) {
  drawing ??= !rendersColor();
  if (!drawing || !SIGNS.test(text)) return [document.createTextNode(text)];
  return text.split(SIGNS).filter(Boolean).map((piece) => (DRAWN[piece] ? h("span", { class: `emoji-drawn drawn-${DRAWN[piece]}`, role: "img", "aria-label": piece }, icon(DRAWN[piece], 17)) : document.createTextNode(piece)));
}
