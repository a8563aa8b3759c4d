// Cards on the administrators' page: a template is designed and approved, a card comes with a photo onto a phone, lists of
// cards are planned, applied and undone.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Runs the flow of cards in a browser that is signed in. */
export async function cards({ browser, context, page, url, bin, run, home, phone, accessible, picture, said }) {
  const facts = page.locator("#facts");
  const preview = page.locator("#preview");
  const press = (name) => page.getByRole("button", { name, exact: true }).first().click();
  const wide = { width: 1180, height: 800 };

  /** What came in the place of something else is heard from now on. */
  const settled = async (locator) => {
    await locator.waitFor();
    await page.waitForFunction(() => !document.querySelector(".htmx-added, .htmx-request, .htmx-swapping, .htmx-settling"));
  };

  // --- A template: the card beside the form follows what is typed, fields come, move and go.
  await page.getByRole("link", { name: "Cards", exact: true }).click();
  await said("There is no template yet");
  await accessible("no templates");
  await page.getByRole("link", { name: "Add a template" }).first().click();
  await page.getByLabel("Name of the template").fill("Student card");
  await preview.getByText("Student card").first().waitFor();
  await page.getByRole("button", { name: "Add a field (Fields on the back)" }).click();
  await settled(page.locator("#back-0-label:focus"));
  await page.keyboard.type("Library");
  await preview.getByText("Library").waitFor();
  await page.getByRole("button", { name: "Add a field (Fields on the front)" }).click();
  await settled(page.locator("#front-1-label"));
  await page.locator("#front-1-label").fill("Born");
  await page.locator("#front-1-kind").selectOption("date");
  await page.locator("#front-1-up").click();
  await settled(page.locator('#front-0-label[value="Born"]'));
  await page.getByRole("button", { name: "Move down: Born" }).click();
  await settled(page.locator('#front-1-label[value="Born"]'));
  await page.getByRole("button", { name: "Add a field (Fields in the second row of the front)" }).click();
  await settled(page.locator("#secondary-0-label"));
  await page.locator("#secondary-0-label").fill("<img src=x onerror=alert(1)>");
  await preview.getByText("<img src=x onerror=alert(1)>").waitFor();
  await page.locator("#secondary-0-remove").click();
  await page.locator("#secondary-0-label").waitFor({ state: "detached" });
  await settled(preview);
  await page.getByLabel("Whether a card has a photo").selectOption("required");
  await page.getByRole("combobox", { name: "Barcode" }).selectOption("code_128");
  await preview.locator("svg[aria-label=Barcode]").waitFor();
  await page.getByLabel("Rule").selectOption("after_days");
  await page.getByLabel("The holder is asked for a unique identifier").check();
  await page.getByLabel("Security questions").fill("1");
  await page.getByLabel("Version of the terms").fill("2026-10");
  await page.getByLabel("Terms that the holder accepts").fill("Not to be lent.");
  await press("Save the draft");
  await said("the rule after_days takes days");
  await accessible("a template that is not right");
  await page.getByLabel("Days after a card was added").fill("365");
  await press("Save the draft");
  await said("Saved as a draft.");
  await accessible("designer");
  await picture("designer");
  await press("Save and approve");
  await said("Approved: cards can be added now.");
  await said("No card is here yet");
  await accessible("no cards");

  // --- A card: what is not right is said, it is reviewed, kept, and gets its photo.
  await page.getByRole("link", { name: "Add a card" }).first().click();
  await page.getByLabel("Card number").fill("Ü-4711");
  await page.getByLabel("Name", { exact: true }).fill("Anna Berg");
  await page.getByLabel("Born").fill("2004-02-29");
  await page.getByLabel("Unique identifier").fill("M 123");
  await page.getByLabel("Security question 1").fill("Your first pet?");
  await page.getByLabel("Answer 1").fill("Rex");
  await accessible("a new card");
  await press("Review");
  await said("Code 128 carries printable ASCII");
  await accessible("a card that is not right");
  await page.getByLabel("Card number").fill("S-4711");
  await press("Review");
  await page.getByRole("heading", { name: "Is it right?" }).waitFor();
  await page.getByRole("figure", { name: "Front" }).getByText("Anna Berg").waitFor();
  await accessible("review of a card");
  await press("Change something");
  assert.equal(await page.getByLabel("Unique identifier").inputValue(), "M 123");
  await press("Review");
  await press("Keep the card");
  await said("Card S-4711 is added. Its photo comes next.");
  await press("Invite");
  await said("The card: the template requires a photo");
  const fake = join(home, "photo.png");
  writeFileSync(fake, "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>");
  await page.getByLabel("Photo: drop it here, or choose it").setInputFiles(fake);
  await press("Set the photo");
  await said("this is neither a JPEG, a PNG nor a WebP");
  const photo = join(home, "anna.png");
  const studio = await context.newPage();
  await studio.setViewportSize({ width: 240, height: 320 });
  await studio.setContent(`<body style="margin:0"><svg viewBox="0 0 240 320" width="240" height="320"><path fill="#cfe0dd" d="M0 0h240v320H0z"/>
    <path fill="#0b6b61" d="M20 320c0-70 40-105 100-105s100 35 100 105z"/><circle cx="120" cy="130" r="62" fill="#e2b48c"/>
    <path fill="#4a3224" d="M54 140c-8-70 30-92 66-92s74 22 66 92c-10-40-30-52-66-52s-56 12-66 52z"/></svg></body>`);
  await studio.screenshot({ path: photo });
  await studio.close();
  await page.getByLabel("Photo: drop it here, or choose it").setInputFiles(photo);
  await press("Set the photo");
  await said("The photo is set");
  const shown = page.getByRole("img", { name: "Photo" });
  assert.ok(await shown.evaluate((image) => image.decode().then(() => image.naturalWidth === 240)), "the photo is shown");
  await accessible("a card");

  // --- Invited, installed on a phone, and the page shows it by itself; then what an administrator does to it.
  await press("Invite");
  await page.getByRole("heading", { name: "Invitation to card S-4711" }).waitFor();
  await accessible("invitation to a card");
  const link = await page.locator("#invitation-link").textContent();
  await page.getByRole("link", { name: "Done" }).click();
  await facts.getByText("Inactive").waitFor();
  const wallet = { env: { ...phone, OSTIARY_WALLET: join(home, "card-phone") } };
  const told = ["--identifier", "m 123", "--answer", " rex", "--accept-terms", "2026-10"];
  await run(join(bin, "phone"), ["activate", link, ...told], wallet);
  await facts.getByText("Active", { exact: true }).waitFor({ timeout: 15_000 });
  await page.getByRole("button", { name: "Deactivate" }).waitFor();
  await accessible("a card on a phone");
  await picture("card");
  const onPhone = async () => JSON.stringify(JSON.parse((await run(join(bin, "phone"), ["cards", "--json"], wallet)).stdout));
  assert.match(await onPhone(), /S-4711/);
  await press("Deactivate");
  await said("Deactivated: the phone shows it as not valid");
  await page.getByText("NOT VALID", { exact: true }).waitFor();
  await press("Reactivate");
  await said("The card is valid again.");
  await press("Uninstall");
  await said("Uninstalled: the phone loses it");
  await facts.getByText("Uninstalled", { exact: true }).waitFor();
  await press("Archive");
  await said("Archived.");
  assert.equal(await page.getByLabel("Card number").count(), 0, "an archived card is not changed");
  await press("Restore");
  await page.getByLabel("Born").fill("2004-03-01");
  await press("Save");
  await said("Saved. A phone that has the card");
  const card = page.url();

  // --- The card of a user, from the user's page and back.
  await page.getByRole("link", { name: "Users", exact: true }).click();
  await page.getByRole("searchbox").fill("tal");
  await press("Search");
  await page.getByRole("link", { name: "Anna Tal" }).click();
  await page.getByRole("link", { name: "Add a card" }).click();
  await said("Choose of which template the user's card is.");
  await page.getByRole("link", { name: "Add a card Student card" }).click();
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Anna Tal");
  await page.getByLabel("Card number").fill("S-1");
  await page.getByLabel("Unique identifier").fill("M 1");
  await page.getByLabel("Security question 1").fill("Your first pet?");
  await page.getByLabel("Answer 1").fill("Rex");
  await press("Review");
  await press("Keep the card");
  await facts.getByRole("link", { name: "Anna Tal" }).click();
  await facts.getByRole("link", { name: "Student card S-1" }).waitFor();

  // --- A list with photos: errors, columns that somebody names, the plan, the guard, and back.
  await page.getByRole("link", { name: "Cards", exact: true }).click();
  await accessible("templates");
  await page.getByRole("link", { name: "Add a template" }).click();
  await page.getByLabel("Name of the template").fill("Visitor");
  await page.getByLabel("Whether a card has a photo").selectOption("optional");
  await press("Save and approve");
  await said("Approved: cards can be added now.");
  const list = join(home, "visitors.csv");
  const row = (n) => `V-${n};Visitor ${n}`;
  const rows = Array.from({ length: 12 }, (_, n) => row(n));
  writeFileSync(list, ["Nr;Wer", ...rows].join("\n"));
  await page.getByRole("link", { name: "Import a list" }).first().click();
  await accessible("import of cards");
  await page.getByLabel("List: drop it here, or choose it").setInputFiles(list);
  await press("Show what it would do");
  await said("no column is the card ID");
  await accessible("a list of cards with errors");
  await page.getByLabel("List: drop it here, or choose it").setInputFiles(list);
  await page.locator('#columns option[value="Wer"]').waitFor({ state: "attached" });
  await page.getByLabel("Card number", { exact: true }).fill("Nr");
  await page.getByLabel("Name", { exact: true }).fill("2");
  writeFileSync(join(home, "V-3.png"), (await page.screenshot({ clip: { x: 0, y: 0, width: 120, height: 160 } })));
  const archive = join(home, "photos.zip");
  await run("python3", ["-m", "zipfile", "-c", archive, join(home, "V-3.png")]);
  await page.getByLabel("Photos: drop an archive here, or choose it").setInputFiles(archive);
  await press("Show what it would do");
  await page.getByRole("heading", { name: "What the list would do" }).waitFor();
  await accessible("plan of cards");
  await press("Apply exactly this");
  await said("Applied: 12 added, 0 changed. 0 archived.");
  writeFileSync(list, ["Card number;Name", row(0), "V-1;Somebody else", "V-99;New"].join("\n"));
  await page.getByRole("link", { name: "Import a list" }).click();
  await page.getByLabel("List: drop it here, or choose it").setInputFiles(list);
  await page.getByLabel("All: a card that is not in it is archived").check();
  await press("Show what it would do");
  await said("Many cards are not in the list");
  await accessible("plan of cards with the guard");
  await picture("card-import");
  await page.getByLabel("Yes, archive 10 cards").check();
  await press("Apply exactly this");
  await said("Applied: 1 added, 1 changed. 10 archived.");
  await press("Undo");
  await said("Undone: all cards are as before.");

  // --- The list: a search, something done to several, a filter.
  await page.getByRole("link", { name: "Visitor", exact: true }).click();
  await accessible("cards");
  await picture("cards");
  await page.getByRole("searchbox").fill("v-1");
  await press("Search");
  assert.equal(await page.locator("tbody tr").count(), 3);
  const visitors = page.url().replace(/\?.*/, "");
  await page.getByLabel("Choose all on this page").check();
  await press("Archive");
  await said("Done for 3.");
  await page.getByRole("link", { name: /^Archived/ }).click();
  assert.equal(await page.locator("tbody tr").count(), 3);

  // --- Without scripts: fields are added, and the card is looked at, by buttons. Then a small screen.
  const plain = await browser.newContext({ locale: "en", javaScriptEnabled: false });
  await plain.addCookies(await context.cookies());
  const still = await plain.newPage();
  await still.goto(`${url}/admin/templates/new`);
  await still.getByLabel("Name of the template").fill("By hand");
  await still.getByRole("button", { name: "Add a field (Fields on the back)" }).click();
  await still.locator("#back-0-label").fill("Locker");
  await still.getByRole("button", { name: "Preview" }).click();
  await still.locator("#preview").getByText("Locker").waitFor();
  await still.getByRole("button", { name: "Save the draft" }).first().click();
  await still.getByText("Saved as a draft.").waitFor();
  const draft = still.url();
  await plain.close();
  await page.setViewportSize({ width: 390, height: 800 });
  for (const address of [draft, `${url}/admin/templates`, card, visitors, visitors.replace(/cards$/, "import")]) {
    await page.goto(address);
    assert.ok((await page.evaluate("document.documentElement.scrollWidth")) <= 390, `${address} is wider than a small screen`);
    await accessible(`${address}, small`);
  }
  await page.setViewportSize(wide);
  await page.goto(`${url}/admin`);
}
