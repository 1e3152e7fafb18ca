import type { Stream } from '../../../random/stream.js';

/** The upper left part of a plasma fractal, (H, W) in [0, 1]: its side is the next power of two. */
export function plasmaOver(height: number, width: number, decay: number, draws: Stream): Float64Array {
  const side = 2 ** Math.max(1, Math.ceil(Math.log2(Math.max(height, width))));
  const map = plasma(side, decay, draws);
  return Float64Array.from(
    { length: height * width },
    (_, p) => map[Math.floor(p / width) * side + (p % width)]!,
  );
}

/**
 * A plasma fractal by the diamond-square algorithm (Fournier, Fussell & Carpenter 1982) on a torus, scaled to [0, 1].
 * Every midpoint is the mean of the four about it plus U(-w^2, w^2), and w is divided by `decay` from one size to the next.
 * @param side a power of two, at least 2
 * Returns (side, side).
 */
export function plasma(side: number, decay: number, draws: Stream): Float64Array {
  const map = new Float64Array(side * side);
  const at = (y: number, x: number) => ((y + side) % side) * side + ((x + side) % side);
  let roughness = 100;
  /** Midpoints of four neighbours each: those of the lattice (y0 + i * step, x0 + j * step). */
  const fill = (step: number, y0: number, x0: number, neighbours: readonly (readonly [number, number])[]) => {
    for (let y = y0; y < side; y += step)
      for (let x = x0; x < side; x += step) {
        const sum = neighbours.reduce((total, [down, right]) => total + map[at(y + down, x + right)]!, 0);
        map[at(y, x)] = sum / 4 + roughness * roughness * (2 * draws.uniform() - 1);
      }
  };
  for (let step = side; step >= 2; step /= 2) {
    const half = step / 2;
    const diagonal = [
      [-half, -half],
      [-half, half],
      [half, -half],
      [half, half],
    ] as const;
    const straight = [
      [-half, 0],
      [half, 0],
      [0, -half],
      [0, half],
    ] as const;
    fill(step, half, half, diagonal);
    fill(step, 0, half, straight);
    fill(step, half, 0, straight);
    roughness /= decay;
  }
  return stretched(map);
}

/** Scaled so that the lowest number is 0 and the highest 1; a constant becomes 0. */
function stretched(map: Float64Array): Float64Array {
  const low = map.reduce((a, b) => Math.min(a, b));
  const range = map.reduce((a, b) => Math.max(a, b)) - low;
  return map.map((value) => (range > 0 ? (value - low) / range : 0));
}
