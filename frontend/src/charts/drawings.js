// One drawing for each kind of chart: a table in, the settings of Chart.js out.
import { t } from '../shared/texts.js';
import { placeOf } from './table.js';

const DAY = 24 * 60 * 60 * 1000;

const labels = (table) => table.rows.map((row) => row.label);
/** Labels beside bars take the room that bars need: a long one goes over several lines. */
const narrowLabels = (table) => table.rows.map((row) => inLines(row.label));
const column = (table, index) => table.rows.map((row) => row.values[index]);
const told = (table) => ({
  callbacks: {
    label: ({ dataset, dataIndex }) => [dataset.label, table.rows[dataIndex].texts[dataset.place]].filter(Boolean).join(': '),
  },
});
const plugins = (table, more = {}) => ({ legend: { position: 'bottom' }, tooltip: told(table), ...more });
/** A bar without its name says nothing. */
const everyLabel = { ticks: { autoSkip: false } };
const LINE = 22;

function inLines(label) {
  const lines = [];
  for (const word of label.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < LINE) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.length < 2 ? label : lines;
}

const numbers = { beginAtZero: true, ticks: { precision: 0 } };

function datasets(table, colours, { stack, filled = true } = {}) {
  const drawn = table.columns
    .map((col, place) => ({ col, place }))
    .filter(({ col }) => ['bar', 'line', 'target', 'point'].includes(col.as));
  const sets = drawn.map(({ col, place }, index) => {
    const colour = colours.of(col, index);
    const isBar = col.as === 'bar';
    return {
      type: isBar ? 'bar' : 'line',
      label: col.label,
      place,
      data: column(table, place),
      backgroundColor: isBar && filled ? colour : colours.strong(colour, 0.2),
      borderColor: colour,
      borderWidth: isBar ? 0 : 2,
      maxBarThickness: 48,
      borderDash: col.as === 'target' ? [6, 4] : undefined,
      pointRadius: col.as === 'line' ? 2 : col.as === 'point' ? 6 : 0,
      showLine: col.as !== 'point',
      stack: isBar ? (stack ?? `own-${place}`) : `line-${place}`,
      order: isBar ? 1 : 0,
    };
  });
  if (table.target !== null) sets.push(targetLine(table, colours));
  return sets;
}

const targetLine = (table, colours) => ({
  type: 'line', label: t('Target {value}', { value: inUnit(table.target, table.columns[0].unit) }), place: -1, data: table.rows.map(() => table.target),
  borderColor: colours.meaning('quiet'), borderDash: [6, 4], borderWidth: 2, pointRadius: 0, order: 0,
});

const inUnit = (value, unit) => (unit === 'pct' ? `${value} %` : String(value));
const shares = { beginAtZero: true, suggestedMax: 100, ticks: { callback: (value) => inUnit(value, 'pct') } };
const axisOf = (columns) => (columns.length && columns.every(({ unit }) => unit === 'pct') ? shares : numbers);
/** On a phone an axis has no room for its name beside its numbers; the legend tells it. */
const hasRoom = ({ chart }) => chart.width > 480;
const titled = (axis, [{ label }]) => ({ ...axis, title: { display: hasRoom, text: label } });
const FAR = 4;

/** Lines of another unit, or of sums that dwarf the bars, are measured by an axis of their own. */
function needOwnAxis(table, ofBars, ofLines) {
  if (!ofBars.length || !ofLines.length) return false;
  if (ofBars[0].unit !== ofLines[0].unit) return true;
  const most = (columns) => Math.max(...columns.flatMap((col) => column(table, table.columns.indexOf(col))).map((value) => Math.abs(value ?? 0)));
  return most(ofLines) > FAR * most(ofBars);
}

function bars(table, colours) {
  const ofBars = table.columns.filter(({ as }) => as === 'bar');
  const ofLines = table.columns.filter(({ as }) => as === 'line');
  const sets = datasets(table, colours);
  const isApart = needOwnAxis(table, ofBars, ofLines);
  if (isApart) for (const set of sets) if (set.type === 'line') set.yAxisID = 'sums';
  const scales = isApart
    ? { y: titled(axisOf(ofBars), ofBars), sums: titled({ ...axisOf(ofLines), position: 'right', grid: { drawOnChartArea: false } }, ofLines) }
    : { y: axisOf([...ofBars, ...ofLines]) };
  return {
    type: 'bar',
    data: { labels: labels(table), datasets: sets },
    options: { scales, plugins: plugins(table) },
  };
}

function stacked(table, colours) {
  return {
    type: 'bar',
    data: { labels: labels(table), datasets: datasets(table, colours, { stack: 'all' }) },
    options: { scales: { x: { stacked: true }, y: { ...numbers, stacked: true } }, plugins: plugins(table) },
  };
}

function across(table, colours) {
  const isShare = table.columns.every(({ as, unit }) => as !== 'bar' || unit === 'pct');
  const lines = narrowLabels(table).flat().length;
  return {
    type: 'bar',
    height: lines > 20 ? 'long' : table.rows.length > 8 ? 'tall' : 'usual',
    data: { labels: narrowLabels(table), datasets: datasets(table, colours) },
    options: { indexAxis: 'y', scales: { y: everyLabel, x: isShare ? shares : numbers }, plugins: plugins(table) },
  };
}

function bubbles(table, colours) {
  const [x, y, size, group] = ['x', 'y', 'size', 'group'].map((kind) => placeOf(table, kind));
  const largest = Math.max(1, ...column(table, size).map((value) => value ?? 0));
  const groups = [...new Set(column(table, group))];
  const texts = (row) => table.columns.map((col, place) => `${col.label}: ${row.texts[place]}`);
  return {
    type: 'bubble',
    height: 'tall',
    data: {
      datasets: groups.map((name, index) => ({
        label: table.rows.find((row) => row.values[group] === name).texts[group],
        data: table.rows.filter((row) => row.values[group] === name).map((row) => ({
          x: row.values[x], y: row.values[y], r: 6 + 24 * Math.sqrt((row.values[size] ?? 0) / largest), row,
        })),
        backgroundColor: colours.strong(colours.nth(index), 0.6),
        borderColor: colours.nth(index),
      })),
    },
    options: {
      scales: {
        x: { min: 0, max: 6, title: { display: true, text: table.columns[x].label } },
        y: { min: 0, max: 6, title: { display: true, text: table.columns[y].label } },
      },
      plugins: {
        legend: { position: 'bottom' },
        tooltip: { callbacks: { title: ([item]) => item.raw.row.label, label: ({ raw }) => texts(raw.row) } },
      },
    },
  };
}

function doughnut(table, colours) {
  const place = placeOf(table, 'bar');
  return {
    type: 'doughnut',
    data: {
      labels: labels(table),
      datasets: [{
        label: table.columns[place].label, place, data: column(table, place),
        backgroundColor: table.rows.map((_row, index) => colours.nth(index)), borderWidth: 1,
      }],
    },
    options: { plugins: plugins(table) },
  };
}

function heat(table, colours) {
  const cells = table.rows.flatMap((row, y) => table.columns.map((col, x) => ({ x: col.label, y: row.label, v: row.values[x] ?? 0, text: row.texts[x], row: y })));
  const most = Math.max(1, ...cells.map((cell) => cell.v));
  return {
    type: 'matrix',
    height: table.rows.length > 8 ? 'tall' : 'usual',
    data: {
      datasets: [{
        label: table.first,
        data: cells,
        backgroundColor: ({ raw }) => colours.strong(colours.nth(0), raw ? 0.06 + 0.9 * (raw.v / most) : 0),
        width: ({ chart }) => Math.max((chart.chartArea ?? { width: 0 }).width / table.columns.length - 2, 1),
        height: ({ chart }) => Math.max((chart.chartArea ?? { height: 0 }).height / table.rows.length - 2, 1),
      }],
    },
    options: {
      scales: {
        x: { type: 'category', labels: table.columns.map((col) => col.label), offset: true, grid: { display: false } },
        y: { type: 'category', labels: labels(table), offset: true, grid: { display: false } },
      },
      plugins: {
        legend: { display: false },
        tooltip: { callbacks: { title: () => '', label: ({ raw }) => `${raw.y}, ${raw.x}: ${raw.text}` } },
      },
    },
  };
}

function gantt(table, colours) {
  const [start, end] = ['start', 'end'].map((kind) => placeOf(table, kind));
  const days = (value) => new Date(value).toLocaleDateString(document.documentElement.lang, { timeZone: 'UTC', month: 'short', year: '2-digit' });
  return {
    type: 'bar',
    height: table.rows.length > 8 ? 'tall' : 'usual',
    data: {
      labels: labels(table),
      datasets: [{
        label: table.columns[end].label,
        data: table.rows.map((row) => [row.values[start], Math.max(row.values[end], row.values[start] + DAY)]),
        backgroundColor: colours.nth(0),
      }],
    },
    options: {
      indexAxis: 'y',
      scales: { x: { min: Math.min(...column(table, start)), ticks: { callback: days, maxTicksLimit: 8 } } },
      plugins: {
        legend: { display: false },
        tooltip: { callbacks: { label: ({ dataIndex }) => table.rows[dataIndex].texts.join(' – ') } },
      },
    },
  };
}

function waterfall(table, colours) {
  const place = placeOf(table, 'bar');
  let sum = 0;
  const steps = column(table, place).map((change) => [sum, (sum += change ?? 0)]);
  return {
    type: 'bar',
    data: {
      labels: labels(table),
      datasets: [{
        label: table.columns[place].label, place, data: steps,
        backgroundColor: steps.map(([from, to], index) => (index === 0 ? colours.nth(0) : colours.meaning(to < from ? 'bad' : 'good'))),
      }],
    },
    options: { scales: { y: { beginAtZero: true } }, plugins: plugins(table, { legend: { display: false } }) },
  };
}

function quartiles(table, colours) {
  const [low, q1, middle, q3, high] = [0, 1, 2, 3, 4].map((place) => column(table, place));
  const all = (row) => table.columns.map((col, place) => `${col.label}: ${row.texts[place]}`);
  const span = (from, to, thickness, colour, label) => ({
    label, data: from.map((value, index) => [value, to[index]]), barThickness: thickness, backgroundColor: colour, grouped: false,
  });
  const thin = middle.map((value) => [value - 0.02 * (value || 1), value + 0.02 * (value || 1)]);
  return {
    type: 'bar',
    height: table.rows.length > 6 ? 'tall' : 'usual',
    data: {
      labels: labels(table),
      datasets: [
        { label: table.columns[2].label, data: thin, barThickness: 22, backgroundColor: colours.meaning('bad'), grouped: false, order: 0 },
        { ...span(q1, q3, 18, colours.strong(colours.nth(0), 0.6), ''), order: 1 },
        { ...span(low, high, 3, colours.meaning('quiet'), ''), order: 2 },
      ],
    },
    options: {
      indexAxis: 'y',
      scales: { x: { beginAtZero: true } },
      plugins: { legend: { display: false }, tooltip: { callbacks: { label: ({ dataIndex }) => all(table.rows[dataIndex]) } } },
    },
  };
}

export const DRAWINGS = { bars, stacked, across, bubbles, doughnut, heat, gantt, waterfall, quartiles };
