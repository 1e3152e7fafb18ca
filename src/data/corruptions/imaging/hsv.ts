/** A colour as hue (in sixths of a turn, [0, 6)), saturation and value in [0, 1]. Grey has hue and saturation 0. */
export type Hsv = [hue: number, saturation: number, value: number];

/** Smith 1978, "Color gamut transform pairs". Red, green and blue in [0, 1]. */
export function toHsv(red: number, green: number, blue: number): Hsv {
  const value = Math.max(red, green, blue);
  const range = value - Math.min(red, green, blue);
  if (range === 0) return [0, 0, value];
  // Where two are the highest, blue goes before green and green before red, as in scikit-image.
  const hue =
    value === blue
      ? 4 + (red - green) / range
      : value === green
        ? 2 + (blue - red) / range
        : (green - blue) / range;
  return [(hue + 6) % 6, range / value, value];
}

/** Writes red, green and blue to three places of an array. */
export function fromHsv(
  [hue, saturation, value]: Hsv,
  pixels: Float64Array,
  at: readonly [number, number, number],
): void {
  /** How far a primary is from the value: by a trapezoid of the hue, seen from that primary. */
  const channel = (from: number) => {
    const k = (from + hue) % 6;
    return value - value * saturation * Math.max(0, Math.min(k, 4 - k, 1));
  };
  pixels[at[0]] = channel(5);
  pixels[at[1]] = channel(3);
  pixels[at[2]] = channel(1);
}

/** Changes saturation and value of every pixel of an RGB image, (3, H, W), in place. */
export function mapHsv(pixels: Float64Array, change: (colour: Hsv) => Hsv): Float64Array {
  const size = pixels.length / 3;
  for (let p = 0; p < size; p++) {
    const at = [p, p + size, p + 2 * size] as const;
    fromHsv(change(toHsv(pixels[at[0]]!, pixels[at[1]]!, pixels[at[2]]!)), pixels, at);
  }
  return pixels;
}
