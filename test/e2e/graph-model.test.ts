// @module-tag slow
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeNpz } from '../../src/data/arrays/npz.js';
import { smallGraphModel } from '../checkpoints/tfjs/graph-def.js';
import { assay, folder } from './assay.js';

/** Eight grey images of 8 x 8. */
const images = Uint8Array.from({ length: 8 * 64 }, (_, i) => (37 * i) % 256);

it('from a graph model to a report: init, a run on the default engine that says what to do, and a run', async () => {
  const place = folder();
  smallGraphModel().write(place);
  writeFileSync(
    join(place, 'test.npz'),
    encodeNpz({
      images: { shape: [8, 8, 8, 1], data: images },
      labels: { shape: [8], data: Int32Array.of(0, 1, 2, 0, 1, 2, 0, 1) },
    }),
  );
  const started = await assay(['init', '--checkpoint', 'model.json'], place);
  expect(started).toMatchObject({ code: 0, stdout: expect.stringMatching(/assay run .* --engine tfjs/) });
  expect(readFileSync(join(place, 'model.model.yaml'), 'utf8')).toMatch(
    /^input: \{ shape: \[1, 8, 8\], range: \[0, 1\], layout: NHWC \}\nclasses: 3\noutputs: \{ logits: "scores" \}$/m,
  );
  const run = join(place, 'model.run.yaml');
  writeFileSync(
    run,
    readFileSync(run, 'utf8').replace(/^ {2}- attack.*$/m, '  - attack: { epsilons: [8/255], steps: 2 }'),
  );
  const refused = await assay(['run', 'model.run.yaml', '--out', 'out'], place);
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/model\.json[\s\S]*--engine tfjs/),
  });
  const ended = await assay(['run', 'model.run.yaml', '--out', 'out', '--engine', 'tfjs'], place);
  expect(ended.stderr).not.toMatch(/error/);
  expect(ended).toMatchObject({ code: 0 });
  const results = JSON.parse(readFileSync(join(place, 'out', 'results.json'), 'utf8'));
  expect(results.measures.map(({ measure }: { measure: string }) => measure)).toContain('robust-accuracy');
}, 120_000);
