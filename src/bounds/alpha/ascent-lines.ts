import { Adam } from '../../autodiff/adam.js';
import type { Value } from '../../engines/engine.js';

/** That of auto_LiRPA's alpha-CROWN. */
const STEP_SIZE = 0.5;

/** Lines of a step that each function has of its own: inputs of a walk, (n, count, size), that move. */
export interface FreeLines {
  /** Names of the inputs, and their numbers: the same arrays in every step of the climb. */
  readonly feeds: ReadonlyMap<string, Float32Array>;
  /** One step up. `gradients`: of the bounds with respect to each input. */
  climb(gradients: (input: string) => Float32Array): void;
}

/** (n, count, size) of a number of each image and place. */
export interface PerFunction {
  n: number;
  count: number;
  size: number;
}

/** Calls with every number of each function, and with the number that all functions have in common. */
export function forEachFunction(
  { n, count, size }: PerFunction,
  visit: (at: number, place: number) => void,
): void {
  for (let image = 0, at = 0; image < n; image++)
    for (let row = 0; row < count; row++)
      for (let place = image * size, end = place + size; place < end; place++, at++) visit(at, place);
}

/** Numbers that go up by Adam, and back to where they may be. */
export class Climber {
  private readonly adam: Adam;

  /** @param at where the climb begins; moves */
  constructor(readonly at: Float64Array) {
    this.adam = new Adam(at.length, STEP_SIZE);
  }

  step(gradient: ArrayLike<number>): void {
    this.adam.step(
      this.at,
      Float64Array.from(gradient, (g) => -g),
    );
  }

  /** What is no number, after a gradient that overflowed, goes back too. */
  clamp(i: number, least: number, most: number): number {
    const within = Math.max(least, Math.min(most, this.at[i]! || 0));
    this.at[i] = within;
    return within;
  }
}

export const fed = (lines: FreeLines, { n, count, size }: PerFunction): Record<string, Value> =>
  Object.fromEntries(
    [...lines.feeds].map(([input, data]) => [input, { type: 'float32', dims: [n, count, size], data }]),
  );
