import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { softmax } from '../../../src/metrics/softmax.js';
import { readReference } from '../../models/npz.js';

/** Predictions f_i = (i + .5) / 1000 with outcomes u_i < chance(f_i) for u_i = ((389 i mod 1000) + .5) / 1000. */
export function spread(chance: (f: number) => number) {
  const p = Float64Array.from({ length: 1000 }, (_, i) => (i + 0.5) / 1000);
  const y = Uint8Array.from({ length: 1000 }, (_, i) =>
    ((389 * i) % 1000) + 0.5 < 1000 * chance((i + 0.5) / 1000) ? 1 : 0,
  );
  return { p, y };
}

export const once = (n: number) => new Uint8Array(n).fill(1);

/** Predictions on a coarse grid with 0 and 1, so that ties and edges are common, with outcomes and draws. */
export const drawnPredictions = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 24 }), fc.integer({ min: 0, max: 1 }), fc.nat({ max: 3 })), {
    minLength: 1,
    maxLength: 40,
  })
  .filter((rows) => rows.some(([, , times]) => times > 0))
  .map((rows) => {
    const p = Float64Array.from(rows, ([k]) => k / 24);
    const y = Uint8Array.from(rows, ([, outcome]) => outcome);
    const times = Uint8Array.from(rows, ([, , t]) => t);
    const repeated = rows.flatMap((row) => new Array<typeof row>(row[2]).fill(row));
    return { p, y, times, drawn: { p: repeated.map(([k]) => k / 24), y: repeated.map(([, o]) => o) } };
  });

const folder = resolve('../shared/reference/ood');
export const hasReference = existsSync(folder);
if (!hasReference)
  console.warn(`\n!!! ${folder} is absent: calibration is NOT compared with public packages !!!\n`);

/** Predictions of a trained network, as it is or at the temperature of the reference, and what packages say of them. */
export function reference(kind: 'unscaled' | 'temperature_scaled') {
  const values = JSON.parse(readFileSync(join(folder, 'values.json'), 'utf8'));
  const { logits_test, labels_test } = readReference(join(folder, 'features.npz'));
  const [n, classes] = logits_test!.shape as [number, number];
  const temperature = kind === 'unscaled' ? 1 : values.temperature.T;
  const data = softmax({ n, classes, data: logits_test!.data }, temperature);
  const labels = labels_test!.data;
  const rows = Array.from({ length: n }, (_, i) => data.subarray(i * classes, (i + 1) * classes));
  const p = Float64Array.from(rows, (row) => Math.max(...row));
  const y = Uint8Array.from(rows, (row, i) => Number(row.indexOf(p[i]!) === labels[i]));
  return { p, y, labels, classed: { n, classes, data }, values: values.calibration_and_conformal[kind] };
}
