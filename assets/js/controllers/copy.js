import { Controller } from "@hotwired/stimulus";
import { announce } from "../announce.js";

/** Copies the text of the source target, or the `text` value, and says so on the button. */
export default class extends Controller {
  static targets = ["source", "label"];
  static values = { text: String };

  async copy() {
    const text = this.hasSourceTarget ? this.sourceTarget.textContent.trim() : this.textValue;
    try {
      await navigator.clipboard.writeText(text);
      this.say("Copied");
    } catch {
      this.select(); // no permission or no secure origin: leave it selected for Ctrl C
      this.say("Press Ctrl C");
    }
  }

  select() {
    if (this.hasSourceTarget) getSelection().selectAllChildren(this.sourceTarget);
  }

  say(text) {
    announce(text);
    if (!this.hasLabelTarget) return;
    this.usual ??= this.labelTarget.textContent;
    this.labelTarget.textContent = text;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.labelTarget.textContent = this.usual), 1600);
  }
}
