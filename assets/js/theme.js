// Loaded before the first paint, so that the page never flashes in the other theme.
import { applyTheme } from "./theme-choice.js";

applyTheme();
