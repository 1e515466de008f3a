// The diagram editor: bpmn-js with ssflow's own fields. See shared/editorbar.js for what the page provides.
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn-embedded.css';
import '@bpmn-io/properties-panel/assets/properties-panel.css';
import 'bpmn-js-color-picker/colors/color-picker.css';
import 'diagram-js-minimap/assets/diagram-js-minimap.css';
import { importWithWarnings } from './shared/imports.js';
import './css/editor.css';
import BpmnModeler from 'bpmn-js/lib/Modeler';
import colorPicker from 'bpmn-js-color-picker';
import { BpmnPropertiesPanelModule, BpmnPropertiesProviderModule } from 'bpmn-js-properties-panel';
import minimap from 'diagram-js-minimap';
import { fitBesidePalette } from './diagram/fit.js';
import { createKeyboardTools } from './modeler/keyboard.js';
import { translateModule } from './modeler/translate.js';
import { describeSpiffWorkflow } from './modeler/moddle.js';
import { provider } from './modeler/provider.js';
import references from './modeler/references.js';
import supported from './modeler/supported.js';
import { EditorBar, startEditors } from './shared/editorbar.js';
import { el } from './shared/elements.js';
import { getJson, getText } from './shared/server.js';
import { t } from './shared/texts.js';

startEditors(async (host) => {
  const [xml, catalog] = await Promise.all([getText(host.dataset.sourceUrl), getJson(host.dataset.catalogUrl)]);
  const canvas = el('div', { className: 'editor-canvas', tabIndex: -1 });
  const panel = el('div', { className: 'editor-panel', aria: { role: 'region', label: t('Properties') } });
  host.append(el('div', { className: 'editor-main' }, canvas, panel));
  const modeler = createModeler(canvas, panel, catalog);
  await load(modeler, xml);
  const bar = new EditorBar(host, asEditor(modeler));
  modeler.on('commandStack.changed', () => bar.changed());
});

function createModeler(canvas, panel, catalog) {
  return new BpmnModeler({
    container: canvas,
    propertiesPanel: { parent: panel },
    moddleExtensions: { spiffworkflow: describeSpiffWorkflow() },
    additionalModules: [
      BpmnPropertiesPanelModule,
      BpmnPropertiesProviderModule,
      provider(catalog),
      references,
      supported,
      translateModule,
      colorPicker,
      minimap,
    ],
  });
}

async function load(modeler, xml) {
  await importWithWarnings(modeler, xml);
  fitBesidePalette(modeler);
}

function asEditor(modeler) {
  const read = async () => (await modeler.saveXML({ format: true })).xml;
  return {
    read,
    load: (xml) => load(modeler, xml),
    undo: () => modeler.get('commandStack').undo(),
    redo: () => modeler.get('commandStack').redo(),
    show: (problem) => showElement(modeler, problem.element_id),
    mark: (problems) => markProblems(modeler, problems),
    tools: [createKeyboardTools(modeler, (id) => showElement(modeler, id))],
    accept: '.bpmn,.xml',
    exports: [
      { label: 'BPMN', fileName: (name) => name, type: 'application/xml', create: read },
      {
        label: 'SVG',
        fileName: (name) => name.replace(/\.bpmn$/, '') + '.svg',
        type: 'image/svg+xml',
        create: async () => (await modeler.saveSVG()).svg,
      },
    ],
  };
}

function showElement(modeler, id) {
  const element = modeler.get('elementRegistry').get(id);
  if (!element) return false;
  const canvas = modeler.get('canvas');
  const root = canvas.findRoot(element);
  if (root) canvas.setRootElement(root);
  modeler.get('selection').select(element);
  canvas.scrollToElement(element);
  return true;
}

let marked = [];

function markProblems(modeler, problems) {
  const canvas = modeler.get('canvas');
  const registry = modeler.get('elementRegistry');
  for (const [id, name] of marked) if (registry.get(id)) canvas.removeMarker(id, name);
  marked = problems
    .filter(({ element_id: id }) => registry.get(id))
    .map(({ element_id: id, severity }) => [id, `problem-${severity === 'warning' ? 'warning' : 'error'}`]);
  for (const [id, name] of marked) canvas.addMarker(id, name);
}
