// The drawing of charts is big: it is fetched when the first figure with data-chart comes into view.
import { besideThis } from '../shared/files.js';

export function startCharts() {
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      draw(target);
    }
  }, { rootMargin: '200px' });
  for (const figure of document.querySelectorAll('[data-chart]')) observer.observe(figure);
}

async function draw(figure) {
  const { drawChart } = await import(besideThis('charts.js', import.meta.url));
  drawChart(figure);
}
