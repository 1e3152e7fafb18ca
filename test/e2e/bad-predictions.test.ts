import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import { assay, obeyed } from './assay.js';

const at = mkdtempSync(join(tmpdir(), 'assay-bad-score-'));
afterAll(() => rmSync(at, { recursive: true, force: true }));

const put = (name: string, shape: number[], data: Float32Array | Int32Array) =>
  writeFileSync(join(at, name), encodeNpy({ shape, data }));
const rows = (n: number, k: number) => Float32Array.from({ length: n * k }, (_, i) => ((i * 7) % 11) - 5);
put('a.npy', [8, 3], rows(8, 3));
put('b.npy', [8, 3], rows(8, 3).reverse());
put('other.npy', [5, 4], rows(5, 4));
put('far.npy', [5, 3], rows(5, 3));
put('nan.npy', [5, 3], rows(5, 3).fill(Number.NaN, 4, 5));
put('y.npy', [8], Int32Array.of(0, 1, 2, 0, 1, 2, 0, 1));
put('ignored.npy', [8], Int32Array.of(0, 1, 2, -100, 1, 2, 0, 1));
writeFileSync(join(at, 'ignored.csv'), 'label\n0\n1\n-1\n0\n1\n2\n0\n1\n');
put('y9.npy', [8], Int32Array.of(0, 1, 2, 0, 9, 2, 0, 1));
writeFileSync(join(at, 'gates.yaml'), 'gates: [{ measure: accuracy }]');
writeFileSync(join(at, 'suites.yaml'), 'suites: [acuracy]');
writeFileSync(join(at, 'taken'), 'a file');

const A = ['--logits', 'a.npy'];
const Y = ['--labels', 'y.npy'];
const BOTH = ['--logits', 'a=a.npy', '--logits', 'b=b.npy', ...Y];

const cases: Record<string, [args: string[], code: string, ...says: (RegExp | string)[]]> = {
  'logits that are missing': [['--logits', 'absent.npy', ...Y], 'file-unreadable', /absent\.npy/],
  'labels that are no classes': [
    [...A, '--labels', 'y9.npy'],
    'data-invalid',
    /y9\.npy at example 4/,
    '0 to 2',
  ],
  'labels that PyTorch ignores': [
    [...A, '--labels', 'ignored.npy'],
    'data-invalid',
    /ignored\.npy at example 3/,
    /found +-100/,
    'ignore_index',
    'keep = labels >= 0',
  ],
  'labels of nothing, in a table': [
    [...A, '--labels', 'ignored.csv:label'],
    'data-invalid',
    /ignored\.csv at .*example 2/,
    '-1 commonly marks what has no label',
  ],
  'NaN in an OOD set': [
    [...A, ...Y, '--ood', 'far=nan.npy'],
    'data-invalid',
    /nan\.npy at example 1, class 1/,
  ],
  'labels in place of logits': [
    ['--logits', 'y.npy', '--labels', 'a.npy'],
    'shape-mismatch',
    /y\.npy/,
    '--labels',
  ],
  'an OOD set of another model': [
    [...A, ...Y, '--ood', 'o=other.npy'],
    'shape-mismatch',
    /other\.npy/,
    '3 columns',
  ],
  'nothing to measure': [A, 'config-invalid', 'nothing to measure', '--ood NAME=FILE'],
  'models of one name': [
    ['--logits', 'a.npy', '--logits', 'a.npy', ...Y],
    'config-invalid',
    '--logits',
    /"a"/,
  ],
  'models that do not fit': [
    ['--logits', 'a.npy', '--logits', 'other.npy', ...Y],
    'shape-mismatch',
    /other\.npy/,
  ],
  'an OOD set of one model only': [
    [...BOTH, '--ood', 'far@a=far.npy'],
    'config-invalid',
    '--ood far',
    /of "b"/,
  ],
  'an OOD set of an unknown model': [
    [...BOTH, '--ood', 'far@c=far.npy'],
    'unknown-name',
    '--ood far',
    'a, b',
  ],
  'an OOD set of whom': [[...BOTH, '--ood', 'far=far.npy'], 'config-invalid', '--ood far', 'a, b'],
  'an OOD set twice': [
    [...A, ...Y, '--ood', 'f=far.npy', '--ood', 'f=far.npy'],
    'config-invalid',
    'given twice',
  ],
  'an OOD set near and far': [
    [...BOTH, '--ood', 'near:f@a=far.npy', '--ood', 'far:f@b=far.npy'],
    'config-invalid',
    'as near and as far',
  ],
  'an OOD set called test': [
    [...A, ...Y, '--ood', 'test=far.npy'],
    'config-invalid',
    'two data sets',
    /"test"/,
  ],
  'a name that cannot be one': [[...A, ...Y, '--dataset', 'my set'], 'config-invalid', /"my set"/, 'letters'],
  'validation without labels': [
    [...A, ...Y, '--validation-logits', 'far.npy'],
    'config-invalid',
    '--validation-logits',
    '--validation-labels FILE',
  ],
  'validation without logits': [
    [...A, ...Y, '--validation-labels', 'y.npy'],
    'config-invalid',
    '--validation-labels',
    '--validation-logits FILE',
  ],
  'too few class names': [[...A, ...Y, '--classes', 'cat,dog'], 'shape-mismatch', '--classes', '2: cat, dog'],
  'two classes of one name': [[...A, ...Y, '--classes', 'cat,dog,cat'], 'config-invalid', /"cat"/],
  'a file of class names that is missing': [
    [...A, ...Y, '--classes', 'names.txt'],
    'file-unreadable',
    'names.txt',
  ],
  'an unknown score': [
    [...A, '--ood', 'f=far.npy', '--scores', 'enrgy'],
    'unknown-name',
    'did you mean "energy"?',
  ],
  'an unknown suite': [
    [...A, ...Y, '--suites', 'suites.yaml'],
    'unknown-name',
    /suites\.yaml at suites\[0\]/,
  ],
  'options beside suites': [
    [...A, ...Y, '--suites', 'suites.yaml', '--bins', '3'],
    'config-invalid',
    '--bins',
  ],
  'a gate without a limit': [
    [...A, ...Y, '--gates', 'gates.yaml'],
    'config-invalid',
    /gates\.yaml at gates\[0\]/,
  ],
  'an output that is a file': [[...A, ...Y, '--out', 'taken'], 'output-unwritable', 'taken/units'],
};

describe('bad input to `assay score` ends with 2, its place and a remedy: ', () => {
  it.each(Object.entries(cases))('%s', async (_, [args, code, ...says]) => {
    const { stderr, code: exit } = await obeyed(['score', ...args, '--quiet'], at);
    expect(stderr).toContain(`error[${code}]`);
    for (const part of says) expect(stderr).toMatch(part);
    expect(stderr).toMatch(/^ {2}(fix|expected) +\S/m);
    expect(stderr).not.toMatch(/\.js:\d+/);
    expect(exit).toBe(2);
  });

  it('to standard error', async () => {
    const { stderr, ...ended } = await assay(['score', ...A, ...Y, '--suites', 'suites.yaml'], at);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error\[unknown-name\].*suites\.yaml at suites\[0\].*^ {2}fix /ms);
  });

  it.each([
    [[...Y], /required option.*--logits/],
    [[...A, '--ood', 'far.npy'], /Expected NAME=FILE, with near: or far:/],
    [[...A, '--ood', 'close:f=far.npy'], /Expected NAME=FILE/],
    [[...A, '--bins', '0'], /from 1 to 1000/],
    [[...A, '--top-k', '1,2'], /whole number of at least 2/],
    [[...A, '--recalibrators', 'vektor'], /no recalibrator called "vektor".*did you mean "vector"/s],
    [[...A, '--lables', 'y.npy'], /unknown option.*Did you mean --labels/s],
  ])('%j is no usage', async (args, says) => {
    const { stderr, code } = await obeyed(['score', ...args], at);
    expect(stderr).toMatch(says);
    expect(code).toBe(2);
  });
});
