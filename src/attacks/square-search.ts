import type { Stream } from '../random/stream.js';
import type { Subject } from './attack.js';

/** A random search around a best point that starts at `start`. Points are (C, H, W), in ball and box. */
export interface Search {
  start: Float32Array;
  /**
   * The best point with a window changed that covers `share` of the image; undefined when nothing has changed. Valid
   * until it is settled.
   */
  propose(share: number): Float32Array | undefined;
  /** Takes the last candidate for the best point, or drops it. */
  settle(better: boolean): void;
}

/** Part of an image. */
export interface Window {
  top: number;
  left: number;
  height: number;
  width: number;
}

/** A window at a uniform position, every row and column within reach; cut to the image where it is larger. */
export function drawWindow(side: number, [, rows, columns]: Subject['shape'], source: Stream): Window {
  const [height, width] = [Math.min(side, rows), Math.min(side, columns)];
  const top = Math.floor(source.uniform() * (rows - height + 1));
  const left = Math.floor(source.uniform() * (columns - width + 1));
  return { top, left, height, width };
}

/** Calls `visit` with the first position and the end of every row of a window, in one channel. */
export function eachRow(
  { top, left, height, width }: Window,
  [, rows, columns]: Subject['shape'],
  channel: number,
  visit: (start: number, stop: number) => void,
): void {
  for (let row = top; row < top + height; row++) {
    const start = (channel * rows + row) * columns + left;
    visit(start, start + width);
  }
}

/** -1 or 1. */
export const drawSign = (source: Stream): number => (source.uint32() & 1 ? 1 : -1);

/** Side of the square that covers a share of the image, in pixels. */
export function sideOf(share: number, [, rows, columns]: Subject['shape']): number {
  return Math.round(Math.sqrt(share * rows * columns));
}
