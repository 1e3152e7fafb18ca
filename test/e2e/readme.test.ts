// @module-tag slow
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import { GraphBuilder } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { stream } from '../../src/random/stream.js';
import { assay, folder } from './assay.js';
import { block } from './page-blocks.js';
import { project, savedResults } from './project.js';

const SIDE = 32;
const PIXELS = 3 * SIDE * SIDE;
/** One of ten horizontal bands. */
const bandOf = (pixel: number) => Math.floor((10 * (Math.floor(pixel / SIDE) % SIDE)) / SIDE);

/** CIFAR-10 records: noise with one of ten bands brighter; of a hundred labels seven lie. */
function records(n: number): Uint8Array {
  const bytes = new Uint8Array(n * (1 + PIXELS));
  for (let i = 0; i < n; i++) {
    const draws = stream({ seed: 3, purpose: 'readme/records', example: i });
    const at = i * (1 + PIXELS);
    bytes[at] = (i + (i % 100 < 7 ? 1 : 0)) % 10;
    for (let p = 0; p < PIXELS; p++)
      bytes[at + 1 + p] = Math.floor(100 * draws.uniform()) + (bandOf(p) === i % 10 ? 120 : 0);
  }
  return bytes;
}

/** Logits are the brightness of the bands. */
function network(): Uint8Array {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 3, SIDE, SIDE]);
  const weight = new Float32Array(PIXELS * 10);
  for (let p = 0; p < PIXELS; p++) weight[p * 10 + bandOf(p)] = 0.02;
  const flat = b.op('Reshape', [x, b.ints([-1, PIXELS])]);
  b.outputAs(b.op('MatMul', [flat, b.constant(floats([PIXELS, 10], weight), 'w')]), 'logits', 'float32', [
    'N',
    10,
  ]);
  return writeOnnx(b.build());
}

describe('the examples of the README and the guide run as they stand there', () => {
  it('a model of one’s own', async () => {
    const at = folder();
    mkdirSync(join(at, 'cifar-10-batches-bin'));
    writeFileSync(join(at, 'cifar-10-batches-bin', 'test_batch.bin'), records(1000));
    const noise = stream({ seed: 4, purpose: 'readme/svhn', example: 0 });
    const data = Uint8Array.from({ length: 50 * PIXELS }, () => Math.floor(256 * noise.uniform()));
    writeFileSync(
      join(at, 'svhn.npz'),
      zipSync({ 'images.npy': encodeNpy({ shape: [50, SIDE, SIDE, 3], data }) }),
    );
    writeFileSync(join(at, 'resnet.onnx'), network());
    for (const file of ['resnet.model.yaml', 'cifar.run.yaml'])
      writeFileSync(join(at, file), block('README.md', file));

    const { code, stdout, stderr } = await assay(
      ['run', 'cifar.run.yaml', '--limit', '20', '--out', 'out'],
      at,
    );
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect(stdout).toContain('2 gates passed');
    const { suites, measures } = savedResults(join(at, 'out'));
    expect(suites.map(({ suite, status }) => `${suite} ${status}`)).toEqual([
      'accuracy ok',
      'calibration ok',
      'attack ok',
      'ood ok',
    ]);
    expect(measures.find((m) => m.measure === 'accuracy' && m.model === 'resnet')).toMatchObject({
      n: 20,
    });
    expect(
      measures.find((m) => m.measure === 'robust-accuracy' && m.model === 'resnet-purified'),
    ).toBeDefined();
  });

  it('a suite of one’s own', async () => {
    const at = folder();
    project(at, { plugins: ['./overconfidence.mjs'], suites: [{ overconfidence: { above: 0.5 } }] });
    writeFileSync(join(at, 'overconfidence.mjs'), block('docs/plugins.md', 'overconfidence.mjs'));
    const { code, stderr } = await assay(['run', 'small.run.yaml', '--out', 'out'], at);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const { measures } = savedResults(join(at, 'out'));
    const own = measures.filter(({ measure }) => measure !== 'failed-examples');
    expect(own.map(({ measure, model, n, params }) => [measure, model, n, params])).toEqual(
      ['sharp', 'flat'].map((model) => ['sure-and-wrong', model, 60, { above: 0.5 }]),
    );
  });
});
