// Block Kit's selects, single and multiple, based on the combobox.
import { post } from "./api.js";
import { combobox } from "./combobox.js";
import { plain } from "./mrkdwn.js";
import { press } from "./press.js";
import { nameOf, people, state, titleOf } from "./store.js";

const ofOption = (option, group) => ({ value: option.value, label: plain(option.text.text), hint: plain(option.description?.text), group, raw: option });

const ofChannel = (channel) => ({ value: channel.id, label: titleOf(channel), raw: channel.id });
const ofUser = (user) => ({ value: user.id, label: nameOf(user), hint: `@${user.name}`, raw: user.id });

function offered(element) {
  if (element.option_groups) return element.option_groups.flatMap((group) => group.options.map((option) => ofOption(option, plain(group.label.text))));
  return (element.options ?? []).map((option) => ofOption(option));
}

/** The conversations that a select offers, by its `filter`. */
function conversations(element) {
  const include = element.filter?.include;
  return [...state.channels.values()].filter((channel) => {
    if (channel.is_archived) return false;
    const kind = channel.is_im ? "im" : channel.is_private ? "private" : "public";
    if (element.filter?.exclude_bot_users && channel.is_im && state.users.get(channel.user)?.is_bot) return false;
    return !include || include.includes(kind);
  }).map(ofChannel);
}

async function suggestions(element, place, typed) {
  const answer = await post("suggest", { ...place.surface, block_id: place.blockId, action_id: element.action_id, value: typed });
  const groups = answer.option_groups ?? [{ label: null, options: answer.options ?? [] }];
  return groups.flatMap((group) => group.options.map((option) => ofOption(option, group.label ? plain(group.label.text) : undefined)));
}

const publicChannels = () => [...state.channels.values()].filter((channel) => !channel.is_im && !channel.is_private && !channel.is_archived).map(ofChannel);

const userChoice = (id) => ofUser(state.users.get(id) ?? { id, name: id });
const channelChoice = (id) => (state.channels.has(id) ? ofChannel(state.channels.get(id)) : { value: id, label: id, raw: id });

// type -> its choices, the noun in its state's key, the conversion of an initial value to a choice
const KINDS = {
  static: { choices: (element) => offered(element), word: "option", choice: (option) => ofOption(option) },
  external: { choices: suggestions, word: "option", choice: (option) => ofOption(option), remote: true },
  users: { choices: () => people().concat([...state.users.values()].filter((user) => user.is_bot)).map(ofUser), word: "user", choice: userChoice },
  conversations: { choices: conversations, word: "conversation", choice: channelChoice },
  channels: { choices: publicChannels, word: "channel", choice: channelChoice },
};

/** The DOM of a `*_select` element on *place*; a choice outside an input block is sent to the app immediately. */
export function select(element, place) {
  const [, multi, kindName] = /^(multi_)?(\w+)_select$/.exec(element.type);
  const kind = KINDS[kindName];
  const many = Boolean(multi);
  const key = `selected_${kind.word}${many ? "s" : ""}`;
  let initial = place.values.get(place.blockId, element.action_id)?.[key] ?? element[`initial_${kind.word}${many ? "s" : ""}`];
  if (initial === undefined && element.default_to_current_conversation && state.channel) initial = many ? [state.channel] : state.channel;
  const chosen = (many ? initial ?? [] : initial ? [initial] : []).map(kind.choice);
  const stateOf = (now) => ({ type: element.type, [key]: many ? now.map((choice) => choice.raw) : (now[0]?.raw ?? null) });
  place.values.set(place.blockId, element.action_id, stateOf(chosen));
  const node = combobox({
    label: plain(element.placeholder?.text) || "Select an option", labelledby: place.labelledby, describedby: place.describedby, placeholder: plain(element.placeholder?.text) || "Select an option",
    choicesFor: (typed) => kind.choices(element, place, typed), remote: kind.remote, minimum: kind.remote ? (element.min_query_length ?? 3) : 0,
    multiple: many, limit: element.max_selected_items, chosen, focusKey: `${element.action_id}/`,
    onChange: (now) => {
      place.values.set(place.blockId, element.action_id, stateOf(now));
      if (place.dispatch && (many || now.length)) press(place, element, stateOf(now), node);
    },
  });
  return node;
}
