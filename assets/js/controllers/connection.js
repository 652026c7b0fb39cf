import { Controller } from "@hotwired/stimulus";

/** The Live badge: follows the websocket of the page. */
export default class extends Controller {
  static targets = ["text"];

  up() {
    this.show("Live", "tone-good");
  }

  down() {
    this.show("Reconnecting…", "tone-warn");
  }

  show(text, tone) {
    this.textTarget.textContent = text;
    this.element.classList.remove("tone-good", "tone-warn");
    this.element.classList.add(tone);
  }
}
