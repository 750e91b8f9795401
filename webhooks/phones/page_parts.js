/** Small tools for the page: hooks, templates, and text that is never markup. */

/** Find the part of the page with this hook. */
export const byTest = (root, id) => root.querySelector(`[data-testid="${id}"]`);
/** Find a piece of a stamped template. */
export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);
/** Copy a template of the page. */
export const stamp = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/** Write text only where it changed, so that screen readers and selections are left alone. */
export function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** "Mon, Nov 23, 9:00 AM" → day and time; whatever has no comma is all time. */
export function splitClock(clock) {
  const at = clock.lastIndexOf(", ");
  return at < 0 ? { day: "", time: clock } : { day: clock.slice(0, at), time: clock.slice(at + 2) };
}
