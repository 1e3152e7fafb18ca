import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeNpz } from '../../src/data/npz.js';
import { call, global, torchZip } from '../checkpoints/torch-writer.js';
import { smallJem } from '../fuzz/formats.js';
import { assay, folder } from './assay.js';

/** Eight grey images of 8 x 8, which is what the network's card is changed to. */
const images = Uint8Array.from({ length: 8 * 64 }, (_, i) => (37 * i) % 256);

it('from a file of weights to a report: init, a look, and a run', async () => {
  const place = folder();
  writeFileSync(join(place, 'jem.pt'), torchZip(smallJem()));
  writeFileSync(
    join(place, 'test.npz'),
    encodeNpz({
      images: { shape: [8, 8, 8, 1], data: images },
      labels: { shape: [8], data: Int32Array.of(0, 1, 2, 0, 1, 2, 0, 1) },
    }),
  );
  expect(await assay(['init', '--checkpoint', 'jem.pt'], place)).toMatchObject({ code: 0 });
  const card = join(place, 'jem.model.yaml');
  const text = readFileSync(card, 'utf8');
  expect(text).toMatch(
    /^architecture: \{ name: wide-resnet, depth: 10, width: 2, norm: none, leak: 0.2 \}$/m,
  );
  expect(text).toMatch(/^input: \{ shape: \[1, 32, 32\], range: \[-1, 1\] \}$/m);
  expect(text).toMatch(/^# - .*energy_output/m);
  writeFileSync(card, text.replace('[1, 32, 32]', '[1, 8, 8]'));
  const inspected = await assay(['inspect', 'jem.model.yaml'], place);
  expect(inspected).toMatchObject({ code: 0 });
  expect(inspected.stdout).toMatch(/network +wide ResNet \(jem\)[\s\S]*input +x float32 \[N, 1, 8, 8\]/);
  const run = join(place, 'jem.run.yaml');
  writeFileSync(run, readFileSync(run, 'utf8').replace(/^ {2}- attack.*$/m, ''));
  const ended = await assay(['run', 'jem.run.yaml', '--out', 'out'], place);
  expect(ended.stderr).not.toMatch(/error/);
  expect(ended).toMatchObject({ code: 0 });
  const results = JSON.parse(readFileSync(join(place, 'out', 'results.json'), 'utf8'));
  expect(results.measures.map(({ measure }: { measure: string }) => measure)).toContain('accuracy');
});

it('a pickled model is refused with how to export it', async () => {
  const place = folder();
  writeFileSync(join(place, 'model.pt'), torchZip({}, { root: call(global('models.net.Net')) }));
  const ended = await assay(['inspect', 'model.pt'], place);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(/models\.net\.Net[\s\S]*fix .*state_dict\(\)/);
});
