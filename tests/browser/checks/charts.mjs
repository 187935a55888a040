// The charts and rankings of the overview.

import assert from "node:assert/strict";

// The parts of each chart that have a size on the screen, with the numbers of its legend and table.
const readCharts = (page) =>
  page.locator("figure.chart").evaluateAll((figures) =>
    figures.map((figure) => {
      const frame = figure.querySelector("svg[role=img]");
      const widthOf = (element) => element.getBoundingClientRect().width;
      const rows = [...figure.querySelectorAll("tbody tr")];
      const number = (text) => Number(text.replaceAll(",", ""));
      const total = (column) =>
        rows.map((row) => number(row.cells[column].innerText)).reduce((sum, one) => sum + one, 0);
      return {
        lines: [...frame.querySelectorAll("polyline")].map(
          (line) => widthOf(line) / widthOf(frame),
        ),
        texts: [...frame.querySelectorAll("text")].filter((text) => widthOf(text) > 0).length,
        legend: [...figure.querySelectorAll(".legend li")].map((entry) =>
          number(entry.innerText.match(/([\d,]+) in total/)[1]),
        ),
        table: [total(1), total(2)],
      };
    }),
  );

const firstOf = (page, ranking) =>
  page.getByRole("region", { name: ranking }).locator("tbody tr").first().locator("th").innerText();

async function drawn({ site, visit }) {
  const user = await visit();
  for (const range of ["hour", "day", "week"]) {
    await user.goto(`${site.admin}/overview?range=${range}`);
    // Cells of a closed table have no text on the screen.
    for (const summary of await user.page.locator(".chart summary").all()) await summary.click();
    const charts = await readCharts(user.page);
    assert.equal(charts.length, 3);
    for (const { lines, texts, legend, table } of charts) {
      assert.ok(lines.length === 2 && lines.every((share) => share > 0.7), `lines: ${lines}`);
      // The unit, three numbers and three times.
      assert.equal(texts, 7, "texts on the axes");
      assert.deepEqual(table, legend, "the table has the numbers of the legend");
    }
    assert.ok(charts[0].legend[0] > 500, `${range}: ${charts[0].legend[0]} events arrived`);
  }
  assert.equal(await firstOf(user.page, "Slowest event types"), "ticketing.ticket.created");
  assert.equal(await firstOf(user.page, "Event types that fail most often"), "crm.contact.created");
}

export const checks = { "charts show the figures, also as tables": drawn };
