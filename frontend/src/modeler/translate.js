// bpmn-js asks this for every text that it shows.
import { t } from '../shared/texts.js';

export const translateModule = { translate: ['value', t] };
