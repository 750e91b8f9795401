/**
 * One handset: its messages, its delivery ticks, its composer, its badge.
 *
 * It shows what it is given and asks to send; it never talks to the service itself.
 */

import { CallScreen } from "./call.js";
import { byTest, part, put, splitClock, stamp } from "./page_parts.js";

const NEAR_BOTTOM_PX = 48;

const STATUS = {
  queued: { icon: "queued", words: "Queued" },
  sending: { icon: "queued", words: "Sending" },
  sent: { icon: "sent", words: "Sent" },
  delivered: { icon: "delivered", words: "Delivered" },
  received: { icon: "delivered", words: "Received" },
  failed: { icon: "failed", words: "Not delivered", shown: true },
  in_doubt: { icon: "doubt", words: "In doubt", shown: true },
  ringing: { icon: "queued", words: "Ringing", shown: true },
  talking: { icon: "sent", words: "On the phone", shown: true },
  answered: { icon: "delivered", words: "Answered", shown: true },
  machine: { icon: "sent", words: "A machine took it", shown: true },
  missed: { icon: "failed", words: "Nobody answered", shown: true },
  declined: { icon: "failed", words: "Declined", shown: true },
};

/** One phone on the desk: its frame, its messages, its composer. */
export class Handset {
  constructor(phone, order, ring, { send, call }) {
    this.id = phone.id;
    this.name = phone.name;
    this.send = send;
    this.bubbles = new Map();
    this.days = new Map();
    this.messages = [];
    this.pending = [];
    this.guesses = 0;
    this.unread = 0;
    this.filled = false;
    this.following = true;
    this.leftAt = 0;
    this.root = stamp("t-handset");
    this.root.dataset.phone = phone.id;
    this.root.dataset.tone = String(order % 4);
    this.log = byTest(this.root, "log");
    this.input = byTest(this.root, "composer-input");
    this.button = byTest(this.root, "send");
    this.note = byTest(this.root, "note");
    this.jump = byTest(this.root, "jump");
    this.tab = this.#makeTab();
    this.call = new CallScreen(this, ring, (fields) => call(this, fields));
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
    this.log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // A note or a second row of suggestions takes room from the log; who was at its end stays there.
    new ResizeObserver(() => { if (this.following) this.toBottom(); }).observe(this.log);
    this.jump.addEventListener("click", () => { this.toBottom(); this.log.focus({ preventScroll: true }); });
    for (const sign of ["focusin", "pointerdown", "wheel"]) {
      this.root.addEventListener(sign, () => this.markRead(), { passive: true });
    }
  }

  #draftChanged() {
    this.button.setAttribute("aria-disabled", String(!this.input.value.trim()));
    this.say("");
  }

  /** Whoever has just scrolled up reads: the browser tells of it only with its next frame, and a text may come before. */
  #lookWhereTheReaderIs() {
    if (this.log.scrollTop !== this.leftAt) this.#scrolled();
  }

  #scrolled() {
    this.leftAt = this.log.scrollTop;
    this.following = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_BOTTOM_PX;
    if (this.following) this.jump.hidden = true;
  }

  toBottom() {
    this.log.scrollTop = this.log.scrollHeight;
    this.leftAt = this.log.scrollTop;
    this.following = true;
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
    return () => {
      this.pending = this.pending.filter((other) => other !== message);
      this.#arrange();
    };
  }

  /** Show what the service says about this phone. */
  show(phone, program, clock) {
    this.#lookWhereTheReaderIs();
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
    this.call.update(program, phone.name, phone.call);
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
    const fresh = messages.filter((m) => m.direction === "to_phone" && !this.bubbles.has(m.id));
    this.messages = messages;
    this.#arrange();
    if (this.filled && fresh.length) this.#notice(fresh.length);
    if (messages.length === 0) this.markRead();
    if (this.following) this.toBottom();
    this.filled = true;
  }

  #notice(count) {
    if (!this.following) this.jump.hidden = false;
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
    const all = [...this.messages, ...this.pending];
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
    // A real phone can send nothing at all; a bubble without a word would look like a mistake of the page.
    const empty = !message.text.trim();
    node.toggleAttribute("data-empty", empty);
    put(part(node, "text"), empty ? (message.channel === "voice" ? "" : "Empty text") : message.text);
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
