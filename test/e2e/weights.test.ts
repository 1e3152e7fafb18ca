// @module-tag slow
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { encodeNpz } from '../../src/data/arrays/npz.js';
import { activationsOf } from '../architectures/activation-formulas.js';
import { DoubleNetwork } from '../architectures/double-network.js';
import { resnet } from '../architectures/networks.js';
import { call, float32, global, torchZip } from '../checkpoints/torch-writer.js';
import { smallJem } from '../fuzz/formats.js';
import { uniforms } from '../models/networks.js';
import { assay, folder, obeyed } from './assay.js';

const silu = resnet({
  widths: [4, 8, 16, 32],
  blocks: 1,
  shortcut: 'shortcut',
  head: 'linear',
  act: activationsOf.silu,
});

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
  expect(await obeyed(['init', '--checkpoint', 'jem.pt'], place)).toMatchObject({ code: 0 });
  const card = join(place, 'jem.model.yaml');
  const text = readFileSync(card, 'utf8');
  expect(text).toMatch(
    /^architecture: \{ name: wide-resnet, depth: 10, width: 2, norm: none, activation: relu, leak: 0.2 \}$/m,
  );
  expect(text).toMatch(/^input: \{ shape: \[1, 32, 32\], range: \[-1, 1\] \}$/m);
  expect(text).toMatch(/^# - .*energy_output/m);
  writeFileSync(card, text.replace('[1, 32, 32]', '[1, 8, 8]'));
  const inspected = await obeyed(['inspect', 'jem.model.yaml'], place);
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

it('a network whose activation the weights do not tell: a missed accuracy names it, and the key is right', async () => {
  const place = folder();
  const [size, n] = [3 * 16 * 16, 12];
  const net = new DoubleNetwork();
  const bytes = Uint8Array.from(uniforms('bytes', n * size), (u) => Math.floor(256 * u));
  const image = (i: number) => ({
    dims: [3, 16, 16] as const,
    data: Float64Array.from(
      { length: size },
      (_, j) => bytes[i * size + 3 * (j % 256) + Math.floor(j / 256)]! / 255,
    ),
  });
  // The network's own answers are the labels; its bias is moved so that it does not always give the same one.
  const raw = Array.from({ length: n }, (_, i) => [...silu(net, image(i)).data]);
  const means = [0, 1, 2].map((k) => raw.reduce((sum, row) => sum + row[k]! / n, 0));
  const labels = Int32Array.from(raw, (row) => {
    const centred = row.map((v, k) => v - means[k]!);
    return centred.indexOf(Math.max(...centred));
  });
  const bias = new Float32Array(net.tensors['linear.bias']!.bytes.buffer);
  net.tensors['linear.bias'] = float32(
    [3],
    bias.map((v, k) => v - means[k]!),
  );
  writeFileSync(join(place, 'm.pt'), torchZip(net.tensors));
  writeFileSync(
    join(place, 'test.npz'),
    encodeNpz({ images: { shape: [n, 16, 16, 3], data: bytes }, labels: { shape: [n], data: labels } }),
  );
  const run = (out: string, architecture: object | undefined, accuracy?: number) => {
    const card = {
      name: 'm',
      checkpoint: './m.pt',
      input: { shape: [3, 16, 16] },
      classes: 3,
      ...(accuracy !== undefined && { expect: { accuracy } }),
      architecture,
    };
    const file = {
      name: 'r',
      models: [card],
      datasets: { test: { path: './test.npz' } },
      suites: ['accuracy'],
    };
    writeFileSync(join(place, 'r.run.yaml'), stringify(file));
    return obeyed(['run', 'r.run.yaml', '--out', out], place);
  };
  const assumed = await run('assumed', undefined, 1.0);
  const said = await run('said', { name: 'resnet', activation: 'silu' }, 1.0);
  expect(said).toMatchObject({ code: 0 });
  expect(assumed.code).toBe(2);
  expect(assumed.stderr).toMatch(
    /fix +the weights were taken for a ResNet .*activation: relu.*check `architecture` first/,
  );
  expect(await run('unjudged', undefined)).toMatchObject({ code: 0 });
  const { warnings } = JSON.parse(readFileSync(join(place, 'unjudged', 'results.json'), 'utf8'));
  expect(warnings).toContainEqual(
    expect.objectContaining({
      code: expect.stringMatching(/^(not-above-chance|one-class-predicted)$/),
      fix: expect.stringMatching(
        /^check `architecture` first: the weights were taken for a ResNet .*activation: relu/,
      ),
    }),
  );
  const inspected = await obeyed(['inspect', 'm.pt'], place);
  expect(inspected.stdout).toMatch(/do not tell all of the ResNet.*assumed: activation: relu/);
});

it('init for an energy model of one number an image writes suites that run on it', async () => {
  const place = folder();
  const weight = float32(
    [1, 64],
    Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)),
  );
  writeFileSync(join(place, 'energy.pt'), torchZip({ 'fc.weight': weight }));
  expect(await obeyed(['init', '--checkpoint', 'energy.pt'], place)).toMatchObject({ code: 0 });
  expect(readFileSync(join(place, 'energy.model.yaml'), 'utf8')).toMatch(
    /^energy: \{ output: "logits", sign: -1 \}$/m,
  );
  for (const [name, shift] of Object.entries({ test: 0, letters: 100 }))
    writeFileSync(
      join(place, `${name}.npz`),
      encodeNpz({ images: { shape: [8, 8, 8, 1], data: images.map((v) => (v + shift) % 256) } }),
    );
  const ended = await obeyed(['run', 'energy.run.yaml', '--out', 'out'], place);
  expect([ended.code, ended.stderr]).toEqual([0, expect.not.stringMatching(/error/)]);
  const { measures } = JSON.parse(readFileSync(join(place, 'out', 'results.json'), 'utf8'));
  expect(measures.map(({ measure }: { measure: string }) => measure)).toContain('auroc');
});

it('a pickled model is refused with how to export it', async () => {
  const place = folder();
  writeFileSync(join(place, 'model.pt'), torchZip({}, { root: call(global('models.net.Net')) }));
  const ended = await obeyed(['inspect', 'model.pt'], place);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(/models\.net\.Net[\s\S]*fix .*state_dict\(\)/);
});
