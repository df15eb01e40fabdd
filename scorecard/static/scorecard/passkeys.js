// Passkeys: asks the browser for one and posts its answer with the form. Without script the other ways remain.
"use strict";

async function question(form) {
  if (form.dataset.question) return JSON.parse(form.dataset.question);
  const response = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error("The server did not answer");
  return (await response.json()).request_options;
}

async function answer(form) {
  const place = form.querySelector("[data-said]");
  place.textContent = "Follow what your device asks for.";
  try {
    const ask = form.dataset.passkey === "create" ? window.webauthnJSON.create : window.webauthnJSON.get;
    form.elements.credential.value = JSON.stringify(await ask(await question(form)));
    form.submit();
  } catch (error) {
    place.textContent = error.name === "InvalidStateError"
      ? "This device has a passkey for this account already."
      : "No passkey was used: it was cancelled, took too long, or this address has none.";
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const possible = window.webauthnJSON && window.webauthnJSON.supported();
  if (!possible) form.querySelector("[data-said]").textContent = "This browser offers no passkeys here.";
  form.querySelector("button").disabled = !possible;
  form.addEventListener("submit", (event) => { event.preventDefault(); answer(form); });
}
