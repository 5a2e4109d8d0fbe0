// A browser for the tests of the page, and the data that the page was made of.
//
//   SMCHECK_PAGE_DIR      folder with NAME.json and NAME.html, as smcheck rendered it
//   SMCHECK_PAGE_MODULES  folder with node_modules, as package-lock.json pins them
//   SMCHECK_CHROMIUM      the browser

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.env.SMCHECK_PAGE_DIR;
const require = createRequire(join(process.env.SMCHECK_PAGE_MODULES, "package.json"));
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const ARGUMENTS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
];

/** One browser, with a profile of its own that goes when it ends. */
export const browser = await chromium.launch({ executablePath: process.env.SMCHECK_CHROMIUM, headless: true, args: ARGUMENTS });

export const dataOf = (name) => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
export const addressOf = (name) => pathToFileURL(join(folder, `${name}.html`)).href;

/** What went wrong on any page: messages of the console, exceptions, requests for anything but the page itself. */
export const complaints = [];

/** A page in a context of its own. Nothing may be asked of a network, and nothing is there to answer. */
export async function open(name, { hash = "", viewport = { width: 1440, height: 900 }, ...options } = {}) {
  const context = await browser.newContext({ viewport, offline: true, ...options });
  const page = await context.newPage();
  const own = addressOf(name);
  page.on("console", (message) => complaints.push(`${name}: console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`${name}: ${error.stack}`));
  page.on("request", (request) => {
    const url = request.url();
    if (url.split("#")[0] !== own && !url.startsWith("data:")) complaints.push(`${name}: asked for ${url}`);
  });
  await page.goto(own + hash);
  await page.locator("html[data-ready]").waitFor({ state: "attached" });
  return page;
}

export async function done(page) {
  // What a script writes where it has nothing to say.
  const lines = (await page.locator("body").innerText()).split("\n").map((line) => line.trim());
  const stray = lines.find((line) => /^(null|undefined|NaN|\[object .*\])$/.test(line));
  if (stray) complaints.push(`${page.url()} shows "${stray}"`);
  await page.context().close();
}

/** Rows that are drawn, in their order: id, and the status of each target. */
export function drawnRows(page) {
  return page.locator(".grid-body > .grid-row").evaluateAll((rows) =>
    rows.map((row) => ({
      id: row.querySelector(".row-id").textContent,
      title: row.querySelector(".row-title").textContent,
      cells: [...row.querySelectorAll(".cell")].map((cell) => cell.className.replace("cell ", "")),
    })),
  );
}

/** How many scenarios the page says there are, from the line that is read out. */
export async function told(page) {
  const text = await page.locator("#count").textContent();
  return Number(/([\d,]+)(?: of [\d,]+)? scenarios?/.exec(text)[1].replaceAll(",", ""));
}

/** Holds the page, as it is shown now, to the rules of WCAG 2.2 AA that a program can check. */
export async function holdToRules(page, where, root = null) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async (selector) => {
    // Links of this page hold its state after `#`; that rule takes them for links to a place in it.
    const rules = { "skip-link": { enabled: false } };
    const result = await globalThis.axe.run(selector ?? document, { rules, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return result.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => `${node.target} ${node.any[0]?.message ?? ""}`).join("; ")}`);
  }, root);
  assert.deepEqual(violations, [], where);
}

export const differs = (cell) => (cell?.deviations ?? []).length > 0;
