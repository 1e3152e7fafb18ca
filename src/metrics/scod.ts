import { type SelectiveAreas, selectiveAreas } from './selective-areas.js';

/**
 * Selective classification with OOD examples in the pool (SCOD: Xia & Bouganis 2022): ID and OOD examples are kept or
 * rejected by one score, and what is kept costs 0 where an ID example is classified rightly, 1 where it is not, and
 * `oodCost` for an OOD example. The areas are those under the curves of this cost. The pool holds each example once, so
 * they depend on how many of each there are.
 * @param correct (n_ID) 1 where the prediction is right
 * @param oodCost 1: to accept an OOD example is as bad as a wrong prediction
 * @returns a function of how often each ID and each OOD example was drawn
 */
export function scodAreas(
  idScores: ArrayLike<number>,
  correct: ArrayLike<number>,
  oodScores: ArrayLike<number>,
  oodCost: number,
): (timesId: Uint8Array, timesOod: Uint8Array) => SelectiveAreas {
  const [n, m] = [idScores.length, oodScores.length];
  const scores = new Float64Array(n + m);
  scores.set(Float64Array.from(idScores));
  scores.set(Float64Array.from(oodScores), n);
  const losses = new Float64Array(n + m).fill(oodCost);
  for (let i = 0; i < n; i++) losses[i] = correct[i] === 1 ? 0 : 1;
  const areas = selectiveAreas(scores, losses);
  const times = new Uint8Array(n + m);
  return (timesId, timesOod) => {
    times.set(timesId);
    times.set(timesOod, n);
    return areas(times);
  };
}
