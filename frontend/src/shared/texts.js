// The words that the browser code itself shows, in the language of the page.
import nl from './texts.nl.js';
import sv from './texts.sv.js';

const TEXTS = { nl, sv };

export const language = () => document.documentElement.lang || 'en';

/** Translate `text`; `{name}` in it is filled from `values`. */
export function t(text, values = {}) {
  const own = TEXTS[language().slice(0, 2)]?.[text] ?? text;
  return own.replace(/{([^}]+)}/g, (whole, name) => values[name] ?? whole);
}
