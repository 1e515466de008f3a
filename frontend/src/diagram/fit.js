// Shows a whole diagram without hiding its left side behind the palette.
const PALETTE_WIDTH = 120;
const MARGIN = 20;

export function fitBesidePalette(modeler) {
  const canvas = modeler.get('canvas');
  const { inner, outer } = canvas.viewbox();
  if (!outer.width || !inner.width) return;
  const scale = Math.min(
    1,
    (outer.width - PALETTE_WIDTH - MARGIN) / inner.width,
    (outer.height - 2 * MARGIN) / inner.height,
  );
  canvas.viewbox({
    x: inner.x - PALETTE_WIDTH / scale,
    y: inner.y - (outer.height / scale - inner.height) / 2,
    width: outer.width / scale,
    height: outer.height / scale,
  });
}
