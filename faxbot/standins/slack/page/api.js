// The person API ("/_/"): what one person in the workspace can see and do.

let person = null;

/** From now on every call is made in the name of user *id*. */
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

/** POST *body* to /_/<path> as the current person; always an object with `ok`, a failed connection included. */
export async function post(path, body) {
  try {
    return await answerOf(await fetch(`/_/${path}`, { method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ user: person, ...body }) }));
  } catch {
    return unreachable();
  }
}

/** Upload *files* (browser File objects), not yet shared anywhere. */
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

/** Everything user *id* can see now. Rejects when the server does not answer or does not know the user. */
export async function snapshot(id) {
  const response = await fetch(`/_/snapshot?user=${encodeURIComponent(id ?? "")}`);
  if (!response.ok) throw new Error(`snapshot: ${response.status}`);
  return response.json();
}

/** A JSON resource of the simulated fax server, through the workspace's proxy; null when it gives none. */
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
 * Follow what happens to user *id* after event *since*. `heard(event)` gets each event, `lost()` is called once when the
 * connection breaks; returns a function that stops listening.
 */
export function follow(id, since, heard, lost) {
  const source = new EventSource(`/_/events?user=${encodeURIComponent(id)}&since=${since}`);
  source.addEventListener("message", (message) => heard(JSON.parse(message.data)));
  source.addEventListener("error", () => {
    source.close(); // the browser's own reconnection would replay from the first `since`
    lost();
  });
  return () => source.close();
}
