// The lab in a browser, by pointer and by keyboard, and what was done there from the command line: `lab.mjs BIN PICTURES`.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as chromium from "./chromium.mjs";

const [bin, pictures] = process.argv.slice(2);
const run = promisify(execFile);
const home = mkdtempSync(join(tmpdir(), "lab-"));
const simulator = join(bin, "simulator");

// Without a command it is the lab.
const lab = spawn(simulator, [], { stdio: ["ignore", "pipe", "inherit"] });
const url = await new Promise((resolve, reject) => {
  lab.stdout.once("data", (text) => resolve(String(text).match(/http:\S+/)[0]));
  lab.once("exit", (code) => reject(new Error(`the lab has ended: ${code}`)));
});

const browser = await chromium.launch();
const context = await browser.newContext({ locale: "en", viewport: { width: 1440, height: 900 }, acceptDownloads: true });
const page = await context.newPage();
const errors = [];
chromium.listen(page, errors);

const accessible = (name) => chromium.accessible(page, name);

async function picture(name) {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
}

let frame = 0;
/** A frame of the moving picture, shown for so many milliseconds. */
async function film(ms) {
  if (!pictures) return;
  mkdirSync(join(pictures, "frames"), { recursive: true });
  frame += 1;
  await page.screenshot({ path: join(pictures, "frames", `${String(frame).padStart(3, "0")}-${ms}.png`) });
}

const grip = (kind, name) => page.locator(`[data-carry="${kind}"][data-name="${name}"]`);
const door = (name) => page.locator(`[data-door="${name}"]`);
const phone = (name) => page.locator(`[data-phone="${name}"]`);
/** Where it is; what was just drawn anew may have to be looked for again. */
const middle = async (locator) => {
  const box = (await locator.boundingBox()) ?? (await locator.waitFor(), await locator.boundingBox());
  const { x, y, width, height } = box;
  return { x: x + width / 2, y: y + height / 2 };
};

async function drag(from, to, filmed = false) {
  await page.evaluate(() => window.scrollTo(0, 0));
  const [start, end] = [await middle(from), await middle(to)];
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  for (let step = 1; step <= 6; step += 1) {
    await page.mouse.move(start.x + ((end.x - start.x) * step) / 6, start.y + ((end.y - start.y) * step) / 6);
    if (filmed) await film(120);
  }
  await page.mouse.up();
}

const said = (text) => page.locator("#said").getByText(text).waitFor();
const pace = (value) => page.getByLabel("Taps are shown").selectOption(value);
const over = (number) => page.locator(`#diagram[data-tap="${number}"][data-over="true"]`).waitFor();

try {
  await page.goto(url);
  await page.getByRole("heading", { name: "A street" }).waitFor();
  await phone("Anna's phone").getByText("card 1001").waitFor();
  await accessible("the street");

  // --- A tap by drag and drop, drawn while it goes on.
  await pace("100");
  await film(900);
  await drag(grip("phone", "Anna's phone"), door("Front door").locator(".frame"), true);
  await page.locator('#diagram[data-tap="1"][data-over="false"] .message').first().waitFor();
  const early = await page.locator("#diagram .message").count();
  for (let frames = 0; pictures && frames < 40 && (await page.locator('#diagram[data-over="false"]').count()); frames += 1) {
    await film(180);
    await page.waitForTimeout(150);
  }
  await over(1);
  await film(1_600);
  assert.ok(early < (await page.locator("#diagram .message").count()), "the messages came one after the other");
  await said(/let in by the full path/);
  await door("Front door").getByRole("img", { name: "Wiegand 26: facility 17, number 1001" }).waitFor();
  // 0 00010001 0000001111101001 0, with zeros to whole octets.
  await page.locator(".osdp").getByText("26 bits, 08 81 f4 80").waitFor();
  for (const name of ["SELECT", "HELLO", "OFFER", "CONFIRM", "PROOF", "OUTCOME", "ACK"]) await page.locator("#diagram .title").getByText(name, { exact: false }).first().waitFor();

  // --- Every field of a message; what is encrypted is said to be so.
  for (const summary of await page.locator("#diagram .message details[data-message] > summary").all()) await summary.click();
  assert.ok((await page.locator("#diagram .message .line").count()) > 20, "fields");
  assert.ok((await page.locator("#diagram .sealed").count()) > 0, "what is sealed");
  await accessible("a tap with its fields");
  for (const summary of await page.locator("#diagram .message details[data-message] > summary").all()) await summary.click();
  await page.locator("#diagram .message details[data-message] > summary").getByText("PROOF").click();
  await page.locator("#diagram").evaluate((node) => { node.scrollTop = 0; });
  await page.evaluate(() => window.scrollTo(0, 0));
  await picture("lab");

  // --- The same again is the fast path.
  await pace("0");
  await drag(grip("phone", "Anna's phone"), door("Front door").locator(".frame"));
  await over(2);
  await said(/let in by the fast path/);

  // --- A phone without a card; then an invitation is taken to it, and it opens by keyboard alone, over BLE.
  await drag(grip("phone", "Ben's phone"), door("Front door").locator(".frame"));
  await over(3);
  await said(/no decision/);
  await drag(grip("person", "Ben"), grip("phone", "Ben's phone"));
  await phone("Ben's phone").getByText("card 1002").waitFor();
  await grip("phone", "Ben's phone").focus();
  await page.keyboard.press("Enter");
  await page.locator('[data-put="door"][data-name="Garage"]').focus();
  await page.keyboard.press("Enter");
  await over(4);
  await said(/let in by the full path/);
  await door("Garage").getByRole("img", { name: "Wiegand 34: facility 1200, number 1002" }).waitFor();

  // --- A door that wants a verified holder, and one without a clock.
  await drag(grip("phone", "Anna's phone"), door("Laboratory").locator(".frame"));
  await over(5);
  await page.getByLabel("holder").selectOption("verified");
  await drag(grip("phone", "Anna's phone"), door("Laboratory").locator(".frame"));
  await over(6);
  await said(/let in/);
  await page.getByLabel("holder").selectOption("");

  // --- A lost phone: revoked, the list is brought to the door, and the door stays shut.
  const anna = page.locator('[data-person="Anna"]');
  await anna.locator("summary").click();
  await anna.getByRole("button", { name: "Revoke phones" }).click();
  await said(/revoke: ok/);
  await door("Front door").locator("summary").click();
  await door("Front door").getByRole("button", { name: "Bring the list" }).click();
  await said(/bring-list: ok/);
  await drag(grip("phone", "Anna's phone"), door("Front door").locator(".frame"));
  await over(7);
  await said(/kept out/);
  assert.equal(await door("Front door").locator(".lamp").getAttribute("data-pattern"), "denied");
  await accessible("a refused phone");
  await page.evaluate(() => window.scrollTo(0, 0));
  await picture("lab-refused");

  // --- What was done is a scenario, which does the same from the command line.
  await page.getByRole("button", { name: "1 h", exact: true }).click();
  await said(/wait: ok/);
  const downloaded = page.waitForEvent("download");
  await page.getByRole("link", { name: "Save" }).click();
  const saved = join(home, "scenario.toml");
  await (await downloaded).saveAs(saved);
  await page.getByRole("tab", { name: "The scenario" }).click();
  const digest = await page.locator("#digest").innerText();
  const { stdout } = await run(simulator, ["run", saved, "--json", "-"]);
  const report = JSON.parse(stdout);
  assert.ok(report.ok, JSON.stringify(report.scenarios[0].steps.flatMap(({ failures }) => failures)));
  assert.equal(report.scenarios[0].digest, digest);
  assert.equal(report.scenarios[0].taps.length, 7);
  await accessible("the scenario");
  await picture("lab-scenario");

  // --- Taken back; something else; what is wrong is said where it was asked for.
  await page.getByRole("button", { name: "Take back" }).click();
  await said(/has not happened/);
  await page.getByRole("button", { name: "Do something else…" }).click();
  await page.locator("#other-do").selectOption("wait");
  await page.locator("#other-fields").getByLabel("for").fill("soon");
  await page.getByRole("button", { name: "Do it" }).click();
  await page.getByRole("alert").getByText("is not a duration").waitFor();
  await accessible("a step that is wrong");
  await page.locator("#other-fields").getByLabel("for").fill("2d");
  await page.getByRole("button", { name: "Do it" }).click();
  await said(/wait: ok/);
  await page.locator('[data-add="phone"]').click();
  await page.locator("#add").getByLabel("name").fill("<b>Ivo's</b> phone");
  await page.locator("#add").getByRole("button", { name: "Add" }).click();
  await phone("<b>Ivo's</b> phone").waitFor();

  // --- A scenario that ships.
  await page.getByRole("button", { name: "Open…" }).click();
  await page.getByLabel("One that ships").selectOption("lost-phone");
  await page.waitForFunction(() => document.getElementById("load-text").value.includes("[[step]]") && document.getElementById("load-text").value.includes("revoke"));
  await accessible("opening a scenario");
  await page.locator("#load").getByRole("button", { name: "Open", exact: true }).click();
  await page.locator("h1").getByText(/phone/i).waitFor();
  await page.locator("#taps .chip").first().click();
  await page.locator("#diagram .message").first().waitFor();

  // --- A small screen scrolls only up and down.
  await page.setViewportSize({ width: 390, height: 844 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  await accessible("a small screen");

  // --- Only this page: neither another name for the machine nor another page's requests.
  const elsewhere = (headers, method = "POST") => fetch(`${url}undo`, { method, headers, body: method === "POST" ? "{}" : undefined });
  assert.equal((await elsewhere({ "Content-Type": "application/json", Origin: "http://evil.example" })).status, 403);
  assert.equal((await elsewhere({ "Content-Type": "text/plain" })).status, 403);
  assert.deepEqual(errors, []);
  console.log("the lab is as it must be");
} catch (error) {
  if (!page.isClosed()) await page.screenshot({ path: join(tmpdir(), "lab-failed.png") }).catch(() => {});
  if (errors.length) console.error(errors.join("\n"));
  throw error;
} finally {
  await browser.close();
  lab.kill();
  rmSync(home, { recursive: true, force: true });
}
