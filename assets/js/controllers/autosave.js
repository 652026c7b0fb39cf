import { Controller } from "@hotwired/stimulus";

/**
 * Saves a form some seconds after the last change and says how it stands.
 *
 * The form carries `hx-post` with `hx-trigger="autosave"`; this controller fires that event. The state
 * target reads "Unsaved changes", "Saving…", "Saved 12:04" or "Not saved".
 */
export default class extends Controller {
  static targets = ["state"];
  static values = { delay: { type: Number, default: 10_000 } };

  connect() {
    this.dirty = false;
  }

  disconnect() {
    clearTimeout(this.timer);
  }

  changed() {
    this.dirty = true;
    this.say("Unsaved changes");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), this.delayValue);
  }

  save() {
    if (!this.dirty) return;
    this.element.dispatchEvent(new CustomEvent("autosave", { bubbles: false }));
  }

  requested(event) {
    if (event.target !== this.element) return;
    clearTimeout(this.timer);
    this.dirty = false;
    this.say("Saving…");
  }

  answered(event) {
    if (event.target !== this.element) return;
    const status = event.detail.ctx.response?.status;
    if (status >= 200 && status < 300) {
      if (!this.dirty) this.say(`Saved ${clock()}`);
      this.dispatch("saved");
    } else {
      this.dirty = true;
      this.say("Not saved");
    }
  }

  /** The form was stored by another request than its own. */
  stored() {
    clearTimeout(this.timer);
    this.dirty = false;
    this.say(`Saved ${clock()}`);
  }

  say(text) {
    if (this.hasStateTarget) this.stateTarget.textContent = text;
  }
}

function clock() {
  return new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
