// The composer: text, files (attached, dropped, pasted), slash commands, the app's global shortcuts.
import { post, upload } from "./api.js";
import { completion, commands } from "./complete.js";
import { h, icon, iconButton } from "./dom.js";
import { toWire } from "./editor.js";
import { fileChip } from "./files.js";
import { openMenu, toast } from "./popup.js";
import { state } from "./store.js";

/** A member named in "/invite @name", or undefined. */
function named(text) {
  const id = /<@(\w+)>/.exec(toWire(text))?.[1];
  return state.users.get(id) ?? [...state.users.values()].find((user) => user.name === text.trim().replace(/^@/, ""));
}

async function membership(path, channel, text) {
  const user = named(text.replace(/^\/\S+\s*/, ""));
  return user ? post(path, { channel, user: user.id, by: state.me.id }) : { ok: false, message: "Name someone of this workspace, like /invite @faxbot." };
}

/** A composer; `target()` returns the destination ({channel, thread_ts?}), `onSend()` is called after sending, `onUp()` on ↑ in an empty field. */
export function composer({ label, target, onSend, onUp }) {
  const drafts = new Map();
  let entries = [];
  let draftKey = "";
  const field = h("textarea", { class: "composer-field", rows: 1, "aria-haspopup": "listbox" });
  const chips = h("ul", { class: "file-chips", hidden: true, "aria-label": "Attached files" });
  const holder = h("div", { class: "complete-holder", hidden: true });
  const picker = h("input", { type: "file", multiple: true, class: "visually-hidden", "aria-label": "Attach files", tabindex: "-1" });
  const attach = iconButton("plus", "Attach a file", () => picker.click(), { class: "attach" });
  const mention = iconButton("at", "Mention someone", () => type("@"));
  const bolt = iconButton("bolt", "Shortcuts", openShortcuts);
  const sendButton = iconButton("send", "Send message", send, { class: "send" });
  const hint = h("span", { class: "composer-hint" }, h("b", {}, "Enter"), " to send · ", h("b", {}, "Shift + Enter"), " for a new line");
  const node = h("div", { class: "composer" }, holder, h("div", { class: "composer-box" }, chips, field, picker, h("div", { class: "composer-bar" }, attach, mention, bolt, hint, sendButton)));
  const complete = completion(field, holder);

  function grow() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 220)}px`;
    sendButton.classList.toggle("ready", Boolean(field.value.trim() || entries.length));
  }

  function type(text) {
    const at = field.selectionStart;
    field.setRangeText(at && !/\s/.test(field.value[at - 1]) ? ` ${text}` : text, at, field.selectionEnd, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function paint() {
    chips.hidden = !entries.length;
    chips.replaceChildren(...entries.map((entry) => fileChip(entry, () => { entries = entries.filter((one) => one !== entry); paint(); field.focus(); })));
    grow();
  }

  /** Upload *files* immediately; sending waits for them. */
  function add(files) {
    for (const file of files) {
      const entry = { name: file.name || "pasted.png", size: file.size };
      entry.done = upload([file]).then((answer) => {
        if (answer.ok) entry.id = answer.files[0].id;
        else entry.error = answer.message ?? "Could not be uploaded";
        paint();
      });
      entries = [...entries, entry];
    }
    paint();
    field.focus();
  }

  function openShortcuts() {
    const { channel, thread_ts } = target();
    const global = state.shortcuts.filter((shortcut) => shortcut.type === "global");
    const run = (shortcut) => async () => {
      const answer = await post("shortcut", { callback_id: shortcut.callback_id });
      if (!answer.ok) toast(answer.message ?? answer.error);
    };
    openMenu(bolt, [{ heading: "Shortcuts" }, ...global.map((shortcut) => ({ label: shortcut.name, hint: shortcut.description, icon: icon("bolt"), run: run(shortcut) })),
      ...(global.length ? [] : [{ label: "No app offers a shortcut here", disabled: true, run: () => undefined }]),
      { heading: "Commands" }, ...(thread_ts ? [] : state.commands).map((one) => ({ label: one.command, hint: one.description, icon: icon("fax"), run: () => { field.value = ""; type(`${one.command} `); } })),
      ...(thread_ts ? [{ label: "Commands don't work in threads", disabled: true, run: () => undefined }] : [])], { label: `Shortcuts in ${state.channels.get(channel)?.name ?? "this conversation"}`, align: "start" });
  }

  function dispatch(text, files) {
    const { channel, thread_ts } = target();
    const word = /^\/\S+/.exec(text)?.[0];
    if (word === "/invite") return membership("invite", channel, text);
    if (word === "/remove") return membership("kick", channel, text);
    if (word && commands().some((one) => one.command === word)) return post("command", { channel, text, thread_ts });
    if (word) return { ok: false, message: `${word} is not a command here. To send it as a message, put a space before the slash.` };
    return post("say", { channel, thread_ts, text: toWire(text), files });
  }

  async function send() {
    const text = field.value.replace(/\s+$/, "");
    if (!text.trim() && !entries.length) return;
    const going = entries;
    if (going.some((entry) => entry.error)) return void toast("Remove the file that could not be uploaded first.");
    field.value = "";
    entries = [];
    paint();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await Promise.all(going.map((entry) => entry.done));
    const answer = going.some((entry) => entry.error) ? { ok: false, message: "A file could not be uploaded." } : await dispatch(text, going.map((entry) => entry.id));
    if (answer.ok) {
      onSend?.();
      if (/^\//.test(text) && going.length) { entries = [...going, ...entries]; paint(); }
      return;
    }
    toast(answer.message ?? answer.error ?? "The message was not sent.");
    if (!field.value) {
      field.value = text;
      entries = [...going, ...entries];
      paint();
    }
  }

  field.addEventListener("input", grow);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (complete(event)) event.stopPropagation();
    else if (event.key === "Enter" && !event.shiftKey) send();
    else if (event.key === "ArrowUp" && !field.value && onUp?.()) event.stopPropagation();
    else return;
    event.preventDefault();
  });
  field.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    add(event.clipboardData.files);
  });
  picker.addEventListener("change", () => { add([...picker.files]); picker.value = ""; });

  return {
    node, add,
    focus: () => field.focus({ preventScroll: true }),
    /** Show the draft of conversation *key*, with *text* as label and placeholder. */
    turnTo(key, text) {
      if (field.placeholder !== text) { field.placeholder = text; field.setAttribute("aria-label", label(text)); }
      if (key === draftKey) return;
      if (draftKey) drafts.set(draftKey, [field.value, entries]);
      [field.value, entries] = drafts.get(key) ?? ["", []];
      draftKey = key;
      paint();
    },
  };
}
