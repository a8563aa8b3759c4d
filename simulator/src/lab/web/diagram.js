// One tap as a sequence diagram: the door's line on the left, the phone's on the right, a message an arrow.

/** Makes an element. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

const ms = (us) => (us / 1000).toFixed(us < 10_000 ? 2 : 1) + " ms";
const octets = (count) => `${count} octet${count === 1 ? "" : "s"}`;

const EVENTS = {
  granted: (event) => `lets in, ${event.path} path`,
  denied: (event) => `keeps shut: ${event.reason}`,
  "does-not-fit": (event) => `keeps shut: ${event.reason}`,
  "list-taken": (event) => `has taken revocation list ${event.version}`,
  "time-taken": () => "has taken the time",
  finished: () => "is done",
  "no-application": () => "finds nothing on the phone that it knows",
  failed: (event) => `gives up: ${event.reason}`,
  "link-failed": (event) => `lost the link: ${event.reason}`,
};

const words = ({ at, event }) => (at === "reader" ? (EVENTS[event.event]?.(event) ?? event.event) : `tells its holder: ${event.words}`);

/** Fields that have fields open to them. */
function field(one) {
  const place = `${one.offset}…${one.offset + Math.max(one.length, 1) - 1}`;
  const value = one.value
    ? element("span", { class: one.sealed ? "value sealed" : "value" }, one.value)
    : "";
  const line = [element("span", { class: "place" }, place), element("span", { class: "key" }, one.name), value];
  if (!one.fields?.length) return element("li", { class: "line" }, ...line);
  return element("li", {}, element("details", { open: true }, element("summary", { class: "line" }, ...line),
    element("ul", { class: "fieldlist" }, ...one.fields.map(field))));
}

/** The bits of a Wiegand frame as what they are; anything else as it is. */
export function output(text, format) {
  const [kind, bits] = (format ?? "text").split(":");
  if (kind !== "wiegand" || !/^[01]+$/.test(text)) return element("code", { class: "output" }, text);
  const facility = { 26: 8, 34: 16, 37: 16, 56: 24 }[bits] ?? 0;
  const parts = [
    ["parity", text.slice(0, 1)], ["facility", text.slice(1, 1 + facility)],
    ["number", text.slice(1 + facility, -1)], ["parity", text.slice(-1)],
  ];
  const told = (name, digits) => (name === "parity" ? "P" : `${name} ${parseInt(digits, 2)}`);
  return element("span", { class: "bits", role: "img", "aria-label": `Wiegand ${bits}: facility ${parseInt(parts[1][1], 2)}, number ${parseInt(parts[2][1], 2)}` },
    ...parts.map(([name, digits]) => element("span", { class: `part ${name}` },
      element("span", { class: "pulses" }, ...[...digits].map((digit) => element("i", { class: digit === "1" ? "one" : "zero" }, digit))),
      element("span", { class: "told" }, told(name, digits)))));
}

/** The same as a control panel reads it over OSDP: the data of an osdp_RAW reply. */
function osdp(text, format) {
  const isWiegand = (format ?? "text").startsWith("wiegand");
  const bits = isWiegand ? text : [...text].map((letter) => letter.charCodeAt(0).toString(2).padStart(8, "0")).join("");
  const data = bits.match(/.{1,8}/g).map((octet) => parseInt(octet.padEnd(8, "0"), 2).toString(16).padStart(2, "0"));
  return element("span", { class: "osdp" }, `over OSDP: osdp_RAW, format ${isWiegand ? 1 : 0}, ${bits.length} bits, `, element("code", {}, data.join(" ")));
}

const KIND = { nfc: "NFC", ble: "BLE, GATT", l2cap: "BLE, L2CAP", tcp: "TCP" };

/** What a tap was, in a sentence. */
export function outcome(tap) {
  const took = tap.us === null || tap.us === undefined ? "" : ` after ${ms(tap.us)}`;
  if (!tap.over && !["granted", "denied"].includes(tap.result)) return "is at the door";
  if (tap.result === "granted") return `let in by the ${tap.path} path${took}`;
  if (tap.result === "denied") return `kept out${took}: ${tap.reason}`;
  return `no decision: ${tap.reason ?? tap.told_in_words ?? "nothing was said"}`;
}

/** The whole diagram of a tap. */
export function diagram(tap, opened) {
  const rows = [];
  const since = (us) => element("span", { class: "at" }, ms(us - tap.began_us));
  if (tap.up_us !== null) rows.push([tap.up_us, 0, element("li", { class: "row note" }, since(tap.up_us), element("p", { class: "both" }, `The link is up: ${KIND[tap.link] ?? tap.link}` + (tap.interval_us ? `, a connection event each ${ms(tap.interval_us)}` : "")))]);
  tap.messages.forEach((message, index) => {
    const open = opened.has(index);
    const title = [element("span", { class: "title" }, message.name), element("span", { class: "size" }, octets(message.carried))];
    const detail = element("details", { open, "data-message": index }, element("summary", {}, ...title),
      element("ul", { class: "fieldlist" }, ...message.fields.map(field)),
      element("p", { class: "hex" }, message.octets));
    rows.push([message.at_us, 1, element("li", { class: `row message from-${message.from}` }, since(message.at_us),
      element("div", { class: "arrow", "aria-hidden": "true" }),
      element("div", { class: "box" }, element("span", { class: "unseen" }, message.from === "reader" ? "Door to phone: " : "Phone to door: "), detail))]);
  });
  for (const event of tap.events) {
    const put = event.event.output !== undefined ? [output(event.event.output, tap.format), osdp(event.event.output, tap.format)] : [];
    rows.push([event.at_us, 2, element("li", { class: `row event at-${event.at} is-${event.event.event}` }, since(event.at_us),
      element("div", { class: "box" }, element("strong", {}, event.at === "reader" ? tap.door : tap.phone), ` ${words(event)}`, ...put))]);
  }
  rows.sort(([a, one], [b, other]) => a - b || one - other);
  const total = tap.messages.reduce((sum, message) => sum + message.carried, 0);
  return [
    element("p", { class: `summary is-${tap.result}` }, element("strong", {}, tap.phone), ` at ${tap.door}: ${outcome(tap)}`,
      element("span", { class: "size" }, ` · ${tap.messages.length} messages, ${octets(total)}`)),
    element("div", { class: "lanes", "aria-hidden": "true" }, element("span", {}, tap.door), element("span", {}, tap.phone)),
    element("ol", { class: "rows" }, ...rows.map(([, , row]) => row)),
  ];
}
