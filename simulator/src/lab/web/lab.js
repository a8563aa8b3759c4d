// The lab: hears what happens, shows it, and sends what is done.
import { diagram, element, outcome } from "./diagram.js";
import { carrying, draw, light } from "./street.js";

const find = (id) => document.getElementById(id);
let state = null;
let shown = null; // the number of the tap in the diagram
let follows = true; // whether the next tap comes into the diagram by itself
const taps = new Map();
const opened = new Map();
const lit = new Map();

/** Sends something; an answer that is no is said. */
async function send(path, body, wrong) {
  const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const answer = await response.json();
  if (response.ok) return answer;
  if (wrong) wrong.textContent = answer.error;
  else say(answer.error, "bad");
  return null;
}

function say(text, kind = "") {
  find("said").textContent = text;
  find("said").className = `said ${kind}`;
}

/** Does a step, and says what came of it. */
async function act(fields, wrong) {
  const done = await send("do", fields, wrong);
  if (!done) return null;
  const { facts, tap } = done;
  if (tap) {
    follows = true;
    await show(tap);
  } else if (facts) {
    const bad = !["ok", "granted"].includes(facts.result);
    const rest = Object.entries(facts).filter(([name, value]) => name !== "result" && value !== null);
    say(`${fields.do}: ${facts.result}${rest.length ? ` (${rest.map(([name, value]) => `${name} ${value}`).join(", ")})` : ""}`, bad ? "bad" : "");
  }
  return done;
}

/** A phone is taken to a door, or a person's invitation to a phone. */
async function drop(kind, name, to) {
  if (kind === "phone") {
    const [link, presence] = [find("link").value, find("presence").value];
    return act({ do: "tap", phone: name, door: to, ...(link && { link }), ...(presence && { presence }) });
  }
  const person = state.people.find((one) => one.name === name);
  if (person.status !== "invited" && !(await act({ do: "invite", person: name }))) return null;
  return act({ do: "activate", person: name, phone: to });
}

const carrier = carrying(drop);

function drawState() {
  find("title").textContent = state.title;
  find("clock").textContent = state.clock;
  find("pace").value = [...find("pace").options].some(({ value }) => value === String(state.slowness)) ? String(state.slowness) : "1";
  find("script").textContent = state.script;
  find("digest").textContent = state.digest;
  find("undo").disabled = state.steps.length === 0;
  const link = find("link").value;
  find("link").replaceChildren(element("option", { value: "" }, "the door’s own link"), ...state.links.map((name) => element("option", { value: name }, name)));
  find("link").value = link;
  carrier.draw(() => draw(state));
  const failures = state.steps.flatMap(({ failures }) => failures);
  find("lines").replaceChildren(
    ...state.lines.map(({ clock, who, text }) => element("li", {}, element("time", {}, clock), " ", element("strong", {}, who), ` ${text}`)),
    ...failures.map((text) => element("li", { class: "bad" }, text)));
  find("panel-lines").scrollTop = find("panel-lines").scrollHeight;
  find("panel-script").scrollTop = find("panel-script").scrollHeight;
  drawTaps();
}

function drawTaps() {
  const all = new Map(state.taps.map((tap) => [tap.number, tap]));
  for (const tap of taps.values()) if (!tap.over) all.set(tap.number, tap);
  const latest = [...all.values()].sort((a, b) => a.number - b.number).slice(-12);
  find("taps").replaceChildren(...latest.map((tap) => element("button", {
    class: `chip is-${tap.over ? tap.result : "open"}`, "data-tap": tap.number, "aria-pressed": String(tap.number === shown),
    title: `${tap.phone} at ${tap.door}: ${outcome(tap)}`,
  }, `${tap.number}`, element("span", { class: "unseen" }, ` ${tap.phone} at ${tap.door}: ${outcome(tap)}`))));
}

/** Shows a tap in the diagram. */
async function show(number) {
  shown = number;
  let tap = taps.get(number);
  if (!tap) {
    const response = await fetch(`taps/${number}`);
    if (!response.ok) return;
    tap = await response.json();
    // Something newer may have come meanwhile.
    tap = taps.get(number) ?? tap;
    taps.set(number, tap);
  }
  drawTap(tap);
  drawTaps();
}

function drawTap(tap) {
  if (tap.number !== shown) return;
  const box = find("diagram");
  const known = opened.get(tap.number) ?? new Set();
  opened.set(tap.number, known);
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  box.replaceChildren(...diagram(tap, known));
  box.dataset.tap = tap.number;
  box.dataset.over = tap.over;
  if (!tap.over && atEnd) box.scrollTop = box.scrollHeight;
  if (tap.over) say(`${tap.phone} at ${tap.door}: ${outcome(tap)}`, tap.result === "granted" ? "good" : "bad");
}

function hear() {
  const events = new EventSource("events");
  const forget = (now) => {
    // The taps of another scenario, or of one that was taken back, are no longer true.
    if (state?.generation === now.generation) return;
    taps.clear();
    opened.clear();
    lit.clear();
    shown = null;
    follows = true;
    find("diagram").replaceChildren(element("p", { class: "empty" }, "Hold a phone to a door, and every message stands here as it is sent."));
  };
  events.addEventListener("state", ({ data }) => {
    const now = JSON.parse(data);
    forget(now);
    state = now;
    drawState();
  });
  events.addEventListener("tap", ({ data }) => {
    const tap = JSON.parse(data);
    taps.set(tap.number, tap);
    light(tap, lit);
    if (follows && (shown === null || tap.number > shown)) shown = tap.number;
    drawTap(tap);
    drawTaps();
  });
  events.addEventListener("behind", async () => {
    state = await (await fetch("state")).json();
    taps.clear();
    drawState();
  });
  events.addEventListener("failed", ({ data }) => say(JSON.parse(data).error, "bad"));
  let lost = false;
  events.onerror = () => {
    lost = true;
    say("The lab does not answer; start it again with “simulator”. The scenario stands here until then.", "bad");
  };
  events.onopen = () => {
    if (lost) say("The lab is there again.");
    lost = false;
  };
}

// --- Dialogs.

/** A field of a form, by what a scenario calls it. */
function input(name, acts) {
  const options = (values) => element("select", { name }, ...values.map(([value, text]) => element("option", { value }, text)));
  const names = (list) => list.map((one) => [one.name, one.name]);
  const controls = {
    person: () => options(names(state.people)), phone: () => options(names(state.phones)), door: () => options(names(state.doors)),
    link: () => options([["", "the usual one"], ...state.links.map((link) => [link, link])]),
    presence: () => options([["", "the usual one"], ["none", "none"], ["unlocked", "unlocked"], ["verified", "verified"]]),
    clock: () => options([["", "set"], ["unset", "unset"]]),
    csv: () => element("textarea", { name, rows: 6 }),
  };
  const flags = ["together", "confirmed", "forced"];
  const numbers = ["leaves_after", "battery_dies_after", "older", "card", "drift_ppm"];
  const control = controls[name]?.() ?? element("input", {
    name, type: flags.includes(name) ? "checkbox" : numbers.includes(name) ? "number" : "text",
    placeholder: { for: "1d 2h", life: "7d", ahead: "-10m or unset", output: "wiegand:26:17 or text", delay: "5ms" }[name],
  });
  return element("label", { class: "field wide" }, name.replaceAll("_", " "), control);
}

/** What was filled in; what was left empty is not there. */
function filled(form) {
  const fields = {};
  for (const control of form.querySelectorAll("[name]")) {
    if (control.type === "checkbox") {
      if (control.checked) fields[control.name] = true;
    } else if (control.value !== "") {
      fields[control.name] = control.type === "number" ? Number(control.value) : control.value;
    }
  }
  return fields;
}

/** Opens a dialog that stays open while what it sends is refused. */
function dialog(id, submit) {
  const node = find(id);
  const wrong = node.querySelector(".wrong");
  node.querySelector("form").addEventListener("submit", async (event) => {
    if (event.submitter?.value !== "ok") return;
    event.preventDefault();
    wrong.textContent = "";
    if (await submit(node, wrong)) node.close();
  });
  return () => {
    wrong.textContent = "";
    node.showModal();
  };
}

const PARTS = {
  person: ["name", "first_name", "last_name", "email", "user_id"],
  phone: ["name", "delay"],
  door: ["name", "output", "presence", "clock", "link", "drift_ppm", "delay"],
};
let kind = "phone";
const openAdd = dialog("add", (node, wrong) => send("add", { kind, fields: filled(node) }, wrong));

let acts = [];
const openOther = dialog("other", (node, wrong) => act({ do: find("other-do").value, ...filled(find("other-fields")) }, wrong));
const drawOther = () => {
  const chosen = acts.find((one) => one.do === find("other-do").value);
  find("other-fields").replaceChildren(...(chosen?.reads ?? []).filter((name) => name !== "together").map((name) => input(name)));
};

const openLoad = dialog("load", async (node, wrong) => {
  const done = await send("load", { toml: find("load-text").value }, wrong);
  if (done) say("The scenario is open, and its steps are done.");
  return done;
});

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("button");
  if (!button) return;
  const { wait, add, remove, name, tap, fields } = button.dataset;
  if (wait) act({ do: "wait", for: wait });
  if (button.dataset.do) act({ do: button.dataset.do, ...JSON.parse(fields) });
  if (remove) send("remove", { kind: remove, name });
  if (tap) {
    follows = false;
    show(Number(tap));
  }
  if (add) {
    kind = add;
    find("add-title").textContent = `Add a ${add}`;
    find("add-fields").replaceChildren(...PARTS[add].map((part) => input(part)));
    openAdd();
  }
});

find("diagram").addEventListener("toggle", ({ target }) => {
  const index = target.dataset?.message;
  if (index === undefined || shown === null) return;
  const known = opened.get(shown) ?? new Set();
  if (target.open) known.add(Number(index));
  else known.delete(Number(index));
  opened.set(shown, known);
}, true);

find("undo").addEventListener("click", async () => (await send("undo", {})) && say("The last step has not happened."));
find("pace").addEventListener("change", ({ target }) => send("pace", { slowness: Number(target.value) }));
find("more").addEventListener("click", async () => {
  if (!acts.length) {
    acts = await (await fetch("acts")).json();
    find("other-do").replaceChildren(...acts.map((one) => element("option", { value: one.do }, one.do.replaceAll("-", " "))));
  }
  drawOther();
  openOther();
});
find("other-do").addEventListener("change", drawOther);
find("open").addEventListener("click", async () => {
  if (find("load-shipped").options.length === 1) {
    const shipped = await (await fetch("scenarios")).json();
    find("load-shipped").append(...shipped.map(({ name, title, about }) => element("option", { value: name, "data-about": about }, title)));
  }
  find("load-text").value = state.script;
  openLoad();
});
find("load-shipped").addEventListener("change", async ({ target }) => {
  find("load-about").textContent = target.selectedOptions[0]?.dataset.about ?? "";
  if (target.value) find("load-text").value = await (await fetch(`scenarios/${target.value}`)).text();
});
find("load-file").addEventListener("change", async ({ target }) => {
  if (target.files[0]) find("load-text").value = await target.files[0].text();
});

const tabs = [...document.querySelectorAll("[role=tab]")];
const choose = (chosen) => {
  for (const tab of tabs) {
    const isChosen = tab === chosen;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    find(tab.getAttribute("aria-controls")).hidden = !isChosen;
  }
};
for (const tab of tabs) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", ({ key }) => {
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    const other = tabs[(tabs.indexOf(tab) + 1) % tabs.length];
    choose(other);
    other.focus();
  });
}

hear();
