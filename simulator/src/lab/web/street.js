// People, phones and doors: what they look like, and how they are taken to each other.
import { element, output } from "./diagram.js";

const statusText = (status) => ({ "invitation_expired": "invitation has expired", "deletion_pending": "is being deleted" })[status] ?? status.replaceAll("_", " ");
const PRESENCE = { none: "", unlocked: "wants an unlocked phone", verified: "wants a verified holder" };

/** A lamp that plays a pattern of the firmware, in the page's own time. */
class Lamp {
  constructor(node) {
    this.node = node;
    this.timer = 0;
  }

  play(pattern, then) {
    clearTimeout(this.timer);
    this.name = pattern.name;
    this.node.dataset.pattern = pattern.name;
    let step = 0;
    let round = 0;
    const next = () => {
      if (step === pattern.steps.length) {
        step = 0;
        round += 1;
      }
      if (pattern.rounds !== null && round >= pattern.rounds) return then ? this.play(then) : this.show("off");
      const { shows, ms } = pattern.steps[step];
      this.show(shows);
      step += 1;
      if (ms < 60_000) this.timer = setTimeout(next, ms);
    };
    next();
  }

  show(colour) {
    this.node.dataset.shows = colour;
  }

  off() {
    clearTimeout(this.timer);
    this.name = "";
    this.show("off");
  }
}

const lamps = new Map();

/** What the lamps show when something happens at a tap. */
export function light(tap, seen) {
  const lamp = lamps.get(tap.door);
  if (!lamp?.resting) return;
  const last = tap.events.filter(({ lamp: pattern }) => pattern).at(-1);
  const shown = last ? `${tap.number} ${last.lamp.name}` : tap.over ? "" : `${tap.number} reading`;
  if (!shown || seen.get(tap.door) === shown) return;
  seen.set(tap.door, shown);
  lamp.play(last ? last.lamp : tap.reading, lamp.resting);
  const door = lamp.node.closest("[data-door]");
  door.classList.toggle("open", last?.lamp.name === "granted");
  if (last?.lamp.name === "granted") setTimeout(() => door.classList.remove("open"), 2_500);
}

const badge = (text, kind = "") => (text ? element("span", { class: `badge ${kind}` }, text) : "");
const action = (what, text, fields) => element("button", { class: "small", "data-do": what, "data-fields": JSON.stringify(fields) }, text);

function person(one) {
  const invited = one.status === "invited";
  return element("li", { class: "card person", "data-person": one.name },
    element("button", { class: "grip", "data-carry": "person", "data-name": one.name, "aria-describedby": "hint" },
      element("span", { class: "face", "aria-hidden": "true" }, one.name.slice(0, 1)),
      element("span", {}, element("strong", {}, `${one.name} ${one.last_name}`), element("span", { class: "quiet" }, `ID ${one.user_id ?? "—"}`))),
    element("p", {}, badge(statusText(one.status), `is-${one.status}`)),
    element("details", { class: "menu" }, element("summary", {}, element("span", { class: "unseen" }, `${one.name}: `), "More"),
      element("div", { class: "actions" },
        action("invite", invited ? "Invite anew" : "Invite", { person: one.name }),
        one.status === "suspended" ? action("resume", "Resume", { person: one.name }) : action("suspend", "Suspend", { person: one.name }),
        action("revoke", "Revoke phones", { person: one.name }),
        action("delete", "Delete", { person: one.name }),
        element("button", { class: "small", "data-remove": "person", "data-name": one.name }, "Take away"))));
}

function phone(one) {
  const cards = one.cards.map((card) => element("span", { class: `held is-${card.state}` }, card.user_id ? `card ${card.user_id}` : "card without ID",
    card.warning ? element("span", { class: "badge warn" }, card.warning) : ""));
  return element("li", { class: `card phone${one.powered ? "" : " dark"}`, "data-phone": one.name },
    element("button", { class: "grip", "data-carry": "phone", "data-name": one.name, "aria-describedby": "hint" },
      element("span", { class: "device", "aria-hidden": "true" }),
      element("span", {}, element("strong", {}, one.name), element("span", { class: "quiet" }, ...(cards.length ? cards : ["no card yet"])))),
    element("p", {}, badge(one.powered ? "" : "empty battery", "bad"), badge(one.powered && !one.online ? "offline" : "", "warn"),
      badge(one.reports ? `${one.reports} report${one.reports === 1 ? "" : "s"} to deliver` : "")),
    element("details", { class: "menu" }, element("summary", {}, element("span", { class: "unseen" }, `${one.name}: `), "More"),
      element("div", { class: "actions" },
        one.online || !one.powered ? action("go-offline", "Go offline", { phone: one.name }) : action("go-online", "Go online", { phone: one.name }),
        one.powered ? action("empty-battery", "Empty the battery", { phone: one.name }) : action("charge", "Charge", { phone: one.name }),
        action("renew", "Renew", { phone: one.name }),
        action("sync", "Fetch list and time", { phone: one.name }),
        action("deliver", "Deliver reports", { phone: one.name }),
        action("give-back", "Give the card back", { phone: one.name }),
        element("button", { class: "small", "data-remove": "phone", "data-name": one.name }, "Take away"))));
}

function door(one, last) {
  const made = element("li", { class: `door${one.powered ? "" : " dark"}`, "data-door": one.name },
    element("button", { class: "front", "data-put": "door", "data-name": one.name },
      element("span", { class: "frame", "aria-hidden": "true" }, element("span", { class: "leaf" }), element("span", { class: "reader" }, element("span", { class: "lamp" }))),
      element("strong", {}, one.name)),
    element("p", { class: "quiet" }, `${one.link.toUpperCase()} · ${one.output}`, one.powered ? "" : " · no power"),
    element("p", { class: "quiet" }, PRESENCE[one.presence] ?? "", one.clock === null ? badge("clock not set", "warn") : ""),
    element("p", { class: "came" }, last ? output(last.output, one.output) : element("span", { class: "quiet" }, "nothing has come out")),
    element("details", { class: "menu" }, element("summary", {}, element("span", { class: "unseen" }, `${one.name}: `), "More"),
      element("p", { class: "quiet" }, `reader ${one.reader}, list ${one.list}, configuration ${one.configuration}`),
      element("div", { class: "actions" },
        action("bring-list", "Bring the list", { door: one.name }),
        action("set-clock", "Bring the time", { door: one.name }),
        action("configure", "Configure", { door: one.name }),
        one.powered ? action("cut-power", "Cut the power", { door: one.name }) : action("restore-power", "Give power", { door: one.name }),
        action("replace-reader", "Replace the reader", { door: one.name }),
        action("revoke-reader", "Revoke the reader", { door: one.name }),
        element("button", { class: "small", "data-remove": "door", "data-name": one.name }, "Take away"))));
  return made;
}

/** Draws everybody and everything, with menus as open as they were, and the focus where it was. */
export function draw(state) {
  const open = new Set([...document.querySelectorAll("details.menu[open]")].map((node) => place(node.closest("li"))));
  const focused = focusPlace();
  document.getElementById("people").replaceChildren(...state.people.map(person));
  document.getElementById("phones").replaceChildren(...state.phones.map(phone));
  const last = (name) => state.taps.filter((tap) => tap.door === name && tap.output !== null).at(-1);
  const playing = new Map([...lamps].map(([name, lamp]) => [name, lamp]));
  document.getElementById("doors").replaceChildren(...state.doors.map((one) => door(one, last(one.name))));
  for (const one of state.doors) {
    const node = document.querySelector(`[data-door="${CSS.escape(one.name)}"] .lamp`);
    const lamp = playing.get(one.name) ?? new Lamp(node);
    node.dataset.shows = lamp.node.dataset.shows ?? "off";
    node.dataset.pattern = lamp.node.dataset.pattern ?? "";
    lamp.node = node;
    lamp.resting = one.powered ? one.lamp : null;
    if (!one.powered) lamp.off();
    else if (!lamp.name) lamp.play(one.lamp);
    lamps.set(one.name, lamp);
  }
  for (const node of document.querySelectorAll("details.menu")) node.open = open.has(place(node.closest("li")));
  focused?.();
}

const place = (node) => node.dataset.person ?? node.dataset.phone ?? node.dataset.door;

/** How the focus comes back to the thing that has it. */
function focusPlace() {
  const at = document.activeElement;
  const item = at?.closest("#people li, #phones li, #doors li");
  if (!item) return null;
  const list = item.parentElement.id;
  const [name, tag, text] = [place(item), at.tagName, at.textContent];
  return () => {
    const now = [...document.querySelectorAll(`#${list} > li`)].find((node) => place(node) === name);
    [...(now?.querySelectorAll(tag) ?? [])].find((node) => node.textContent === text || node.className === at.className)?.focus();
  };
}

/** Dragging with mouse, finger or pen, and carrying with the keyboard; `drop` hears what was taken to what. */
export function carrying(drop) {
  let carried = null;
  let dragged = false; // the click that ends a drag means nothing
  let waiting = null; // what is to be drawn when nothing is dragged
  const targets = (kind) => (kind === "person" ? "[data-phone]" : "[data-door]");
  const over = (kind, x, y) => document.elementFromPoint(x, y)?.closest(targets(kind));
  const mark = (node) => {
    for (const marked of document.querySelectorAll(".under")) if (marked !== node) marked.classList.remove("under");
    node?.classList.add("under");
  };
  const letGo = () => {
    carried?.ghost?.remove();
    carried = null;
    waiting?.();
    waiting = null;
    mark(null);
    delete document.body.dataset.carrying;
    for (const node of document.querySelectorAll("[aria-pressed]")) node.removeAttribute("aria-pressed");
  };
  const put = (node) => {
    const { kind, name } = carried;
    letGo();
    if (node) drop(kind, name, place(node));
  };
  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest?.("[data-carry]");
    // What was picked up by a click stays in the hand.
    if (!grip || event.button !== 0 || carried) return;
    const from = { x: event.clientX, y: event.clientY };
    carried = { kind: grip.dataset.carry, name: grip.dataset.name, from, moved: false };
    grip.setPointerCapture?.(event.pointerId);
  });
  document.addEventListener("pointermove", (event) => {
    if (!carried?.from) return;
    const moved = Math.hypot(event.clientX - carried.from.x, event.clientY - carried.from.y) > 6;
    if (!carried.moved && moved) {
      carried.moved = true;
      document.body.dataset.carrying = carried.kind;
      carried.ghost = element("div", { class: "ghost" }, carried.name);
      document.body.append(carried.ghost);
    }
    if (!carried.moved) return;
    // A style attribute is not allowed here, a property of one is.
    carried.ghost.style.translate = `${event.clientX}px ${event.clientY}px`;
    mark(over(carried.kind, event.clientX, event.clientY));
  });
  document.addEventListener("pointerup", (event) => {
    if (!carried?.from) return;
    dragged = carried.moved;
    setTimeout(() => { dragged = false; });
    if (carried.moved) put(over(carried.kind, event.clientX, event.clientY));
    else letGo();
  });
  document.addEventListener("pointercancel", letGo);
  // A click, by pointer or keyboard, picks up and puts down.
  document.addEventListener("click", (event) => {
    if (dragged) return;
    const grip = event.target.closest?.("[data-carry]");
    const target = carried && event.target.closest?.(targets(carried.kind));
    if (target && (event.target.closest("[data-put]") || event.target.closest("[data-carry]"))) return put(target);
    if (!grip) return;
    const again = grip.getAttribute("aria-pressed") === "true";
    letGo();
    if (again) return;
    carried = { kind: grip.dataset.carry, name: grip.dataset.name };
    document.body.dataset.carrying = carried.kind;
    grip.setAttribute("aria-pressed", "true");
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && letGo());
  return {
    /** Draws now, or when nothing is dragged any more. */
    draw(drawing) {
      if (carried?.from) waiting = drawing;
      else drawing();
      if (!carried) return;
      document.querySelector(`[data-carry="${carried.kind}"][data-name="${CSS.escape(carried.name)}"]`)?.setAttribute("aria-pressed", String(!carried.from));
    },
  };
}
