// What the page does beyond plain forms and links: passkeys, codes from links, confirmation, files that are dropped.
"use strict";

(() => {
  const token = document.querySelector('meta[name="form-token"]')?.content ?? "";
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  // --- Passkeys -----------------------------------------------------------------------------------------------------

  if (window.PublicKeyCredential && window.isSecureContext) {
    for (const part of document.querySelectorAll("[data-needs-passkeys]")) part.hidden = false;
  }

  async function send(address, body, type) {
    const headers = { "content-type": type, "x-form-token": token, "hx-request": "true" };
    const response = await fetch(address, { method: "POST", headers, body, credentials: "same-origin" });
    if (response.ok) return response.json();
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    throw new Error(page.body.textContent.trim());
  }

  async function made(options) {
    const publicKey = options.publicKey;
    publicKey.challenge = bytes(publicKey.challenge);
    publicKey.user.id = bytes(publicKey.user.id);
    for (const known of publicKey.excludeCredentials ?? []) known.id = bytes(known.id);
    const credential = await navigator.credentials.create({ publicKey });
    return {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      extensions: credential.getClientExtensionResults(),
      response: {
        attestationObject: text(credential.response.attestationObject),
        clientDataJSON: text(credential.response.clientDataJSON),
        transports: credential.response.getTransports?.() ?? [],
      },
    };
  }

  async function shown(options) {
    const publicKey = options.publicKey;
    publicKey.challenge = bytes(publicKey.challenge);
    for (const known of publicKey.allowCredentials ?? []) known.id = bytes(known.id);
    const credential = await navigator.credentials.get({ publicKey });
    const { authenticatorData, clientDataJSON, signature, userHandle } = credential.response;
    return {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      extensions: credential.getClientExtensionResults(),
      response: {
        authenticatorData: text(authenticatorData),
        clientDataJSON: text(clientDataJSON),
        signature: text(signature),
        userHandle: userHandle ? text(userHandle) : null,
      },
    };
  }

  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.addEventListener("click", async () => {
      const error = button.parentElement.querySelector("[data-passkey-error]");
      error.textContent = "";
      button.disabled = true;
      try {
        const form = document.getElementById(button.dataset.form ?? "");
        const password = form?.querySelector('input[type="password"]');
        if (password) password.required = false;
        const complete = !form || form.reportValidity();
        if (password) password.required = true;
        if (!complete) return;
        const fields = new URLSearchParams(form ? new FormData(form) : undefined);
        fields.delete("password");
        const begun = await send(button.dataset.begin, fields.toString(), "application/x-www-form-urlencoded");
        const ask = button.dataset.passkey === "create" ? made : shown;
        const credential = await ask(begun.options);
        const body = JSON.stringify({ ceremony: begun.ceremony, credential });
        const done = await send(button.dataset.finish, body, "application/json");
        window.location.assign(done.go);
      } catch (failure) {
        error.textContent = failure.message;
      } finally {
        button.disabled = false;
      }
    });
  }

  // --- The code of a sign-in link, which no server sees in the address ------------------------------------------------

  for (const form of document.querySelectorAll("[data-fragment]")) {
    const code = window.location.hash.slice(1);
    const field = form.elements[form.dataset.fragment];
    if (code && field) {
      field.value = code;
      history.replaceState(null, "", window.location.pathname);
      form.querySelector("button").focus();
    }
  }

  // --- Errors are read first -------------------------------------------------------------------------------------------

  document.getElementById("wrong")?.focus();

  // --- Confirmation ------------------------------------------------------------------------------------------------------

  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  // --- Copying, choosing all, leaving out empty fields ------------------------------------------------------------------

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      // Where copying is not allowed, the text stands beside the button.
      await navigator.clipboard.writeText(copy.dataset.copy).then(
        () => (copy.textContent = copy.dataset.copied),
        () => {},
      );
    }
  });

  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-all]");
    if (!all) return;
    for (const box of document.querySelectorAll(`input[name="${all.dataset.all}"]`)) box.checked = all.checked;
  });

  // --- What can be done follows what has become of a user; the focus is not taken away while nothing changes ------------

  document.addEventListener("htmx:afterSettle", () => {
    const [facts, acts] = [document.getElementById("facts"), document.getElementById("acts")];
    if (facts && acts && facts.dataset.state !== acts.dataset.state) {
      acts.dataset.state = facts.dataset.state;
      window.htmx.ajax("GET", window.location.pathname, { target: "#acts", select: "#acts", swap: "outerHTML" });
    }
  });

  // --- The columns of a list are offered where it is said what they hold ------------------------------------------------

  for (const field of document.querySelectorAll("[data-columns]")) {
    field.addEventListener("change", async () => {
      const text = (await field.files[0]?.slice(0, 65536).text()) ?? "";
      const header = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/, 1)[0];
      const delimiter = [";", "\t", ","].find((one) => header.includes(one)) ?? ",";
      const names = header.split(delimiter).map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
      document.getElementById(field.dataset.columns).replaceChildren(...names.map((name) => new Option(name, name)));
    });
  }

  // --- Files that are dropped -------------------------------------------------------------------------------------------

  for (const zone of document.querySelectorAll("[data-drop]")) {
    const field = zone.querySelector('input[type="file"]');
    const name = zone.querySelector("[data-drop-name]");
    const show = () => {
      if (name) name.textContent = field.files[0]?.name ?? "";
    };
    field.addEventListener("change", show);
    for (const kind of ["dragenter", "dragover"]) {
      zone.addEventListener(kind, (event) => {
        event.preventDefault();
        zone.classList.add("over");
      });
    }
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      if (event.dataTransfer.files.length > 0) {
        field.files = event.dataTransfer.files;
        field.dispatchEvent(new Event("change"));
      }
    });
  }
})();
