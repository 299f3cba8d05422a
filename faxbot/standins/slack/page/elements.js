// Block Kit's interactive elements. Each stores its state in `place.values` and, where Slack does, sends it to the app.
import { upload } from "./api.js";
import { fileInput } from "./fileinput.js";
import { h, icon } from "./dom.js";
import { textObject, plain } from "./mrkdwn.js";
import { openMenu } from "./popup.js";
import { openLink, press } from "./press.js";
import { select } from "./selects.js";

/** A focus key that is stable across updates, which may change the block's id. */
const focusKey = (element, extra = "") => `${element.action_id}/${extra}`;

/** Common attributes of a control that an input block labels. */
function labels(place, element) {
  return { "aria-labelledby": place.labelledby, "aria-label": place.labelledby ? null : (plain(element.placeholder?.text) || element.action_id),
    "aria-describedby": place.describedby, dataset: { focus: focusKey(element) }, autofocus: element.focus_on_load };
}

function button(element, place) {
  const { style, text, value } = element;
  const state = { type: "button", value, text };
  const node = h("button", { type: "button", class: style === "primary" ? "button primary" : style === "danger" ? "button danger" : "button",
    "aria-label": element.accessibility_label, dataset: { focus: focusKey(element, value) },
    on: { click: () => press(place, element, state, node) } }, h("span", { class: "button-text" }, textObject(text)));
  return node;
}

function overflow(element, place) {
  const choose = (option) => {
    openLink(option.url);
    press(place, element, { type: "overflow", selected_option: option }, node);
  };
  const node = h("button", { type: "button", class: "button overflow", "aria-label": "More options", "aria-haspopup": "menu", dataset: { focus: focusKey(element) },
    on: { click: () => openMenu(node, element.options.map((option) => ({ label: plain(option.text.text), hint: plain(option.description?.text), run: () => choose(option) })), { label: "More options" }) } }, icon("more", 16));
  return node;
}

/** Dispatch a typed field to the app on Enter or on each character, by its dispatch_action_config. */
function dispatching(element, place, node, state) {
  const when = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  if (when.includes("on_character_entered")) {
    let timer;
    node.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => press(place, element, state(), null), 400);
    });
  }
  if (when.includes("on_enter_pressed")) node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    press(place, element, state(), null);
  });
}

const typed = (kind, attributes = {}) => (element, place) => {
  const before = place.values.get(place.blockId, element.action_id)?.value ?? element.initial_value ?? "";
  const node = h(element.multiline ? "textarea" : "input", { class: "field", placeholder: plain(element.placeholder?.text), maxlength: element.max_length, minlength: element.min_length,
    rows: element.multiline ? 4 : null, autocomplete: "off", ...(element.multiline ? {} : attributes), ...labels(place, element) });
  node.value = before;
  const state = () => ({ type: kind, value: node.value || null });
  const keep = () => place.values.set(place.blockId, element.action_id, state());
  keep();
  node.addEventListener("input", keep);
  if (place.dispatch) dispatching(element, place, node, state);
  return node;
};

function richTextInput(element, place) {
  const before = place.values.get(place.blockId, element.action_id)?.rich_text_value?.elements?.[0]?.elements?.[0]?.text ?? "";
  const node = h("textarea", { class: "field", rows: 4, placeholder: plain(element.placeholder?.text), ...labels(place, element) });
  node.value = before;
  const keep = () => place.values.set(place.blockId, element.action_id, { type: "rich_text_input",
    rich_text_value: { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text: node.value }] }] } });
  keep();
  node.addEventListener("input", keep);
  return node;
}

const PICKS = { datepicker: ["date", "selected_date", "initial_date"], timepicker: ["time", "selected_time", "initial_time"], datetimepicker: ["datetime-local", "selected_date_time", "initial_date_time"] };

const localText = (epoch) => new Date(epoch * 1000 - new Date(epoch * 1000).getTimezoneOffset() * 60000).toISOString().slice(0, 16);

function moment(element, place) {
  const [type, key, initial] = PICKS[element.type];
  const both = element.type === "datetimepicker";
  const before = place.values.get(place.blockId, element.action_id)?.[key] ?? element[initial] ?? null;
  const node = h("input", { type, class: "field field-narrow", ...labels(place, element) });
  if (before !== null) node.value = both ? localText(before) : before;
  const state = () => ({ type: element.type, [key]: node.value ? (both ? Math.floor(new Date(node.value).getTime() / 1000) : node.value) : null });
  place.values.set(place.blockId, element.action_id, state());
  node.addEventListener("change", () => {
    place.values.set(place.blockId, element.action_id, state());
    if (place.dispatch) press(place, element, state(), node);
  });
  return node;
}

function choices(element, place) {
  const many = element.type === "checkboxes";
  const key = many ? "selected_options" : "selected_option";
  const before = place.values.get(place.blockId, element.action_id)?.[key] ?? element[many ? "initial_options" : "initial_option"];
  let chosen = new Set((many ? before ?? [] : before ? [before] : []).map((option) => option.value));
  const state = () => {
    const options = element.options.filter((option) => chosen.has(option.value));
    return { type: element.type, [key]: many ? options : (options[0] ?? null) };
  };
  const name = focusKey(element, Math.random().toString(36).slice(2));
  const node = h("div", { class: "choices", role: many ? "group" : "radiogroup", "aria-labelledby": place.labelledby, "aria-describedby": place.describedby }, element.options.map((option) => {
    const box = h("input", { type: many ? "checkbox" : "radio", name, value: option.value, dataset: { focus: focusKey(element, option.value) }, on: { change: () => {
      if (many) chosen[box.checked ? "add" : "delete"](option.value);
      else chosen = new Set([option.value]);
      place.values.set(place.blockId, element.action_id, state());
      if (place.dispatch) press(place, element, state(), node);
    } } });
    box.checked = chosen.has(option.value);
    return h("label", { class: "choice" }, box, h("span", { class: "choice-text" }, textObject(option.text), option.description && h("span", { class: "choice-hint" }, textObject(option.description))));
  }));
  place.values.set(place.blockId, element.action_id, state());
  return node;
}

function image(element) {
  return h("img", { class: "element-image", src: element.image_url ?? element.slack_file?.url, alt: element.alt_text ?? "", loading: "lazy" });
}

function files(element, place) {
  return fileInput(element, { upload, labelledby: place.labelledby, describedby: place.describedby, before: place.values.get(place.blockId, element.action_id)?.shown,
    onChange: (shown) => place.values.set(place.blockId, element.action_id, { type: "file_input", files: shown.filter((entry) => entry.id).map((entry) => entry.id), shown }) });
}

const ELEMENTS = {
  button, overflow, image,
  workflow_button: button,
  plain_text_input: typed("plain_text_input", { type: "text" }),
  email_text_input: typed("email_text_input", { type: "email" }),
  url_text_input: typed("url_text_input", { type: "url" }),
  number_input: typed("number_input", { type: "text", inputmode: "decimal" }),
  rich_text_input: richTextInput,
  datepicker: moment, timepicker: moment, datetimepicker: moment,
  radio_buttons: choices, checkboxes: choices,
  file_input: files,
};

/** The DOM of *element* on *place* {surface, values, blockId, labelledby?, describedby?, dispatch?}. */
export function renderElement(element, place) {
  const make = ELEMENTS[element.type] ?? (/_select$/.test(element.type) ? select : null);
  return make ? make(element, place) : h("span", { class: "unsupported" }, `(${element.type})`);
}
