// What the current person sees, kept in step with the server by its events. Views read it and are told when it moved.

export const state = {
  seq: 0, team: {}, me: null, bot: null, connected: true, online: true, faxPane: false,
  users: new Map(), channels: new Map(), messages: new Map(), ephemerals: new Map(), files: new Map(), views: new Map(),
  commands: [], shortcuts: [], channel: null, thread: null, read: {}, unreadFrom: null,
};

const listeners = new Set();
let told = false;

/** Call *fn* after each batch of changes. */
export function onChange(fn) {
  listeners.add(fn);
}

/** Tell the views that something moved; several changes in one turn are told once. */
export function changed() {
  if (told) return;
  told = true;
  queueMicrotask(() => {
    told = false;
    for (const fn of listeners) fn();
  });
}

const byId = (items) => new Map((items ?? []).map((item) => [item.id, item]));

/** Take a whole snapshot, as after a change of person or a restart of the server. */
export function load(snapshot) {
  Object.assign(state, {
    seq: snapshot.seq ?? 0, team: snapshot.team ?? {}, me: snapshot.me, bot: snapshot.bot, connected: snapshot.connected !== false,
    faxPane: Boolean(snapshot.fax_pane), users: byId(snapshot.users), channels: byId(snapshot.channels),
    ephemerals: byId(snapshot.ephemerals), files: new Map(Object.entries(snapshot.files ?? {})), views: byId(snapshot.views),
    commands: snapshot.commands ?? [], shortcuts: snapshot.shortcuts ?? [], messages: new Map(),
  });
  for (const message of snapshot.messages ?? []) keep(message);
  loadRead();
  changed();
}

function keep(message) {
  if (!state.messages.has(message.channel)) state.messages.set(message.channel, new Map());
  state.messages.get(message.channel).set(message.ts, message);
}

const EVENTS = {
  message: (event) => keep(event.message),
  message_deleted: (event) => state.messages.get(event.channel)?.delete(event.ts),
  ephemeral: (event) => state.ephemerals.set(event.ephemeral.id, event.ephemeral),
  ephemeral_deleted: (event) => state.ephemerals.delete(event.id),
  file: (event) => state.files.set(event.file.id, event.file),
  channel: (event) => state.channels.set(event.channel.id, event.channel),
  view: (event) => state.views.set(event.view.id, event.view),
  view_closed: (event) => state.views.delete(event.id),
  connected: (event) => { state.connected = event.connected; },
};

/** Take one event of the stream; one that was already taken is ignored. */
export function apply(event) {
  if (event.seq <= state.seq) return;
  state.seq = event.seq;
  EVENTS[event.type]?.(event);
  changed();
}

const byTime = (a, b) => Number(a.ts) - Number(b.ts);
const isReply = (item) => Boolean(item.thread_ts) && item.thread_ts !== item.ts;

/** The channel's own messages and this person's ephemeral ones, oldest first, without thread replies. */
export function topLevel(channel) {
  const messages = [...(state.messages.get(channel)?.values() ?? [])].filter((item) => !isReply(item) || item.subtype === "thread_broadcast");
  const mine = [...state.ephemerals.values()].filter((item) => item.channel === channel && !isReply(item));
  return [...messages, ...mine.map((item) => ({ ...item, ephemeral: true }))].sort(byTime);
}

/** The replies of thread *ts*, ephemeral ones included, oldest first. */
export function replies(channel, ts) {
  const inThread = (item) => item.thread_ts === ts && item.ts !== ts;
  const messages = [...(state.messages.get(channel)?.values() ?? [])].filter(inThread);
  const mine = [...state.ephemerals.values()].filter((item) => item.channel === channel && inThread(item));
  return [...messages, ...mine.map((item) => ({ ...item, ephemeral: true }))].sort(byTime);
}

export const messageAt = (channel, ts) => state.messages.get(channel)?.get(ts);

/** The newest state of a file a message carries: deletions and shares come as events of their own. */
export const fileOf = (file) => state.files.get(file.id) ?? file;

export const people = () => [...state.users.values()].filter((user) => !user.is_bot && !user.deleted && user.id !== "USLACKBOT");

/** Channels this person is in, by name; direct messages apart. */
export function myChannels() {
  const all = [...state.channels.values()];
  const mine = (channel) => !channel.members || channel.members.includes(state.me.id);
  return {
    channels: all.filter((channel) => !channel.is_im && !channel.is_archived && (mine(channel) || !channel.is_private)).sort((a, b) => a.name.localeCompare(b.name)),
    directs: all.filter((channel) => channel.is_im && mine(channel)),
  };
}

export const partnerOf = (channel) => {
  const other = channel.members?.find((id) => id !== state.me.id && channel.user === state.me.id);
  return state.users.get(other ?? channel.user);
};

export const nameOf = (user) => user?.real_name || user?.name || "Someone";

/** A channel's name as people say it: "#claims", or the partner's name. */
export const titleOf = (channel) => (channel.is_im ? nameOf(partnerOf(channel)) : `#${channel.name}`);

// What was read is the browser's own affair: the Web API of a bot never sees it.
const readKey = () => `faxbot-read-${state.team.id ?? ""}-${state.me.id}`;

function loadRead() {
  const stored = localStorage.getItem(readKey());
  state.read = stored ? JSON.parse(stored) : { since: String(Date.now() / 1000) };
  if (!stored) localStorage.setItem(readKey(), JSON.stringify(state.read));
}

const readUntil = (channel) => Number(state.read[channel] ?? state.read.since ?? 0);

/** Messages of others that came after this person last looked at *channel*. */
export function unread(channel) {
  const until = readUntil(channel);
  return [...(state.messages.get(channel)?.values() ?? [])].filter((item) => Number(item.ts) > until && !isReply(item) && item.user !== state.me.id);
}

/** Everything in *channel* has been seen. */
export function markRead(channel) {
  if (!unread(channel).length) return;
  state.read[channel] = topLevel(channel).at(-1).ts;
  localStorage.setItem(readKey(), JSON.stringify(state.read));
}
