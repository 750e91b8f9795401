/** One question to the service, and the two ways in which it can go wrong. */

/** A bad input that the service explained in words for people. */
export class Refusal extends Error {}

/** The service could not be asked, or answered with something other than its state. */
export class Unreachable extends Error {}

/** Ask the service once; gives the state, or throws Refusal or Unreachable. */
export async function ask(path, { form, timeout }) {
  const request = { signal: AbortSignal.timeout(timeout), headers: { Accept: "application/json" } };
  if (form) Object.assign(request, { method: "POST", body: new URLSearchParams(form) });
  let response, body;
  try {
    response = await fetch(path, request);
    body = await response.json();
  } catch (error) {
    throw new Unreachable("no answer", { cause: error });
  }
  if (response.ok) return body;
  if (body?.problem) throw new Refusal([body.problem, body.mend].filter(Boolean).join(" "));
  throw new Unreachable(`status ${response.status}`);
}
