import { Controller } from "@hotwired/stimulus";

/** Opens the palette, which lives at the end of the page, from anywhere. */
export default class extends Controller {
  open() {
    dispatchEvent(new CustomEvent("palette:open"));
  }
}
