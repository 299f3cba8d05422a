// Using an interactive element: show its confirm dialog, then call the API, with the element marked as busy.
import { post } from "./api.js";
import { askConfirm, toast } from "./popup.js";

/** The values typed into one surface (a view or a message), as Slack's `state.values`. */
export class Values {
  constructor() {
    this.blocks = {};
  }

  get(block, action) {
    return this.blocks[block]?.[action];
  }

  set(block, action, value) {
    (this.blocks[block] ??= {})[action] = value;
  }

  /** The values for the API, without members that only this page uses (names of uploads). */
  toJSON() {
    return JSON.parse(JSON.stringify(this.blocks, (key, value) => (key === "shown" ? undefined : value)));
  }

  /** Remove the values of blocks that are no longer on the surface. */
  keepOnly(ids) {
    for (const id of Object.keys(this.blocks)) if (!ids.has(id)) delete this.blocks[id];
  }
}

/** Open the URL of a button or an option in a new tab, if it is an http(s) URL. */
export function openLink(url) {
  if (/^https?:\/\//i.test(url ?? "")) window.open(url, "_blank", "noopener,noreferrer");
}

/**
 * Use *element* with *state* (the members of Slack's action). *place* is {surface, values, blockId}; surface is
 * {channel, ts}, {ephemeral} or {view}. Resolves to whether the app acknowledged it.
 */
export async function press(place, element, state, node) {
  if (node?.getAttribute("aria-busy") === "true") return false;
  if (element.confirm && !(await askConfirm(element.confirm))) return false;
  openLink(element.url);
  node?.setAttribute("aria-busy", "true");
  const answer = await post("press", { ...place.surface, block_id: place.blockId, action_id: element.action_id, ...state, values: place.values });
  node?.removeAttribute("aria-busy");
  if (!answer.ok && !element.url) toast(answer.message ?? answer.error ?? "That action failed. Try again.");
  return answer.ok;
}
