// Updates the parts of a page that are marked with `data-live`. Every page works without it.
(() => {
  "use strict";
  const INTERVAL = 3000;
  const note = document.getElementById("live-note");

  // Replaces the content of a part, and keeps open details and the focus.
  const replace = (part, fresh) => {
    if (part.innerHTML === fresh.innerHTML) return;
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    for (const details of part.querySelectorAll("details[open][id]")) {
      fresh.querySelector("#" + CSS.escape(details.id))?.setAttribute("open", "");
    }
    const place = focused ? [...part.querySelectorAll("a, button, summary, [tabindex]")].indexOf(focused) : -1;
    part.replaceChildren(...fresh.childNodes);
    if (place >= 0) {
      part.querySelectorAll("a, button, summary, [tabindex]")[place]?.focus({ preventScroll: true });
    }
    if (!fresh.hasAttribute("data-live")) part.removeAttribute("data-live");
  };

  const update = async () => {
    const parts = document.querySelectorAll("[data-live][id]");
    if (parts.length === 0) return;
    if (!document.hidden) {
      try {
        const response = await fetch(location.href, { credentials: "same-origin" });
        if (!response.ok) throw new Error(String(response.status));
        const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
        for (const part of parts) {
          const other = fresh.getElementById(part.id);
          if (other) replace(part, other);
        }
        note.textContent = "";
      } catch {
        note.textContent = "Live updates wait for the server.";
      }
    }
    setTimeout(update, INTERVAL);
  };

  setTimeout(update, INTERVAL);
})();
