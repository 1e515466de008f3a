// From a table of the page to plain figures.

/** Read a chart's table: its columns with how they are drawn, and its rows. */
export function readTable(table, target = Number.NaN) {
  const columns = [...table.tHead.rows[0].cells].slice(1).map((cell) => ({
    label: cell.textContent.trim(),
    as: cell.dataset.as,
    unit: cell.dataset.unit,
    colour: cell.dataset.colour ?? '',
  }));
  const rows = [...table.tBodies[0].rows].map((row) => {
    const [first, ...cells] = row.cells;
    return {
      label: first.textContent.trim(),
      url: first.querySelector('a')?.href ?? '',
      values: cells.map((cell, index) => readValue(cell.dataset.value, columns[index].unit)),
      texts: cells.map((cell) => cell.textContent.trim()),
    };
  });
  return { first: table.tHead.rows[0].cells[0].textContent.trim(), columns, rows, target: Number.isNaN(target) ? null : target };
}

/** A number, a moment in milliseconds, a text, or null for nothing. */
export function readValue(text, unit) {
  if (text === undefined || text === '') return null;
  if (unit === 'text') return text;
  if (unit === 'day') return Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/** The place of the first column that is drawn as one of these; -1 when there is none. */
export const placeOf = (table, ...kinds) => table.columns.findIndex((column) => kinds.includes(column.as));
