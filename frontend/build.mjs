// Bundles the browser code: node build.mjs [folder for the result]
import { build } from 'esbuild';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';

const PAGES = ['app', 'viewer', 'editor', 'dmn', 'formedit', 'charts'];
const DEFAULT_FOLDER = '../src/ssflow/web/static/dist';

const SHARED = {
  bundle: true,
  minify: true,
  target: 'es2022',
  legalComments: 'none', // the licences stand in THIRD_PARTY.txt
  logLevel: 'warning',
  loader: { '.svg': 'dataurl', '.woff': 'dataurl', '.woff2': 'dataurl', '.eot': 'empty', '.ttf': 'empty' },
  define: { 'process.env.NODE_ENV': '"production"' },
};

/** Bundle everything; with `write: false` nothing reaches the disk. */
export async function bundle(folder, { write = true } = {}) {
  const pages = await build({
    ...SHARED,
    entryPoints: PAGES.map((page) => `src/${page}.js`),
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    metafile: true,
    outdir: folder,
    write,
  });
  // Runs before the page is painted, so it is no module: the right colours come at once.
  const theme = await build({ ...SHARED, entryPoints: ['src/theme.js'], format: 'iife', outdir: folder, write });
  return { inputs: Object.keys(pages.metafile.inputs), warnings: [...pages.warnings, ...theme.warnings] };
}

/** The licence texts of every package that went into the bundle. */
async function licences(inputs) {
  const texts = await Promise.all([...packageFolders(inputs)].sort().map(licenceOf));
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

function packageFolders(inputs) {
  const found = inputs.map((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]);
  return new Set(found.filter(Boolean));
}

async function licenceOf(folder) {
  const about = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter((name) => /^(licen[cs]e|notice)/i.test(name));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return [`${about.name} ${about.version} (${about.license})`, '', ...texts].join('\n');
}

if (process.argv[1]?.endsWith(`${sep}build.mjs`)) {
  const folder = process.argv[2] ?? DEFAULT_FOLDER;
  await rm(folder, { recursive: true, force: true });
  const { inputs } = await bundle(folder);
  await writeFile(join(folder, 'THIRD_PARTY.txt'), await licences(inputs));
}
