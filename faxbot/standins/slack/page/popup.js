// Overlays: menus, dialogs and toasts.
import { h, iconButton, topLayer, uniqueId } from "./dom.js";
import { textObject } from "./mrkdwn.js";

/** Place *popup* below *anchor*, or above it when there is no room below. */
export function place(popup, anchor, { align = "start", matchWidth = false } = {}) {
  const box = anchor.getBoundingClientRect();
  if (matchWidth) popup.style.minWidth = `${box.width}px`;
  const { offsetWidth: width, offsetHeight: height } = popup;
  const below = window.innerHeight - box.bottom;
  const top = below >= height + 8 || below >= box.top ? box.bottom + 4 : box.top - height - 4;
  const left = align === "end" ? box.right - width : box.left;
  popup.style.top = `${Math.max(8, Math.min(top, window.innerHeight - height - 8))}px`;
  popup.style.left = `${Math.max(8, Math.min(left, window.innerWidth - width - 8))}px`;
}

let closeOpenMenu = null;

/**
 * Open a menu at *anchor*. Items: {label, hint?, icon?, danger?, run} or "divider" or {heading}.
 * Arrow keys move, Enter chooses, Esc and a click elsewhere close the menu; the focus returns to the anchor.
 */
export function openMenu(anchor, items, { label, align = "end" } = {}) {
  const again = anchor.getAttribute("aria-expanded") === "true";
  closeOpenMenu?.();
  if (again) return;
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label });
  const close = (refocus = true) => {
    closeOpenMenu = null;
    menu.remove();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    window.removeEventListener("resize", dismiss);
    if (refocus && anchor.isConnected) anchor.focus({ preventScroll: true });
  };
  const dismiss = () => close(false);
  const outside = (event) => { if (!menu.contains(event.target) && !anchor.contains(event.target)) dismiss(); };
  for (const item of items) {
    if (item === "divider") menu.append(h("div", { class: "menu-divider", role: "separator" }));
    else if (item.heading) menu.append(h("div", { class: "menu-heading", role: "presentation" }, item.heading));
    else menu.append(h("button", { type: "button", role: "menuitem", tabindex: "-1", class: item.danger ? "menu-item danger" : "menu-item", disabled: item.disabled,
      on: { click: () => { close(); item.run(); } } },
    item.icon, h("span", { class: "menu-label" }, item.label), item.hint && h("span", { class: "menu-hint" }, item.hint)));
  }
  menu.addEventListener("keydown", (event) => {
    const entries = [...menu.querySelectorAll("[role=menuitem]:not([disabled])")];
    const at = entries.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (to !== undefined) entries.at(to % entries.length)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  anchor.setAttribute("aria-haspopup", "menu");
  anchor.setAttribute("aria-expanded", "true");
  topLayer().append(menu);
  place(menu, anchor, { align });
  document.addEventListener("pointerdown", outside, true);
  window.addEventListener("resize", dismiss);
  closeOpenMenu = close;
  menu.querySelector("[role=menuitem]:not([disabled])")?.focus({ preventScroll: true });
}

const FOCUSABLE = "a[href], button:not([disabled]), input:not([disabled]), select, textarea, [tabindex='0']";

/**
 * A modal dialog: labeled, focus kept inside, Esc calls *onClose*. Returns the <dialog>, not yet shown;
 * `reveal()` shows it, `dismiss()` removes it and restores the focus.
 */
export function makeDialog({ title, className = "", head = null, body, foot = null, onClose, closeLabel = "Close", asForm = null }) {
  const titleId = uniqueId("dialog-title");
  const before = document.activeElement;
  const heading = h("h2", { id: titleId, class: "dialog-title" }, title);
  const content = asForm ? h("form", { class: "dialog-form", novalidate: true, on: { submit: asForm } }, body, foot) : [body, foot];
  const dialog = h("dialog", { class: `dialog ${className}`, role: "dialog", "aria-modal": "true", "aria-labelledby": titleId },
    h("header", { class: "dialog-head" }, head, heading, iconButton("x", closeLabel, () => onClose(), { class: "dialog-close" })), content);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault(); // the owner closes it: a view is closed by the server
    onClose();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      onClose();
    } else if (event.key === "Tab") keepInside(dialog, event);
  });
  dialog.reveal = () => {
    document.body.append(dialog);
    dialog.showModal();
  };
  dialog.dismiss = () => {
    dialog.close();
    dialog.remove();
    if (!before?.isConnected) return;
    before.blur(); // close() has focused it, but Chromium shows no caret then and drops typed text
    before.focus({ preventScroll: true });
  };
  return dialog;
}

function keepInside(dialog, event) {
  const entries = [...dialog.querySelectorAll(FOCUSABLE)].filter((el) => el.offsetParent !== null && el.tabIndex >= 0);
  const [first, last] = [entries.at(0), entries.at(-1)];
  const leaving = event.shiftKey ? document.activeElement === first || document.activeElement === dialog : document.activeElement === last;
  if (!leaving) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}

/** Show the confirm dialog of an element's `confirm` object; resolves to true or false. */
export function askConfirm(confirm) {
  return new Promise((resolve) => {
    const answer = (yes) => {
      dialog.dismiss();
      resolve(yes);
    };
    const yes = h("button", { type: "button", class: confirm.style === "danger" ? "button danger-solid" : "button primary", on: { click: () => answer(true) } }, textObject(confirm.confirm ?? { text: "Yes" }));
    const no = h("button", { type: "button", class: "button", on: { click: () => answer(false) } }, textObject(confirm.deny ?? { text: "Cancel" }));
    const dialog = makeDialog({ title: textObject(confirm.title ?? { text: "Are you sure?" }), className: "dialog-confirm",
      body: h("div", { class: "dialog-body" }, textObject(confirm.text)), foot: h("footer", { class: "dialog-foot" }, no, yes), onClose: () => answer(false) });
    dialog.reveal();
    yes.focus();
  });
}

/** A short notice at the bottom of the window; a repeated text within a moment is shown once. */
export function toast(text, level = "error") {
  let region = document.getElementById("toasts");
  region ??= h("div", { id: "toasts", class: "toasts", role: "status", "aria-live": "polite" });
  topLayer().append(region);
  if ([...region.children].some((shown) => shown.dataset.text === text)) return;
  const node = h("div", { class: `toast toast-${level}`, dataset: { text } }, h("span", {}, text));
  const remove = () => node.remove();
  node.append(iconButton("x", "Dismiss", remove));
  region.append(node);
  setTimeout(remove, 8000);
}
