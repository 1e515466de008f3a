// Offers what ssflow runs and hides what it refuses at deployment, so that nobody draws it first.
import { t } from '../shared/texts.js';

const HIDDEN = new Set([
  'ad-hoc-subprocess',
  'cancel-boundary',
  'cancel-end',
  'collapsed-ad-hoc-subprocess',
  'compensation-boundary',
  'compensation-end',
  'compensation-intermediate-throw',
  'compensation-start',
  'complex-gateway',
  'conditional-start',
  'data-object-reference',
  'data-store-reference',
  'error-start',
  'escalation-start',
  'expanded-ad-hoc-subprocess',
  'link-intermediate-catch',
  'link-intermediate-throw',
  'manual-task',
  'non-interrupting-conditional-start',
  'non-interrupting-escalation-start',
  'non-interrupting-signal-start',
  'non-interrupting-timer-start',
  'signal-end',
  'signal-start',
  'task',
  'transaction',
]);
const HIDDEN_TOOLS = new Set(['create.data-object', 'create.data-store', 'create.task']);

/** Kinds of work, instead of BPMN's task without a kind: [type, icon, title]. */
const TASKS = {
  'create.user-task': ['bpmn:UserTask', 'bpmn-icon-user-task', t('Create user task')],
  'create.service-task': ['bpmn:ServiceTask', 'bpmn-icon-service-task', t('Create service task')],
  'create.decision-task': ['bpmn:BusinessRuleTask', 'bpmn-icon-business-rule-task', t('Create decision task')],
  'create.script-task': ['bpmn:ScriptTask', 'bpmn-icon-script-task', t('Create script task')],
};

export default {
  __init__: [
    ['palette', 'elementFactory', 'create', offerTasks],
    ['contextPad', 'elementFactory', 'autoPlace', 'create', appendUserTasks],
    ['popupMenu', limitMenus],
  ],
};

export const isSupported = (entryId) => !HIDDEN.has(entryId.replace(/^(replace-with|append|create)-/, ''));

function limitMenus(popupMenu) {
  const keep = (entries) => only(entries, ([id]) => isSupported(id));
  popupMenu.registerProvider('bpmn-replace', 500, { getPopupMenuEntries: () => keep });
}

function offerTasks(palette, elementFactory, create) {
  const entryOf = ([type, className, title]) => {
    const start = (event) => create.start(event, elementFactory.createShape({ type }));
    return { group: 'activity', className, title, action: { click: start, dragstart: start } };
  };
  const tasks = Object.fromEntries(Object.entries(TASKS).map(([id, task]) => [id, entryOf(task)]));
  const change = (entries) => ({ ...only(entries, ([id]) => !HIDDEN_TOOLS.has(id)), ...tasks });
  palette.registerProvider(500, { getPaletteEntries: () => change });
}

function appendUserTasks(contextPad, elementFactory, autoPlace, create) {
  const shape = () => elementFactory.createShape({ type: 'bpmn:UserTask' });
  const entry = {
    group: 'model',
    className: 'bpmn-icon-user-task',
    title: t('Append user task'),
    action: {
      click: (event, element) => autoPlace.append(element, shape()),
      dragstart: (event, element) => create.start(event, shape(), { source: element }),
    },
  };
  const change = (entries) =>
    'append.append-task' in entries ? { ...entries, 'append.append-task': entry } : entries;
  contextPad.registerProvider(500, { getContextPadEntries: () => change });
}

const only = (entries, isWanted) => Object.fromEntries(Object.entries(entries).filter(isWanted));
