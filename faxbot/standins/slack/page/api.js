// The client of the person API ("/_/"): what one person in the workspace sees and does.

let person = null;

/** Make every following call as user *id*. */
export function actAs(id) {
  person = id;
}

async function answerOf(response) {
  const type = response.headers.get("content-type") ?? "";
  if (!type.includes("json")) return { ok: false, error: `http_${response.status}`, message: `The workspace answered ${response.status}.` };
  const answer = await response.json();
  return response.ok ? answer : { ok: false, message: `The workspace answered ${response.status}.`, ...answer };
}

const unreachable = () => ({ ok: false, error: "unreachable", message: "The workspace doesn't answer. Try again in a moment." });

/** POST *body* to /_/<path> as the current person; returns an object with `ok`, also when the connection fails. */
export async function post(path, body) {
  try {
    return await answerOf(await fetch(`/_/${path}`, { method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ user: person, ...body }) }));
  } catch {
    return unreachable();
  }
}

/** Upload *files* (browser File objects) without sharing them. */
export async function upload(files) {
  const form = new FormData();
  form.append("user", person);
  for (const file of files) form.append("file", file, file.name);
  try {
    return await answerOf(await fetch("/_/upload", { method: "POST", body: form }));
  } catch {
    return unreachable();
  }
}

/** Everything that user *id* sees now. Rejects when the server does not answer or the user is unknown. */
export async function snapshot(id) {
  const response = await fetch(`/_/snapshot?user=${encodeURIComponent(id ?? "")}`);
  if (!response.ok) throw new Error(`snapshot: ${response.status}`);
  return response.json();
}

/** A JSON resource of the simulated fax server, through the workspace's proxy; null when a read fails. */
export async function faxControl(path, body) {
  const init = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  try {
    const response = await fetch(`/_/fax/${path}`, init);
    if (body !== undefined) return await answerOf(response).then((answer) => ({ ...answer, ok: response.ok && answer.ok !== false }));
    return response.ok ? await response.json() : null;
  } catch {
    return body === undefined ? null : unreachable();
  }
}

/**
 * Subscribe to the events of user *id* after number *since*. `onEvent(event)` is called for each event, `onLost()` once when
 * the connection fails; returns a function that unsubscribes.
 */
export function follow(id, since, onEvent, onLost) {
  const source = new EventSource(`/_/events?user=${encodeURIComponent(id)}&since=${since}`);
  source.addEventListener("message", (message) => onEvent(JSON.parse(message.data)));
  source.addEventListener("error", () => {
    source.close(); // the browser would reconnect with the original `since` and replay events
    onLost();
  });
  return () => source.close();
}
