import { Controller } from "@hotwired/stimulus";
import { announce } from "../announce.js";

const QUIET = 600; // at most one line read out in this many milliseconds

/**
 * A live log: rows are appended to the list target by htmx and the websocket.
 *
 * Keeps the newest `max` rows, follows the end until paused or scrolled up, hides kinds on request,
 * counts, and reads the newest row's `data-say` to screen readers, not more often than they can follow.
 */
export default class extends Controller {
  static targets = ["list", "count", "more", "empty"];
  static values = { max: { type: Number, default: 400 }, paused: Boolean };

  connect() {
    this.total = this.listTarget.children.length;
    this.unseen = 0;
    this.growth = new MutationObserver((changes) => this.grew(changes));
    this.growth.observe(this.listTarget, { childList: true });
    this.show();
    this.toEnd();
  }

  disconnect() {
    this.growth.disconnect();
    clearTimeout(this.speech);
  }

  grew(changes) {
    const added = changes.flatMap((change) => [...change.addedNodes]).filter((node) => node.nodeType === 1);
    if (added.length === 0) return;
    this.total += added.length;
    while (this.listTarget.children.length > this.maxValue) this.listTarget.firstElementChild.remove();
    if (this.following) this.toEnd();
    else this.unseen += added.length;
    this.show();
    this.say(added.at(-1));
  }

  pause(event) {
    this.pausedValue = !this.pausedValue;
    event.currentTarget.setAttribute("aria-pressed", String(this.pausedValue));
    if (!this.pausedValue) this.toEnd();
    this.show();
  }

  /** Buttons with `data-log-kind-param` switch a kind of row on and off. */
  filter(event) {
    const button = event.currentTarget;
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(shown));
    const hidden = new Set((this.listTarget.dataset.hidden ?? "").split(" ").filter(Boolean));
    if (shown) hidden.delete(event.params.kind);
    else hidden.add(event.params.kind);
    this.listTarget.dataset.hidden = [...hidden].join(" ");
  }

  clear() {
    this.listTarget.replaceChildren();
    this.total = this.unseen = 0;
    this.show();
    announce("Log cleared");
  }

  scrolled() {
    if (this.atEnd) this.unseen = 0;
    this.follows = this.atEnd;
    this.show();
  }

  toEnd() {
    this.follows = true;
    this.unseen = 0;
    this.listTarget.scrollTop = this.listTarget.scrollHeight;
    if (this.hasMoreTarget) this.moreTarget.hidden = true;
  }

  get atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.listTarget;
    return scrollHeight - clientHeight - scrollTop < 24;
  }

  get following() {
    return this.follows !== false && !this.pausedValue;
  }

  show() {
    if (this.hasCountTarget) this.countTarget.textContent = `${this.total} ${this.total === 1 ? "message" : "messages"}`;
    if (this.hasEmptyTarget) this.emptyTarget.hidden = this.total > 0;
    if (this.hasMoreTarget) {
      this.moreTarget.hidden = this.unseen === 0;
      this.moreTarget.textContent = `${this.unseen} new below`;
    }
  }

  say(row) {
    this.latest = row.dataset.say;
    this.speech ??= setTimeout(() => {
      this.speech = undefined;
      if (this.latest) announce(this.latest);
    }, QUIET);
  }
}
