/**
 * The call on one handset: it rings, is picked up, heard, answered by key or voice, and put down.
 *
 * It shows what the service's document says and sends back what is pressed or said, to the address that the
 * document names. It knows nothing of flows, and never decides what comes next.
 */

import { byTest, part, put, stamp } from "./page_parts.js";
import { Refusal } from "./service.js";
import { Voice } from "./sound.js";

const KEYS = [
  ["1", ""], ["2", "ABC"], ["3", "DEF"], ["4", "GHI"], ["5", "JKL"], ["6", "MNO"],
  ["7", "PQRS"], ["8", "TUV"], ["9", "WXYZ"], ["*", ""], ["0", "+"], ["#", ""],
];
const NAMES = { "*": "Star", "#": "Pound" };
const LOST = "The line is gone: the service does not answer.";

/** One call at a time on one handset. `act(fields)` asks the service, and gives what is heard then or null. */
export class CallScreen {
  constructor(handset, ring, act) {
    this.handset = handset;
    this.ring = ring;
    this.act = act;
    this.root = byTest(handset.root, "call");
    this.lines = byTest(this.root, "call-lines");
    this.speech = byTest(this.root, "call-speech");
    this.dialled = byTest(this.root, "call-dialled");
    this.dial = byTest(handset.root, "dial");
    this.voice = new Voice();
    this.call = null;
    this.typed = "";
    this.asking = false;
    this.#listen();
    this.#show("idle");
  }

  #listen() {
    const keys = this.root.querySelector(".keys");
    for (const [key, letters] of KEYS) {
      const button = stamp("t-key");
      put(part(button, "digit"), key === "*" ? "∗" : key);
      put(part(button, "letters"), letters);
      button.dataset.key = key;
      button.dataset.testid = `key-${key}`;
      button.setAttribute("aria-label", NAMES[key] ?? key);
      button.addEventListener("click", () => this.press(key));
      keys.append(button);
    }
    for (const button of this.root.querySelectorAll("[data-do]")) {
      button.addEventListener("click", () => this.#do(button.dataset.do));
    }
    this.dial.addEventListener("click", () => this.#begin("dial"));
    this.speech.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const words = this.speech.value.trim();
      if (!words) return this.speech.focus();
      this.speech.value = "";
      this.#heard(words, { speech: words });
    });
    this.root.addEventListener("keydown", (event) => {
      const key = event.target === this.speech || event.ctrlKey || event.metaKey ? null : event.key;
      if (KEYS.some(([known]) => known === key)) this.press(key);
    });
  }

  #do(what) {
    if (what === "answer" || what === "machine") return this.#begin(what);
    if (what === "wait") return this.#wait();
    if (what === "sound") return this.#toggleVoice();
    if (what === "close") return this.#close();
    return this.#end(what);
  }

  /** Take what the service says about a call on this phone: one that rings, that goes on, or none. */
  update(program, owner, call) {
    put(part(this.root, "call-who"), program);
    this.root.setAttribute("aria-label", `Phone call on ${owner}’s phone`);
    this.dial.setAttribute("aria-label", `Call ${program} from ${owner}’s phone`);
    this.dial.title = `Call ${program}`;
    this.program = program;
    if (this.asking) return;
    if (call?.rings && this.state === "idle") {
      this.call = { id: call.id };
      this.#show("rings");
    } else if (this.state === "rings" && call?.id !== this.call.id) {
      this.#close();
    } else if (call && !call.rings && this.state === "idle") {
      this.call = { id: call.id };
      this.#begin("resume");
    } else if (this.state === "talks" && this.ours && call?.id !== this.call.id) {
      this.#over("The call has ended");
    }
  }

  async #begin(what) {
    const id = this.call?.id ?? "";
    this.ours = what !== "dial";
    this.lines.replaceChildren();
    this.call = { id };
    this.#show("talks", what === "machine" ? "The machine records" : "Connecting");
    this.root.toggleAttribute("data-machine", what === "machine");
    this.lines.focus({ preventScroll: true });
    await this.#ask({ do: what, call: id });
  }

  /** Press one key: it is sent at once, or kept until an answer of any length is whole. */
  press(key) {
    const listens = this.call?.listens;
    if (this.state !== "talks" || !listens || this.asking) return;
    const longer = listens.keys !== 1 && key !== listens.finish_on && key !== "*";
    if (longer) {
      this.typed += key;
      put(this.dialled, this.typed);
      this.voice.hush();
      return;
    }
    const digits = key === listens.finish_on ? this.typed : this.typed + key;
    this.#heard(digits || key, digits ? { digits } : {});
  }

  #heard(words, what) {
    const listens = this.call?.listens;
    if (this.state !== "talks" || !listens || this.asking) return;
    this.#line(words, "them");
    this.#ask({ do: "hear", call: this.call.id, url: listens.action, ...what });
  }

  #wait() {
    const listens = this.call?.listens;
    if (!listens || this.asking) return;
    if (this.typed) return this.#heard(this.typed, { digits: this.typed });
    this.#line("says nothing", "silence");
    this.#ask({ do: "hear", call: this.call.id, url: listens.silence });
  }

  async #ask(fields) {
    this.voice.hush();
    this.typed = "";
    put(this.dialled, "");
    this.asking = true;
    this.root.toggleAttribute("data-asking", true);
    try {
      this.#hear(await this.act(fields));
    } catch (error) {
      this.#over(error instanceof Refusal ? error.message : LOST);
    } finally {
      this.asking = false;
      this.root.toggleAttribute("data-asking", false);
    }
  }

  #hear(call) {
    if (!call) return this.#over("The call has ended");
    this.call = call;
    for (const line of call.lines) this.#line(line.text, "program", line);
    this.#status(call.over ? "The call has ended" : "Speaking");
    if (call.over) this.#over("The call has ended");
    this.voice.say(call.lines, () => {
      if (this.state === "talks") this.#status(call.listens?.keys === 1 ? "Listening: a key or a word" : "Listening: keys and #, or words");
    });
  }

  async #end(how) {
    const id = this.call?.id;
    this.voice.hush();
    if (how === "hang_up" && id) this.#over("You hung up");
    else this.#close();
    this.asking = true;
    try {
      await this.act({ do: how, call: id });
    } catch (error) {
      // A call that is over already needs no end; whatever else is wrong, the page says by itself.
      if (!(error instanceof Refusal)) this.handset.say(LOST);
    } finally {
      this.asking = false;
    }
  }

  #over(words) {
    this.#show("over", words);
    byTest(this.root, "call-close").focus({ preventScroll: true });
  }

  #close() {
    const inside = this.root.contains(document.activeElement);
    this.voice.hush();
    this.call = null;
    this.#show("idle");
    if (inside) this.handset.input.focus({ preventScroll: true });
  }

  #toggleVoice() {
    const button = byTest(this.root, "call-sound");
    this.voice.on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(this.voice.on));
    if (!this.voice.on) this.voice.hush();
  }

  #show(state, words = "") {
    this.state = state;
    this.root.dataset.state = state;
    this.root.hidden = state === "idle";
    this.handset.root.toggleAttribute("data-rings", state === "rings");
    this.handset.tab.toggleAttribute("data-rings", state === "rings");
    // What lies under the call can be neither seen nor reached.
    for (const under of this.handset.root.querySelectorAll(".peer, .talk, .foot")) under.inert = state !== "idle";
    if (state === "rings") this.ring.start(this);
    else this.ring.stop(this);
    this.#status(state === "rings" ? "Incoming call" : words);
  }

  #status(words) {
    put(byTest(this.root, "call-what"), words);
  }

  #line(text, who, { language = "", slow = false, seconds = 0 } = {}) {
    const line = stamp("t-line");
    line.dataset.who = who;
    if (language) line.lang = language;
    line.toggleAttribute("data-slow", slow);
    if (seconds) line.dataset.seconds = seconds;
    put(part(line, "speaker"), who === "program" ? `${this.program}: ` : `${this.handset.name}: `);
    put(part(line, "said"), text);
    this.lines.append(line);
    this.lines.scrollTop = this.lines.scrollHeight;
  }
}
