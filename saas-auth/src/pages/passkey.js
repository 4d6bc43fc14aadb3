// Asks the device for a passkey, or to make one, for the forms of a page that say so. Where there is no script, or no
// passkey can be, they stay hidden.
"use strict";
(() => {
  if (!window.PublicKeyCredential) return;

  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const named = (list) => (list ?? []).map((credential) => ({ ...credential, id: bytes(credential.id) }));

  /** Reads the options as the server has written them (WebAuthn, section 5.1.8 and 5.1.9). */
  function read(json) {
    const options = JSON.parse(json);
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    if (options.allowCredentials) options.allowCredentials = named(options.allowCredentials);
    if (options.excludeCredentials) options.excludeCredentials = named(options.excludeCredentials);
    return options;
  }

  /** Writes what the device has given (WebAuthn, section 5.1). */
  function write({ id, rawId, type, response }) {
    const parts = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) parts[name] = text(response[name]);
    }
    return JSON.stringify({ id, rawId: text(rawId), type, response: parts });
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const makes = form.dataset.passkey === "create";
    const problem = form.querySelector("[role=alert]");
    let waiting = null;

    /** Asks the device, and sends what it gives. */
    async function ask(mediation) {
      waiting?.abort();
      const mine = (waiting = new AbortController());
      const request = { publicKey: read(form.dataset.options), signal: mine.signal };
      if (mediation) request.mediation = mediation;
      const given = await (makes ? navigator.credentials.create(request) : navigator.credentials.get(request));
      // Another was asked for meanwhile.
      if (waiting !== mine) return;
      form.elements.answer.value = write(given);
      form.submit();
    }

    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      problem.hidden = true;
      ask().catch((error) => {
        problem.firstElementChild.textContent =
          error.name === "InvalidStateError" ? "This device has a passkey already." : "No passkey was given. Try again.";
        problem.hidden = false;
      });
    });
    if ("offered" in form.dataset) {
      // The browser offers it where the name is typed. Nobody is disturbed who has none.
      Promise.resolve(PublicKeyCredential.isConditionalMediationAvailable?.())
        .then((can) => can && ask("conditional"))
        .catch(() => {});
    }
  }
})();
