// Building page elements in one line: el('button', {type: 'button', className: 'btn', on: {click}}, 'Text').
export function el(name, { on = {}, data = {}, aria = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  Object.assign(element.dataset, data);
  for (const [key, value] of Object.entries(aria)) element.setAttribute(key === 'role' ? key : `aria-${key}`, value);
  element.append(...children);
  return element;
}
