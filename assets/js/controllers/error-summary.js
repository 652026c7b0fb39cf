import { Controller } from "@hotwired/stimulus";

/** The summary of a refused form takes the focus, so that it is read and its links are near. */
export default class extends Controller {
  connect() {
    this.element.focus();
    this.element.scrollIntoView({ block: "nearest" });
  }

  /** Goes to the field rather than to the fragment, which would only scroll. */
  follow(event) {
    const field = document.getElementById(event.currentTarget.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    field.focus();
  }
}
