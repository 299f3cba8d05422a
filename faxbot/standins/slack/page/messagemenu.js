// The menu "More actions" of a message: the app's message shortcuts, and editing and deleting one's own messages and files.
import { post } from "./api.js";
import { icon } from "./dom.js";
import { bare } from "./mrkdwn.js";
import { askConfirm, openMenu, toast } from "./popup.js";
import { fileOf, state } from "./store.js";

async function submitChange(path, body) {
  const answer = await post(path, body);
  if (!answer.ok) toast(answer.message ?? answer.error ?? "That didn't work. Try again.");
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.", "info");
  } catch {
    toast("The browser doesn't let this page copy.");
  }
}

async function confirmed(title, text, path, body) {
  const yes = await askConfirm({ title: { type: "plain_text", text: title }, text: { type: "plain_text", text }, confirm: { type: "plain_text", text: "Delete" }, deny: { type: "plain_text", text: "Cancel" }, style: "danger" });
  if (yes) await submitChange(path, body);
}

const linkTo = (message) => `${location.origin}/#${state.me.name}/${state.channels.get(message.channel)?.name ?? message.channel}/${message.thread_ts ?? message.ts}`;

/** Open the menu of *message* at *anchor*; *edit* opens the editor. */
export function messageMenu(anchor, message, { edit }) {
  const at = { channel: message.channel, ts: message.ts };
  const shortcuts = state.shortcuts.filter((shortcut) => shortcut.type === "message");
  const mine = message.user === state.me.id;
  const files = (message.files ?? []).map(fileOf).filter((file) => file.mode !== "tombstone" && (file.user === state.me.id || state.me.is_admin));
  const items = [
    ...(shortcuts.length ? [{ heading: state.bot?.name ?? "Apps" }] : []),
    ...shortcuts.map((shortcut) => ({ label: shortcut.name, icon: icon("fax"), run: () => submitChange("shortcut", { callback_id: shortcut.callback_id, ...at }) })),
    ...(shortcuts.length ? ["divider"] : []),
    { label: "Copy link", icon: icon("copy"), run: () => copy(linkTo(message)) },
    { label: "Copy text", icon: icon("file"), run: () => copy(bare(message.text)) },
  ];
  if (mine) items.push("divider", { label: "Edit message", icon: icon("pencil"), run: edit },
    { label: "Delete message…", icon: icon("trash"), danger: true, run: () => confirmed("Delete message", "This message will be gone for everyone.", "unsay", at) });
  for (const file of files) items.push({ label: `Delete ${file.name}…`, icon: icon("trash"), danger: true, run: () => confirmed("Delete file", `${file.name} will be gone for everyone.`, "delete_file", { file: file.id }) });
  openMenu(anchor, items, { label: "More actions" });
}
