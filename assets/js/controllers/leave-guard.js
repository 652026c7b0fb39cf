import { Controller } from "@hotwired/stimulus";

/** Asks before a page with unsaved input is left. `autosave:saved` and a submit take the mark away. */
export default class extends Controller {
  connect() {
    this.dirty = false;
    this.warn = (event) => {
      if (this.dirty) event.preventDefault();
    };
    addEventListener("beforeunload", this.warn);
  }

  disconnect() {
    removeEventListener("beforeunload", this.warn);
  }

  changed() {
    this.dirty = true;
  }

  saved() {
    this.dirty = false;
  }
}
