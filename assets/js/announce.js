// Says something to screen readers through the page's one polite live region.

export function announce(text) {
  const region = document.getElementById("announcer");
  if (!region) return;
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50); // a change after a pause is read even if equal
}
