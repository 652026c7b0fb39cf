import { Controller } from "@hotwired/stimulus";

const GAP = 6;

/** Places a native popover by the button that opens it and moves through its items with the arrows. */
export default class extends Controller {
  static targets = ["button", "popover"];

  toggled(event) {
    if (event.newState === "open") this.place();
  }

  place() {
    const button = this.buttonTarget.getBoundingClientRect();
    const popover = this.popoverTarget;
    const rightToLeft = getComputedStyle(popover).direction === "rtl";
    const left = rightToLeft ? button.left : button.right - popover.offsetWidth;
    const below = innerHeight - button.bottom - GAP;
    const fitsBelow = popover.offsetHeight <= below || below >= button.top;
    popover.style.left = `${clamp(left, 8, innerWidth - popover.offsetWidth - 8)}px`;
    popover.style.top = fitsBelow
      ? `${button.bottom + GAP}px`
      : `${Math.max(8, button.top - popover.offsetHeight - GAP)}px`;
    popover.style.maxHeight = `${(fitsBelow ? below : button.top) - GAP - 8}px`;
  }

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !this.popoverTarget.matches(":popover-open")) return;
    event.preventDefault();
    const items = [...this.popoverTarget.querySelectorAll("a, button:not(:disabled)")];
    const position = items.indexOf(document.activeElement);
    items.at((position + step + items.length) % items.length)?.focus();
  }

  close() {
    this.popoverTarget.hidePopover();
  }
}

function clamp(value, least, most) {
  return Math.max(least, Math.min(value, most));
}
