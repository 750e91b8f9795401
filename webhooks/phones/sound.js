/** What is heard: the program's voice, where the browser has one, and a ring. Nothing here is needed to go on. */

const RING_MS = 3000;
const SLOW = 0.75;

/** Speaks one line after the other; a new one, or silence asked for, ends what is being said. */
export class Voice {
  constructor() {
    this.on = true;
    this.speech = window.speechSynthesis ?? null;
  }

  /** Say these lines; `done` is called when all is said, at once where nothing can be heard. */
  say(lines, done) {
    this.hush();
    const voices = this.on && this.speech ? this.speech.getVoices() : [];
    if (!voices.length || !lines.length) return done();
    const asked = (this.asked = {});
    const utterances = lines.map((line) => {
      const words = new SpeechSynthesisUtterance(line.text);
      words.lang = line.language;
      words.rate = line.slow ? SLOW : 1;
      return words;
    });
    const ended = () => { if (this.asked === asked) done(); };
    utterances.at(-1).addEventListener("end", ended);
    utterances.at(-1).addEventListener("error", ended);
    for (const words of utterances) this.speech.speak(words);
  }

  hush() {
    this.asked = null;
    this.speech?.cancel();
  }
}

/** A soft ring of two tones, for as long as anything rings; silent where the page was never touched. */
export class Ring {
  constructor() {
    this.ringing = new Set();
    this.timer = 0;
  }

  start(who) {
    this.ringing.add(who);
    if (!this.timer) this.#ring();
  }

  stop(who) {
    this.ringing.delete(who);
    if (this.ringing.size) return;
    clearTimeout(this.timer);
    this.timer = 0;
  }

  #ring() {
    this.timer = setTimeout(() => this.#ring(), RING_MS);
    // A browser lets no page make a sound before somebody has used it, and says so loudly.
    if (!navigator.userActivation?.hasBeenActive || !window.AudioContext) return;
    this.context ??= new AudioContext();
    for (const [delay, pitch] of [[0, 523], [0.18, 659], [0.6, 523], [0.78, 659]]) this.#tone(delay, pitch);
  }

  #tone(delay, pitch) {
    const at = this.context.currentTime + delay;
    const tone = this.context.createOscillator();
    const loudness = this.context.createGain();
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(0.06, at + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0005, at + 0.35);
    tone.connect(loudness).connect(this.context.destination);
    tone.start(at);
    tone.stop(at + 0.4);
  }
}
