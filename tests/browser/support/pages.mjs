// The contents of pages, as a user reads them.

import assert from "node:assert/strict";

// Texts of the cells of a column of the only table with this class or in this region.
export const column = (page, table, number) =>
  page.locator(`${table} tbody tr > :nth-child(${number})`).allInnerTexts();

export const keys = (page) => column(page, "table.events", 1);
export const states = (page) => column(page, "table.events", 2);

// The number of events in a state, on the overview.
export async function depth(page, state) {
  const row = page.locator("#depth tbody tr", { has: page.locator(`.state.${state}`) });
  return Number(await row.locator("td").first().innerText());
}

// Rows of the audit, newest first: who, action, events, number.
export async function audit(visit, base) {
  await visit.goto(`${base}/audit`);
  const rows = visit.page.getByRole("row").filter({ has: visit.page.getByRole("cell") });
  const cells = await rows.evaluateAll((rows) =>
    rows.map((row) => [...row.cells].slice(1).map((cell) => cell.innerText)),
  );
  assert.ok(cells.length > 0, "the audit has entries");
  return cells;
}
