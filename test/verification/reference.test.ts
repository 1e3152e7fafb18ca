import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { negated, ONE, ZERO } from '../../src/verification/decimal.js';
import { openNetwork } from '../../src/verification/network.js';
import { type Property, termOfOutput } from '../../src/verification/property.js';
import { answered } from '../../src/verification/verify.js';
import { readReference } from '../models/npz.js';

const reference = resolve('../shared/reference/bounds');
if (!existsSync(reference))
  console.warn(`\n!!! ${reference} is absent: verdicts are NOT compared with auto_LiRPA !!!\n`);

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const [PIXELS, CLASSES] = [784, 10];

/** That any class but the label gets as much, on the box around an image. */
function robustness(x: Float64Array, label: number, eps: number): Property {
  const box = { lower: x.map((p) => Math.max(0, p - eps)), upper: x.map((p) => Math.min(1, p + eps)) };
  const others = Array.from({ length: CLASSES }, (_, j) => j).filter((j) => j !== label);
  return {
    inputs: PIXELS,
    outputs: CLASSES,
    cases: others.map((j) => ({
      box,
      constraints: [
        {
          terms: [termOfOutput(label, ONE), termOfOutput(j, negated(ONE))],
          constant: 0,
          exactly: ZERO,
          strict: false,
        },
      ],
    })),
  };
}

describe.skipIf(!existsSync(reference))('networks that auto_LiRPA bounded', () => {
  it.each([
    ['mlp', '0.02', 'crown-ibp', 20],
    ['mlp', '0.05', 'crown', 20],
    ['cnn', '0.02', 'crown-ibp', 15],
  ] as const)(
    '%s at %s: what it proves by %s is proved, and what its attack breaks is not',
    async (model, eps, method, certified) => {
      const arrays = readReference(join(reference, `${model}_eps${eps}.npz`));
      const file = join(reference, `${model}.onnx`);
      const asked = { inputs: PIXELS, outputs: CLASSES, file: 'made here' };
      const network = await openNetwork(
        engine,
        file,
        asked,
        Float32Array.from(arrays.x!.data.slice(0, 3 * PIXELS)),
      );
      let proved = 0;
      for (let i = 0; i < 20; i++) {
        const x = Float64Array.from(arrays.x!.data.slice(i * PIXELS, (i + 1) * PIXELS));
        const answer = await answered(network, robustness(x, arrays.y!.data[i]!, Number(eps)), {
          seed: 0,
          steps: 20,
          restarts: 1,
          method,
          check: () => undefined,
        });
        if (answer.verdict === 'unsat') proved++;
        if (arrays[`cert_${method.replace('-', '_')}`]!.data[i])
          expect([i, answer.verdict]).toEqual([i, 'unsat']);
        if (!arrays.pgd_survives!.data[i]) expect([i, answer.verdict]).toEqual([i, 'sat']);
      }
      expect(proved).toBe(certified);
      await network.close();
    },
  );
});
