import './page.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decisionOf } from '../src/decisions/places.js';
import { withProperty } from '../src/forms/fields.js';
import { isSupported } from '../src/modeler/supported.js';
import { relativeTime } from '../src/page/times.js';
import { fill } from '../src/shared/texts.js';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const at = (text) => Date.parse(text);

test('a moment is told by its distance', () => {
  assert.equal(relativeTime(at('2026-11-25T12:00:00Z'), NOW, 'en'), 'in 3 days');
  assert.equal(relativeTime(at('2026-11-21T11:00:00Z'), NOW, 'en'), 'yesterday');
  assert.equal(relativeTime(at('2026-11-22T11:59:30Z'), NOW, 'en'), 'this minute');
  assert.equal(relativeTime(at('2026-11-22T14:10:00Z'), NOW, 'nl'), 'over 2 uur');
});

test('an empty property leaves, the others stay', () => {
  assert.deepEqual(withProperty({ type: 'money', personal: true }, 'personal', false), { type: 'money' });
  assert.deepEqual(withProperty({ type: 'money' }, 'minRows', 0), { type: 'money', minRows: 0 });
});

test('what deployment refuses is not offered', () => {
  assert.ok(!isSupported('replace-with-manual-task'));
  assert.ok(!isSupported('replace-with-expanded-ad-hoc-subprocess'));
  assert.ok(isSupported('replace-with-user-task'));
  assert.ok(isSupported('replace-with-timer-boundary'));
});

test('a cell belongs to the decision that holds it', () => {
  const cell = { id: 'cell' };
  const logic = { id: 'table', rule: [{ id: 'row', inputEntry: [cell] }] };
  const decision = { $type: 'dmn:Decision', id: 'route', decisionLogic: logic };

  assert.equal(decisionOf({ drgElement: [decision] }, 'cell'), decision);
  assert.equal(decisionOf({ drgElement: [decision] }, 'route'), decision);
  assert.equal(decisionOf({ drgElement: [decision] }, 'other'), undefined);
});

test('braces that name nothing stay as they are', () => {
  assert.equal(fill('{name} has {"a": 1}', { name: 'x' }), 'x has {"a": 1}');
});
