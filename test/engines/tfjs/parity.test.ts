// @module-tag slow
// @module-tag long
// @module-tag tensorflow
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../../src/checkpoints/registry.js';
import { openDataset } from '../../../src/data/open.js';
import type { Engine } from '../../../src/engines/engine.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { createTfjsEngine } from '../../../src/engines/tfjs/engine.js';
import { modelOf } from '../../../src/models/assemble.js';
import type { Model } from '../../../src/models/model.js';
import { openModel } from '../../../src/models/open.js';
import type { LossName } from '../../../src/models/system.js';
import { readReference, relativeError } from '../../models/npz.js';
import { devices } from './devices.js';

const folder = resolve('../shared/reference/networks');
const present = existsSync(join(folder, 'index.json'));
if (!present)
  console.warn(`\n!!! ${folder} is absent: the two engines are compared on the fixtures only !!!\n`);

type Index = Record<string, { input: [number, number, number]; output: string }>;
const index: Index = present ? JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) : {};

/** How far two engines, and each from float64, may be apart: ||difference|| / ||value||. */
const TOLERANCE = 1e-5;

const LOSSES = [
  ['cross-entropy', 'ce'],
  ['log-px', 'logsumexp'],
  ['dlr', 'dlr'],
] as const;

describe.each(devices)('the tfjs engine on %s and the ort engine', (device) => {
  const ort = createOrtEngine({ sessions: 1 });
  let tfjs: Engine;
  beforeAll(async () => {
    tfjs = await createTfjsEngine({ device, sessions: 1 });
  });
  afterAll(async () => {
    await Promise.all([ort.close(), tfjs.close()]);
  });

  const both = async (
    open: (engine: Engine) => Promise<Model>,
    check: (models: Model[]) => Promise<void>,
  ) => {
    const models = await Promise.all([open(tfjs), open(ort)]);
    await check(models);
    await Promise.all(models.map((model) => model.close()));
  };

  it.skipIf(!present).each(Object.entries(index))(
    'agree with each other and with float64 on %s',
    async (name, { input, output }) => {
      const reference = readReference(join(folder, `${name}.npz`));
      const classifies = output === 'logits';
      const { graph } = await readCheckpoint(join(folder, `${name}.onnx`));
      const card = {
        name,
        checkpoint: `${name}.onnx`,
        input: { shape: input },
        ...(classifies ? { classes: 10 } : { energy: { output, sign: -1 as const } }),
      };
      const n = reference.x!.shape[0]!;
      const pixels = Float32Array.from(reference.x!.data);
      const labels = classifies ? Int32Array.from(reference.y!.data) : undefined;
      await both(
        (engine) => modelOf(graph, card, engine),
        async (models) => {
          for (const model of models) expect(model.info.lacks.inputGradient).toBeUndefined();
          const agree = (got: Float32Array[], wanted: ArrayLike<number>, what: string) => {
            expect(relativeError(got[0]!, wanted), `${what}: tfjs, float64`).toBeLessThan(TOLERANCE);
            expect(relativeError(got[0]!, got[1]!), `${what}: tfjs, ort`).toBeLessThan(TOLERANCE);
          };
          const forward = await Promise.all(models.map((model) => model.forward({ n, pixels })));
          if (!classifies) {
            const energies = forward.map(({ logPx }) => (logPx as Float32Array).map((v) => -v));
            agree(energies, reference.output!.data, 'energy');
            const gradients = await Promise.all(models.map((m) => m.gradient({ n, pixels }, 'log-px')));
            agree(
              gradients.map(({ gradient }) => gradient.map((g) => -g)),
              reference.energy_grad!.data,
              'gradient of the energy',
            );
            return;
          }
          agree(
            forward.map(({ logits }) => logits as Float32Array),
            reference.output!.data,
            'logits',
          );
          for (const [loss, key] of LOSSES) {
            const results = await Promise.all(models.map((m) => m.gradient({ n, pixels, labels }, loss)));
            agree(
              results.map((r) => r.loss),
              reference[key]!.data,
              loss,
            );
            agree(
              results.map((r) => r.gradient),
              reference[`${key}_grad`]!.data,
              `gradient of ${loss}`,
            );
          }
        },
      );
    },
    120_000,
  );

  it.each(['plain', 'adversarial', 'jem'])('agree on the fixture %s', async (name) => {
    const card = resolve(`fixtures/models/${name}.model.yaml`);
    await both(
      (engine) => openModel(card, engine),
      async ([left, right]) => {
        const n = 4;
        const data = await openDataset('test', { path: 'data/test.npz' }, { directory: 'fixtures' });
        const { pixels, labels: truth } = await data.read(0, n);
        await data.close();
        // Wrong ones: where the network is sure of the right one, 1 - p(y|x) is a rounding error of float32.
        const labels = truth?.map((label) => (label + 1) % left!.info.classes.length);
        const [a, b] = await Promise.all([left!.forward({ n, pixels }), right!.forward({ n, pixels })]);
        expect(relativeError(a.logits ?? [], b.logits ?? [1])).toBeLessThan(TOLERANCE);
        const losses: LossName[] = ['cross-entropy', 'margin', 'dlr', 'log-px', 'log-pxy', 'logit'];
        for (const loss of losses) {
          const [c, d] = await Promise.all([
            left!.gradient({ n, pixels, labels }, loss),
            right!.gradient({ n, pixels, labels }, loss),
          ]);
          expect(relativeError(c.loss, d.loss), loss).toBeLessThan(TOLERANCE);
          expect(relativeError(c.gradient, d.gradient), loss).toBeLessThan(TOLERANCE);
        }
      },
    );
  });
});
