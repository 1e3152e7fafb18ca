import { argmaxOf, type Logits, logSoftmax } from '../softmax.js';
import type { Binary } from './binary.js';
import { logRest } from './one-vs-rest.js';
import type { Recalibrator } from './recalibrator.js';

/**
 * One calibrator of the confidence, the probability of the top label, against whether it is right (Guo et al. 2017; Gupta & Ramdas
 * 2022). The other classes keep their proportions. Where the confidence falls below one of them, the answer changes.
 */
export const topLabel = (binary: Binary): Recalibrator => ({
  name: `${binary.name}-top`,
  title: `${binary.title}, top label`,
  source: binary.source,
  map(logits, labels) {
    const { n, classes } = logits;
    const logP = logSoftmax(logits);
    const tops = Int32Array.from({ length: n }, (_, i) => argmaxOf(logP, i * classes, classes));
    const map = binary.map(
      {
        yes: Float64Array.from(tops, (k, i) => logP[i * classes + k]!),
        no: Float64Array.from(tops, (k, i) => logRest(logP, i * classes, classes, k)),
      },
      Uint8Array.from(tops, (k, i) => (k === labels[i] ? 1 : 0)),
    );
    if ('reason' in map) return map;
    const { parameters, iterations, note } = map;
    return {
      apply(given: Logits) {
        const out = logSoftmax(given);
        for (let start = 0; start < out.length; start += classes) {
          const k = argmaxOf(out, start, classes);
          const rest = logRest(out, start, classes, k);
          const [yes, no] = map.apply(out[start + k]!, rest);
          for (let j = start; j < start + classes; j++) out[j]! += no - rest;
          out[start + k] = yes;
        }
        return out;
      },
      parameters,
      iterations,
      ...(note && { notes: [note] }),
    };
  },
});
