/**
 * Bytes replaced so that all are about as frequent (Gonzalez & Woods, histogram equalisation), as OpenCV's
 * `equalizeHist` does it: the lowest becomes 0, a constant stays.
 * @param values whole numbers from 0 to 255
 */
export function equalised(values: Float64Array): Float64Array {
  const counts = new Int32Array(256);
  for (const value of values) counts[value]!++;
  const lowest = counts.findIndex((count) => count > 0);
  const others = values.length - counts[lowest]!;
  if (others === 0) return values.slice();
  const scale = Math.fround(255 / others);
  let below = 0;
  const becomes = counts.map((count, value) => {
    if (value <= lowest) return 0;
    below += count;
    return Math.min(255, Math.round(below * scale));
  });
  return values.map((value) => becomes[value]!);
}
