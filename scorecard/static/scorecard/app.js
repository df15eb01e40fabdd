// Small helps on top of pages that work without them: copy buttons, ticking ages, a file's digest, keys.
"use strict";

function say(words) {
  const place = document.getElementById("said");
  if (place) place.textContent = words;
}

async function copy(button) {
  const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  const text = source ? source.textContent.trim() : button.dataset.copy || window.location.href;
  const former = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    say("Copied");
  } catch {
    button.textContent = "Copy is not allowed here";
    say("The browser did not allow copying; select the text instead");
  }
  window.setTimeout(() => { button.textContent = former; }, 2000);
}

function spoken(seconds) {
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
  }
  return `${Math.max(0, Math.floor(seconds))} s ago`;
}

function tick() {
  for (const place of document.querySelectorAll("[data-since]")) {
    place.textContent = spoken((Date.now() - Date.parse(place.dataset.since)) / 1000);
  }
}

async function nameFile(input) {
  const file = input.files[0];
  const place = document.getElementById("file-digest");
  if (!file || !place) return;
  place.textContent = "Reading the file on this computer ...";
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  place.textContent = `sha256:${hex}`;
  const field = document.getElementById("record");
  if (field) field.value = `sha256:${hex}`;
  say("The file's digest was computed and filled in; press Look up");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button.copy");
  if (button) copy(button);
});
document.addEventListener("change", (event) => {
  if (event.target.id === "file") nameFile(event.target);
});
for (const place of document.querySelectorAll("[data-needs-script]")) place.hidden = !window.crypto?.subtle;
window.setInterval(tick, 1000);
for (const form of document.querySelectorAll("form[data-submit-at-once]")) form.submit();
