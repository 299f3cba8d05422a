// Ctrl/Cmd + K: switch to a channel or person by typing a part of the name.
import { h, icon, uniqueId } from "./dom.js";
import { makeDialog } from "./popup.js";
import { addressOf } from "./sidebar.js";
import { myChannels, titleOf, unread } from "./store.js";

/** Open the switcher; choosing an entry changes the URL hash. */
export function openSwitcher() {
  const id = uniqueId("switch");
  const mine = myChannels();
  const all = [...mine.channels, ...mine.directs].sort((a, b) => unread(b.id).length - unread(a.id).length);
  let shown = all;
  let active = 0;
  const field = h("input", { type: "text", class: "field", role: "combobox", "aria-expanded": "true", "aria-controls": id, "aria-label": "Channel or person", placeholder: "Channel or person", autocomplete: "off" });
  const list = h("div", { role: "listbox", id, class: "switch-list", "aria-label": "Conversations" });
  const dialog = makeDialog({ title: "Jump to", className: "dialog-switch", body: h("div", { class: "dialog-body" }, field, list), onClose: () => dialog.dismiss() });

  function go(channel) {
    if (!channel) return;
    dialog.dismiss();
    location.hash = addressOf(channel);
  }

  function paint() {
    list.replaceChildren(...shown.map((channel, index) => h("div", { role: "option", id: `${id}-${index}`, class: index === active ? "option active" : "option", "aria-selected": index === active ? "true" : "false", on: { click: () => go(channel) } },
      icon(channel.is_im ? "people" : channel.is_private ? "lock" : "hash", 16), h("span", { class: "option-label" }, titleOf(channel).replace(/^#/, "")), unread(channel.id).length > 0 && h("span", { class: "count" }, String(unread(channel.id).length)))));
    if (!shown.length) list.append(h("div", { class: "listbox-empty" }, "Nothing matches"));
    field.setAttribute("aria-activedescendant", `${id}-${active}`);
  }

  field.addEventListener("input", () => {
    shown = all.filter((channel) => titleOf(channel).toLowerCase().includes(field.value.trim().toLowerCase().replace(/^[#@]/, "")));
    active = 0;
    paint();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") go(shown[active]);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") active = (active + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % Math.max(1, shown.length);
    else return;
    event.preventDefault();
    paint();
  });
  paint();
  dialog.reveal();
  field.focus();
}
