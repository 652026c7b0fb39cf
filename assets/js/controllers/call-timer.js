import { Controller } from "@hotwired/stimulus";

/** Counts up from `since` (ISO time): 0:07, 12:40, 1:02:03. */
export default class extends Controller {
  static values = { since: String };

  connect() {
    this.start = this.sinceValue ? Date.parse(this.sinceValue) : Date.now();
    this.tick();
    this.timer = setInterval(() => this.tick(), 1000);
  }

  disconnect() {
    clearInterval(this.timer);
  }

  tick() {
    const elapsed = Math.max(0, Math.floor((Date.now() - this.start) / 1000));
    const hours = Math.floor(elapsed / 3600);
    const minutes = Math.floor(elapsed / 60) % 60;
    const seconds = String(elapsed % 60).padStart(2, "0");
    this.element.textContent = hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
  }
}
