// @module-tag slow
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import { writeOnnx } from '../../src/graph/write.js';
import { assay, folder, obeyed } from './assay.js';
import { network, project, savedResults } from './project.js';

const SCORE = `
import { definePlugin } from 'assay/plugin';
import { required } from 'assay/score';

/** The logit of the first class. */
const firstLogit = {
  id: 'first-logit', title: 'First logit', label: 'first logit', source: 'a test', needs: ['logits'],
  compute(inputs) {
    const { n, classes, data } = required(inputs.logits, 'logits');
    return Float64Array.from({ length: n }, (_, i) => data[i * classes]);
  },
  rounding: (_inputs, values) => new Float64Array(values.length),
};
export default definePlugin({ name: 'first', scores: [firstLogit] });
`;

/** A format of checkpoints: an ONNX file behind one byte. */
const FORMAT = `
import { readFile, writeFile } from 'node:fs/promises';
import { definePlugin } from 'assay/plugin';

const shifted = {
  name: 'shifted', title: 'ONNX behind a byte', extensions: ['.shifted'],
  recognises: ({ extension }) => extension === '.shifted',
  async read(head, request) {
    const plain = head.file + '.onnx';
    await writeFile(plain, (await readFile(head.file)).subarray(1));
    const onnx = [...request.checkpointFormats].find(({ name }) => name === 'onnx');
    return { ...(await onnx.read({ ...head, file: plain, extension: '.onnx' }, request)), format: 'shifted' };
  },
};
export default definePlugin({ name: 'shifted', checkpointFormats: [shifted] });
`;

/** Puts other results in the place of those that it is given, as a run does meanwhile. */
const REPLACING = `
import { readFileSync, writeFileSync } from 'node:fs';
import { definePlugin } from 'assay/plugin';
const replacing = {
  name: 'replacing', title: 'A run meanwhile',
  render: async () => {
    const results = JSON.parse(readFileSync('out/results.json', 'utf8'));
    writeFileSync('out/results.json', JSON.stringify({ ...results, digest: 'f'.repeat(64) }));
    return [];
  },
};
export default definePlugin({ name: 'meanwhile', renderers: [replacing] });
`;

const RENDERER = `
import { definePlugin } from 'assay/plugin';
const summary = {
  name: 'summary', title: 'A summary',
  render: async ({ measures }) => [{ path: 'a/b.txt', content: String(measures.length) }],
};
const count = {
  name: 'count', title: 'How many measures',
  export: async ({ measures }, { organization }) => ({
    files: [{ path: 'count.txt', content: organization + ' ' + measures.length }],
    leftOut: ['everything else'],
  }),
};
const outside = { ...count, name: 'outside', export: async () => ({ files: [{ path: '../x', content: '' }], leftOut: [] }) };
export default definePlugin({ name: 'of-the-house', renderers: [summary], exporters: [count, outside] });
`;

describe('--plugin', () => {
  it('gives `assay score --scores` the scores of a plug-in', async () => {
    const at = folder();
    const of = (first: readonly number[]) =>
      encodeNpy({ shape: [first.length, 2], data: Float32Array.from(first.flatMap((v) => [v, 0])) });
    writeFileSync(join(at, 'test.npy'), of([3, 4, 5, 1]));
    writeFileSync(join(at, 'far.npy'), of([0, 2, -1]));
    writeFileSync(join(at, 'first.mjs'), SCORE);
    const args = ['score', '--logits', 'test.npy', '--ood', 'far:far=far.npy', '--out', 'out'];
    const plugin = ['--plugin', './first.mjs'];
    const { code, stderr } = await assay([...args, '--scores', 'first-logit', ...plugin], at);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const auroc = savedResults(join(at, 'out')).measures.find(({ measure }) => measure === 'auroc');
    // Of 12 pairs one is the wrong way round: 1 against 2.
    expect(auroc).toMatchObject({ params: { score: 'first-logit' }, value: 11 / 12 });

    const unknown = await assay([...args, '--scores', 'first-logits', ...plugin], at);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "first-logit"') });
    writeFileSync(join(at, 'suites.yaml'), 'suites: [ood]\n');
    expect(await obeyed([...args, '--suites', 'suites.yaml', ...plugin], at)).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/--plugin does not go with --suites[\s\S]*plugins: \[\.\/first\.mjs\]/),
    });
  });

  it('gives `assay inspect` the checkpoint formats of a plug-in', async () => {
    const at = folder();
    const onnx = writeOnnx(network());
    writeFileSync(join(at, 'net.shifted'), Buffer.concat([Buffer.of(0), onnx]));
    writeFileSync(join(at, 'shifted.mjs'), FORMAT);
    const { code, stdout, stderr } = await assay(
      ['inspect', 'net.shifted', '--plugin', './shifted.mjs', '--json'],
      at,
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ format: 'shifted', gradient: { available: true } });
    expect(await obeyed(['inspect', 'net.shifted'], at)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('not a checkpoint of any known format'),
    });
  });

  it('lets `assay report` and `assay export` write what renderers and exporters of a plug-in make', async () => {
    const at = folder();
    project(at, { suites: ['accuracy'] });
    expect(await assay(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
    writeFileSync(join(at, 'summary.mjs'), RENDERER);
    const { code, stderr } = await assay(['report', 'out', '--plugin', './summary.mjs'], at);
    expect([code, stderr]).toEqual([0, '']);
    const { measures } = savedResults(join(at, 'out'));
    expect(readFileSync(join(at, 'out/reports/summary/a/b.txt'), 'utf8')).toBe(String(measures.length));

    const exported = (name: string) =>
      assay(['export', name, 'out', '--organization', 'us', '--plugin', './summary.mjs'], at);
    expect(await exported('count')).toMatchObject({ code: 0, stderr: '- left out: everything else\n' });
    expect(readFileSync(join(at, 'out/exports/count/count.txt'), 'utf8')).toBe(`us ${measures.length}`);
    expect(await exported('outside')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the exporter "outside" names a file outside its folder'),
    });

    writeFileSync(join(at, 'replacing.mjs'), REPLACING);
    expect(await assay(['report', 'out', '--plugin', './replacing.mjs'], at)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/results-stale.*a run has replaced the results while they were read/),
    });
  });
});
