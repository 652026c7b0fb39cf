import { Controller } from "@hotwired/stimulus";

const STEPS = [
  [60, "s", 1],
  [3600, "min", 60],
  [86_400, "h", 3600],
  [30 * 86_400, "d", 86_400],
];

/** Keeps "2 min ago" true while the page stays open; the words are those of portal/formatting.py. */
export default class extends Controller {
  connect() {
    this.timer = setInterval(() => this.tick(), 30_000);
  }

  disconnect() {
    clearInterval(this.timer);
  }

  tick() {
    const words = inWords((Date.parse(this.element.dateTime) - Date.now()) / 1000);
    if (words) this.element.textContent = words;
  }
}

/** Null beyond a month: there the server wrote a date, which stays true. */
export function inWords(difference) {
  const distance = Math.abs(difference);
  if (distance < 10) return "just now";
  const step = STEPS.find(([limit]) => distance < limit);
  if (!step) return null;
  const amount = `${Math.floor(distance / step[2])} ${step[1]}`;
  return difference < 0 ? `${amount} ago` : `in ${amount}`;
}
