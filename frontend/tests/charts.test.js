import './page.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withAlpha } from '../src/charts/colours.js';
import { DRAWINGS } from '../src/charts/drawings.js';
import { readValue } from '../src/charts/table.js';

const COLOURS = {
  of: (_column, index) => `#00000${index}`, nth: (index) => `#11111${index}`, meaning: (name) => `#${name}`, strong: withAlpha,
};
const column = (label, as = 'bar', unit = 'count') => ({ label, as, unit, colour: '' });
const row = (label, ...values) => ({ label, url: '', values, texts: values.map(String) });

test('a cell is a number, a day, a text or nothing', () => {
  assert.equal(readValue('12.5', 'money'), 12.5);
  assert.equal(readValue('2026-03-02', 'day'), Date.UTC(2026, 2, 2));
  assert.equal(readValue('renew', 'text'), 'renew');
  assert.equal(readValue('', 'count'), null);
  assert.equal(readValue('nonsense', 'count'), null);
});

test('bars stand beside each other, and the target lies across', () => {
  const table = { first: 'Month', columns: [column('In time', 'line', 'pct')], rows: [row('Jan', 90), row('Feb', 97)], target: 95 };
  const { data } = DRAWINGS.bars(table, COLOURS);
  assert.deepEqual(data.labels, ['Jan', 'Feb']);
  assert.deepEqual(data.datasets.map((set) => set.data), [[90, 97], [95, 95]]);
});

test('a target is told by its name and unit', () => {
  const table = { first: 'Month', columns: [column('In time', 'line', 'pct')], rows: [row('Jan', 90)], target: 95 };
  assert.equal(DRAWINGS.bars(table, COLOURS).data.datasets.at(-1).label, 'Target 95 %');
});

test('lines of shares or of large sums have an axis of their own, so that bars stay tall', () => {
  const axes = (...columns) => {
    const rows = [row('Jan', ...columns.map(({ most }) => most))];
    const { data, options } = DRAWINGS.bars({ first: 'Month', columns, rows, target: null }, COLOURS);
    return [Object.keys(options.scales), data.datasets.map((set) => set.yAxisID)];
  };
  const shown = (most, ...more) => ({ ...column(...more), most });
  assert.deepEqual(axes(shown(8, 'Complaints'), shown(100, 'Together', 'line', 'pct')), [['y', 'sums'], [undefined, 'sums']]);
  assert.deepEqual(axes(shown(100, 'Month', 'bar', 'money'), shown(1200, 'Year', 'line', 'money')), [['y', 'sums'], [undefined, 'sums']]);
  assert.deepEqual(axes(shown(5, 'Complaints'), shown(7, 'Compliments', 'line')), [['y'], [undefined, undefined]]);
});

test('axes of their own are named where there is room for it', () => {
  const columns = [column('Month', 'bar', 'money'), column('Year', 'line', 'money')];
  const { scales } = DRAWINGS.bars({ first: 'Month', columns, rows: [row('Jan', 100, 1200)], target: null }, COLOURS).options;
  const isNamed = (width) => Object.values(scales).map(({ title }) => title.display({ chart: { width } }));
  assert.deepEqual([isNamed(900), isNamed(330)], [[true, true], [false, false]]);
});

test('columns that stand in the table only are not drawn', () => {
  const table = { first: 'Step', columns: [column('Days'), column('How often', 'not')], rows: [row('Fill', 2, 40)], target: null };
  assert.equal(DRAWINGS.across(table, COLOURS).data.datasets.length, 1);
});

test('bars of shares end at all of it, not at the largest', () => {
  const end = (unit) => DRAWINGS.across({ first: 'Aim', columns: [column('Reached', 'bar', unit)], rows: [row('A', 50)], target: null }, COLOURS).options.scales.x.suggestedMax;
  assert.deepEqual([end('pct'), end('count')], [100, undefined]);
});

test('every bar keeps its name, and many long names get more room', () => {
  const drawn = (count) => DRAWINGS.across({ first: 'End', columns: [column('Cases')], rows: Array.from({ length: count }, (_, n) => row(`New or changed service: ${n}`, n)), target: null }, COLOURS);
  assert.deepEqual([drawn(3).height, drawn(12).height], ['usual', 'long']);
  assert.equal(drawn(12).options.scales.y.ticks.autoSkip, false);
});

test('a long label beside a bar goes over several lines, a short one does not', () => {
  const rows = [row('New or changed service: Declined by customer', 1), row('Budget', 2)];
  const table = { first: 'End', columns: [column('Cases')], rows, target: null };
  assert.deepEqual(DRAWINGS.across(table, COLOURS).data.labels, [['New or changed', 'service: Declined by', 'customer'], 'Budget']);
});

test('a bubble for each row, in the colour of its group, larger for more', () => {
  const columns = [column('Quality', 'x'), column('Value', 'y'), column('Cost', 'size'), column('Fate', 'group', 'text')];
  const table = { first: 'Service', columns, rows: [row('Mail', 2, 4, 100, 'renew'), row('Fax', 1, 1, 25, 'retire')], target: null };
  const { datasets } = DRAWINGS.bubbles(table, COLOURS).data;
  assert.deepEqual(datasets.map((set) => set.label), ['renew', 'retire']);
  assert.ok(datasets[0].data[0].r > datasets[1].data[0].r);
});

test('a waterfall goes on from where the last step ended', () => {
  const table = { first: 'Change', columns: [column('Amount')], rows: [row('Approved', 100), row('Freeze', -30), row('Supplement', 10)], target: null };
  assert.deepEqual(DRAWINGS.waterfall(table, COLOURS).data.datasets[0].data, [[0, 100], [100, 70], [70, 80]]);
});

test('a bar of a timeline is at least a day long', () => {
  const day = Date.UTC(2026, 0, 1);
  const table = { first: 'Stage', columns: [column('From', 'start', 'day'), column('Until', 'end', 'day')], rows: [row('Design', day, day)], target: null };
  const [[from, until]] = DRAWINGS.gantt(table, COLOURS).data.datasets[0].data;
  assert.equal(until - from, 24 * 60 * 60 * 1000);
});
