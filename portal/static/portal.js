// Makes pages pleasant; everything works without it. No page depends on a hint: each part also looks by itself.
"use strict";

// Tell the server in which zone this browser lives, once, so that times are told in it.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !/(^|; )zone=/.test(document.cookie) && !document.cookie.includes("zone_known=1")) {
    document.cookie = "zone_known=1; path=/; SameSite=Lax; max-age=31536000";
    document.cookie = `zone=${encodeURIComponent(zone)}; path=/; SameSite=Lax; max-age=31536000`;
  }
})();

// Hints: something of yours has changed. Parts with hx-trigger="live from:body" look again.
document.addEventListener("DOMContentLoaded", () => {
  const address = document.body.dataset.live;
  if (!address || !window.EventSource) return;
  const source = new EventSource(address);
  source.addEventListener("changed", () => htmx.trigger(document.body, "live"));
  addEventListener("pagehide", () => source.close());
});

// Copy buttons say that they have copied; the field beside them can be selected without script.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
  document.getElementById("said").textContent = button.dataset.copied;
});

// Dialogs open by script; without it the link inside leads to a page that says the same.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (!opener) return;
  const dialog = document.getElementById(opener.dataset.dialog);
  if (!dialog || !dialog.showModal) return;
  event.preventDefault();
  const body = dialog.querySelector("[data-fresh]");
  body?.replaceChildren(); // nothing of the one before
  if (body && opener.dataset.part) htmx.ajax("GET", opener.dataset.part, { target: body, swap: "innerHTML" });
  dialog.showModal();
  // Back to where it was opened, also when that part of the page has been drawn anew meanwhile.
  dialog.addEventListener("close", () => document.getElementById(opener.id)?.focus(), { once: true });
});

// Countdowns: an element with data-until (ISO) shows the minutes and seconds that are left.
const ticks = () => {
  // A warning that an offer ends soon: shown for its last two minutes and after.
  for (const one of document.querySelectorAll("[data-warn-at]")) {
    one.hidden = new Date(one.dataset.warnAt) - Date.now() > 120000;
  }
  for (const one of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.floor((new Date(one.dataset.until) - Date.now()) / 1000));
    const [h, m, s] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
    one.textContent = (h ? `${h}:${String(m).padStart(2, "0")}` : `${m}`) + `:${String(s).padStart(2, "0")}`;
    if (left === 0 && !one.dataset.done) { one.dataset.done = "1"; htmx.trigger(document.body, "live"); }
  }
};
setInterval(ticks, 1000);
document.addEventListener("DOMContentLoaded", ticks);
document.addEventListener("htmx:afterSwap", ticks);
