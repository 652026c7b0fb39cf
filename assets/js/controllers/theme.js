import { Controller } from "@hotwired/stimulus";
import { announce } from "../announce.js";
import { chooseTheme, currentTheme } from "../theme-choice.js";

/** The theme button of the top bar. */
export default class extends Controller {
  toggle() {
    const theme = currentTheme() === "dark" ? "light" : "dark";
    chooseTheme(theme);
    announce(`${theme === "dark" ? "Dark" : "Light"} theme`);
  }
}
