// Updates the parts of a page that are marked with `data-live`. Every page works without it.
(() => {
  "use strict";
  const INTERVAL = 3000;
  const MAX_INTERVAL = 60000;
  const note = document.getElementById("live-note");
  let failures = 0;

  // Returns a selector that finds an element again after its part was replaced.
  const selector = (element) => {
    if (element.id) return "#" + CSS.escape(element.id);
    if (element.matches("details[id] > summary")) return selector(element.parentElement) + " > summary";
    for (const name of ["href", "aria-label"]) {
      const value = element.getAttribute(name);
      if (value) return `[${name}="${CSS.escape(value)}"]`;
    }
    return null;
  };

  // Returns a function that finds an element of a part again. Two links may have the same address.
  const finder = (part, element) => {
    const name = selector(element);
    if (!name) return () => null;
    const place = [...part.querySelectorAll(name)].indexOf(element);
    return () => part.querySelectorAll(name)[place];
  };

  // Replaces the content of a part, and keeps open details, the scroll positions and the focus. The
  // part itself stays, since a screen reader announces only changes inside of an element.
  const replace = (part, fresh) => {
    if (!fresh.hasAttribute("data-live")) part.removeAttribute("data-live");
    if (part.innerHTML === fresh.innerHTML) return;
    for (const details of part.querySelectorAll("details[open][id]")) {
      fresh.querySelector("#" + CSS.escape(details.id))?.setAttribute("open", "");
    }
    const scrolled = [...part.querySelectorAll(".scroll")]
      .filter((element) => element.scrollLeft || element.scrollTop)
      .map((element) => [finder(part, element), element.scrollLeft, element.scrollTop]);
    const active = document.activeElement;
    const focused = active !== part && part.contains(active) ? finder(part, active) : null;
    part.replaceChildren(...fresh.childNodes);
    for (const [find, left, top] of scrolled) find()?.scrollTo(left, top);
    focused?.()?.focus({ preventScroll: true });
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
        failures = 0;
      } catch {
        note.textContent = "Live updates wait for the server.";
        failures += 1;
      }
    }
    setTimeout(update, Math.min(INTERVAL * 2 ** failures, MAX_INTERVAL));
  };

  setTimeout(update, INTERVAL);
})();
