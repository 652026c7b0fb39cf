import { Controller } from "@hotwired/stimulus";
import { expire, raise } from "../toasts.js";

/** One toast: goes by itself, or when its close button is pressed. */
export default class extends Controller {
  connect() {
    raise(this.element.closest("[popover]"));
    this.stop = expire(this.element);
  }

  disconnect() {
    this.stop();
  }

  close() {
    this.element.remove();
  }
}
