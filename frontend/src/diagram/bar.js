// Buttons above a diagram, so that it can be moved without a mouse, and the meaning of its colours.
import { t } from '../shared/texts.js';
import { findWaiting, fitWhole, zoomTo } from './fit.js';

const ZOOM_STEP = 1.25;

export function createBar(viewer, trace = {}) {
  const bar = document.createElement('div');
  bar.className = 'diagram-bar';
  bar.append(...zoomButtons(viewer));
  const waiting = findWaiting(viewer, trace);
  if (waiting) bar.append(button(t('Where it waits'), t('Where it waits'), () => zoomTo(viewer, waiting)));
  const legend = createLegend(trace);
  if (legend) bar.append(legend);
  return bar;
}

function zoomButtons(viewer) {
  const canvas = viewer.get('canvas');
  const zoomBy = (factor) => canvas.zoom(canvas.zoom() * factor);
  return [
    button('+', t('Zoom in'), () => zoomBy(ZOOM_STEP)),
    button('−', t('Zoom out'), () => zoomBy(1 / ZOOM_STEP)),
    button(t('Fit'), t('Fit the whole diagram'), () => fitWhole(viewer)),
  ];
}

function button(text, label, onClick) {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = 'btn';
  element.textContent = text;
  element.setAttribute('aria-label', label);
  element.title = label;
  element.addEventListener('click', onClick);
  return element;
}

function createLegend({ path, active = [] }) {
  const meanings = [
    ['is-done', t('Done'), path?.length],
    ['is-active', t('Waiting'), active.some(({ kind }) => kind !== 'incident')],
    ['is-trouble', t('Incident'), active.some(({ kind }) => kind === 'incident')],
  ].filter(([, , isThere]) => isThere);
  if (!meanings.length) return null;
  const list = document.createElement('ul');
  list.className = 'diagram-legend';
  for (const [className, text] of meanings) {
    const item = document.createElement('li');
    item.className = className;
    item.textContent = text;
    list.append(item);
  }
  return list;
}
