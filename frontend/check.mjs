// The front end's own checks: everything bundles without a warning, and its tests pass.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { bundle } from './build.mjs';

const TESTS = 'node_modules/.cache/tests';

const { warnings } = await bundle('unused', { write: false });
if (warnings.length) process.exit(1);

await build({
  entryPoints: (await readdir('tests')).filter((name) => name.endsWith('.test.js')).map((name) => `tests/${name}`),
  bundle: true,
  format: 'esm',
  logLevel: 'warning',
  outdir: TESTS,
  outExtension: { '.js': '.mjs' },
  packages: 'bundle',
  platform: 'node',
});
const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=dot', `${TESTS}/`], { stdio: 'inherit' });
process.exit(status ?? 1);
