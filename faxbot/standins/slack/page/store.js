// The state that the current person sees, updated by server events. Listeners are called after changes.

export const state = {
  seq: 0, team: {}, me: null, bot: null, connected: true, online: true, faxPane: false,
  users: new Map(), channels: new Map(), messages: new Map(), ephemerals: new Map(), files: new Map(), views: new Map(),
  commands: [], shortcuts: [], channel: null, thread: null, read: {}, unreadFrom: null,
};

const listeners = new Set();
let scheduled = false;

/** Call *fn* after each batch of changes. */
export function onChange(fn) {
  listeners.add(fn);
}

/** Notify the listeners of a change, once for several changes in one task. */
export function changed() {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    for (const fn of listeners) fn();
  });
}

const byId = (items) => new Map((items ?? []).map((item) => [item.id, item]));

/** Replace the state by a snapshot, after a change of person or a restart of the server. */
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

/** Apply one event of the stream; an event that was already applied is ignored. */
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

/** The current state of a message's file; deletions and shares are separate events. */
export const fileOf = (file) => state.files.get(file.id) ?? file;

export const people = () => [...state.users.values()].filter((user) => !user.is_bot && !user.deleted && user.id !== "USLACKBOT");

/** The channels of this person by name, and the direct messages. */
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

/** A channel's display name: "#claims", or the partner's name. */
export const titleOf = (channel) => (channel.is_im ? nameOf(partnerOf(channel)) : `#${channel.name}`);

// Read positions are stored in the browser only.
const readKey = () => `faxbot-read-${state.team.id ?? ""}-${state.me.id}`;

function loadRead() {
  const stored = localStorage.getItem(readKey());
  state.read = stored ? JSON.parse(stored) : { since: String(Date.now() / 1000) };
  if (!stored) localStorage.setItem(readKey(), JSON.stringify(state.read));
}

const readUntil = (channel) => Number(state.read[channel] ?? state.read.since ?? 0);

/** Messages of others that are newer than this person's read position in *channel*. */
export function unread(channel) {
  const until = readUntil(channel);
  return [...(state.messages.get(channel)?.values() ?? [])].filter((item) => Number(item.ts) > until && !isReply(item) && item.user !== state.me.id);
}

/** Mark everything in *channel* as read. */
export function markRead(channel) {
  if (!unread(channel).length) return;
  state.read[channel] = topLevel(channel).at(-1).ts;
  localStorage.setItem(readKey(), JSON.stringify(state.read));
}
