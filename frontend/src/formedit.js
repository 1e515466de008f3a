// The form editor: form-js, limited to what ssflow shows and checks. See shared/editorbar.js for what the page provides.
import '@bpmn-io/form-js-viewer/dist/assets/form-js.css';
import '@bpmn-io/form-js-editor/dist/assets/form-js-editor.css';
import '@bpmn-io/form-js-editor/dist/assets/properties-panel.css';
import './css/editor.css';
import './css/formedit.css';
import { FormEditor } from '@bpmn-io/form-js-editor';
import { ownFields } from './forms/fields.js';
import { cleanForm } from './forms/saved.js';
import supported from './forms/supported.js';
import { EditorBar, startEditors } from './shared/editorbar.js';
import { el } from './shared/elements.js';
import { getText } from './shared/server.js';

startEditors(async (host) => {
  const source = await getText(host.dataset.sourceUrl);
  const canvas = el('div', { className: 'editor-canvas' });
  host.append(el('div', { className: 'editor-main is-single' }, canvas));
  // Without delay: what was typed last is in the form when it is saved a moment later.
  const formEditor = new FormEditor({ container: canvas, debounce: false, additionalModules: [supported, ownFields] });
  const bar = new EditorBar(host, asEditor(formEditor, await load(formEditor, source)));
  formEditor.on('changed', () => bar.changed());
});

/** Open a form and give what was opened: saving compares with it. */
async function load(formEditor, text) {
  const opened = JSON.parse(text);
  await formEditor.importSchema(structuredClone(opened));
  return opened;
}

function asEditor(formEditor, form) {
  let opened = form;
  const read = async () => `${JSON.stringify(cleanForm(formEditor.saveSchema(), opened), null, 2)}\n`;
  return {
    read,
    load: async (text) => { opened = await load(formEditor, text); },
    undo: () => formEditor.get('commandStack').undo(),
    redo: () => formEditor.get('commandStack').redo(),
    show: (problem) => showField(formEditor, problem.element_id),
    accept: '.json',
    exports: [{ label: 'JSON', fileName: (name) => name, type: 'application/json', create: read }],
  };
}

/** Problems name a field by its id or by its key. */
function showField(formEditor, name) {
  const fields = formEditor.get('formFieldRegistry').getAll();
  const field = fields.find(({ id }) => id === name) ?? fields.find(({ key, path }) => key === name || path === name);
  if (!field) return false;
  formEditor.get('selection').set(field);
  document.querySelector(`.fjs-editor-container [data-id="${CSS.escape(field.id)}"]`)?.scrollIntoView({ block: 'center' });
  return true;
}
