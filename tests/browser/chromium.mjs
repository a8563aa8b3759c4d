// The browser of both checks, what it complains of, and what its reader would have to complain of.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** Debian's Chromium. */
export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});

/** Keeps what a page says on the console as an error. */
export function listen(page, errors) {
  page.on("console", (message) => {
    // The browser itself says so of every answer that is an error, such as a form that is refused.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
}

/** No serious finding of axe, in light and in dark. */
export async function accessible(page, name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const devtools = await page.context().newCDPSession(page);
    const { result, exceptionDetails } = await devtools.send("Runtime.evaluate", {
      expression: `${axe}; axe.run(document).then((found) => JSON.stringify(found.violations.map(({ id, impact, nodes }) =>
        ({ id, impact, where: nodes.map((node) => node.html.slice(0, 160)) }))))`,
      awaitPromise: true, returnByValue: true,
    });
    assert.ok(!exceptionDetails, JSON.stringify(exceptionDetails));
    const bad = JSON.parse(result.value).filter(({ impact }) => impact === "serious" || impact === "critical");
    assert.deepEqual(bad, [], `${name}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: null });
}
