import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanForm } from '../src/forms/saved.js';

const DEFAULT_VALUES = [{ label: 'Value', value: 'value' }];

test('a field that offers records or people is saved without form-js’s example option', () => {
  const opened = { id: 'f', title: 'Title', type: 'default', components: [
    { id: 'g', type: 'group', components: [{ id: 'a', type: 'select', properties: { type: 'user' } }] },
    { id: 'b', type: 'select', values: [{ label: 'Yes', value: 'yes' }] },
    { id: 'c', type: 'expression', expression: '=1' },
  ] };
  const saved = structuredClone(opened);
  saved.components[0].components[0].values = DEFAULT_VALUES;
  saved.components[2].computeOn = 'change';

  assert.deepEqual(cleanForm(saved, opened), opened);
});

test('what was drawn anew is saved as it is', () => {
  const drawn = { id: 'a', type: 'select', values: DEFAULT_VALUES };

  const form = cleanForm({ type: 'default', components: [drawn] }, { id: 'f', components: [] });

  assert.deepEqual(form, { id: 'f', type: 'default', components: [drawn] });
});
