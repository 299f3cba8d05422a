// Wires the page: the address says who and where, the server's events keep the store, the panes draw it.
import { actAs, follow, snapshot } from "./api.js";
import { channelPane, threadPane } from "./conversation.js";
import { h, icon } from "./dom.js";
import { faxPane } from "./faxpane.js";
import { drawModal } from "./modal.js";
import { toast } from "./popup.js";
import { addressOf, sidebar } from "./sidebar.js";
import { apply, changed, load, messageAt, myChannels, onChange, partnerOf, people, state } from "./store.js";
import { openSwitcher } from "./switcher.js";

let stopFollowing = () => undefined;
let turn = 0; // grows with each change of person: answers to older questions are dropped

/** "#dana/claims/1700000000.000100" -> [person, conversation, thread] */
const fromAddress = () => decodeURIComponent(location.hash.slice(1)).split("/");

const setAddress = (hash) => { if (location.hash !== hash) location.hash = hash; };

function findConversation(name) {
  const { channels, directs } = myChannels();
  return name?.startsWith("@") ? directs.find((channel) => partnerOf(channel)?.name === name.slice(1)) : [...channels, ...directs].find((channel) => channel.name === name || channel.id === name);
}

/** Go where the address says; a place that does not exist becomes the first channel. */
async function visit() {
  const [name, place, thread] = fromAddress();
  const person = people().find((user) => user.name === name);
  if (person && person.id !== state.me.id) await become(person);
  const channel = findConversation(place) ?? myChannels().channels[0] ?? myChannels().directs[0];
  const moved = state.channel !== (channel?.id ?? null);
  state.channel = channel?.id ?? null;
  state.thread = thread || null;
  if (channel && (name !== state.me.name || !findConversation(place))) history.replaceState(null, "", addressOf(channel));
  changed();
  if (moved && !state.thread && !document.querySelector("dialog[open]")) queueMicrotask(() => channelView.focus());
}

const openThread = (message) => {
  setAddress(`${addressOf(state.channels.get(state.channel))}/${message.thread_ts ?? message.ts}`);
  setTimeout(() => threadView.focus());
};

function closeThread() {
  setAddress(addressOf(state.channels.get(state.channel)));
  channelView.focus();
}

function becomeUser(user) {
  const channel = state.channels.get(state.channel);
  location.hash = channel && !channel.is_im ? addressOf(channel, user) : `#${user.name}/`;
}

function hear(event) {
  if (event.type === "toast") toast(event.text, event.level);
  if (event.type === "reset") become(state.me); // the workspace began anew
  else apply(event);
}

/** Listen from where the store stands; when the line breaks, ask until the workspace is back. */
function listen() {
  const mine = turn;
  stopFollowing();
  stopFollowing = follow(state.me.id, state.seq, hear, () => {
    if (mine === turn) comeBack(mine, 400);
  });
}

async function comeBack(mine, delay) {
  await new Promise((resolve) => { setTimeout(resolve, delay); });
  if (mine !== turn) return;
  try {
    const now = await snapshot(state.me.id);
    if (mine !== turn) return;
    load(now); // whole: it may be another run of the workspace, with numbers of its own
    state.online = true;
    listen();
  } catch {
    state.online = false;
    changed();
    comeBack(mine, Math.min(delay * 1.6, 5000));
  }
}

/** See the workspace as *person*. */
async function become(person) {
  const mine = ++turn;
  stopFollowing();
  actAs(person.id);
  const now = await snapshot(person.id);
  if (mine !== turn) return;
  load(now);
  listen();
}

const banner = h("div", { class: "banner", role: "status", hidden: true }, icon("alert", 16), h("span", {}));
const faxView = faxPane();
const side = sidebar({ becomeUser, openSwitcher });
const channelView = channelPane({ openThread, tools: faxView.toggle });
const threadView = threadPane({ close: closeThread });

function drawBanner() {
  const text = !state.online ? "Connection to the workspace lost. Trying again…" : !state.connected ? `${state.bot?.name ?? "The app"} is not connected: commands and buttons will fail until it is.` : "";
  banner.hidden = !text;
  banner.lastChild.textContent = text;
}

function draw() {
  side.draw();
  channelView.draw();
  threadView.draw();
  faxView.draw();
  drawModal();
  drawBanner();
}

/** A permalink leads here as ?channel=C…&message=p1700000000000100: turn it into the address of that thread. */
function followPermalink() {
  const asked = new URLSearchParams(location.search);
  const channel = state.channels.get(asked.get("channel"));
  const moment = /^p(\d+)(\d{6})$/.exec(asked.get("message") ?? "");
  if (!channel) return;
  const message = moment && messageAt(channel.id, `${moment[1]}.${moment[2]}`);
  history.replaceState(null, "", `/${addressOf(channel)}${message ? `/${message.thread_ts ?? message.ts}` : ""}`);
}

/** The first snapshot is anybody's: it says who there is, and the address which of them one is. */
async function begin() {
  const [name] = fromAddress();
  const first = await snapshot();
  const person = first.users.find((user) => user.name === name && !user.is_bot) ?? first.me;
  actAs(person.id);
  load(first.me.id === person.id ? first : await snapshot(person.id));
  followPermalink();
  document.getElementById("app").replaceChildren(h("div", { class: "shell" }, banner, side.node, channelView.node, threadView.node, faxView.node));
  onChange(draw);
  await visit();
  listen();
  window.addEventListener("hashchange", visit);
  document.addEventListener("visibilitychange", changed);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      openSwitcher();
    }
  });
  setInterval(changed, 30000); // "4 minutes ago" grows older
}

async function start() {
  try {
    await begin();
  } catch (error) {
    document.getElementById("app").replaceChildren(h("p", { class: "loading" }, "The workspace doesn't answer yet. Trying again…"));
    console.warn(error);
    setTimeout(start, 1000);
  }
}

start();
