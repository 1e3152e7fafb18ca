import { afterAll, describe, expect, it } from 'vitest';
import { autoattack } from '../../src/attacks/compositions.js';
import { type Attacked, runAttack } from '../../src/attacks/scheduler.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { attackPlan } from './helpers/attack-plan.js';
import { publicVerdicts, type Trained, trainedPresent, trainedTargets } from './helpers/trained.js';

if (!trainedPresent)
  console.warn(
    '\n!!! trained networks are absent: attacks are NOT compared with the public AutoAttack !!!\n',
  );

const engine = createOrtEngine({ sessions: 2 });
afterAll(() => engine.close());

const verdictsOf = (name: Trained) => (trainedPresent ? publicVerdicts(name) : []);
const cases = (['cifar-baseline', 'cifar-jem', 'trades-mnist'] as const).flatMap((name) =>
  verdictsOf(name).map((verdict) => ({ name, ...verdict })),
);

/** Who is classified correctly and stands. */
const standing = ({ correct, brokenAt }: Attacked) =>
  Array.from(correct, (one, i) => (one === 1 && brokenAt[i]! < 0 ? 1 : 0));

describe.skipIf(!trainedPresent)('a few images beside the verdicts of the public AutoAttack', () => {
  it.each(verdictsOf('cifar-baseline').filter(({ norm }) => norm === 'L2'))(
    'FAB-T alone, $norm $epsilon',
    async ({ norm, epsilon, robust }) => {
      const given = await trainedTargets('cifar-baseline', 20, engine);
      const options = { steps: 30, targets: 3 };
      const found = await runAttack(
        given,
        attackPlan({ method: 'fab-t', norm, options, epsilons: [epsilon] }),
      );
      expect(standing(found).filter((one, i) => one !== robust[i]).length).toBeLessThanOrEqual(1);
    },
  );

  it('version fast', async () => {
    const { norm, epsilon, robust } = verdictsOf('cifar-jem')[1]!;
    const given = await trainedTargets('cifar-jem', 20, engine);
    const attacks = autoattack.get('fast')?.stages(norm) ?? [];
    const found = await runAttack(given, attackPlan({ attacks, norm, epsilons: [epsilon] }));
    expect(standing(found)).toEqual(robust.slice(0, 20));
  });
});

describe.skipIf(!trainedPresent || !process.env.ASSAY_LONG)('AutoAttack beside the public one', () => {
  /** Robust examples beyond the public count, by case. */
  const above: number[] = [];

  it.each(cases)(
    'standard on $name, $norm $epsilon',
    { tags: ['long'], timeout: 3_600_000 },
    async ({ name, norm, epsilon, robust, after }) => {
      const given = await trainedTargets(name, 100, engine);
      const attacks = autoattack.get('standard')?.stages(norm) ?? [];
      const found = await runAttack(given, attackPlan({ attacks, norm, epsilons: [epsilon] }));
      const left = (stage: number) =>
        Array.from(found.correct).filter(
          (one, i) => one && !(found.brokenBy[i]! >= 0 && found.brokenBy[i]! <= stage),
        );
      // Other random starts: an example or two may fall to one and not to the other.
      for (const [stage, attack] of ['APGD-CE', 'APGD-T', 'FAB-T', 'SQUARE'].entries()) {
        const theirs = after.get(attack) ?? Number.NaN;
        expect(Math.abs(left(stage).length - theirs), attack).toBeLessThanOrEqual(2);
      }
      const extra = left(3).length - robust.reduce((a, b) => a + b, 0);
      expect(extra).toBeLessThanOrEqual(1);
      above.push(extra);
      for (const kind of ['gradient', 'forward'] as const) {
        const plain = kind === 'gradient' ? found.naiveGradient : found.naiveForward;
        attacks.forEach((_, stage) => {
          const sum = (counts: Int32Array) =>
            counts.reduce((total, passes, at) => (at % attacks.length === stage ? total + passes : total), 0);
          expect(sum(found[kind])).toBeLessThanOrEqual(sum(plain));
        });
      }
    },
  );

  it('is not above it in the sum over all of them', { tags: ['long'] }, () => {
    expect(above).toHaveLength(cases.length);
    expect(above.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(0);
  });
});
