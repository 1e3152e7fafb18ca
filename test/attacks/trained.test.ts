import { afterAll, describe, expect, it } from 'vitest';
import { runAttack } from '../../src/attacks/scheduler.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { campaign } from './helpers/campaign.js';
import { publicVerdicts, type Trained, trainedPresent, trainedTargets } from './helpers/trained.js';

if (!trainedPresent)
  console.warn(
    '\n!!! trained networks are absent: attacks are NOT compared with the public AutoAttack !!!\n',
  );

const engine = createOrtEngine({ sessions: 2 });
afterAll(() => engine.close());

describe.skipIf(!trainedPresent || !process.env.ASSAY_LONG)('beside the public AutoAttack', () => {
  const cases = (['cifar-baseline', 'cifar-jem', 'trades-mnist'] as Trained[]).flatMap((name) =>
    (trainedPresent ? publicVerdicts(name) : []).map((verdict) => ({ name, ...verdict })),
  );

  it.each(cases)(
    'APGD-CE and APGD-T leave as many examples of $name, $norm $epsilon',
    async ({ name, norm, epsilon, robust, after }) => {
      const given = await trainedTargets(name, 100, engine);
      const attacks = [{ method: 'apgd-ce' }, { method: 'apgd-t' }];
      const { correct, brokenBy } = await runAttack(given, campaign({ attacks, norm, epsilons: [epsilon] }));
      const brokenBefore = (stage: number) => brokenBy.filter((by) => by >= 0 && by <= stage).length;
      const clean = correct.reduce((a, b) => a + b, 0);
      const left = [0, 1].map((stage) => clean - brokenBefore(stage));
      // Other random starts: an example or two may fall to one and not to the other.
      expect(Math.abs(left[0] - (after.get('APGD-CE') ?? Number.NaN))).toBeLessThanOrEqual(2);
      expect(Math.abs(left[1] - (after.get('APGD-T') ?? Number.NaN))).toBeLessThanOrEqual(1);
      const differ = robust.filter((r, i) => r !== (correct[i] && brokenBy[i] < 0 ? 1 : 0));
      expect(differ.length).toBeLessThanOrEqual(2);
    },
    1_800_000,
  );
});
