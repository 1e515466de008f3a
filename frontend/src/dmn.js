// The decision editor: dmn-js. See shared/editorbar.js for what the page provides.
import 'dmn-js/dist/assets/diagram-js.css';
import 'dmn-js/dist/assets/dmn-js-shared.css';
import 'dmn-js/dist/assets/dmn-js-drd.css';
import 'dmn-js/dist/assets/dmn-js-decision-table.css';
import 'dmn-js/dist/assets/dmn-js-decision-table-controls.css';
import 'dmn-js/dist/assets/dmn-js-literal-expression.css';
import 'dmn-js/dist/assets/dmn-js-boxed-expression.css';
import 'dmn-js/dist/assets/dmn-js-boxed-expression-controls.css';
import 'dmn-js/dist/assets/dmn-font/css/dmn-embedded.css';
import { importWithWarnings } from './shared/imports.js';
import './css/editor.css';
import './css/dmn.css';
import DmnModeler from 'dmn-js/lib/Modeler';
import { decisionOf } from './decisions/places.js';
import { EditorBar, startEditors } from './shared/editorbar.js';
import { el } from './shared/elements.js';
import { getText } from './shared/server.js';
import { t } from './shared/texts.js';

startEditors(async (host) => {
  const xml = await getText(host.dataset.sourceUrl);
  const tabs = el('div', { className: 'editor-tabs', aria: { role: 'group', label: t('Decisions of this file') } });
  const canvas = el('div', { className: 'editor-canvas' });
  host.append(tabs, el('div', { className: 'editor-main is-single' }, canvas));
  const modeler = new DmnModeler({ container: canvas });
  nameRowNumbers(canvas);
  modeler.on('views.changed', ({ views, activeView }) => showTabs(modeler, tabs, views, activeView));
  await load(modeler, xml);
  const bar = new EditorBar(host, asEditor(modeler));
  watch(modeler, () => bar.changed());
});

/** dmn-js leaves the head of the column with row numbers empty; a screen reader needs a name for it. */
function nameRowNumbers(canvas) {
  const name = () => canvas.querySelectorAll('th.index-column:not([aria-label])').forEach((head) => head.setAttribute('aria-label', t('Row')));
  new MutationObserver(name).observe(canvas, { childList: true, subtree: true });
}

async function load(modeler, xml) {
  await importWithWarnings(modeler, xml);
  const table = modeler.getViews().find(({ type }) => type === 'decisionTable');
  if (table) await modeler.open(table);
}

/** Each view of dmn-js has its own editor, made when it is first opened. */
function watch(modeler, onChange) {
  const watched = new WeakSet();
  const follow = (viewer) => {
    if (!viewer || watched.has(viewer)) return;
    watched.add(viewer);
    viewer.on('commandStack.changed', onChange);
  };
  modeler.on('viewer.created', ({ viewer }) => follow(viewer));
  follow(modeler.getActiveViewer());
}

function asEditor(modeler) {
  const read = async () => (await modeler.saveXML({ format: true })).xml;
  const commands = () => modeler.getActiveViewer().get('commandStack');
  return {
    read,
    load: (xml) => load(modeler, xml),
    undo: () => commands().undo(),
    redo: () => commands().redo(),
    show: (problem) => showPlace(modeler, problem.element_id),
    accept: '.dmn,.xml',
    exports: [{ label: 'DMN', fileName: (name) => name, type: 'application/xml', create: read }],
  };
}

async function showPlace(modeler, id) {
  const decision = decisionOf(modeler.getDefinitions(), id);
  const view = modeler.getViews().find(({ element }) => element === decision);
  if (!view) return false;
  await modeler.open(view);
  const cell = modeler._container.querySelector(`[data-element-id="${CSS.escape(id)}"]`);
  cell?.scrollIntoView({ block: 'center', inline: 'center' });
  cell?.querySelector('[contenteditable], [tabindex]')?.focus();
  return true;
}

function showTabs(modeler, tabs, views, activeView) {
  tabs.hidden = views.length < 2;
  tabs.replaceChildren(...views.map((view) =>
    el('button', {
      type: 'button',
      className: 'btn',
      aria: { pressed: String(view === activeView) },
      on: { click: () => modeler.open(view) },
    }, view.type === 'drd' ? t('Overview') : (view.element.name ?? view.element.id))));
}
