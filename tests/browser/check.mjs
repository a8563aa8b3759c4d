// The administrators' page in a browser, from the sign-in link to an activated phone: `check.mjs BIN PICTURES`.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createECDH } from "node:crypto";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as chromium from "./chromium.mjs";
import { cards } from "./cards.mjs";

const [bin, pictures] = process.argv.slice(2);
const run = promisify(execFile);
const home = mkdtempSync(join(tmpdir(), "page-"));
const works = join(home, "works");
const phone = { ...process.env, OSTIARY_WALLET: join(home, "phone") };

const port = await new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const url = `http://localhost:${port}`;
const init = await run(join(bin, "manager"), [
  "init", works, "--name", "Example Works", "--url", url, "--owner-name", "Olga Owner",
  "--owner-email", "olga@example.org", "--json",
]);
const link = JSON.parse(init.stdout).sign_in_link;
const server = spawn(join(bin, "manager"), ["serve", works, "--listen", `127.0.0.1:${port}`]);
await new Promise((resolve, reject) => {
  server.stdout.once("data", resolve);
  server.once("exit", (code) => reject(new Error(`the manager has ended: ${code}`)));
});

const browser = await chromium.launch();
const errors = [];
let context, page;

/** A browser of its own, with a passkey in its device. */
async function browserOf(settings = {}) {
  context = await browser.newContext({ locale: "en", viewport: { width: 1180, height: 800 }, ...settings });
  page = await context.newPage();
  chromium.listen(page, errors);
  page.on("dialog", (dialog) => dialog.accept());
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

/** The compressed public key of a new reader, as its file has it. */
function readerKey() {
  const pair = createECDH("prime256v1");
  pair.generateKeys();
  return pair.getPublicKey("base64url", "compressed");
}

const accessible = (name) => chromium.accessible(page, name);

async function picture(name) {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
}

const said = (text) => page.getByText(text).first().waitFor();

try {
  // --- The first time: the link that `manager init` printed, and a passkey.
  await browserOf();
  await page.goto(link);
  await accessible("sign-in link");
  await picture("enrol");
  await page.getByRole("button", { name: "Continue" }).click();
  await accessible("how to sign in");
  await page.getByRole("button", { name: /passkey/i }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await accessible("overview");

  // --- Out, and in again with the passkey; a page asked for without signing in leads to signing in.
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto(`${url}/admin/users`);
  await page.waitForURL(/sign-in/);
  await accessible("sign in");
  await picture("sign-in");
  await page.getByRole("button", { name: /passkey/i }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();

  // --- Somebody is added and invited; the phone activates, and the page shows it by itself.
  await page.getByRole("link", { name: "Users" }).click();
  await said("Nobody is here yet");
  await accessible("no users");
  await page.getByRole("link", { name: "Add a user" }).first().click();
  await page.getByLabel("Last name").fill("Berg");
  await page.getByLabel("First name").fill("Anna");
  await page.getByLabel("E-mail address").fill("anna@example.com");
  await page.getByLabel("User ID").fill("0047ü");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await said("look at the fields that are marked");
  await accessible("a form that is not right");
  await page.getByLabel("User ID").fill("004711");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("heading", { name: "Anna Berg is invited" }).waitFor();
  await accessible("invitation");
  await picture("invitation");
  const invitation = await page.locator("#invitation-link").textContent();
  await page.getByRole("link", { name: "Done" }).click();
  await page.locator("#facts").getByText("Invitation sent").waitFor();
  await run(join(bin, "phone"), ["activate", invitation], { env: phone });
  await page.locator("#facts").getByText("Active", { exact: true }).waitFor({ timeout: 15_000 });
  await page.locator("#facts").getByText("in use").waitFor();
  await accessible("user");
  await picture("user");

  // --- An edit of somebody who was edited meanwhile is refused; the next one holds.
  await page.getByLabel("Last name").fill("Tal");
  await run(join(bin, "manager"), ["user", "edit", "anna@example.com", "--last-name", "Stein", "--dir", works]);
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("#wrong").waitFor();
  await page.goto(page.url());
  await page.getByLabel("Last name").fill("Tal");
  await page.getByRole("button", { name: "Save" }).click();
  await said("Saved.");
  await page.getByRole("heading", { name: "Anna Tal" }).waitFor();

  // --- A list with errors, then one with a plan that has to be confirmed, and back.
  const list = join(home, "people.csv");
  const people = Array.from({ length: 40 }, (_, n) => `Per,Son${n},p${n}@example.com,${1000 + n}`);
  writeFileSync(list, ["First name,Last name,E-mail address,ID", "Bad,Mail,foo@,7", ...people].join("\n"));
  await page.goto(`${url}/admin/imports`);
  await accessible("import");
  await page.getByLabel(/CSV file/).setInputFiles(list);
  await page.getByRole("button", { name: "Show what it would do" }).click();
  await said('line 2, column 3 (E-mail address): "foo@" is not an e-mail address');
  await accessible("a list with errors");
  const anna = "Anna,Tal,anna@example.com,004711";
  writeFileSync(list, ["First name,Last name,E-mail address,ID", anna, ...people].join("\n"));
  await page.getByLabel(/CSV file/).setInputFiles(list);
  await page.getByRole("button", { name: "Show what it would do" }).click();
  await page.getByRole("heading", { name: "What the list would do" }).waitFor();
  await accessible("plan");
  await page.getByRole("button", { name: "Apply exactly this" }).click();
  await said("Applied: 40 added, 0 changed.");
  const fewer = ["First name,Last name,E-mail address,ID", "Anna,Berg,anna@example.com,004711", ...people.slice(0, 20), "New,Comer,new@example.com,9000"];
  writeFileSync(list, fewer.join("\n"));
  await page.goto(`${url}/admin/imports`);
  await page.getByLabel(/CSV file/).setInputFiles(list);
  await page.getByRole("button", { name: "Show what it would do" }).click();
  await said("Many people are not in the list");
  await accessible("plan with the guard");
  await picture("import");
  await page.getByLabel("Yes, delete 20 people").check();
  await page.getByRole("button", { name: "Apply exactly this" }).click();
  await said("1 changed. 20 deleted.");
  await page.getByRole("button", { name: "Undo" }).click();
  await said("Undone: everybody is as before.");

  // --- The list: search, a filter, and something done to several.
  await page.getByRole("link", { name: "Users" }).first().click();
  await accessible("users");
  await picture("users");
  await page.getByRole("searchbox").fill("son3");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("link", { name: "Per Son3", exact: true }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Anna Tal" }).count(), 0);
  await page.getByLabel("Choose everybody on this page").check();
  await page.getByRole("button", { name: "Suspend", exact: true }).click();
  await said("Done for 11.");
  await page.getByRole("link", { name: /Suspended/ }).click();
  assert.equal(await page.locator("tbody tr").count(), 11);

  // --- What is typed stays text: in names, in searches, in what is said.
  const script = "<script>document.title='x'</script>";
  await page.goto(`${url}/admin/users?search=${encodeURIComponent(script)}`);
  assert.equal(await page.getByRole("searchbox").inputValue(), script);
  await page.goto(`${url}/admin/users/new`);
  await page.getByLabel("Last name").fill(script);
  await page.getByLabel("E-mail address").fill("script@example.com");
  await page.getByLabel("User ID").fill("31337");
  await page.getByLabel("Send an invitation now").uncheck();
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("heading", { name: script }).waitFor();
  assert.notEqual(await page.title(), "x");

  // --- Cards, from a template to a phone.
  await cards({ browser, context, page, url, bin, run, home, phone, accessible, picture, said });

  // --- A reader is enrolled by the file with its public key, and its configuration downloaded.
  await page.getByRole("link", { name: "Readers" }).click();
  await said("No reader is enrolled yet");
  await accessible("readers");
  await page.getByRole("link", { name: "Enrol a reader" }).click();
  await accessible("enrolling a reader");
  const key = join(home, "front.key");
  writeFileSync(key, "no key");
  await page.getByLabel(/Public key of the reader/).setInputFiles(key);
  await page.getByLabel("Name", { exact: true }).fill("Front door");
  await page.getByLabel("Place").fill("Ground floor");
  await page.getByRole("button", { name: "Enrol", exact: true }).click();
  await said("This is no public key of a reader");
  await accessible("a reader that is refused");
  writeFileSync(key, readerKey());
  await page.getByLabel(/Public key of the reader/).setInputFiles(key);
  await page.getByRole("button", { name: "Enrol", exact: true }).click();
  await page.getByRole("heading", { name: "Front door" }).waitFor();
  await accessible("reader");
  await picture("reader");
  const [file] = await Promise.all([
    page.waitForEvent("download"), page.getByRole("button", { name: "Download the configuration" }).click(),
  ]);
  assert.equal(file.suggestedFilename(), "reader-1-1.configuration");

  // --- Settings: lives, mail with a text of one's own and how it will look, alerts, keys, administrators, tokens, webhooks.
  await page.getByRole("link", { name: "Settings" }).click();
  await accessible("settings");
  await page.getByLabel("Invitations are good for").fill("10");
  await page.getByRole("button", { name: "Save" }).click();
  await said("Saved.");
  assert.equal(await page.getByLabel("Invitations are good for").inputValue(), "10");
  const tabs = page.getByRole("navigation", { name: "Settings" });
  await tabs.getByRole("link", { name: "Mail" }).click();
  await accessible("mail");
  await page.getByLabel("To", { exact: true }).fill("olga@example.org");
  await page.getByRole("button", { name: "Send a test mail" }).click();
  await said("The test mail is on its way");
  await page.getByRole("link", { name: "Invitation: English", exact: true }).click();
  const shown = page.frameLocator("iframe.preview");
  await shown.getByRole("heading").first().waitFor();
  await page.getByLabel("Subject").fill("Your key to {{ project }}<script>top.document.title='x'</script>");
  await page.getByRole("button", { name: "Show how it will look" }).click();
  await shown.getByRole("heading", { name: /Your key to Example Works<script>/ }).waitFor();
  await shown.frameLocator("iframe.mail").getByRole("img", { name: "QR code of the invitation" }).waitFor();
  assert.notEqual(await page.title(), "x");
  await page.getByLabel("Subject").fill("Your key to {{ project }}");
  await page.getByRole("button", { name: "Save" }).click();
  await said("mail that leaves from now on has this text");
  await shown.getByRole("heading", { name: "Your key to Example Works" }).waitFor();
  await accessible("a text of mail");
  await picture("text");
  await page.getByRole("button", { name: "Back to the standard text" }).click();
  await said("The standard text is used again.");
  await tabs.getByRole("link", { name: "Alerts" }).click();
  await said("Nobody is told yet");
  await page.getByLabel("E-mail address").fill("olga@example.org");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await said("olga@example.org is told from now on.");
  await accessible("alerts");
  await tabs.getByRole("link", { name: "Issuer keys" }).click();
  await page.getByRole("button", { name: "Make a new key" }).click();
  await said("The key is made.");
  await accessible("issuer keys");
  await picture("keys");
  await page.getByRole("button", { name: "Throw it away" }).click();
  await said("The key is believed no more.");
  await tabs.getByRole("link", { name: "Tokens" }).click();
  await page.getByLabel("What it is for").fill("the directory");
  await page.getByLabel("See users").check();
  await accessible("tokens");
  await page.getByRole("button", { name: "Make the token" }).click();
  const token = await page.locator("[data-once]").textContent();
  await accessible("a token");
  const asked = await fetch(`${url}/v1/users`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(asked.status, 200);
  await page.getByRole("link", { name: "Done" }).click();
  await tabs.getByRole("link", { name: "Webhooks" }).click();
  await page.getByLabel("Address").fill("https://hooks.example.com/doors");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  assert.match(await page.locator("[data-once]").textContent(), /^whsec_/);
  await page.getByRole("link", { name: "Done" }).click();
  await page.getByRole("button", { name: "Exchange the secret" }).click();
  assert.match(await page.locator("[data-once]").textContent(), /^whsec_/);
  await page.getByRole("link", { name: "Done" }).click();
  await page.getByRole("button", { name: "Post a test" }).click();
  await said("webhook.test");
  await accessible("webhook");
  await tabs.getByRole("link", { name: "Webhooks" }).click();
  await accessible("webhooks");

  // --- A second administrator comes by a link, loses the passkey, and comes back by another link.
  await tabs.getByRole("link", { name: "Administrators" }).click();
  await said("You are alone");
  await accessible("administrators");
  await page.getByLabel("Name", { exact: true }).fill("Max Manager");
  await page.getByLabel("E-mail address").fill("max@example.org");
  await page.getByRole("button", { name: "Add, and make a sign-in link" }).click();
  const first = await page.locator("[data-once]").first().textContent();
  await accessible("a sign-in link");
  await picture("administrator");
  await page.getByRole("link", { name: "Done" }).click();
  await accessible("administrator");
  const olga = { context, page };
  for (const link of [first, undefined]) {
    let address = link;
    if (!address) {
      await olga.page.getByRole("button", { name: "Make a sign-in link" }).click();
      address = await olga.page.locator("[data-once]").first().textContent();
    }
    await browserOf();
    await page.goto(address);
    await page.getByRole("button", { name: "Continue" }).click();
    if (!link) {
      await said("you come back into that account");
      await accessible("coming back");
    }
    await page.getByRole("button", { name: /passkey/i }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.getByRole("link", { name: "Settings" }).click();
    assert.equal(await page.getByRole("button", { name: "Save" }).count(), 0, "a manager looks and does not change");
    await accessible("settings as a manager sees them");
    await context.close();
  }
  ({ context, page } = olga);

  // --- The audit log, the account; German and a small screen.
  await page.getByRole("link", { name: "Audit log" }).click();
  await page.getByRole("button", { name: "Verify the whole log" }).click();
  await said("none changed, removed or added");
  await accessible("audit log");
  await page.getByRole("link", { name: "Olga Owner" }).click();
  await accessible("account");
  await page.setViewportSize({ width: 390, height: 800 });
  await page.getByRole("button", { name: "Deutsch" }).click();
  await page.goto(`${url}/admin/users`);
  await page.getByRole("heading", { name: "Benutzer" }).waitFor();
  assert.ok((await page.evaluate("document.documentElement.scrollWidth")) <= 390, "the page is wider than a small screen");
  await accessible("small, in German");
  await page.goto(`${url}/admin/settings/mail`);
  await page.getByRole("heading", { name: "Einstellungen" }).waitFor();
  assert.ok((await page.evaluate("document.documentElement.scrollWidth")) <= 390, "the settings are wider than a small screen");
  await page.goto(`${url}/admin/users`);
  await page.getByRole("heading", { name: "Benutzer" }).waitFor();
  await picture("small");

  // --- Without JavaScript the page is of use, too: a list, a search, a form.
  const cookies = await context.cookies();
  const plain = await browser.newContext({ locale: "en", javaScriptEnabled: false });
  await plain.addCookies(cookies);
  const still = await plain.newPage();
  await still.goto(`${url}/admin/users?search=anna`);
  await still.getByRole("link", { name: "Anna Tal" }).click();
  await still.getByRole("button", { name: "Sperren", exact: true }).click();
  await still.getByText("Gesperrt: Türen weisen das Telefon ab.").waitFor();

  assert.deepEqual(errors, [], "nothing is said on the console");
  console.log("the page: passkey, users, a phone that becomes active by itself, an import and its undo, cards from a template to a phone, a reader, settings, a way back, axe in light and dark");
} catch (failure) {
  await page?.screenshot({ path: join(tmpdir(), "page-failed.png") }).catch(() => {});
  console.error(failure);
  console.error(errors);
  process.exitCode = 1;
} finally {
  await browser.close();
  server.kill();
  rmSync(home, { recursive: true, force: true });
}
