// Drawing without a mouse: choose an element, add what follows, connect, remove. The fields are in the panel.
import { getBusinessObject, isAny } from 'bpmn-js/lib/util/ModelUtil';
import { announce } from '../shared/announce.js';
import { el } from '../shared/elements.js';
import { t } from '../shared/texts.js';

const CHOOSABLE = ['bpmn:FlowNode', 'bpmn:SequenceFlow', 'bpmn:Participant', 'bpmn:Lane'];
const NEXT = {
  'bpmn:UserTask': t('User task'),
  'bpmn:ServiceTask': t('Service task'),
  'bpmn:BusinessRuleTask': t('Decision task'),
  'bpmn:ScriptTask': t('Script task'),
  'bpmn:ExclusiveGateway': t('Exclusive gateway'),
  'bpmn:ParallelGateway': t('Parallel gateway'),
  'bpmn:EndEvent': t('End event'),
};

/** A part of the editor's bar that opens on demand. `show(id)` selects an element and brings it into view. */
export function createKeyboardTools(modeler, show) {
  const selection = modeler.get('selection');
  const selected = () => selection.get()[0];
  const goTo = picker(t('Element'), (id) => show(id));
  const add = picker(t('Add after it'), (type) => append(modeler, selected(), type));
  const connect = picker(t('Connect it to'), (id) => connectTo(modeler, selected(), id));
  const remove = el('button', { type: 'button', className: 'btn', on: { click: () => selected() && modeler.get('modeling').removeElements([selected()]) } }, t('Remove it'));
  const refresh = () => {
    const known = elementsOf(modeler);
    goTo.fill(known, selected()?.id);
    connect.fill(known.filter(([, , model]) => isAny(model, ['bpmn:FlowNode'])));
    add.fill(Object.entries(NEXT));
  };
  modeler.on(['commandStack.changed', 'import.done', 'selection.changed'], refresh);
  refresh();
  return el(
    'details',
    { className: 'editor-keyboard' },
    el('summary', { className: 'btn' }, t('Without a mouse')),
    el('div', { className: 'editor-keyboard-tools' }, goTo.element, add.element, connect.element, remove),
  );
}

/** A labelled list that acts on a choice. */
function picker(label, onChoice) {
  const select = el('select', { className: 'form-select' });
  select.addEventListener('change', () => select.value && onChoice(select.value));
  return {
    element: el('label', { className: 'editor-keyboard-label' }, label, select),
    fill: (options, current = '') => {
      select.replaceChildren(
        el('option', { value: '' }, '–'),
        ...options.map(([value, text]) => el('option', { value }, text)),
      );
      select.value = current;
    },
  };
}

function elementsOf(modeler) {
  const models = modeler.get('elementRegistry').filter((element) => element.type !== 'label' && isAny(element, CHOOSABLE)).map(getBusinessObject);
  return models.map((model) => [model.id, nameOf(model), model]).sort(([, one], [, other]) => one.localeCompare(other));
}

const nameOf = (model) => [model.name, model.id].filter(Boolean).join(' · ');

function append(modeler, source, type) {
  if (!source) return;
  const shape = modeler.get('autoPlace').append(source, modeler.get('elementFactory').createShape({ type }));
  modeler.get('selection').select(shape);
  announce(t('{name} is added', { name: NEXT[type] }));
}

function connectTo(modeler, source, id) {
  const target = modeler.get('elementRegistry').get(id);
  const kind = source && modeler.get('rules').allowed('connection.create', { source, target });
  if (!kind) return announce(t('These two cannot be connected.'));
  modeler.get('modeling').connect(source, target, kind);
  announce(t('Connected to {name}', { name: nameOf(getBusinessObject(target)) }));
}
