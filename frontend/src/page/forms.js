// Forms: no double submit, a question before what cannot be undone, "all" for a column of boxes.
import { t } from '../shared/texts.js';
import { guardUnsaved } from '../shared/unsaved.js';
import { forgetFailure, tellFailure } from './htmx.js';

export function startForms() {
  document.addEventListener('submit', stayWhileOffline, { capture: true });
  document.addEventListener('submit', askFirst, { capture: true });
  document.addEventListener('submit', holdButtons);
  document.addEventListener('htmx:finally:request', freeButtons);
  window.addEventListener('pageshow', freeButtons);
  document.addEventListener('change', checkAll);
  guardForms();
}

function askFirst(event) {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

let isReached = false;

/**
 * Without a connection the browser would put its own page in the place of what was typed. It says
 * that it is offline also when only this very machine can be reached, so the server is asked.
 */
async function stayWhileOffline(event) {
  if (navigator.onLine || isReached || event.target.method === 'dialog') return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { target: form, submitter } = event;
  isReached = await canReach();
  if (isReached) {
    form.requestSubmit(submitter);
    isReached = false;
    return;
  }
  tellFailure(t('ssflow cannot be reached. Check the connection and try again.'));
  window.addEventListener('online', forgetFailure, { once: true });
}

async function canReach() {
  try {
    return (await fetch('/healthz', { cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}

/** Disable the buttons of a form that is on its way; only after its fields were collected. */
function holdButtons({ target: form }) {
  if (form.method !== 'post' || 'allowResubmit' in form.dataset) return;
  setTimeout(() => {
    for (const button of submitButtons(form)) {
      if (button.disabled) continue;
      button.disabled = true;
      button.dataset.held = '';
    }
  });
}

function freeButtons() {
  for (const button of document.querySelectorAll('[data-held]')) {
    button.disabled = false;
    delete button.dataset.held;
  }
}

const submitButtons = (form) => [...form.elements].filter((element) => element.type === 'submit');

/** A box with data-check-all="name" ticks every box of that name. */
function checkAll({ target }) {
  const name = target.dataset?.checkAll;
  if (!name) return;
  for (const box of document.querySelectorAll(`input[type="checkbox"][name="${CSS.escape(name)}"]`)) {
    box.checked = target.checked;
  }
}

/** Forms with data-guard and no draft of their own: ask before typed text is lost. */
function guardForms() {
  let touched = null;
  document.addEventListener('input', ({ target }) => {
    const form = target.form;
    if (form && 'guard' in form.dataset) touched = form;
  });
  document.addEventListener('submit', (event) => {
    if (!event.defaultPrevented) touched = null;
  });
  guardUnsaved(() => Boolean(touched?.isConnected));
}
