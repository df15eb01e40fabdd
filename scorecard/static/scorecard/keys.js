// Keys on top of links that work without them: [ and ] go to the previous and the next one of a list.
"use strict";

const OFF = "scorecard.keys.off";
const LINKS = { "[": "prev", "]": "next" };

function kept() {
  try {
    return window.localStorage.getItem(OFF) !== null;
  } catch {
    return false;
  }
}

function keep(off) {
  try {
    if (off) window.localStorage.setItem(OFF, "yes");
    else window.localStorage.removeItem(OFF);
  } catch {
    // Without storage the switch holds for this page only.
  }
}

function takesText(element) {
  return element.isContentEditable || element.matches("input, textarea, select");
}

const control = document.getElementById("keys");
let off = kept();

if (control) {
  control.closest("[hidden]").hidden = false;
  control.checked = !off;
  control.addEventListener("change", () => {
    off = !control.checked;
    keep(off);
  });
}
document.addEventListener("keydown", (event) => {
  // On some keyboards the brackets need AltGr, which looks like Ctrl and Alt together.
  const modified = (event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState("AltGraph");
  const wanted = LINKS[event.key];
  if (off || modified || !wanted || event.isComposing || takesText(event.target)) return;
  document.querySelector(`nav.paging a[rel="${wanted}"]`)?.click();
});
