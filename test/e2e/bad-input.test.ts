// @module-tag slow
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { assay, cramped, obeyed } from './assay.js';
import { card, images, network, npz, project, runFile, savedResults, unitFiles } from './project.js';

/** One project; each case spoils something of its own in it. */
const at = mkdtempSync(join(tmpdir(), 'assay-bad-'));
const put = (name: string, content: string | Uint8Array | object) =>
  writeFileSync(
    join(at, name),
    typeof content === 'string' || content instanceof Uint8Array ? content : stringify(content),
  );
/** A model of its own, with its card. */
const model = (name: string, graph: Parameters<typeof network>[0], more: object = {}) => {
  put(`${name}.onnx`, writeOnnx(network(graph)));
  put(`${name}.model.yaml`, card(name, more));
};
const good = images(12, 'bad');

interface Case {
  /** What the run file says otherwise. */
  run?: object;
  /** Writes the spoilt files. */
  spoil?: () => void;
  args?: string[];
  code: string;
  /** File, path and found or fix, as printed. */
  says: (RegExp | string)[];
}

const only = (name: string, more: object = {}) => ({
  models: [`./${name}.model.yaml`],
  suites: ['accuracy'],
  ...more,
});
const data = (spec: object, more: object = {}) => ({
  datasets: { test: spec },
  suites: ['accuracy'],
  ...more,
});

const cases: Record<string, Case> = {
  'a run file that is missing': {
    args: ['run', 'absent.yaml'],
    code: 'file-unreadable',
    says: ['absent.yaml'],
  },
  'a run file that is a folder': {
    spoil: () => project(join(at, 'folder.yaml')),
    args: ['run', 'folder.yaml'],
    code: 'file-unreadable',
    says: ['folder.yaml'],
  },
  'a checkpoint in place of a run file': {
    args: ['run', 'sharp.onnx'],
    code: 'config-invalid',
    says: [/assay init/],
  },
  'bad YAML': {
    spoil: () => put('bad.run.yaml', 'models: [./sharp.model.yaml\nsuites: {'),
    args: ['run', 'bad.run.yaml'],
    code: 'config-invalid',
    says: [/bad\.run\.yaml at line \d+, column \d+/],
  },
  'an unknown key': { run: { sede: 1 }, code: 'config-invalid', says: ['at sede', 'did you mean "seed"?'] },
  'an unknown suite': {
    run: { suites: ['acuracy'] },
    code: 'unknown-name',
    says: ['suites[0]', 'did you mean "accuracy"?'],
  },
  'an unknown option of a suite': {
    run: { suites: ['accuracy', { attack: { epsilon: ['8/255'] } }] },
    code: 'config-invalid',
    says: ['bad.run.yaml at suites[1].attack.epsilon', 'did you mean "epsilons"?'],
  },
  'an epsilon that is no number': {
    run: { suites: [{ attack: { epsilons: ['8/0'] } }] },
    code: 'config-invalid',
    says: [/bad\.run\.yaml at suites\[0\]\.attack\.epsilons(\[0\])?/],
  },
  'a model that purifies and is not in the run': {
    run: { suites: [{ purification: { by: 'shrap' } }] },
    code: 'config-invalid',
    says: ['bad.run.yaml at suites[0].purification.by', 'did you mean "sharp"?'],
  },
  'a gate without a limit': {
    run: { gates: [{ measure: 'ece' }] },
    code: 'config-invalid',
    says: ['gates[0]', /add min/],
  },
  'a plugin that does not load': {
    spoil: () => put('broken.mjs', 'export const suite = defineSuit({'),
    run: { plugins: ['./broken.mjs'] },
    code: 'plugin-invalid',
    says: ['plugins[0]', /Unexpected|Unterminated/],
  },
  'a plugin without a suite': {
    spoil: () => put('empty.mjs', 'export const answer = 42;'),
    run: { plugins: ['./empty.mjs'] },
    code: 'plugin-invalid',
    says: ['plugins[0]', 'the exports answer'],
  },
  'a plugin that takes the name of another suite': {
    spoil: () =>
      put(
        'twin.mjs',
        `import { defineSuite, Type } from 'assay';
        export default defineSuite({ name: 'accuracy', title: 'Mine', description: '', options: Type.Object({}), needs: [],
          plan: () => [], summarise: () => ({ measures: [] }) });`,
      ),
    run: { plugins: ['./twin.mjs'] },
    code: 'config-invalid',
    says: ['plugins', 'two suites are called "accuracy"', 'one of Assay itself'],
  },
  'a plugin that is not there': {
    run: { plugins: ['./gone.mjs'] },
    code: 'file-unreadable',
    says: ['plugins[0]', /gone\.mjs/],
  },
  'a plugin package that is not installed': {
    run: { plugins: ['assay-suite-of-nobody'] },
    code: 'file-unreadable',
    says: ['plugins[0]', 'npm install assay-suite-of-nobody'],
  },
  'a defence by an unknown model': {
    run: { defences: [{ name: 'd', model: 'sharp', purify: { by: 'shrap', steps: 1 } }] },
    code: 'unknown-name',
    says: ['defences[0].purify.by', 'did you mean "sharp"?'],
  },
  'an unknown defence': {
    run: { defences: [{ name: 'd', model: 'sharp', purfy: { by: 'sharp' } }] },
    code: 'unknown-name',
    says: ['defences[0]', 'did you mean "purify"?'],
  },
  'an unknown key of a defence': {
    run: { defences: [{ name: 'd', model: 'sharp', purify: { by: 'sharp', stpes: 1 } }] },
    code: 'config-invalid',
    says: ['bad.run.yaml at defences[0].purify.stpes', 'did you mean "steps"?'],
  },
  'an unknown key of a gate': {
    run: { gates: [{ measure: 'ece', mni: 1 }] },
    code: 'config-invalid',
    says: ['bad.run.yaml at gates[0].mni', 'did you mean "min"?'],
  },
  'two models of one name': {
    run: { models: ['./sharp.model.yaml', './sharp.model.yaml'] },
    code: 'config-invalid',
    says: ['models[1]', 'two systems are called "sharp"'],
  },
  'two models whose names are one as names of files': {
    spoil: () => put('dash.model.yaml', card('Sharp', { checkpoint: './sharp.onnx' })),
    run: { models: ['./sharp.model.yaml', './dash.model.yaml'] },
    code: 'config-invalid',
    says: ['"sharp"', '"Sharp"', 'same files', 'another `name`'],
  },
  'a model called as the images themselves are': {
    spoil: () => put('clean.model.yaml', card('clean', { checkpoint: './sharp.onnx' })),
    run: only('clean'),
    code: 'config-invalid',
    says: ['what is kept as "clean"', 'system "clean"', 'another `name`'],
  },
  'a card that is missing': { run: only('absent'), code: 'file-unreadable', says: [/absent\.model\.yaml/] },
  'an unknown key in a card': {
    spoil: () => put('key.model.yaml', card('sharp', { clases: 3 })),
    run: only('key'),
    code: 'config-invalid',
    says: [/key\.model\.yaml at clases/, 'did you mean "classes"?'],
  },
  'a checkpoint that is missing': {
    spoil: () => put('lost.model.yaml', card('lost')),
    run: only('lost'),
    code: 'file-unreadable',
    says: [/lost\.onnx/],
  },
  'a checkpoint that is not ONNX': {
    spoil: () => {
      put('text.onnx', 'This is not a network, whatever its name says.');
      put('text.model.yaml', card('text'));
    },
    run: only('text'),
    code: 'file-malformed',
    says: [/text\.onnx/],
  },
  'a checkpoint that is cut short': {
    spoil: () => {
      model('cut', {});
      truncateSync(join(at, 'cut.onnx'), 300);
    },
    run: only('cut'),
    code: 'file-malformed',
    says: [/cut\.onnx/],
  },
  'another checkpoint than the card was written for': {
    spoil: () => model('hash', {}, { sha256: '0'.repeat(64) }),
    run: only('hash'),
    code: 'model-invalid',
    says: [/hash\.onnx at sha256/],
  },
  "a shape that is not the graph's": {
    spoil: () => model('shape', {}, { input: { shape: [3, 6, 6] } }),
    run: only('shape'),
    code: 'shape-mismatch',
    says: [/shape\.model\.yaml at input\.shape/],
  },
  "a number of classes that is not the graph's": {
    spoil: () => model('classes', {}, { classes: 10 }),
    run: only('classes'),
    code: 'shape-mismatch',
    says: [/classes\.model\.yaml at classes/],
  },
  'probabilities that no softmax node makes': {
    spoil: () =>
      model('softmax', {
        head: (b, logits) => {
          const odds = b.op('Exp', [logits]);
          const total = b.op('ReduceSum', [odds, b.ints([1])]);
          b.outputAs(b.op('Div', [odds, total]), 'out', 'float32', ['N', 3]);
        },
      }),
    run: only('softmax'),
    code: 'model-invalid',
    says: [/softmax\.onnx/, 'softmaxOutput: true'],
  },
  'NaN in the weights': {
    spoil: () => model('nan', { gain: Number.NaN }),
    run: only('nan'),
    code: 'model-invalid',
    says: [/NaN/, /"nan"|nan\.onnx/],
  },
  'infinite logits': {
    spoil: () => model('infinite', { gain: 3e38 }),
    run: only('infinite'),
    code: 'model-invalid',
    says: [/[Ii]nfinit/, /"infinite"|infinite\.onnx/],
  },
  'an expected accuracy that is missed': {
    spoil: () => model('claim', { gain: -1 }, { expect: { accuracy: 0.99 } }),
    run: only('claim'),
    code: 'expectation-missed',
    says: [/claim\.model\.yaml at expect\.accuracy/, /99\.00 % within 1\.00 %/, /of 12/],
  },
  'data that are missing': {
    run: data({ path: './absent.npz' }),
    code: 'file-unreadable',
    says: [/absent\.npz/],
  },
  'data that are cut short': {
    spoil: () => {
      put('cut.npz', npz(good));
      truncateSync(join(at, 'cut.npz'), 200);
    },
    run: data({ path: './cut.npz' }),
    code: 'file-malformed',
    says: [/cut\.npz/],
  },
  'pixels outside [0, 1]': {
    spoil: () => put('range.npz', npz({ ...good, pixels: Float32Array.from(good.pixels, (v) => v / 100) })),
    run: data({ path: './range.npz' }),
    code: 'data-invalid',
    says: [/range\.npz/, /\[0, 1\]/],
  },
  'pixels that are NaN': {
    spoil: () =>
      put(
        'nan.npz',
        npz({ ...good, pixels: Float32Array.from(good.pixels, (_, i) => (i === 40 ? Number.NaN : 0.5)) }),
      ),
    run: data({ path: './nan.npz' }),
    code: 'data-invalid',
    says: [/nan\.npz/, /NaN/],
  },
  'labels out of range': {
    spoil: () =>
      put('labels.npz', npz({ ...good, labels: Uint8Array.from(good.labels, (l) => (l === 2 ? 7 : l)) })),
    run: data({ path: './labels.npz' }),
    code: 'data-invalid',
    says: [/labels\.npz at example 2/, '0 to 2'],
  },
  'an empty data set': {
    spoil: () => put('empty.npz', npz({ pixels: new Uint8Array(0), labels: new Uint8Array(0) })),
    run: data({ path: './empty.npz' }),
    code: 'data-invalid',
    says: [/empty\.npz|datasets\.test/, /empty|no examples/],
  },
  'an offset beyond the end': {
    run: data({ path: './test.npz', offset: 1000 }),
    code: 'data-invalid',
    says: [/test\.npz|datasets\.test/],
  },
  'an unknown key of a data set': {
    run: data({ path: './test.npz', limt: 3 }),
    code: 'config-invalid',
    says: ['bad.run.yaml at datasets.test.limt', 'did you mean "limit"?'],
  },
  'images of another size than the model takes': {
    spoil: () => put('size.npz', npz({ pixels: new Uint8Array(3 * 25), labels: new Uint8Array(3) }, 5)),
    run: data({ path: './size.npz' }),
    code: 'shape-mismatch',
    says: ['bad.run.yaml at datasets.test', '[1, 6, 6]', '[1, 5, 5]'],
  },
  'an output that is a file': {
    spoil: () => put('taken', 'a file'),
    args: ['run', 'small.run.yaml', '--out', 'taken'],
    code: 'output-unwritable',
    says: ['taken/units', '--out'],
  },
  'a device that the engine does not have': {
    args: ['run', 'small.run.yaml', '--out', 'out', '--device', 'wasm'],
    code: 'unknown-name',
    says: ['device of the ort engine', 'one of cpu, webgpu, cuda'],
  },
  'a folder that holds no run': {
    args: ['gate', '.'],
    code: 'file-unreadable',
    says: ['results.json', 'assay run'],
  },
  'results that are no JSON': {
    spoil: () => {
      project(join(at, 'junk'));
      put('junk/results.json', '{"version": 1,');
    },
    args: ['report', 'junk'],
    code: 'file-malformed',
    says: ['junk/results.json'],
  },
  'results of another format': {
    spoil: () => {
      project(join(at, 'old'));
      put('old/results.json', '{"version": 2}');
    },
    args: ['report', 'old'],
    code: 'config-invalid',
    says: ['old/results.json'],
  },
};

describe('bad input ends with 2, names its place and a remedy, and loses nothing: ', () => {
  let kept: string[];
  beforeAll(async () => {
    project(at, { suites: ['accuracy'] }, 12);
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
    kept = unitFiles(join(at, 'out'));
  });
  afterAll(() => rmSync(at, { recursive: true, force: true }));

  it.each(Object.entries(cases))('%s', async (name, { spoil, run, args, code, says }) => {
    spoil?.();
    const file = `${name.replace(/[^a-z]+/gi, '-')}.bad.run.yaml`;
    if (run) put(file, runFile({ datasets: { test: { path: './test.npz' } }, suites: ['accuracy'], ...run }));
    const words = args ?? ['run', file, '--out', 'out', '--quiet'];
    // In this process a plug-in would be loaded by the test runner instead of Node.
    const ended = await (args || (run && 'plugins' in run) ? assay : obeyed)(words, at);
    expect(ended.stderr).toContain(`error[${code}]`);
    for (const part of says) expect(ended.stderr).toMatch(part);
    expect(ended.stderr).toMatch(/^ {2}fix {6}\S/m);
    expect(ended.stderr).not.toMatch(/\.js:\d+/);
    expect(ended.code).toBe(2);
    expect(unitFiles(join(at, 'out'))).toEqual(expect.arrayContaining(kept));
  });

  it('NaN that only some images bring up: those examples are told and counted apart, the rest goes on', async () => {
    // The root of 0.8 - mean is NaN for the image that is all white, and for no noise.
    model('sometimes', {
      head: (b, logits, image) => {
        const axes = b.constant({ type: 'int64', dims: [1], data: BigInt64Array.of(1n) });
        const flat = b.op('Reshape', [image, b.ints([-1, 36])]);
        const mean = b.op('ReduceMean', [flat, axes]);
        const root = b.op('Sqrt', [b.op('Sub', [b.constant(floats([], [0.8])), mean])]);
        b.outputAs(b.op('Add', [logits, root]), 'logits', 'float32', ['N', 3]);
      },
    });
    const pixels = Uint8Array.from(good.pixels, (v, i) => (i < 36 ? 255 : v));
    put('white.npz', npz({ ...good, pixels }));
    put(
      'sometimes.run.yaml',
      runFile({
        models: ['./sometimes.model.yaml', './flat.model.yaml'],
        datasets: { test: { path: './white.npz' } },
        suites: ['accuracy'],
      }),
    );
    const { code } = await assay(['run', 'sometimes.run.yaml', '--out', 'part'], at);
    expect(code).toBe(0);
    const { status, measures, warnings } = savedResults(join(at, 'part'));
    expect(status).toBe('complete');
    const accuracies = measures.filter(({ measure }) => measure === 'accuracy');
    expect(accuracies.map(({ model, n }) => [model, n])).toEqual([
      ['sometimes', 11],
      ['flat', 12],
    ]);
    expect(warnings).toContainEqual(
      expect.objectContaining({ code: 'failed-examples', severity: 'serious', model: 'sometimes' }),
    );
  });

  it.skipIf(process.platform === 'win32')('a disk that is full: what was measured is kept', async () => {
    const place = join(at, 'large');
    project(place);
    const full = await cramped(['run', 'small.run.yaml', '--out', 'full'], place, 8);
    expect(full.stderr).toMatch(
      /error\[output-unwritable\].*in {7}full\/units\/\w+\.unit.*measured so far (is|are) kept/s,
    );
    expect(full.code).toBe(2);
    const measured = unitFiles(join(place, 'full')).length;
    expect(measured).toBeGreaterThan(0);
    const again = await obeyed(['run', 'small.run.yaml', '--out', 'full'], place);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining(`${measured} of them reused`) });
  });

  it.skipIf(process.platform === 'win32')('a disk that is full when the report comes', async () => {
    const place = join(at, 'late');
    project(place, { suites: ['accuracy', { ood: { resamples: 100 } }] });
    const full = await cramped(['run', 'small.run.yaml', '--out', 'full'], place, 16);
    expect(full.stderr).toMatch(
      /error\[output-unwritable\].*in {7}full\/(results\.json|examples|report\.html)/s,
    );
    expect(full.stderr).toMatch(/everything measured is kept|nothing is measured again/);
    expect(full.code).toBe(2);
    const measured = unitFiles(join(place, 'full')).length;
    const again = await obeyed(['run', 'small.run.yaml', '--out', 'full'], place);
    expect(again).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(`^nothing to do: ${measured} units reused\n`),
    });
  });

  it('--debug adds the stack', async () => {
    const { code, stderr } = await assay(['run', 'absent.yaml', '--debug'], at);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/\.js:\d+/)]);
  });
});
