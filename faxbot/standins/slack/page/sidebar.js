// The sidebar: the workspace, the current person, channels and direct messages with unread counts.
import { authorOf, avatar } from "./avatar.js";
import { h, icon, reconcile } from "./dom.js";
import { nameOf, myChannels, partnerOf, people, state, titleOf, unread } from "./store.js";

/** The hash that opens *channel* for the current person. */
export const addressOf = (channel, user = state.me) => `#${user.name}/${channel.is_im ? `@${partnerOf(channel)?.name ?? channel.id}` : channel.name}`;

function entry(channel) {
  const waiting = channel.id === state.channel ? 0 : unread(channel.id).length;
  const partner = channel.is_im ? partnerOf(channel) : null;
  const here = channel.id === state.channel;
  const present = partner?.is_bot ? state.connected : true;
  const status = partner?.is_bot ? (present ? "connected" : "not connected") : null;
  return {
    key: channel.id, sign: JSON.stringify([titleOf(channel), waiting, here, present, channel.is_private, state.me.id]),
    make: () => h("li", {}, h("a", { href: addressOf(channel), class: ["entry", here && "here", waiting && "unread"].filter(Boolean).join(" "), "aria-current": here ? "page" : null, dataset: { focus: channel.id }, title: status },
      partner ? avatar(authorOf(partner), 20) : icon(channel.is_private ? "lock" : "hash", 16), h("span", { class: "entry-name" }, partner ? nameOf(partner) : channel.name),
      partner?.is_bot && h("span", { class: present ? "presence on" : "presence", role: "img", "aria-label": status }), waiting > 0 && h("span", { class: "count", "aria-label": `${waiting} unread` }, String(waiting)))),
  };
}

function arrows(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const entries = [...event.currentTarget.querySelectorAll(".entry")];
  const at = entries.indexOf(document.activeElement);
  if (at < 0) return;
  event.preventDefault();
  entries[Math.max(0, Math.min(entries.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
}

/** *becomeUser(user)* is called when another person is selected, *openSwitcher()* for "Jump to…". */
export function sidebar({ becomeUser, openSwitcher }) {
  const team = h("div", { class: "team" });
  const persons = h("div", { class: "persons", role: "radiogroup", "aria-label": "Act as" });
  const channels = h("ul", { class: "entries" });
  const directs = h("ul", { class: "entries" });
  const jump = h("button", { type: "button", class: "jump", on: { click: openSwitcher } }, icon("search", 15), h("span", {}, "Jump to…"), h("kbd", {}, "Ctrl K"));
  const node = h("nav", { class: "sidebar", "aria-label": "Channels and direct messages", on: { keydown: arrows } }, team, jump,
    h("div", { class: "sidebar-scroll" }, h("h2", { class: "entries-title" }, "Channels"), channels, h("h2", { class: "entries-title" }, "Direct messages"), directs),
    h("div", { class: "persons-box" }, h("div", { class: "persons-title" }, "You are"), persons));

  persons.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const all = people();
    becomeUser(all.at((all.findIndex((user) => user.id === state.me.id) + step) % all.length));
  });

  function person(user) {
    const on = user.id === state.me.id;
    return { key: user.id, sign: `${on}-${nameOf(user)}`, make: () => h("button", { type: "button", role: "radio", "aria-checked": on ? "true" : "false", tabindex: on ? "0" : "-1", class: on ? "person on" : "person", dataset: { focus: "person" },
      title: `${nameOf(user)}${user.is_admin ? " (admin)" : ""}`, on: { click: () => becomeUser(user) } }, avatar(authorOf(user), 28), h("span", { class: "person-name" }, nameOf(user).split(" ")[0])) };
  }

  function draw() {
    const mine = myChannels();
    reconcile(team, [{ key: "team", sign: JSON.stringify(state.team), make: () => h("span", { class: "team-name" }, h("span", { class: "team-mark", "aria-hidden": "true" }, (state.team.name ?? "W")[0]), h("span", {}, state.team.name ?? "Workspace")) }]);
    reconcile(channels, mine.channels.map(entry));
    reconcile(directs, mine.directs.map(entry));
    reconcile(persons, people().map(person));
    const waiting = [...mine.channels, ...mine.directs].reduce((sum, channel) => sum + (channel.id === state.channel ? 0 : unread(channel.id).length), 0);
    const here = state.channels.get(state.channel);
    document.title = `${waiting ? `(${waiting}) ` : ""}${here ? titleOf(here) : "Workspace"} · ${state.team.name ?? "faxbot"}`;
  }
  return { node, draw };
}
