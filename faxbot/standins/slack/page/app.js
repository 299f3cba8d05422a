// Connects the page's parts: the URL hash selects person and conversation, server events update the store, panes draw it.
import { actAs, follow, snapshot } from "./api.js";
import { channelPane, threadPane } from "./conversation.js";
import { h, icon } from "./dom.js";
import { faxPane } from "./faxpane.js";
import { drawModal } from "./modal.js";
import { toast } from "./popup.js";
import { addressOf, sidebar } from "./sidebar.js";
import { apply, changed, load, messageAt, myChannels, onChange, partnerOf, people, state } from "./store.js";
import { openSwitcher } from "./switcher.js";

let unsubscribe = () => undefined;
let session = 0; // counts changes of person: answers to requests of an earlier session are dropped

/** "#dana/claims/1700000000.000100" -> [person, conversation, thread] */
const fromAddress = () => decodeURIComponent(location.hash.slice(1)).split("/");

const setAddress = (hash) => { if (location.hash !== hash) location.hash = hash; };

function findConversation(name) {
  const { channels, directs } = myChannels();
  return name?.startsWith("@") ? directs.find((channel) => partnerOf(channel)?.name === name.slice(1)) : [...channels, ...directs].find((channel) => channel.name === name || channel.id === name);
}

/** Show the person and conversation of the URL hash; an unknown conversation is replaced by the first channel. */
async function showAddress() {
  const [name, place, thread] = fromAddress();
  const person = people().find((user) => user.name === name);
  if (person && person.id !== state.me.id) await switchPerson(person);
  const channel = findConversation(place) ?? myChannels().channels[0] ?? myChannels().directs[0];
  const channelChanged = state.channel !== (channel?.id ?? null);
  state.channel = channel?.id ?? null;
  state.thread = thread || null;
  if (channel && (name !== state.me.name || !findConversation(place))) history.replaceState(null, "", addressOf(channel));
  changed();
  if (channelChanged && !state.thread && !document.querySelector("dialog[open]")) queueMicrotask(() => channelView.focus());
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

function handleEvent(event) {
  if (event.type === "toast") toast(event.text, event.level);
  if (event.type === "reset") switchPerson(state.me); // the workspace was reset
  else apply(event);
}

/** Subscribe to events after the store's last one; when the connection fails, retry until the workspace answers. */
function subscribe() {
  const started = session;
  unsubscribe();
  unsubscribe = follow(state.me.id, state.seq, handleEvent, () => {
    if (started === session) reconnect(started, 400);
  });
}

async function reconnect(started, delay) {
  await new Promise((resolve) => { setTimeout(resolve, delay); });
  if (started !== session) return;
  try {
    const now = await snapshot(state.me.id);
    if (started !== session) return;
    load(now); // a full snapshot: a restarted workspace numbers its events from 1
    state.online = true;
    subscribe();
  } catch {
    state.online = false;
    changed();
    reconnect(started, Math.min(delay * 1.6, 5000));
  }
}

/** Switch to *person*. */
async function switchPerson(person) {
  const started = ++session;
  unsubscribe();
  actAs(person.id);
  const now = await snapshot(person.id);
  if (started !== session) return;
  load(now);
  subscribe();
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

/** Convert a permalink's ?channel=C…&message=p1700000000000100 to the URL hash of that thread. */
function followPermalink() {
  const query = new URLSearchParams(location.search);
  const channel = state.channels.get(query.get("channel"));
  const moment = /^p(\d+)(\d{6})$/.exec(query.get("message") ?? "");
  if (!channel) return;
  const message = moment && messageAt(channel.id, `${moment[1]}.${moment[2]}`);
  history.replaceState(null, "", `/${addressOf(channel)}${message ? `/${message.thread_ts ?? message.ts}` : ""}`);
}

/** Load a first snapshot for the list of people, then the snapshot of the person in the URL hash. */
async function begin() {
  const [name] = fromAddress();
  const first = await snapshot();
  const person = first.users.find((user) => user.name === name && !user.is_bot) ?? first.me;
  actAs(person.id);
  load(first.me.id === person.id ? first : await snapshot(person.id));
  followPermalink();
  document.getElementById("app").replaceChildren(h("div", { class: "shell" }, banner, side.node, channelView.node, threadView.node, faxView.node));
  onChange(draw);
  await showAddress();
  subscribe();
  window.addEventListener("hashchange", showAddress);
  document.addEventListener("visibilitychange", changed);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      openSwitcher();
    }
  });
  setInterval(changed, 30000); // updates relative times such as "4 minutes ago"
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
