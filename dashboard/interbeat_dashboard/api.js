/**
 * Ask the server; a refusal becomes an Error with the server's own sentence.
 *
 * @param {string} method @param {string} path @param {object} [body]
 * @returns {Promise<any>}
 */
export async function ask(method, path, body) {
  /** @type {RequestInit} */
  const request = { method, headers: {} };
  if (body !== undefined) {
    request.headers = { "Content-Type": "application/json" };
    request.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Error("interbeat does not answer. Is it still running in the terminal?");
  }
  if (response.status === 401) location.reload();
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (!response.ok) {
    throw new Error(answer?.error ?? `interbeat answered ${response.status}. Try again.`);
  }
  return answer;
}

/** Begin a replay of a session and go to it. @param {string} id */
export async function openReplay(id) {
  const { run } = await ask("POST", `/api/sessions/${encodeURIComponent(id)}/replay`, {});
  location.assign(`/run/${encodeURIComponent(run)}`);
}
