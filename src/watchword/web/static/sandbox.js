// Keeps the phone and the mailbox up to date: waits for news, then takes over the page's own fresh markup.
"use strict";

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

async function renew() {
  const page = await (await fetch(location.href)).text();
  const fresh = new DOMParser().parseFromString(page, "text/html").getElementById("devices");
  if (fresh) document.getElementById("devices").replaceWith(fresh);
}

async function watch() {
  for (;;) {
    const last = document.getElementById("devices").dataset.last;
    try {
      const answer = await fetch(`/sandbox/api/messages?wait=25&after=${encodeURIComponent(last)}`);
      const { messages } = await answer.json();
      if (messages.length) await renew();
      else await pause(1000);
    } catch { await pause(3000); }
  }
}

watch();
