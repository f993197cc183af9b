// Draws the week as a picture for those who would rather look; the list below it says the same and can be read out.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("grid");
  if (!place || !window.EventCalendar || !matchMedia("(min-width: 62rem)").matches) return;
  place.hidden = false;
  EventCalendar.create(place, {
    view: place.dataset.view,
    date: place.dataset.day,
    firstDay: Number(place.dataset.firstDay ?? 1),
    locale: place.dataset.language,
    headerToolbar: { start: "", center: "", end: "" },
    allDaySlot: false,
    nowIndicator: false,
    slotMinTime: "07:00",
    slotMaxTime: "21:00",
    flexibleSlotTimeLimits: true,
    height: "32rem",
    slotDuration: "00:15",
    scrollTime: "08:00",
    eventBackgroundColor: "#0b5d5b",
    editable: false,
    pointer: false,
    events: JSON.parse(place.dataset.events),
    eventClick: ({ event }) => {
      const entry = document.getElementById(`entry-${event.id}`);
      entry?.click();
      entry?.focus();
    },
  });
  for (const one of place.querySelectorAll("[tabindex], button, a")) one.tabIndex = -1;
});
