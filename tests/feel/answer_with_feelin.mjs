// Answers the expressions and cells of feelin_answers.json anew with feelin, the FEEL of the form and
// decision editors. Run where node_modules holds feelin: `cd frontend && node ../tests/feel/answer_with_feelin.mjs`
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const { evaluate, unaryTest } = await import(pathToFileURL(resolve('node_modules/feelin/dist/index.js')));
const file = new URL('feelin_answers.json', import.meta.url);
const data = JSON.parse(readFileSync(file, 'utf8'));

const list = (rows) => `[\n${rows.map((row) => `      ${JSON.stringify(row)}`).join(',\n')}\n    ]`;
const part = ({ context }, answers) =>
  `{\n    "context": ${JSON.stringify(context)},\n    "answers": ${list(answers)}\n  }`;

const { expressions, cells } = data;
const values = expressions.answers.map(([text]) => [text, evaluate(text, expressions.context).value ?? null]);
const matches = cells.answers.map(([text, value]) => [
  text,
  value,
  unaryTest(text, { ...cells.context, '?': value }).value,
]);
writeFileSync(
  file,
  `{\n  "source": ${JSON.stringify(data.source)},\n  "expressions": ${part(expressions, values)},\n` +
    `  "cells": ${part(cells, matches)}\n}\n`,
);
