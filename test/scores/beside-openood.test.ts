import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { logSumExp } from '../../src/metrics/softmax.js';
import type { ScoreOptions } from '../../src/scores/score.js';
import { readReference } from '../models/npz.js';
import { fitTo, type Seen, scoreOf } from './fit-to.js';

const folder = resolve('../shared/reference/ood');
const present = existsSync(resolve(folder, 'features.npz'));
if (!present) console.warn(`\n!!! ${folder} is absent: scores are NOT compared with public code !!!\n`);

/** Score, options, and what the reference calls it; the values are those of OpenOOD's own files, in float64. */
const KNOWN: readonly [id: string, options: ScoreOptions, reference: string][] = [
  ['gen', {}, 'gen'],
  ['kl-matching', {}, 'kl-matching'],
  ['temp-scaled-msp', {}, 'temp-scaled-msp'],
  ['rmds', {}, 'rmds'],
  ['mds++', {}, 'mds++'],
  ['dice', {}, 'dice-90'],
  ['ash-p', {}, 'ash-p-90'],
  ['ash-b', {}, 'ash-b-90'],
  ['ash-s', {}, 'ash-s-90'],
  ['scale', {}, 'scale-85'],
  ['she', {}, 'she'],
  ['nnguide', { k: 10 }, 'nnguide-10'],
  ['fdbd', {}, 'fdbd'],
  ['nci', {}, 'nci'],
  ['relation', {}, 'relation'],
  ['gradnorm', {}, 'gradnorm'],
  ['residual', { dimensions: 32 }, 'residual-32'],
  ['vra', {}, 'vra'],
];

describe.skipIf(!present)('beside public code, image by image', () => {
  const arrays = present ? readReference(resolve(folder, 'features.npz')) : {};
  const known = present ? readReference(resolve(folder, 'scores.npz')) : {};
  const lastLayer = { weight: arrays.W?.data ?? [], bias: arrays.b?.data ?? [] };
  const seen = (name: string): Seen => {
    const { shape, data } = arrays[`features_${name}`]!;
    const logits = arrays[`logits_${name}`]!;
    const given = { n: shape[0]!, classes: logits.shape[1]!, data: logits.data };
    return {
      features: { n: shape[0]!, width: shape[1]!, data },
      logits: given,
      logPx: logSumExp(given),
      ...(arrays[`labels_${name}`] && { labels: Int32Array.from(arrays[`labels_${name}`]!.data) }),
    };
  };

  it.each(KNOWN)('%s %j is %s', async (id, options, reference) => {
    const statistics = await fitTo(id, seen('train'), { classes: 10, lastLayer, part: 512 }, options);
    for (const name of ['test', 'interpolated', 'digits', 'noise']) {
      const { features, logits } = seen(name);
      const given = { features, ...(logits && { logits }), lastLayer, ...(statistics && { statistics }) };
      const values = scoreOf(id, given, options);
      const wanted = known[`${reference}/${name}`]!.data;
      const worst = Math.max(...values.map((v, i) => Math.abs(v - wanted[i]!) / Math.abs(wanted[i]!)));
      expect(worst, `${name}: ${values.slice(0, 3)} for ${wanted.slice(0, 3)}`).toBeLessThan(1e-8);
    }
  });
});
