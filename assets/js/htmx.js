// The websocket extension looks for a global htmx while it loads: this module must come first.
import "./htmx-global.js";
import "htmx.org/dist/ext/hx-ws.js";
