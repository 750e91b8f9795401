/**
 * The pretend phones' page: shows the state the service gives, and posts what a person does.
 *
 * It knows the shape of GET /phones/state and nothing of flows, alerts or people. Every text of a message or
 * a person is inserted with textContent, never as markup. The state is the truth: a local bubble only
 * stands in until the service has answered.
 */

const POLL_MS = 700;
const POLL_BUSY_MS = 200;
const RETRY_MS = [1000, 2000, 4000];
const READ_TIMEOUT_MS = 8000;
// A jump of a day lets the service do a day's work before it answers.
const WRITE_TIMEOUT_MS = 60000;
const NEAR_BOTTOM_PX = 48;
// The same width as in the style sheet.
const ONE_AT_A_TIME = "(max-width: 719px)";

const STATUS = {
  queued: { icon: "queued", words: "Queued" },
  sending: { icon: "queued", words: "Sending" },
  sent: { icon: "sent", words: "Sent" },
  delivered: { icon: "delivered", words: "Delivered" },
  received: { icon: "delivered", words: "Received" },
  failed: { icon: "failed", words: "Not delivered", shown: true },
  in_doubt: { icon: "doubt", words: "In doubt", shown: true },
};

const byTest = (root, id) => root.querySelector(`[data-testid="${id}"]`);
const part = (root, name) => root.querySelector(`[data-part="${name}"]`);
const stamp = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/** Write text only where it changed, so that screen readers and selections are left alone. */
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** "Mon, Nov 23, 9:00 AM" → day and time; whatever has no comma is all time. */
function splitClock(clock) {
  const at = clock.lastIndexOf(", ");
  return at < 0 ? { day: "", time: clock } : { day: clock.slice(0, at), time: clock.slice(at + 2) };
}

/** A bad input that the service explained in words for people. */
class Refusal extends Error {}

/** The service could not be asked, or answered with something other than its state. */
class Unreachable extends Error {}

/** Ask the service once; gives the state, or throws Refusal or Unreachable. */
async function ask(path, { form, timeout }) {
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

/** One phone on the desk: its frame, its messages, its composer. */
class Handset {
  constructor(phone, order, send) {
    this.id = phone.id;
    this.name = phone.name;
    this.send = send;
    this.bubbles = new Map();
    this.days = new Map();
    this.pending = [];
    this.guesses = 0;
    this.unread = 0;
    this.filled = false;
    this.root = stamp("t-handset");
    this.root.dataset.phone = phone.id;
    this.root.dataset.tone = String(order % 4);
    this.log = byTest(this.root, "log");
    this.input = byTest(this.root, "composer-input");
    this.button = byTest(this.root, "send");
    this.note = byTest(this.root, "note");
    this.jump = byTest(this.root, "jump");
    this.tab = this.#makeTab();
    this.#listen();
  }

  #makeTab() {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.dataset.tab = this.id;
    tab.append(document.createElement("span"), document.createElement("i"));
    tab.firstChild.textContent = this.name;
    tab.addEventListener("click", () => this.root.scrollIntoView({ inline: "center", block: "nearest" }));
    return tab;
  }

  #listen() {
    byTest(this.root, "composer-input").form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.input.value.trim();
      if (!text) return this.input.focus();
      this.input.value = "";
      this.#draftChanged();
      this.send(this, text);
    });
    this.input.addEventListener("input", () => this.#draftChanged());
    this.log.addEventListener("scroll", () => { if (this.atBottom) this.jump.hidden = true; }, { passive: true });
    this.jump.addEventListener("click", () => { this.toBottom(); this.log.focus({ preventScroll: true }); });
    for (const sign of ["focusin", "pointerdown", "wheel"]) {
      this.root.addEventListener(sign, () => this.markRead(), { passive: true });
    }
  }

  #draftChanged() {
    this.button.setAttribute("aria-disabled", String(!this.input.value.trim()));
    this.say("");
  }

  get atBottom() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_BOTTOM_PX;
  }

  toBottom() {
    this.log.scrollTop = this.log.scrollHeight;
    this.jump.hidden = true;
  }

  /** Show a line above the composer; an empty one hides it. */
  say(text) {
    put(this.note, text);
    this.note.hidden = !text;
  }

  /** Give a text back to the composer, in front of whatever was typed meanwhile. */
  giveBack(text) {
    this.input.value = [text, this.input.value].filter(Boolean).join(" ");
    this.#draftChanged();
  }

  markRead() {
    if (!this.unread) return;
    this.unread = 0;
    this.#showUnread();
  }

  /** Whether a new message here is seen as it comes: somebody is on this phone, or it fills a small screen. */
  get attended() {
    if (document.hidden) return false;
    return this.root.contains(document.activeElement) || this.root.dataset.inView === "alone";
  }

  #showUnread() {
    const badge = byTest(this.root, "unread");
    badge.hidden = this.unread === 0;
    put(part(badge, "count"), String(this.unread || ""));
    put(this.tab.lastChild, this.unread ? String(this.unread) : "");
    this.tab.setAttribute("aria-label", this.unread ? `${this.name}, ${this.unread} new` : this.name);
    this.root.toggleAttribute("data-unread", this.unread > 0);
  }

  /** Put a bubble up at once, before the service has answered; gives the function that takes it away. */
  expect(text, clock) {
    const message = {
      id: `pending-${++this.guesses}`, direction: "from_phone", text, clock, status: "sending", channel: "sms", day: "",
    };
    this.pending.push(message);
    this.#arrange();
    this.toBottom();
    return () => { this.pending = this.pending.filter((other) => other !== message); };
  }

  /** Show what the service says about this phone. */
  show(phone, program, clock) {
    this.name = phone.name;
    put(part(this.root, "name"), phone.name);
    put(part(this.root, "role"), phone.role);
    put(part(this.root, "number"), phone.number);
    put(part(this.root, "peer"), program);
    put(part(this.root, "bar-time"), splitClock(clock).time.replace(/\s*[AP]M$/i, ""));
    put(this.root.querySelector(".avatar"), Array.from(phone.name)[0] ?? "");
    put(byTest(this.root, "hint"), phone.hint);
    this.root.setAttribute("aria-label", `${phone.name}’s phone, ${phone.role}`);
    this.log.setAttribute("aria-label", `Messages on ${phone.name}’s phone`);
    this.input.setAttribute("aria-label", `Text from ${phone.name}’s phone`);
    byTest(this.root, "suggestions").setAttribute("aria-label", `Suggested texts for ${phone.name}`);
    this.#suggest(phone.suggestions);
    this.#receive(phone.messages);
  }

  #suggest(texts) {
    const row = byTest(this.root, "suggestions");
    if (row.dataset.shown === JSON.stringify(texts)) return;
    const focused = row.contains(document.activeElement);
    row.dataset.shown = JSON.stringify(texts);
    row.replaceChildren(...texts.map((text) => this.#chip(text)));
    row.hidden = texts.length === 0;
    // A chip that is used is often replaced; the keyboard stays where it was.
    if (focused) (row.firstElementChild ?? this.input).focus({ preventScroll: true });
  }

  #chip(text) {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.dataset.testid = "suggestion";
    chip.textContent = text;
    chip.addEventListener("click", () => this.send(this, text));
    return chip;
  }

  #receive(messages) {
    const follow = !this.filled || this.atBottom;
    const fresh = messages.filter((m) => m.direction === "to_phone" && !this.bubbles.has(m.id));
    this.messages = messages;
    this.#arrange();
    if (this.filled && fresh.length && messages.length) this.#notice(fresh.length, follow);
    if (messages.length === 0) this.markRead();
    if (follow) this.toBottom();
    this.filled = true;
  }

  #notice(count, follow) {
    if (!follow) this.jump.hidden = false;
    this.root.classList.remove("pulse");
    // Reading the layout restarts the animation for a second message in a row.
    void this.root.offsetWidth;
    this.root.classList.add("pulse");
    if (this.attended) return;
    this.unread += count;
    this.#showUnread();
  }

  /** Bring the log's children into the order of the messages, reusing what is there already. */
  #arrange() {
    const all = [...(this.messages ?? []), ...this.pending];
    const wanted = [];
    let day = "";
    all.forEach((message, index) => {
      if (message.day && message.day !== day) wanted.push(this.#dayNode((day = message.day)));
      const bubble = this.#bubbleNode(message);
      const next = all[index + 1];
      bubble.toggleAttribute("data-last", !next || next.direction !== message.direction || (next.day && next.day !== day));
      wanted.push(bubble);
    });
    const ids = new Set(all.map((message) => message.id));
    for (const id of this.bubbles.keys()) if (!ids.has(id)) this.bubbles.delete(id);
    for (const key of this.days.keys()) if (!all.some((message) => message.day === key)) this.days.delete(key);
    const empty = byTest(this.root, "empty");
    empty.hidden = wanted.length > 0;
    this.#place([empty, ...wanted]);
  }

  #place(wanted) {
    const keep = new Set(wanted);
    for (const child of [...this.log.children]) if (!keep.has(child)) child.remove();
    wanted.forEach((node, index) => {
      if (this.log.children[index] !== node) this.log.insertBefore(node, this.log.children[index] ?? null);
    });
  }

  #dayNode(day) {
    if (!this.days.has(day)) {
      const node = document.createElement("p");
      node.className = "day";
      node.dataset.testid = "day";
      node.textContent = day;
      this.days.set(day, node);
    }
    return this.days.get(day);
  }

  #bubbleNode(message) {
    let node = this.bubbles.get(message.id);
    if (!node) {
      node = stamp("t-bubble");
      node.dataset.message = message.id;
      node.dataset.direction = message.direction;
      node.classList.toggle("arrive", this.filled);
      put(part(node, "who"), message.direction === "from_phone" ? `${this.name}: ` : "Service: ");
      part(node, "call").hidden = message.channel !== "voice";
      node.dataset.channel = message.channel;
      this.bubbles.set(message.id, node);
    }
    put(part(node, "text"), message.text);
    put(part(node, "clock"), message.clock);
    showStatus(node, message.status);
    return node;
  }
}

/** Draw the delivery tick; its words are always in the page, and visible where something went wrong. */
function showStatus(bubble, status) {
  if (bubble.dataset.status === status) return;
  const { icon, words, shown } = STATUS[status] ?? STATUS.in_doubt;
  bubble.dataset.status = status;
  put(part(bubble, "status"), words);
  part(bubble, "status").classList.toggle("sr", !shown);
  const tick = byTest(bubble, "tick");
  tick.title = words;
  tick.querySelector("use").setAttribute("href", `#i-${icon}`);
}

/** The desk: all phones, the clock, and the talk with the service. */
class Desk {
  constructor() {
    this.handsets = new Map();
    this.state = null;
    this.asked = 0;
    this.shown = 0;
    this.writing = 0;
    this.failures = 0;
    this.timer = 0;
    this.clock = byTest(document, "clock");
    this.small = window.matchMedia(ONE_AT_A_TIME);
    this.watcher = new IntersectionObserver((entries) => this.#seen(entries), { threshold: 0.6 });
    this.#listen();
  }

  #listen() {
    for (const button of document.querySelectorAll("[data-advance]")) {
      button.addEventListener("click", () => this.advance(button));
    }
    const dialog = byTest(document, "start-over-dialog");
    byTest(document, "start-over").addEventListener("click", () => {
      // Escape leaves the value of an earlier closing behind.
      dialog.returnValue = "";
      dialog.showModal();
    });
    dialog.addEventListener("close", () => { if (dialog.returnValue === "yes") this.startOver(); });
    document.addEventListener("visibilitychange", () => this.#pollIn(0));
    window.addEventListener("online", () => this.#pollIn(0));
    this.small.addEventListener("change", () => this.#watchAnew());
  }

  /** A turned screen may leave every phone as visible as before, and still change what that means. */
  #watchAnew() {
    this.watcher.disconnect();
    for (const handset of this.handsets.values()) this.watcher.observe(handset.root);
  }

  #seen(entries) {
    for (const { target, isIntersecting } of entries) {
      target.dataset.inView = isIntersecting && this.small.matches ? "alone" : "";
      const handset = this.handsets.get(target.dataset.phone);
      if (!handset || !this.small.matches) continue;
      handset.tab.setAttribute("aria-current", String(isIntersecting));
      if (isIntersecting) handset.markRead();
    }
  }

  #pollIn(ms) {
    clearTimeout(this.timer);
    if (!document.hidden) this.timer = setTimeout(() => this.poll(), ms);
  }

  /** Ask for the state, show it, and come back later; silent while a change is on its way. */
  async poll() {
    if (!this.writing) await this.#exchange("/phones/state", { timeout: READ_TIMEOUT_MS }).catch((error) => this.#unreachable(error));
    const calm = this.state?.busy ? POLL_BUSY_MS : POLL_MS;
    this.#pollIn(this.failures ? RETRY_MS[Math.min(this.failures, RETRY_MS.length) - 1] : calm);
  }

  /** One question; an answer that is older than what the page shows already is dropped. */
  async #exchange(path, options, settle = () => {}) {
    const turn = ++this.asked;
    const state = await ask(path, options).finally(settle);
    this.failures = 0;
    this.#banner("");
    if (turn < this.shown) return;
    this.shown = turn;
    this.show(state);
  }

  async #change(path, form, settle) {
    this.writing += 1;
    try {
      await this.#exchange(path, { form, timeout: WRITE_TIMEOUT_MS }, settle);
    } finally {
      this.writing -= 1;
      this.#pollIn(POLL_BUSY_MS);
    }
  }

  #unreachable(error) {
    if (!(error instanceof Unreachable)) throw error;
    this.failures += 1;
    // One lost answer is no news; the next poll mostly mends it.
    if (this.failures > 1 || !this.state) this.#banner("The service does not answer. What you see may be old; trying again.");
  }

  #banner(text) {
    const banner = byTest(document, "banner");
    put(banner, text);
    banner.hidden = !text;
  }

  async send(handset, text) {
    const settle = handset.expect(text, splitClock(this.state.clock).time);
    handset.say("");
    try {
      await this.#change(`/phones/${encodeURIComponent(handset.id)}/send`, { text }, settle);
    } catch (error) {
      handset.show(...this.#lastOf(handset));
      handset.giveBack(text);
      handset.say(error instanceof Refusal ? error.message : "Not sent: the service does not answer. Your text is back in the box.");
      if (!(error instanceof Refusal)) this.#unreachable(error);
    }
  }

  #lastOf(handset) {
    return [this.state.phones.find((phone) => phone.id === handset.id), this.state.program, this.state.clock];
  }

  async advance(button) {
    if (button.getAttribute("aria-disabled") === "true") return;
    this.#moving(true);
    try {
      await this.#change("/phones/clock", { by: button.dataset.advance });
      put(byTest(document, "announce"), `The service’s clock says ${this.state.clock}.`);
      this.clock.classList.remove("moved");
      void this.clock.offsetWidth;
      this.clock.classList.add("moved");
    } catch (error) {
      this.#explain(error);
    } finally {
      this.#moving(false);
    }
  }

  async startOver() {
    try {
      await this.#change("/phones/start-over", {});
      put(byTest(document, "announce"), "The sample people are forgotten.");
    } catch (error) {
      this.#explain(error);
    }
  }

  #explain(error) {
    if (error instanceof Refusal) this.#banner(error.message);
    else this.#unreachable(error);
  }

  /** Buttons stay focusable while the clock moves: a disabled one would throw the keyboard back to the top. */
  #moving(moving) {
    for (const button of document.querySelectorAll("[data-advance]")) {
      const idle = button.dataset.advance === "next" && !this.state?.next_due;
      button.setAttribute("aria-disabled", String(moving || idle));
    }
    document.body.toggleAttribute("data-moving", moving);
  }

  /** Show one state of the service. */
  show(state) {
    this.state = state;
    put(byTest(document, "program"), state.program);
    const { day, time } = splitClock(state.clock);
    put(part(this.clock, "day"), day);
    const [, digits, half] = /^(.*?)\s*([AP]M)?$/i.exec(time);
    put(part(this.clock, "time"), digits);
    put(part(this.clock, "half"), half ?? "");
    put(byTest(document, "ahead"), state.ahead ? `${state.ahead} ahead` : "Real time");
    byTest(document, "busy").hidden = !state.busy;
    const due = state.next_due;
    put(byTest(document, "next-due"), due ? `${due.clock} · ${due.what}` : "Nothing is due");
    if (!document.body.hasAttribute("data-moving")) this.#moving(false);
    this.#showPhones(state);
    const unread = [...this.handsets.values()].reduce((sum, handset) => sum + handset.unread, 0);
    document.title = `${unread ? `(${unread}) ` : ""}${state.program} · pretend phones`;
  }

  #showPhones(state) {
    const present = new Set(state.phones.map((phone) => phone.id));
    for (const [id, handset] of this.handsets) {
      if (present.has(id)) continue;
      this.watcher.unobserve(handset.root);
      handset.root.remove();
      handset.tab.remove();
      this.handsets.delete(id);
    }
    state.phones.forEach((phone, order) => {
      if (!this.handsets.has(phone.id)) this.#add(phone, order);
      this.handsets.get(phone.id).show(phone, state.program, state.clock);
    });
  }

  #add(phone, order) {
    const handset = new Handset(phone, order, (from, text) => this.send(from, text));
    this.handsets.set(phone.id, handset);
    byTest(document, "desk").append(handset.root);
    byTest(document, "people").append(handset.tab);
    this.watcher.observe(handset.root);
  }
}

new Desk().poll();
