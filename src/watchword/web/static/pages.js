// Sugar: every page works without this. No words here; they stand in the page, in its language.
"use strict";

const found = (selector) => [...document.querySelectorAll(selector)];

// What went wrong is read out first.
found("[data-focus]").forEach((summary) => summary.focus());

// A form that only carries something on needs no tap; whoever comes back to it by the back button decides anew.
if (performance.getEntriesByType("navigation")[0]?.type !== "back_forward") {
  found("form[data-go]").forEach((form) => form.submit());
}

// A second tap on a slow network sends nothing twice; the back button gives the button back.
found("form[data-once]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => { delete form.dataset.sent; });
});

// Show the password while it is typed.
found("input[data-show]").forEach((input) => {
  const frame = document.createElement("div");
  const button = document.createElement("button");
  frame.className = "beside";
  button.type = "button";
  button.setAttribute("aria-controls", input.id);
  const label = () => {
    const hidden = input.type === "password";
    button.textContent = hidden ? input.dataset.show : input.dataset.hide;
    button.setAttribute("aria-pressed", String(!hidden));
  };
  button.addEventListener("click", () => {
    input.type = input.type === "password" ? "text" : "password";
    label();
  });
  input.form.addEventListener("submit", () => { input.type = "password"; });
  input.replaceWith(frame);
  frame.append(input, button);
  label();
});

// Tell whether a name may be had, once it is typed.
found("input[data-check]").forEach((input) => {
  const verdict = document.getElementById(`${input.id}-verdict`);
  let asked = input.value;
  input.addEventListener("input", () => { verdict.textContent = ""; });
  input.addEventListener("change", async () => {
    const name = input.value.trim();
    if (!name || name === asked) return;
    asked = name;
    const address = new URL(input.dataset.check, location.href);
    address.searchParams.set("name", name);
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      const told = answer.ok ? await answer.json() : { status: "", text: "" };
      if (input.value.trim() !== name) return;
      verdict.className = `verdict ${told.status}`;
      verdict.textContent = told.text;
    } catch { /* The form itself will tell. */ }
  });
});

// Count the cool-down; the server holds it in any case.
found("button[data-wait]").forEach((button) => {
  const ready = button.textContent;
  const ends = performance.now() + Number(button.dataset.wait) * 1000;
  const hint = button.form.querySelector("[data-until-then]");
  hint?.remove();
  const tick = () => {
    const seconds = Math.ceil((ends - performance.now()) / 1000);
    button.disabled = seconds > 0;
    button.textContent = seconds > 0 ? button.dataset.waiting.replace("%", seconds) : ready;
    if (seconds > 0) setTimeout(tick, 250);
  };
  tick();
});

// A code that comes whole, from the keyboard's offer or the clipboard, is sent on at once. One that is typed is not.
found("input[data-length]").forEach((input) => {
  const length = Number(input.dataset.length);
  let before = "";
  const send = () => input.form.requestSubmit();
  input.addEventListener("input", () => {
    const now = input.value.replace(/[\s-]/g, "");
    if (length > 3 && now.length === length && now.length - before.length === length) send();
    before = now;
  });
  if ("OTPCredential" in window) {
    const stop = new AbortController();
    input.form.addEventListener("submit", () => stop.abort());
    navigator.credentials.get({ otp: { transport: ["sms"] }, signal: stop.signal })
      .then((received) => { if (received) { input.value = received.code; send(); } })
      .catch(() => {});
  }
});

// Whoever comes back from the mailbox sees what has become of it.
if (document.querySelector("[data-look-again]")) {
  document.addEventListener("visibilitychange", () => { if (!document.hidden) location.reload(); });
}
