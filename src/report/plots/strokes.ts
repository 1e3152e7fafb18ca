/**
 * Dashes and markers of series beside their colours, so that a plot reads in grey too: the first is solid, and a
 * longer list begins again.
 */
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [14, 4], [6, 3, 2, 3, 2, 3]];
const MARKERS = [
  { shape: 'circle', symbol: '●' },
  { shape: 'square', symbol: '■' },
  { shape: 'triangle-up', symbol: '▲' },
  { shape: 'diamond', symbol: '◆' },
  { shape: 'triangle-down', symbol: '▼' },
  { shape: 'cross', symbol: '✚' },
];

/** Lengths of dash and gap in pixels; none for a solid line. */
export const dashOf = (i: number): number[] => DASHES[i % DASHES.length]!;

/** Vega's name of a marker, and a character like it. */
export const markerOf = (i: number) => MARKERS[i % MARKERS.length]!;
