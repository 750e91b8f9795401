/**
 * The pretend phones' page: shows the state the service gives, and posts what a person does.
 *
 * It knows the shape of GET /phones/state and nothing of flows, alerts or people. Every text of a message or
 * a person is inserted with textContent, never as markup. The state is the truth: a local bubble only
 * stands in until the service has answered.
 */

import { Handset } from "./handset.js";
import { byTest, part, put, splitClock } from "./page_parts.js";
import { Refusal, Unreachable, ask } from "./service.js";
import { Ring } from "./sound.js";

// Whether the text arrived is unknown then, so it is never sent a second time by itself.
const UNANSWERED = "The service does not answer. Your text is back in the box; send it again unless it shows above.";
const POLL_MS = 700;
const POLL_BUSY_MS = 200;
const RETRY_MS = [1000, 2000, 4000];
const READ_TIMEOUT_MS = 8000;
// A jump of a day lets the service do a day's work before it answers.
const WRITE_TIMEOUT_MS = 60000;
// The same width as in the style sheet.
const ONE_AT_A_TIME = "(max-width: 719px)";

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
    this.ring = new Ring();
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
    if (turn >= this.shown) {
      this.shown = turn;
      this.show(state);
    }
    return state;
  }

  async #change(path, form, settle) {
    this.writing += 1;
    try {
      return await this.#exchange(path, { form, timeout: WRITE_TIMEOUT_MS }, settle);
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
      handset.giveBack(text);
      handset.say(error instanceof Refusal ? error.message : UNANSWERED);
      if (!(error instanceof Refusal)) this.#unreachable(error);
    }
  }

  /** Do something with the call on a phone; gives what is heard then, or null where it is over. */
  async call(handset, fields) {
    try {
      return (await this.#change(`/phones/${encodeURIComponent(handset.id)}/call`, fields)).call;
    } catch (error) {
      if (!(error instanceof Refusal)) this.#unreachable(error);
      throw error;
    }
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
    this.#showDue(state.next_due);
    if (!document.body.hasAttribute("data-moving")) this.#moving(false);
    this.#showPhones(state);
    const unread = [...this.handsets.values()].reduce((sum, handset) => sum + handset.unread, 0);
    document.title = `${unread ? `(${unread}) ` : ""}${state.program} · pretend phones`;
  }

  #showDue(due) {
    const next = byTest(document, "next-due");
    put(part(next, "due-at"), due?.clock ?? "");
    put(part(next, "due-dot"), due ? " · " : "");
    put(part(next, "due-what"), due?.what ?? "Nothing is due");
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
    const handset = new Handset(phone, order, this.ring, {
      send: (from, text) => this.send(from, text),
      call: (from, fields) => this.call(from, fields),
    });
    this.handsets.set(phone.id, handset);
    byTest(document, "desk").append(handset.root);
    byTest(document, "people").append(handset.tab);
    this.watcher.observe(handset.root);
  }
}

new Desk().poll();
