// bpmn-js asks this for every text that it shows.
import { fill, language } from '../shared/texts.js';
import nl from '../texts/bpmn.nl.js';
import sv from '../texts/bpmn.sv.js';

const TEXTS = { nl, sv };

export const translateModule = {
  translate: ['value', (text, values) => fill(TEXTS[language()]?.[text] ?? text, values)],
};
