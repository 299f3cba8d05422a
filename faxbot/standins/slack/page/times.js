// Times for display, in the current person's time zone, as in Slack.
import { state } from "./store.js";

const cache = new Map();

function format(date, options) {
  const timeZone = state.me?.tz || undefined;
  const key = JSON.stringify([timeZone, options]);
  if (!cache.has(key)) cache.set(key, new Intl.DateTimeFormat("en-US", { timeZone, ...options }));
  return cache.get(key).format(date);
}

export const dateOf = (ts) => new Date(Number(ts) * 1000);

/** "4:01 PM" */
export const clock = (ts) => format(dateOf(ts), { hour: "numeric", minute: "2-digit" });

/** A key for the calendar day in the person's time zone. */
export const dayKey = (ts) => format(dateOf(ts), { year: "numeric", month: "2-digit", day: "2-digit" });

const dayNow = (offset) => dayKey(Date.now() / 1000 + offset * 86400);

function pretty(ts, long) {
  const key = dayKey(ts);
  return ({ [dayNow(0)]: "Today", [dayNow(-1)]: "Yesterday", [dayNow(1)]: "Tomorrow" })[key] ?? long();
}

function ordinal(day) {
  const teen = day % 100 >= 11 && day % 100 <= 13;
  return `${day}${teen ? "th" : (["th", "st", "nd", "rd"][day % 10] ?? "th")}`;
}

function longDate(ts, weekday) {
  const date = dateOf(ts);
  const year = format(date, { year: "numeric" });
  const rest = year === format(new Date(), { year: "numeric" }) && !weekday ? "" : `, ${year}`;
  return `${weekday ? `${format(date, { weekday: "long" })}, ` : ""}${format(date, { month: "long" })} ${ordinal(Number(format(date, { day: "numeric" })))}${rest}`;
}

const shortDate = (ts) => format(dateOf(ts), { month: "short", day: "numeric", year: "numeric" });

/** "Today", "Yesterday" or "Friday, November 20th". */
export const dayTitle = (ts) => pretty(ts, () => `${format(dateOf(ts), { weekday: "long" })}, ${longDate(ts)}`);

/** Date and time, for tooltips. */
export const fullTime = (ts) => format(dateOf(ts), { dateStyle: "full", timeStyle: "medium" });

/** "4 minutes ago", "2 hours ago", "Nov 20" */
export function ago(ts) {
  const minutes = Math.max(0, Math.round((Date.now() / 1000 - Number(ts)) / 60));
  const counted = (n, unit) => `${n} ${unit}${n === 1 ? "" : "s"} ago`;
  if (minutes < 1) return "just now";
  if (minutes < 60) return counted(minutes, "minute");
  if (minutes < 24 * 60) return counted(Math.round(minutes / 60), "hour");
  return format(dateOf(ts), { month: "short", day: "numeric" });
}

const lower = (text) => text.charAt(0).toLowerCase() + text.slice(1);

const TOKENS = {
  date_num: (ts) => format(dateOf(ts), { year: "numeric", month: "2-digit", day: "2-digit" }).replace(/(\d+)\/(\d+)\/(\d+)/, "$3-$1-$2"),
  date: (ts) => longDate(ts),
  date_slash: (ts) => format(dateOf(ts), { year: "numeric", month: "2-digit", day: "2-digit" }),
  date_short: shortDate,
  date_long: (ts) => longDate(ts, true),
  date_pretty: (ts) => pretty(ts, () => longDate(ts)),
  date_short_pretty: (ts) => pretty(ts, () => shortDate(ts)),
  date_long_pretty: (ts) => pretty(ts, () => longDate(ts, true)),
  day_divider_pretty: dayTitle,
  time: clock,
  time_secs: (ts) => format(dateOf(ts), { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago,
};

/** Fill in a `<!date^…>` format such as `{date_short_pretty} at {time}`; "today" is lower case within a sentence. */
export function fillDate(ts, pattern) {
  return pattern.replace(/\{(\w+)\}/g, (whole, token, at) => {
    const text = TOKENS[token]?.(ts);
    if (text === undefined) return whole;
    return at > 0 && /^(Today|Yesterday|Tomorrow)$/.test(text) ? lower(text) : text;
  });
}
