import { Controller } from "@hotwired/stimulus";

/** Keeps the newest child in view, as a list of messages does. */
export default class extends Controller {
  connect() {
    this.growth = new MutationObserver(() => this.toEnd());
    this.growth.observe(this.element, { childList: true });
    this.toEnd();
  }

  disconnect() {
    this.growth.disconnect();
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }
}
