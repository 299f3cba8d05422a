// The app's modals: the view on top of this person's stack, its inputs, its validation errors, submit and close.
import { post } from "./api.js";
import { authorOf, avatar } from "./avatar.js";
import { blockParts } from "./blocks.js";
import { h, reconcile } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { makeDialog, toast } from "./popup.js";
import { Values } from "./press.js";
import { state } from "./store.js";

const values = new Map(); // view id -> typed values, kept while another view is on top
let open = null; // {id, dialog, body, foot, sign}

/** This person's top view: the newest one that is not below another view. */
function topView() {
  const mine = [...state.views.values()].filter((view) => view.user === state.me.id && view.view.type !== "home");
  const covered = new Set(mine.map((view) => view.previous_view_id));
  return mine.filter((view) => !covered.has(view.id)).at(-1);
}

const isEmpty = (value) => {
  const kept = Object.entries(value ?? {}).filter(([key]) => key !== "type" && key !== "shown").map(([, content]) => content);
  return kept.every((content) => content === null || content === undefined || content === "" || (Array.isArray(content) && !content.length));
};

const CHECKS = {
  email_text_input: (value) => (/^[^\s@]+@[^\s@]+$/.test(value) ? null : "Please enter a valid email address."),
  url_text_input: (value) => (/^https?:\/\/\S+$/.test(value) ? null : "Please enter a valid URL."),
  number_input: (value, element) => {
    const number = Number(value);
    if (Number.isNaN(number)) return "Please enter a number.";
    if (!element.is_decimal_allowed && !Number.isInteger(number)) return "Please enter a whole number.";
    if (element.min_value !== undefined && number < Number(element.min_value)) return `Please enter ${element.min_value} or more.`;
    return element.max_value !== undefined && number > Number(element.max_value) ? `Please enter ${element.max_value} or less.` : null;
  },
  plain_text_input: (value, element) => (value.length < (element.min_length ?? 0) ? `Please enter at least ${element.min_length} characters.` : null),
};

/** The validation errors of Slack's own client: {block_id: text}. */
function refused(view, typed) {
  const errors = {};
  for (const [index, block] of view.blocks.entries()) {
    if (block.type !== "input") continue;
    const id = block.block_id ?? `#${index}`;
    const value = typed.get(id, block.element.action_id);
    const problem = isEmpty(value) ? (block.optional ? null : "Please complete this required field.") : CHECKS[block.element.type]?.(value.value, block.element);
    if (problem) errors[id] = problem;
  }
  return errors;
}

function showErrors(errors) {
  let first = null;
  for (const node of open.body.querySelectorAll(".block")) {
    const text = errors?.[node.dataset.block];
    const note = node.querySelector(".input-error");
    node.classList.toggle("invalid", Boolean(text));
    if (note) {
      note.textContent = text ? plain(text) : "";
      note.hidden = !text;
    }
    const control = node.querySelector("input, textarea");
    if (text) control?.setAttribute("aria-invalid", "true");
    else control?.removeAttribute("aria-invalid");
    if (text) first ??= control ?? node;
  }
  first?.focus();
  first?.closest(".block").scrollIntoView({ block: "nearest" });
}

function clearError(event) {
  const block = event.target.closest(".block.invalid");
  if (!block) return;
  block.classList.remove("invalid");
  block.querySelector(".input-error").hidden = true;
  block.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
}

const isUploading = (typed) => Object.values(typed.blocks).some((block) => Object.values(block).some((value) => value?.shown?.some((entry) => !entry.id && !entry.error)));

async function submit(event) {
  event.preventDefault();
  const { id } = open;
  const button = open.foot.querySelector("[type=submit]");
  if (!button || button.getAttribute("aria-busy") === "true") return;
  const view = state.views.get(id);
  const typed = values.get(id);
  if (isUploading(typed)) return void toast("A file is still on its way. Wait for it, then try again.");
  const errors = refused(view.view, typed);
  if (Object.keys(errors).length) return showErrors(errors);
  button.setAttribute("aria-busy", "true");
  const answer = await post("submit", { view: id, values: typed });
  button.removeAttribute("aria-busy");
  if (answer.ok || open?.id !== id) return;
  if (answer.errors && Object.keys(answer.errors).length) showErrors(answer.errors);
  else toast(answer.message ?? "The app did not answer. Try again.");
}

async function close() {
  const { id } = open;
  const answer = await post("close", { view: id });
  if (!answer.ok) { // a view that the server no longer knows must be closed
    toast(answer.message ?? answer.error);
    state.views.delete(id);
    drawModal();
  }
}

function footer(view) {
  const label = (text, fallback) => plain(text?.text) || fallback;
  return [h("button", { type: "button", class: "button", on: { click: close } }, label(view.view.close, view.previous_view_id ? "Back" : view.view.submit ? "Cancel" : "Close")),
    view.view.submit && h("button", { type: "submit", class: "button primary", disabled: view.view.submit_disabled }, h("span", { class: "button-text" }, label(view.view.submit)))].filter(Boolean);
}

function frame(view) {
  const body = h("div", { class: "dialog-body" });
  const foot = h("footer", { class: "dialog-foot" });
  body.addEventListener("input", clearError);
  body.addEventListener("click", clearError);
  const bot = state.users.get(state.bot?.user_id) ?? { id: "bot", name: "faxbot", is_bot: true };
  const dialog = makeDialog({ title: plain(view.view.title?.text), className: "dialog-view", head: avatar(authorOf(bot), 28), body, foot, onClose: close, asForm: submit });
  return { dialog, body, foot };
}

/** Show the person's top view; called after every change. */
export function drawModal() {
  const view = topView();
  for (const id of values.keys()) if (!state.views.has(id)) values.delete(id);
  if (!view) {
    const leaving = open;
    open = null; // before dismiss(): restoring the focus may redraw
    leaving?.dialog.dismiss();
    return;
  }
  const fresh = open?.id !== view.id;
  if (fresh && !open) {
    open = { ...frame(view) };
    open.dialog.reveal();
  }
  open.id = view.id;
  const sign = JSON.stringify([view.view, view.errors]);
  if (!fresh && open.sign === sign) return;
  open.sign = sign;
  if (!values.has(view.id)) values.set(view.id, new Values());
  const typed = values.get(view.id);
  open.dialog.querySelector(".dialog-title").textContent = plain(view.view.title?.text);
  const footSign = JSON.stringify([view.id, view.view.submit, view.view.close, view.view.submit_disabled]);
  if (open.footSign !== footSign) open.foot.replaceChildren(...footer(view));
  open.footSign = footSign;
  const parts = blockParts(view.view.blocks, { view: view.id }, typed).map((part) => ({ ...part, key: `${view.id}-${part.key}` }));
  reconcile(open.body, parts);
  typed.keepOnly(new Set([...open.body.querySelectorAll(".block")].map((node) => node.dataset.block)));
  const lost = !open.dialog.contains(document.activeElement) || document.activeElement === open.dialog;
  if (fresh || lost) (open.body.querySelector("[autofocus]") ?? open.body.querySelector("input, textarea") ?? open.foot.lastElementChild).focus();
  if (view.errors && Object.keys(view.errors).length) showErrors(view.errors);
}
