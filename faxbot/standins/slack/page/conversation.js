// The two panes of a conversation: the channel, and the thread next to it.
import { post } from "./api.js";
import { authorOf, avatar } from "./avatar.js";
import { composer } from "./composer.js";
import { h, icon, iconButton, reconcile } from "./dom.js";
import { editLast, listParts, walkable } from "./messages.js";
import { openMenu, toast } from "./popup.js";
import { changed, markRead, messageAt, nameOf, partnerOf, replies, state, titleOf, topLevel, unread } from "./store.js";

/** A scrolling log that follows its end while scrolled to the end, and otherwise keeps its position. */
function makeLog(label) {
  const content = h("div", { class: "log-content" });
  const log = h("div", { class: "log", role: "log", tabindex: "0", "aria-label": label }, content);
  let atEnd = true;
  let lastTop = 0;
  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  log.addEventListener("scroll", () => {
    // a decreasing scrollTop means that a person scrolled up; a list that grew did not move
    if (log.scrollHeight - log.scrollTop - log.clientHeight < 40) atEnd = true;
    else if (log.scrollTop < lastTop - 2) atEnd = false;
    lastTop = log.scrollTop;
  }, { passive: true });
  const watcher = new ResizeObserver(() => { if (atEnd) toEnd(); });
  watcher.observe(content);
  watcher.observe(log);
  return { log, content, stick: () => { atEnd = true; toEnd(); } };
}

/** Accept dropped files anywhere on *pane*. */
function droppable(pane, add, where) {
  const veil = h("div", { class: "drop-veil", hidden: true }, icon("clip", 28), h("span", {}));
  pane.append(veil);
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  pane.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    veil.lastChild.textContent = `Drop to attach to ${where()}`;
    veil.hidden = false;
  });
  pane.addEventListener("dragleave", (event) => { if (!pane.contains(event.relatedTarget)) veil.hidden = true; });
  pane.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    veil.hidden = true;
    add([...event.dataTransfer.files]);
  });
}

function membersMenu(anchor, channel) {
  const submitChange = (path, user) => async () => {
    const answer = await post(path, { channel: channel.id, user, by: state.me.id });
    if (!answer.ok) toast(answer.message ?? answer.error);
  };
  const members = (channel.members ?? []).map((id) => state.users.get(id)).filter(Boolean);
  const bot = state.users.get(state.bot?.user_id);
  const isIn = bot && channel.members?.includes(bot.id);
  openMenu(anchor, [{ heading: `Members of #${channel.name}` },
    ...members.map((user) => ({ label: nameOf(user), hint: user.is_bot ? "app" : user.is_admin ? "admin" : undefined, icon: avatar(authorOf(user), 20), disabled: true, run: () => undefined })),
    "divider", ...(bot ? [isIn ? { label: `Remove ${bot.name}`, icon: icon("x"), danger: true, run: submitChange("kick", bot.id) } : { label: `Invite ${bot.name}`, icon: icon("plus"), run: submitChange("invite", bot.id) }] : [])], { label: "Members" });
}

function intro(channel) {
  const title = channel.is_im ? nameOf(partnerOf(channel)) : `#${channel.name}`;
  const words = channel.is_im ? `This is your conversation with ${title}. Only the two of you see it.` : `This is the very beginning of ${title}.`;
  return h("div", { class: "intro" }, h("div", { class: "intro-mark" }, channel.is_im ? avatar(authorOf(partnerOf(channel)), 48) : icon("hash", 28)), h("h2", {}, title), h("p", {}, channel.topic || words));
}

/** The middle pane; *openThread(message)* is called to open a thread. */
export function channelPane({ openThread, tools }) {
  const { log, content, stick } = makeLog("Messages");
  const title = h("h1", { class: "pane-title" });
  const topic = h("span", { class: "pane-topic" });
  const members = h("button", { type: "button", class: "members-button", on: { click: () => membersMenu(members, state.channels.get(state.channel)) } });
  const typing = composer({ label: (text) => text, target: () => ({ channel: state.channel }), onSend: stick, onUp: () => editLast(topLevel(state.channel), changed) });
  const node = h("main", { class: "pane pane-channel", "aria-label": "Conversation" }, h("header", { class: "pane-head" }, title, topic, h("span", { class: "pane-space" }), members, tools), log, typing.node);
  droppable(node, typing.add, () => titleOf(state.channels.get(state.channel)));
  walkable(log, openThread);
  let shown = null;
  const place = { openThread, redraw: changed, editable: true };

  function draw() {
    const channel = state.channels.get(state.channel);
    node.hidden = !channel;
    if (!channel) return;
    const name = titleOf(channel);
    title.replaceChildren(channel.is_im ? avatar(authorOf(partnerOf(channel)), 24) : icon(channel.is_private ? "lock" : "hash", 17), channel.is_im ? name : channel.name);
    topic.textContent = channel.topic ?? "";
    members.hidden = Boolean(channel.is_im);
    members.setAttribute("aria-label", `${channel.members?.length ?? 0} members`);
    members.replaceChildren(icon("people", 16), String(channel.members?.length ?? ""));
    log.setAttribute("aria-label", `Messages in ${name}`);
    typing.turnTo(`${state.me.id}/${channel.id}`, `Message ${name}`);
    const fresh = shown !== `${state.me.id}/${channel.id}`;
    if (fresh) state.unreadFrom = Number(unread(channel.id)[0]?.ts ?? 0);
    reconcile(content, [{ key: `intro-${channel.id}`, sign: JSON.stringify([name, channel.topic]), make: () => intro(channel) }, ...listParts(topLevel(channel.id), place, state.unreadFrom)]);
    if (document.visibilityState === "visible") markRead(channel.id);
    if (fresh) {
      shown = `${state.me.id}/${channel.id}`;
      stick();
    }
  }
  return { node, draw, focus: typing.focus };
}

/** The thread pane; *close()* is called to close it. */
export function threadPane({ close }) {
  const { log, content, stick } = makeLog("Thread");
  const where = h("span", { class: "pane-topic" });
  const typing = composer({ label: () => "Reply", target: () => ({ channel: state.channel, thread_ts: state.thread }), onSend: stick, onUp: () => editLast(replies(state.channel, state.thread), changed) });
  const node = h("aside", { class: "pane pane-thread", "aria-label": "Thread", hidden: true },
    h("header", { class: "pane-head" }, h("h2", { class: "pane-title" }, "Thread"), where, h("span", { class: "pane-space" }), iconButton("x", "Close thread", close)), log, typing.node);
  droppable(node, typing.add, () => "this thread");
  walkable(log, null);
  node.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  let shown = null;
  const place = { inThread: true, redraw: changed, editable: true };

  function draw() {
    const root = state.thread && messageAt(state.channel, state.thread);
    node.hidden = !root;
    if (!root) {
      shown = null;
      return;
    }
    where.textContent = titleOf(state.channels.get(state.channel));
    const answers = replies(state.channel, state.thread);
    const count = `${answers.length} ${answers.length === 1 ? "reply" : "replies"}`;
    typing.turnTo(`${state.me.id}/${state.channel}/${state.thread}`, "Reply…");
    reconcile(content, [...listParts([root], place), ...(answers.length ? [{ key: "count", sign: count, make: () => h("div", { class: "reply-count", role: "separator" }, h("span", {}, count)) }] : []), ...listParts(answers, place)]);
    if (shown !== state.thread) {
      shown = state.thread;
      stick();
    }
  }
  return { node, draw, focus: typing.focus };
}
