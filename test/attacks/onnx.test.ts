import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AttackInputs } from '../../src/attacks/attack-plan.js';
import { runAttack } from '../../src/attacks/scheduler.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { argmax } from '../../src/metrics/softmax.js';
import { PurifiedSystem } from '../../src/models/defences/purification.js';
import type { System } from '../../src/models/system.js';
import { convolutional, convolutionalCard, open, uniforms } from '../models/networks.js';
import { attackPlan as attackPlanOf, type Wanted } from './helpers/attack-plan.js';

const [CLASSES, PIXELS] = [5, 64];
const engine = createOrtEngine({ sessions: 2 });
let model: System;
beforeAll(async () => {
  model = await open(engine, convolutional(), convolutionalCard);
});
afterAll(() => engine.close());

const attackPlan = (wanted: Wanted = {}) =>
  attackPlanOf({ options: { steps: 8 }, epsilons: ['2/255', '8/255', '32/255'], ...wanted });

async function targets(system: System, n = 60): Promise<AttackInputs> {
  const pixels = uniforms('onnx attack', n * PIXELS);
  const indices = Int32Array.from({ length: n }, (_, i) => i);
  const keys = Array.from(indices, (example) => ({ seed: 4, purpose: 'clean', example }));
  const { logits = new Float32Array(0) } = await system.forward({ n, pixels, keys });
  const labels = argmax({ n, classes: CLASSES, data: logits });
  return { system, n, indices, pixels, labels, cleanLogits: logits, seed: 4 };
}

describe('a network on onnxruntime', () => {
  it.each(['Linf', 'L2'])('is broken the same in any batches, %s', async (norm) => {
    const given = await targets(model);
    const epsilons = norm === 'L2' ? [0.05, 0.2, 0.5] : ['2/255', '8/255', '32/255'];
    const wanted = attackPlan({ norm, epsilons });
    const whole = await runAttack(given, wanted);
    const small = await runAttack({ ...given, batchSize: 3, concurrency: 1 }, wanted);
    expect(small.brokenAt).toEqual(whole.brokenAt);
    small.distance.forEach((distance, i) => {
      expect(distance).toBeCloseTo(whole.distance[i]!, 4);
    });
    expect(new Set(whole.brokenAt).size).toBeGreaterThan(1);
  });

  it('what was stored is misclassified in a fresh pass', async () => {
    const given = await targets(model);
    const { pixels, brokenAt, prediction } = await runAttack(given, attackPlan());
    const { logits = [] } = await model.forward({ n: given.n, pixels });
    const again = argmax({ n: given.n, classes: CLASSES, data: logits });
    brokenAt.forEach((at, i) => {
      if (at >= 0) expect(again[i]).not.toBe(given.labels[i]);
      if (at >= 0) expect(again[i]).toBe(prediction[i]);
    });
  });

  it('can be purified, and attacked behind it', async () => {
    const attacked = { gradient: 'straight-through', seed: 'fresh' } as const;
    const chain = { by: 'itself', steps: 2, stepSize: 0.01, noise: 0.01, inputNoise: 0.03, chains: 3 };
    const pure = new PurifiedSystem(model, model, { ...chain, clamp: 'none', ...attacked }, 'pure');
    const given = await targets(pure, 20);
    const wanted = attackPlan({ eot: 2, confirm: 3, options: { steps: 4 } });
    const whole = await runAttack(given, wanted);
    const small = await runAttack({ ...given, batchSize: 2 }, wanted);
    expect(small.brokenAt).toEqual(whole.brokenAt);
    expect(whole.brokenAt.some((at) => at >= 0)).toBe(true);
  });
});
