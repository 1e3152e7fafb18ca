import { afterAll, describe, expect, it } from 'vitest';
import { runAttack } from '../../src/attacks/scheduler.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { campaign } from './helpers/campaign.js';
import { publicVerdicts, trainedPresent, trainedTargets } from './helpers/trained.js';

if (!trainedPresent)
  console.warn('\n!!! trained networks are absent: FAB is NOT compared with the public AutoAttack !!!\n');

const engine = createOrtEngine({ sessions: 2 });
afterAll(() => engine.close());

describe.skipIf(!trainedPresent)('beside the public AutoAttack', () => {
  const cases = trainedPresent ? publicVerdicts('cifar-baseline') : [];

  it.each(cases.filter(({ norm }) => norm === 'L2'))(
    'FAB-T alone breaks what it breaks, $norm $epsilon',
    async ({ norm, epsilon, robust }) => {
      const given = await trainedTargets('cifar-baseline', 20, engine);
      const options = { steps: 30, targets: 3 };
      const found = await runAttack(given, campaign({ method: 'fab-t', norm, options, epsilons: [epsilon] }));
      const left = Array.from(found.correct, (correct, i) => (found.brokenAt[i] >= 0 ? 0 : correct));
      expect(left.filter((one, i) => one !== robust[i]).length).toBeLessThanOrEqual(1);
    },
  );

  it.skipIf(!process.env.ASSAY_LONG).each(cases)(
    'FAB-T breaks next to nothing that APGD leaves, $norm $epsilon',
    async ({ norm, epsilon, after }) => {
      const given = await trainedTargets('cifar-baseline', 100, engine);
      const attacks = [{ method: 'apgd-ce' }, { method: 'apgd-t' }, { method: 'fab-t' }];
      const { correct, brokenBy } = await runAttack(given, campaign({ attacks, norm, epsilons: [epsilon] }));
      const left = correct.filter((one, i) => one === 1 && brokenBy[i] < 0).length;
      expect(brokenBy.filter((by) => by === 2).length).toBeLessThanOrEqual(1);
      expect(Math.abs(left - (after.get('FAB-T') ?? Number.NaN))).toBeLessThanOrEqual(1);
    },
    1_800_000,
  );
});
