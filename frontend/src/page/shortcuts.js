// Keys for lists: rows are [data-row] inside [data-list]; each row holds a[data-open] and maybe [data-claim].
import { t } from '../shared/texts.js';

const KEY = 'ssflow.shortcuts';
const HELP = [
  ['j', t('Next row')],
  ['k', t('Previous row')],
  ['Enter', t('Open the row')],
  ['c', t('Claim the row')],
  ['x', t('Select the row')],
  ['/', t('Search')],
  ['?', t('Show this help')],
];
const ACTIONS = { j: () => move(1), k: () => move(-1), c: claim, x: select, '/': search, '?': showHelp };

export function startShortcuts() {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key !== '?' && !isOn()) return;
    if (ACTIONS[event.key]?.()) event.preventDefault();
  });
  document.addEventListener('click', ({ target }) => target.closest?.('[data-shortcut-help]') && showHelp());
}

const isTyping = (element) =>
  element.isContentEditable ||
  element.closest?.('dialog, [data-own-keys], .djs-container') ||
  (/^(input|select|textarea)$/i.test(element.tagName) && !/^(checkbox|radio)$/.test(element.type));

const rows = () => [...document.querySelectorAll('[data-list] [data-row]')];
const currentRow = () => document.activeElement?.closest('[data-row]') ?? null;

function move(step) {
  const all = rows();
  if (!all.length) return false;
  const at = all.indexOf(currentRow());
  const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1);
  all[next].querySelector('[data-open]')?.focus();
  all[next].scrollIntoView({ block: 'nearest' });
  return true;
}

function claim() {
  const button = currentRow()?.querySelector('[data-claim]');
  button?.click();
  return Boolean(button);
}

function select() {
  const box = currentRow()?.querySelector('input[type="checkbox"]');
  box?.click();
  return Boolean(box);
}

function search() {
  const field = document.querySelector('[data-search]');
  field?.focus();
  return Boolean(field);
}

function showHelp() {
  if (!document.querySelector('[data-list]')) return false;
  const dialog = document.getElementById('shortcuts') ?? createDialog();
  dialog.showModal();
  return true;
}

// Single keys get in the way of speech input: everyone can switch them off (WCAG 2.1.4).
const isOn = () => {
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    return true;
  }
};

function createDialog() {
  const dialog = document.createElement('dialog');
  dialog.id = 'shortcuts';
  dialog.className = 'shortcuts';
  dialog.setAttribute('aria-labelledby', 'shortcuts-title');
  dialog.append(title(), keyList(), switchRow(), closeRow());
  document.body.append(dialog);
  return dialog;
}

function title() {
  const heading = document.createElement('h2');
  heading.id = 'shortcuts-title';
  heading.textContent = t('Keyboard shortcuts');
  return heading;
}

function keyList() {
  const list = document.createElement('dl');
  for (const [key, meaning] of HELP.filter(([key]) => key !== 'x' || document.querySelector('[data-row] input[type="checkbox"]'))) {
    const term = document.createElement('dt');
    const name = document.createElement('kbd');
    name.textContent = key;
    term.append(name);
    const text = document.createElement('dd');
    text.textContent = meaning;
    list.append(term, text);
  }
  return list;
}

function switchRow() {
  const label = document.createElement('label');
  label.className = 'form-check';
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.className = 'form-check-input';
  box.checked = isOn();
  box.addEventListener('change', () => localStorage.setItem(KEY, box.checked ? 'on' : 'off'));
  const text = document.createElement('span');
  text.className = 'form-check-label';
  text.textContent = t('Use single-key shortcuts');
  label.append(box, text);
  return label;
}

function closeRow() {
  const form = document.createElement('form');
  form.method = 'dialog';
  const button = document.createElement('button');
  button.className = 'btn btn-primary';
  button.textContent = t('Close');
  form.append(button);
  return form;
}
