import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../../src/data/open.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { NoisySystem } from '../../../src/models/defences/noise.js';
import { openModel } from '../../../src/models/open.js';
import { stream } from '../../../src/random/stream.js';
import { scores } from '../../../src/scores/registry.js';
import { gradientNorms } from '../../../src/suites/measurements/input-gradient.js';

/**
 * Beside the public code's conventions in PyTorch, score by score: `ASSAY_TORCH=PYTHON npx vitest run
 * test/suites/jem/published.test.ts`, PYTHON having PyTorch. For development only.
 */
const python = process.env.ASSAY_TORCH;
const trained = resolve('../shared/reference/trained');
const script = fileURLToPath(new URL('./published.py', import.meta.url));
const COUNT = 40;
const STD = 0.03;

describe.skipIf(!python || !existsSync(trained))(
  'a JEM behind noise, as the public code evaluates it',
  () => {
    const engine = createOrtEngine({ sessions: 1 });
    const folder = mkdtempSync(join(tmpdir(), 'assay-published-'));
    afterAll(async () => {
      await engine.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it.each(['cifar10-test-500', 'ood-interpolated', 'ood-noise'])('scores alike on %s', async (set) => {
      const checkpoint = join(trained, 'cifar-jem.pt');
      const card = { name: 'jem', checkpoint, input: { shape: [3, 32, 32], range: [-1, 1] }, classes: 10 };
      const model = await openModel(card, engine);
      const system = new NoisySystem(model, { std: STD }, 'noisy');
      const data = await openDataset(
        set,
        { path: join(trained, `${set}.npz`), limit: COUNT },
        { directory: '.' },
      );
      const { pixels } = await data.read(0, COUNT);
      const keys = Array.from({ length: COUNT }, (_, example) => ({ seed: 1, purpose: 'clean', example }));
      const batch = { n: COUNT, pixels, keys };
      const outputs = await system.forward(batch);
      const { gradient } = await system.gradient(batch, 'log-px');
      await model.close();
      await data.close();

      const noisy = pixels.slice();
      for (const [i, key] of keys.entries()) {
        const draws = stream({ ...key, purpose: 'clean/input-noise' });
        for (let p = 0; p < 3072; p++) noisy[i * 3072 + p]! += (STD / 2) * draws.normal();
      }
      const file = join(folder, `${set}.bin`);
      writeFileSync(
        file,
        Buffer.concat([pixels, noisy].map((all) => Buffer.from(all.buffer, 0, all.byteLength))),
      );
      const theirs = JSON.parse(
        execFileSync(python ?? '', [script, checkpoint, file, String(COUNT)], { encoding: 'utf8' }),
      );
      expect(theirs.noise).toBeCloseTo(STD, 3);
      const inputs = {
        n: COUNT,
        logits: { n: COUNT, classes: 10, data: outputs.logits ?? [] },
        logPx: outputs.logPx ?? [],
        logPxGradientNorm: gradientNorms(gradient, COUNT, system.info.inputScale),
      };
      for (const id of ['log-px', 'max-softmax', 'approximate-mass'] as const) {
        const ours = scores.named(id).compute(inputs, { temperature: 1 });
        const off = theirs[id].map(
          (wanted: number, i: number) => Math.abs(ours[i]! - wanted) / Math.max(1, Math.abs(wanted)),
        );
        expect(Math.max(...off), `${id} on ${set}`).toBeLessThan(1e-4);
      }
    });
  },
);
