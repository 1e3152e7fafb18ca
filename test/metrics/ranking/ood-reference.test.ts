import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { placements } from '../../../src/metrics/ranking/delong.js';
import { delongEstimate } from '../../../src/metrics/ranking/delong-estimate.js';
import { compareScores } from '../../../src/metrics/ranking/ranking.js';
import { selectiveAreas } from '../../../src/metrics/selective/selective-areas.js';
import { argmax, softmax } from '../../../src/metrics/softmax.js';
import { readReference } from '../../models/npz.js';

const reference = resolve('../shared/reference/ood');
if (!existsSync(reference))
  console.warn(`\n!!! ${reference} is absent: metrics are NOT compared with public code !!!\n`);

const SETS = ['interpolated', 'digits', 'noise'];

describe.skipIf(!existsSync(reference))('scores of a trained network', () => {
  const values = existsSync(reference)
    ? JSON.parse(readFileSync(join(reference, 'values.json'), 'utf8'))
    : { ood_metrics: {} };
  const arrays = existsSync(reference) ? readReference(join(reference, 'features.npz')) : {};

  it('20 scores on three OOD sets: every metric as scikit-learn has it', () => {
    const scores = readReference(join(reference, 'scores.npz'));
    const methods = Object.keys(values.ood_metrics);
    expect(methods).toHaveLength(20);
    for (const method of methods)
      for (const set of SETS) {
        const found = compareScores(scores[`${method}/test`]!.data, scores[`${method}/${set}`]!.data);
        const known = values.ood_metrics[method][set];
        expect(
          {
            auroc: found.auroc,
            aupr_in: found.auprIn,
            aupr_out: found.auprOut,
            fpr95_id_positive: found.fpr95IdPositive,
            fpr95_ood_positive: found.fpr95OodPositive,
          },
          `${method} on ${set}`,
        ).toEqual(
          Object.fromEntries(
            Object.entries(known).map(([name, value]) => [name, expect.closeTo(value as number, 8)]),
          ),
        );
      }
  });

  const logitsOf = (name: string) => {
    const { shape, data } = arrays[`logits_${name}`]!;
    return { n: shape[0]!, classes: shape[1]!, data };
  };
  const confidence = (name: string) => {
    const { n, classes, data } = logitsOf(name);
    const p = softmax({ n, classes, data });
    return Float64Array.from({ length: n }, (_, i) =>
      Math.max(...p.subarray(i * classes, (i + 1) * classes)),
    );
  };

  it.each(SETS)('DeLong intervals of max softmax against %s', (set) => {
    const known = values.delong_id_positive[set];
    const placed = placements(confidence('test'), confidence(set));
    const { value, interval, n, method } = delongEstimate(placed.auroc, [placed]);
    expect([value, n, method]).toEqual([expect.closeTo(known.auroc_msp, 9), 1000, 'delong-logit']);
    expect(interval).toEqual(known.logit95.map((end: number) => expect.closeTo(end, 8)));
    const plain = delongEstimate(placed.auroc, [placed], 0.95, 'plain');
    expect(plain.method).toBe('delong');
    expect(plain.interval).toEqual(known.wald95.map((end: number) => expect.closeTo(end, 8)));
  });

  it('AURC and AUGRC of max softmax, both ways', () => {
    const labels = arrays.labels_test!.data;
    const predicted = argmax(logitsOf('test'));
    const wrong = Uint8Array.from(labels, (label, i) => (predicted[i] === label ? 0 : 1));
    const found = selectiveAreas(confidence('test'), wrong)(new Uint8Array(wrong.length).fill(1));
    const known = values.calibration_and_conformal.unscaled;
    expect(found.aurc).toBeCloseTo(known.aurc_mean_over_i_of_cumwrong_over_i, 8);
    expect(found.augrc).toBeCloseTo(known.augrc_mean_over_i_of_cumwrong_over_n, 8);
    expect(found.aurcFdShifts).toBeCloseTo(known.aurc_fd_shifts_trapezoid, 8);
    expect(found.augrcFdShifts).toBeCloseTo(known.augrc_fd_shifts_trapezoid, 8);
  });
});
