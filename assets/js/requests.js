// Requests that fail end in words; what was typed stays on the page.

import { showToast } from "./toasts.js";

const MESSAGES = {
  401: "You are signed out. Sign in again in another tab, then repeat the action.",
  403: "You do not have permission to do that. An administrator of your operator can grant it.",
  404: "That no longer exists. Reload the page to see its current state.",
  405: "That action is not possible here.",
  413: "That is too large to be sent.",
  429: "Too many requests. Wait a moment, then try again.",
};

function messageFor(status) {
  if (status >= 500) return `Something went wrong on our side (${status}). Your input is still on this page; try again.`;
  return MESSAGES[status];
}

// 400, 409 and 422 carry a page fragment with its own messages and are swapped as usual.
document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  const message = messageFor(ctx.response.status);
  if (!message) return;
  ctx.hx.reswap = "none";
  showToast({ text: message, tone: "bad" });
});

document.addEventListener("htmx:error", (event) => {
  const { error } = event.detail;
  if (error instanceof TypeError && /fetch|network/i.test(error.message)) {
    showToast({ text: "No connection. Your input is still on this page; try again.", tone: "bad" });
  } else if (event.detail.ctx?.status?.startsWith("error: timeout") || error === "timeout") {
    showToast({ text: "No answer in a minute. Your input is still on this page; try again.", tone: "bad" });
  } else if (event.detail.ctx) {
    showToast({ text: "The answer could not be shown. Reload the page.", tone: "bad" });
  }
});

// A session that ended answers a fragment request with the sign-in page: go there instead of swapping it in.
document.addEventListener("htmx:before:response", (event) => {
  const { raw } = event.detail.ctx.response;
  const signIn = document.querySelector('meta[name="sign-in-url"]')?.content;
  if (raw.redirected && signIn && new URL(raw.url).pathname === signIn) {
    event.preventDefault();
    location.assign(`${signIn}?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
});
