// Block Kit's blocks as DOM, on a message or in a view.
import { renderElement } from "./elements.js";
import { fileCard } from "./files.js";
import { h, uniqueId } from "./dom.js";
import { plain, textObject } from "./mrkdwn.js";
import { markdown, richText } from "./richtext.js";
import { state } from "./store.js";

function section(block, place) {
  const interactive = { ...place, dispatch: true };
  return h("div", { class: "block-section" }, h("div", { class: "section-main" }, block.text && h("div", { class: "section-text" }, textObject(block.text)),
    block.fields && h("div", { class: "section-fields" }, block.fields.map((field) => h("div", { class: "section-field" }, textObject(field))))),
  block.accessory && h("div", { class: "section-accessory" }, renderElement(block.accessory, interactive)));
}

function context(block, place) {
  return h("div", { class: "block-context" }, block.elements.map((element) => (element.type === "image" ? renderElement(element, place) : h("span", { class: "context-text" }, textObject(element)))));
}

function actions(block, place) {
  return h("div", { class: "block-actions" }, block.elements.map((element) => renderElement(element, { ...place, dispatch: true })));
}

function image(block) {
  return h("figure", { class: "block-image" }, block.title && h("figcaption", {}, plain(block.title.text)),
    h("img", { src: block.image_url ?? block.slack_file?.url, alt: block.alt_text ?? "", loading: "lazy" }));
}

const GROUPED = new Set(["radio_buttons", "checkboxes"]);

function input(block, place) {
  const labelId = uniqueId("label");
  const hintId = uniqueId("hint");
  const grouped = GROUPED.has(block.element.type);
  const control = renderElement(block.element, { ...place, labelledby: labelId, describedby: hintId, dispatch: Boolean(block.dispatch_action) });
  const label = h(grouped ? "div" : "label", { id: labelId, class: "input-label" }, plain(block.label.text));
  if (!grouped) label.addEventListener("click", () => control.closest("input, textarea")?.focus() ?? control.querySelector("input")?.focus());
  return h("div", { class: "block-input" }, h("div", { class: "input-head" }, label, block.optional && h("span", { class: "input-optional" }, " (optional)")), control,
    h("div", { id: hintId, class: "input-notes" }, h("div", { class: "input-error", role: "alert", hidden: true }), block.hint && h("div", { class: "input-hint" }, plain(block.hint.text))));
}

function file(block) {
  const known = [...state.files.values()].find((one) => one.external_id === block.external_id);
  return known ? fileCard(known) : h("div", { class: "unsupported" }, `File ${block.external_id}`);
}

/** A table's cell: a text, a number or rich text. */
const cell = (content) => (content.type === "rich_text" ? richText(content) : [String(content.text ?? content.value ?? "")]);

function table(block) {
  return h("div", { class: "block-table" }, h("table", {}, h("tbody", {}, block.rows.map((row, index) => h("tr", {}, row.map((content) => h(index ? "td" : "th", {}, cell(content))))))));
}

const BLOCKS = {
  section, context, actions, image, input, file, table,
  header: (block) => h("div", { class: "block-header", role: "heading", "aria-level": "3" }, plain(block.text.text)),
  divider: () => h("hr", { class: "block-divider" }),
  rich_text: (block) => h("div", { class: "block-rich" }, richText(block)),
  markdown: (block) => h("div", { class: "block-rich" }, markdown(block.text)),
  alert: (block) => h("div", { class: `block-alert alert-${block.level ?? "default"}`, role: "note" }, textObject(block.text)),
};

/** The parts (for `reconcile`) of *blocks* on *surface*, with the input values kept in *values*. */
export function blockParts(blocks, surface, values) {
  return (blocks ?? []).map((block, index) => {
    const blockId = block.block_id ?? `#${index}`;
    return {
      key: `block-${block.type}-${blockId}`,
      sign: JSON.stringify(block),
      make: () => h("div", { class: "block", dataset: { block: blockId } },
        BLOCKS[block.type]?.(block, { surface, values, blockId }) ?? h("div", { class: "unsupported" }, `This ${block.type} block can only be seen in Slack.`)),
    };
  });
}
