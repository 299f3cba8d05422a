// What an interactive element's use becomes: the confirm dialog first, then the call, with the element shown as busy.
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

  /** The wire's shape: what only this page needs (names of uploads) stays here. */
  toJSON() {
    return JSON.parse(JSON.stringify(this.blocks, (key, value) => (key === "shown" ? undefined : value)));
  }

  /** Forget blocks that are no longer on the surface. */
  keepOnly(ids) {
    for (const id of Object.keys(this.blocks)) if (!ids.has(id)) delete this.blocks[id];
  }
}

/** Open the address of a button or an option in a tab of its own, when it is a web address. */
export function openLink(url) {
  if (/^https?:\/\//i.test(url ?? "")) window.open(url, "_blank", "noopener,noreferrer");
}

/**
 * Use *element* with *state* (what Slack would send as the action). *place* is {surface, values, blockId}: surface says where
 * it stands ({channel, ts}, {ephemeral} or {view}). Resolves to whether the app took it.
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
