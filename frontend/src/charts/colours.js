// Colours that people with any kind of colour vision tell apart (after Okabe and Ito).
const PALETTE = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#8f7f1f', '#7a7a7a'];
const MEANINGS = { good: '#009e73', warn: '#e69f00', bad: '#d55e00', quiet: '#8a94a0' };

/** The colours of the page as it looks now, and those of the figures. */
export function pageColours(card) {
  const style = getComputedStyle(card);
  return {
    text: style.color,
    line: style.borderTopColor,
    of: (column, index) => MEANINGS[column.colour] ?? PALETTE[index % PALETTE.length],
    nth: (index) => PALETTE[index % PALETTE.length],
    meaning: (name) => MEANINGS[name] ?? '',
    strong: (colour, share) => withAlpha(colour, share),
  };
}

/** A colour of six hexadecimal digits with this much of it, 0 to 1. */
export function withAlpha(colour, share) {
  const alpha = Math.round(255 * Math.min(Math.max(share, 0), 1));
  return colour + alpha.toString(16).padStart(2, '0');
}
