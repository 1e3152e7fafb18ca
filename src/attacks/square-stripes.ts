import type { Subject } from './attack.js';
import { drawSign, drawWindow, eachRow, type Search, sideOf, type Window } from './square-search.js';

/**
 * Linf (Andriushchenko et al. 2020, Algorithm 2): every value lies at one of the two ends of its range. It starts
 * with vertical stripes; a window moves to one end, the same for all its pixels in a channel. The point is edited in
 * place, and the window restored when the candidate is dropped.
 */
export function stripeSearch({ x0, shape, epsilon: { value: epsilon }, norm, draws }: Subject): Search {
  const source = draws('search');
  const [channels, rows, columns] = shape;
  const end = (sign: number) =>
    norm.project(
      x0.map((a) => a + sign * 2 * epsilon),
      x0,
      epsilon,
    );
  const [low, high] = [end(-1), end(1)];
  const drawEnd = () => (drawSign(source) > 0 ? high : low);

  const x = new Float32Array(x0.length);
  for (let c = 0; c < channels; c++) {
    for (let left = 0; left < columns; left++) {
      const stripe = drawEnd();
      eachRow({ top: 0, left, height: rows, width: 1 }, shape, c, (i) => {
        x[i] = stripe[i]!;
      });
    }
  }

  const saved = new Float32Array(x0.length);
  let window: Window;
  return {
    start: x,
    propose(share) {
      window = drawWindow(Math.max(1, sideOf(share, shape)), shape, source);
      let [changed, at] = [false, 0];
      for (let c = 0; c < channels; c++) {
        const target = drawEnd();
        eachRow(window, shape, c, (start, stop) => {
          for (let i = start; i < stop; i++) {
            changed ||= x[i] !== target[i];
            saved[at++] = x[i]!;
            x[i] = target[i]!;
          }
        });
      }
      return changed ? x : undefined;
    },
    settle(better) {
      if (better) return;
      let at = 0;
      for (let c = 0; c < channels; c++) {
        eachRow(window, shape, c, (start, stop) => {
          for (let i = start; i < stop; i++) x[i] = saved[at++]!;
        });
      }
    },
  };
}
