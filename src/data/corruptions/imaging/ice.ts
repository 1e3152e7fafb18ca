import type { Stream } from '../../../random/stream.js';
import type { Plane } from './planes.js';
import { plasmaOver } from './plasma.js';

/** Crystals that grow over a pane. */
const CRYSTALS = 9;
/** Water molecules join at this angle, and so do branches. */
const SIXTY_DEGREES = Math.PI / 3;

/**
 * A pane with ice on it: haze, and crystals like ferns, whose branches leave at 60 degrees and branch again. Sizes are in
 * sides of the image. Returns how white the ice is, (H, W) in [0, 1].
 */
export function iceOn(height: number, width: number, draws: Stream): Float64Array {
  const side = Math.max(height, width);
  const haze = plasmaOver(height, width, 2.2, draws);
  const pane: Plane = { height, width, values: new Float64Array(height * width) };
  for (let crystal = 0; crystal < CRYSTALS; crystal++)
    grow(pane, draws, {
      x: width * (1.4 * draws.uniform() - 0.2),
      y: height * (1.4 * draws.uniform() - 0.2),
      angle: 2 * Math.PI * draws.uniform(),
      length: side * (0.5 + 0.7 * draws.uniform()),
      order: 0,
    });
  // A branch of one pixel covers more of a small image: what shines is what is dense.
  const dense = 1.2 * Math.sqrt(32 / Math.max(32, side)) ** -1;
  return pane.values.map((ice, p) =>
    Math.min(1, 0.15 + 0.45 * haze[p]! + 0.55 * (1 - Math.exp(-dense * ice))),
  );
}

interface Needle {
  x: number;
  y: number;
  angle: number;
  length: number;
  /** 0 of the stem, 1 of its branches, 2 of theirs. */
  order: 0 | 1 | 2;
}

/** Draws a needle and what branches off it, thinner towards the tip. */
function grow(pane: Plane, draws: Stream, { x, y, angle, length, order }: Needle): void {
  const bend = (0.6 * (draws.uniform() - 0.5)) / length;
  const apart = Math.max(1.5, length / (order === 0 ? 18 : 8));
  let next = apart * draws.uniform();
  for (let done = 0; done < length; done += 0.5) {
    const left = 1 - done / length;
    drop(pane, x, y, 0.5 * (0.25 + left) * (order === 0 ? 1 : 0.7));
    x += 0.5 * Math.cos(angle);
    y += 0.5 * Math.sin(angle);
    angle += 0.5 * bend;
    if (order === 2 || done < next) continue;
    next += apart * (0.6 + 0.8 * draws.uniform());
    const reach = length * (order === 0 ? 0.3 : 0.35) * left * (0.5 + draws.uniform());
    for (const turn of [-SIXTY_DEGREES, SIXTY_DEGREES])
      if (reach > 1)
        grow(pane, draws, { x, y, angle: angle + turn, length: reach, order: order === 0 ? 1 : 2 });
  }
}

/** Adds to the four pixels about a place. */
function drop({ height, width, values }: Plane, x: number, y: number, amount: number): void {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [across, down] = [x - left, y - top];
  const add = (v: number, u: number, share: number) => {
    if (v >= 0 && v < height && u >= 0 && u < width) values[v * width + u]! += share * amount;
  };
  add(top, left, (1 - across) * (1 - down));
  add(top, left + 1, across * (1 - down));
  add(top + 1, left, (1 - across) * down);
  add(top + 1, left + 1, across * down);
}
