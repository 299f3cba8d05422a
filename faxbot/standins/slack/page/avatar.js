// The author of a message: name, initials, APP badge.
import { h, icon } from "./dom.js";
import { nameOf, state } from "./store.js";

const HUES = 8;

const hueOf = (text) => [...text].reduce((sum, char) => (sum * 31 + char.codePointAt(0)) % 9973, 7) % HUES;

const initials = (name) => name.split(/[\s._-]+/).filter(Boolean).slice(0, 2).map((word) => word[0].toUpperCase()).join("");

/** The person's initials on a colored square; a fax machine for the bot. */
export function avatar(author, size = 36) {
  const node = h("span", { class: author.bot ? "avatar avatar-bot" : `avatar hue-${hueOf(author.id)}`, "aria-hidden": "true", dataset: { size } });
  node.append(author.bot ? icon("fax", Math.round(size * 0.58)) : initials(author.name));
  return node;
}

/** {id, name, bot} of a user object */
export const authorOf = (user) => ({ id: user?.id ?? "?", name: nameOf(user), bot: Boolean(user?.is_bot) });

/** {id, name, bot} of the author of *message* */
export function authorOfMessage(message) {
  if (message.ephemeral) return { id: state.bot?.user_id ?? "bot", name: state.bot?.name ?? "faxbot", bot: true };
  const user = state.users.get(message.user);
  if (user && !user.is_bot) return authorOf(user);
  return { id: message.user ?? message.bot_id ?? "bot", name: message.username ?? message.bot_profile?.name ?? (user ? nameOf(user) : state.bot?.name ?? "App"), bot: true };
}
