import { type Logits, logSoftmax } from '../softmax.js';
import type { Binary, BinaryMap } from './binary.js';
import type { Recalibrator } from './recalibrator.js';

/** log(1 - p) of class k in the row that begins at `start`, from the other classes where p is large. */
export function logRest(logP: Float64Array, start: number, classes: number, k: number): number {
  const own = logP[start + k]!;
  if (own < -Math.LN2) return Math.log1p(-Math.exp(own));
  let most = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < classes; j++) if (j !== k) most = Math.max(most, logP[start + j]!);
  let sum = 0;
  for (let j = 0; j < classes; j++) if (j !== k) sum += Math.exp(logP[start + j]! - most);
  return most + Math.log(sum);
}

/**
 * One calibrator for each class, of its probability against all others, and their values divided by their sum (Zadrozny & Elkan 2002).
 * The model's answers may change.
 */
export const oneVsRest = (binary: Binary): Recalibrator => ({
  name: binary.name,
  title: `${binary.title}, one against the rest`,
  source: binary.source,
  map(logits, labels) {
    const { n, classes } = logits;
    const logP = logSoftmax(logits);
    const maps: BinaryMap[] = [];
    for (let k = 0; k < classes; k++) {
      const chances = {
        yes: Float64Array.from({ length: n }, (_, i) => logP[i * classes + k]!),
        no: Float64Array.from({ length: n }, (_, i) => logRest(logP, i * classes, classes, k)),
      };
      const outcomes = Uint8Array.from({ length: n }, (_, i) => (labels[i] === k ? 1 : 0));
      const map = binary.map(chances, outcomes);
      if ('reason' in map) return { reason: `class ${k}: ${map.reason}` };
      maps.push(map);
    }
    const noted = maps.flatMap(({ note }, k) => (note ? [{ k, note }] : []));
    return {
      apply(given: Logits) {
        const p = logSoftmax(given);
        const out = new Float64Array(p.length);
        for (let at = 0; at < p.length; at++) {
          const k = at % classes;
          [out[at]] = maps[k]!.apply(p[at]!, logRest(p, at - k, classes, k));
        }
        return logSoftmax({ ...given, data: out });
      },
      parameters: maps[0]!.parameters.map(({ name }, j) => ({
        name,
        values: maps.map(({ parameters }) => parameters[j]!.values[0]),
      })),
      iterations: maps.reduce((sum, { iterations }) => sum + iterations, 0),
      ...(noted.length > 0 && {
        notes: [
          `class${noted.length > 1 ? 'es' : ''} ${noted.map(({ k }) => k).join(', ')} ${noted[0]!.note}`,
        ],
      }),
    };
  },
});
