// The words that the browser code itself shows, in the language of the page.
import nl from '../texts/nl.js';
import sv from '../texts/sv.js';

const TEXTS = { nl, sv };

/** The page's language, without its region. */
export const language = () => (document.documentElement.lang || 'en').slice(0, 2);

/** Translate `text`; `{name}` in it is filled from `values`. */
export const t = (text, values) => fill(TEXTS[language()]?.[text] ?? text, values);

export const fill = (text, values = {}) => text.replace(/{([^}]+)}/g, (whole, name) => values[name] ?? whole);
