import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import bpmnNl from '../src/texts/bpmn.nl.js';
import bpmnSv from '../src/texts/bpmn.sv.js';
import nl from '../src/texts/nl.js';
import sv from '../src/texts/sv.js';

const CALL = /\bt\(\s*'((?:[^'\\]|\\.)*)'/g;

function shownTexts() {
  const files = readdirSync('src', { recursive: true }).filter((name) => name.endsWith('.js'));
  return new Set(files.flatMap((name) => [...readFileSync(join('src', name), 'utf8').matchAll(CALL)].map(([, text]) => text)));
}

for (const [language, texts] of Object.entries({ nl, sv })) {
  test(`everything that is shown has its words in ${language}, and nothing else has`, () => {
    const shown = shownTexts();

    assert.ok(shown.size > 100);
    assert.deepEqual([...shown].filter((text) => !(text in texts)), []);
    assert.deepEqual(Object.keys(texts).filter((text) => !shown.has(text)), []);
  });
}

for (const [name, texts] of Object.entries({ nl, sv, bpmnNl, bpmnSv })) {
  test(`translations keep their placeholders (${name})`, () => {
    const placeholders = (text) => (text.match(/{[a-z]+}/g) ?? []).sort();

    const broken = Object.entries(texts).filter(([text, own]) => String(placeholders(text)) !== String(placeholders(own)));

    assert.deepEqual(broken, []);
  });
}

test('bpmn-js is translated alike into both languages', () => {
  assert.deepEqual(Object.keys(bpmnNl), Object.keys(bpmnSv));
});
