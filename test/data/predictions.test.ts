import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NumberArray } from '../../src/data/arrays/nd-array.js';
import { encodeNpz } from '../../src/data/arrays/npz.js';
import { openPredictions, type PredictionSpec } from '../../src/data/predictions.js';
import { bytes, errorOf, npy, npyWith, put, temporaryFolder } from './files.js';

const folder = temporaryFolder();
const N = 6;
const K = 3;
// Exact in half precision and in text.
const VALUES = Float32Array.from({ length: N * K }, (_, i) => ((i * 7) % 16) / 4 - 2);
const LABELS = Int32Array.from({ length: N }, (_, i) => i % K);

const spec = (files: string[], more: Partial<PredictionSpec> = {}): PredictionSpec => ({
  name: 'test',
  role: 'test',
  files,
  probabilities: false,
  directory: folder,
  ...more,
});

async function readAll(files: string[], more: Partial<PredictionSpec> = {}) {
  const set = await openPredictions(spec(files, more));
  try {
    const logits = await set.logits(0, 0, set.info.size);
    return { set, ...(await set.read(0, set.info.size)), logits: Array.from(logits) };
  } finally {
    await set.close();
  }
}

/** Halves exactly the values above. */
const half = (v: number): number => {
  if (v === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(v)));
  const fraction = (Math.abs(v) / 2 ** exponent - 1) * 1024;
  return (v < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction;
};
const float16 = npyWith(
  `{'descr': '<f2', 'fortran_order': False, 'shape': (${N}, ${K}), }`,
  new Uint8Array(Uint16Array.from(VALUES, half).buffer),
);
const lines = (separator: string) =>
  Array.from({ length: N }, (_, i) => Array.from(VALUES.subarray(K * i, K * i + K)).join(separator));
const values = (data: NumberArray) => npy([N, K], data);
const labels = (data: NumberArray, shape = [N]) => npy(shape, data);
const archive = encodeNpz({
  logits: { shape: [N, K], data: VALUES },
  y_test: { shape: [N], data: LABELS },
  features: { shape: [N, 2], data: new Float32Array(2 * N) },
});

type Content = Uint8Array | string;
/** Files of logits and labels, and what is asked of them when that is not the file. */
const kinds: Record<string, [logits: [string, Content, string?], labels: [string, Content, string?]]> = {
  'float32 and int32': [
    ['a.npy', values(VALUES)],
    ['al.npy', labels(LABELS)],
  ],
  'float64 and bytes': [
    ['b.npy', values(Float64Array.from(VALUES))],
    ['bl.npy', labels(Uint8Array.from(LABELS))],
  ],
  'float16 and int64 in a column': [
    ['c.npy', float16],
    ['cl.npy', labels(BigInt64Array.from(LABELS, BigInt), [N, 1])],
  ],
  'an archive': [
    ['d.npz', archive],
    ['d.npz', archive],
  ],
  'an archive, by name': [
    ['e.npz', archive, 'e.npz:logits'],
    ['e.npz', archive, 'e.npz:y_test'],
  ],
  'commas, and floats without fraction': [
    ['f.csv', lines(',').join('\n')],
    ['fl.npy', labels(Float32Array.from(LABELS))],
  ],
  'a header in quotes, and a column by name': [
    ['g.csv', `"cat","dog","owl"\r\n${lines(',').join('\r\n')}\r\n`],
    ['gl.csv', `index,label\n${Array.from(LABELS, (l, i) => `${i},${l}`).join('\n')}\n`, 'gl.csv:label'],
  ],
  'tabs, and one label a line': [
    ['h.tsv', lines('\t').join('\n')],
    ['hl.txt', Array.from(LABELS, (l) => `${l}.0\n`).join('')],
  ],
  'columns numbered by pandas': [
    ['j.csv', `${['0,1,2', ...lines(',')].join('\n')}\n`],
    ['jl.csv', `,0\n${Array.from(LABELS, (l, i) => `${i},${l}`).join('\n')}\n`, 'jl.csv:0'],
  ],
  'semicolons, spaces and empty lines': [
    ['i.csv', `${lines(' ; ').join('\n\n')}\n\n`],
    ['il.csv', `label\n${Array.from(LABELS).join('\n')}`],
  ],
};

describe('the same rows from every kind of file', () => {
  it.each(Object.entries(kinds))('%s', async (_, [[name, content, asked], [other, classes, askedLabels]]) => {
    put(folder, name, content);
    put(folder, other, classes);
    const found = await readAll([asked ?? name], { labels: askedLabels ?? other });
    expect([found.n, found.logits, found.pixels]).toEqual([N, Array.from(VALUES), new Float32Array(0)]);
    expect(found.labels).toEqual(LABELS);
    expect(found.indices).toEqual(Int32Array.from({ length: N }, (_, i) => i));
    expect(found.set.info).toMatchObject({
      size: N,
      shape: [0, 0, 0],
      content: 'predictions',
      highestLabel: { label: 2, example: 2 },
    });
    const reference = await readAll([put(folder, 'z.npy', values(VALUES))], {
      labels: put(folder, 'zl.npy', labels(LABELS)),
    });
    expect(found.set.info.fingerprint).toBe(reference.set.info.fingerprint);
  });

  it('any numbers, as text in any layout', async () => {
    const number = fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -9, max: 9 }),
    );
    const table = fc
      .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 2, max: 5 }))
      .chain(([n, k]) =>
        fc.array(fc.array(number, { minLength: k, maxLength: k }), { minLength: n, maxLength: n }),
      );
    const layout = fc.constantFrom(',', ';', '\t', ' ', ', ');
    await fc.assert(
      fc.asyncProperty(table, layout, fc.constantFrom('\n', '\r\n'), async (rows, separator, end) => {
        // Softmax outputs are refused, and 0.5,0.5 is one.
        const shifted = rows.map((row) => row.map((v) => v - 2));
        const name = 'property.csv';
        put(folder, name, shifted.map((row) => row.join(separator)).join(end));
        expect((await readAll([name])).logits).toEqual(shifted.flat().map(Math.fround));
      }),
      { numRuns: 60 },
    );
  });
});

describe('several models', () => {
  it('stand side by side, and are read by ranges', async () => {
    const other = VALUES.map((v) => -v);
    const files = [put(folder, 'one.npy', values(VALUES)), put(folder, 'two.npy', values(other))];
    const set = await openPredictions(spec(files));
    expect(set.models[0]!.hash).not.toBe(set.models[1]!.hash);
    const { indices } = await set.read(2, 4);
    for (const [position, all] of [VALUES, other].entries())
      expect(await set.logits(position, 2, 4)).toEqual(all.slice(2 * K, 4 * K));
    expect(Array.from(indices)).toEqual([2, 3]);
    await set.close();
  });
});

describe('probabilities', () => {
  const P = Float64Array.of(0.2, 0.8, 0, 0.5, 0.25, 0.25);
  const file = () => put(folder, 'p.npy', npy([2, 3], P));

  it('become logarithms, 0 the smallest', async () => {
    const { logits, set } = await readAll([file()], { probabilities: true });
    expect(logits).toEqual(Array.from(P, (p) => Math.fround(Math.log(Math.max(p, 1e-37)))));
    expect(set.models[0]!.traits).toMatchObject({ probabilities: true, vanishing: 1 });
  });

  it.each<
    [string, number[], Partial<{ probabilities: boolean; unitInterval: boolean; normalised: boolean }>]
  >([
    ['logits', [1, 2, -3, 0, 5, 1], { probabilities: false, unitInterval: false, normalised: false }],
    ['sigmoid outputs', [0.9, 0.8, 0.1, 0.2, 0.1, 0], { probabilities: false, unitInterval: true }],
    ['log-probabilities', Array.from(P, (p) => Math.log(Math.max(p, 1e-9))), { normalised: true }],
  ])('are told from %s', async (_, rows, traits) => {
    const { set } = await readAll([put(folder, 't.npy', npy([2, 3], Float64Array.from(rows)))]);
    expect(set.models[0]!.traits).toMatchObject(traits);
  });
});

const spoilt = (at: number, value: number) => values(VALUES.map((v, i) => (i === at ? value : v)));
const good = () => put(folder, 'good.npy', values(VALUES));
const withLabels = (name: string, content: Content) => ({ labels: put(folder, name, content) });

describe('what is refused, with file, place and remedy', () => {
  const cases: Record<
    string,
    { files: () => string[]; more?: () => Partial<PredictionSpec>; code: string; says: RegExp }
  > = {
    'a file that is missing': { files: () => ['absent.npy'], code: 'file-unreadable', says: /absent\.npy/ },
    'a folder': { files: () => ['.'], code: 'file-unreadable', says: /a folder/ },
    'an empty file': {
      files: () => [put(folder, 'empty.npy', '')],
      code: 'file-malformed',
      says: /empty file/,
    },
    'a pickle': {
      files: () => [put(folder, 'l.pkl', Uint8Array.of(0x80, 4, 0x95, 0, 0))],
      code: 'file-malformed',
      says: /never executed.*numpy\.save/s,
    },
    'a file that is cut off': {
      files: () => [put(folder, 'cut.npy', values(VALUES).subarray(0, 150))],
      code: 'file-malformed',
      says: /cut off/,
    },
    'an unknown array': {
      files: () => [put(folder, 'd.npz', archive) && 'd.npz:logit'],
      code: 'unknown-name',
      says: /did you mean "logits"/,
    },
    'an archive that does not tell': {
      files: () => {
        const data = { shape: [N, K], data: VALUES };
        return [put(folder, 'two.npz', encodeNpz({ first: data, second: data }))];
      },
      code: 'data-invalid',
      says: /first, second.*two\.npz:first/s,
    },
    'one number per example': {
      files: () => [put(folder, 'one.npy', npy([N], VALUES.subarray(0, N)))],
      code: 'shape-mismatch',
      says: /shape \(6,\).*\[0, z\]/s,
    },
    'one class': {
      files: () => [put(folder, 'col.npy', npy([N, 1], VALUES.subarray(0, N)))],
      code: 'shape-mismatch',
      says: /at least 2 classes/,
    },
    images: {
      files: () => [put(folder, 'img.npy', npy([2, 2, 2, 3], bytes(24)))],
      code: 'shape-mismatch',
      says: /shape \(2, 2, 2, 3\)/,
    },
    'no examples': {
      files: () => [put(folder, 'none.npy', npy([0, K], new Float32Array()))],
      code: 'shape-mismatch',
      says: /no examples/,
    },
    'a header without rows': {
      files: () => [put(folder, 'head.csv', 'cat,dog\n')],
      code: 'shape-mismatch',
      says: /no examples.*head\.csv/s,
    },
    NaN: {
      files: () => [put(folder, 'nan.npy', spoilt(7, Number.NaN))],
      code: 'data-invalid',
      says: /example 2, class 1.*NaN/s,
    },
    infinity: {
      files: () => [put(folder, 'inf.npy', spoilt(0, Number.NEGATIVE_INFINITY))],
      code: 'data-invalid',
      says: /example 0, class 0.*-Infinity.*--probabilities/s,
    },
    'what float32 cannot hold': {
      files: () => [put(folder, 'huge.npy', values(Float64Array.from(VALUES, (v) => v * 1e300)))],
      code: 'data-invalid',
      says: /float32/,
    },
    'nan in a table': {
      files: () => [put(folder, 'nan.csv', '1,2\n3,nan\n')],
      code: 'data-invalid',
      says: /example 1, class 1/,
    },
    'an empty cell': {
      files: () => [put(folder, 'gap.csv', '1,2\n3,\n')],
      code: 'file-malformed',
      says: /line 2.*nothing/s,
    },
    'lines of two lengths': {
      files: () => [put(folder, 'ragged.csv', '1,2\n3,4\n5\n')],
      code: 'file-malformed',
      says: /line 3.*expected 2.*found +1/s,
    },
    "a table with pandas' index": {
      files: () => [put(folder, 'pandas.csv', ',0,1\n0,1.5,2\n1,3,4\n')],
      code: 'data-invalid',
      says: /index=False/,
    },
    'a table with labels in it': {
      files: () => [put(folder, 'mixed.csv', 'cat,dog,label\n1.5,2,0\n3,4,1\n')],
      code: 'data-invalid',
      says: /"label"/,
    },
    'probabilities that are not said to be': {
      files: () => [put(folder, 'p.npy', npy([2, 2], Float32Array.of(0.1, 0.9, 0.5, 0.5)))],
      code: 'data-invalid',
      says: /--probabilities/,
    },
    'logits that are said to be probabilities': {
      files: () => [good()],
      more: () => ({ probabilities: true }),
      code: 'data-invalid',
      says: /example 0, class 0.*\[0, 1\]/s,
    },
    'probabilities that do not sum to 1': {
      files: () => [put(folder, 'p.npy', npy([2, 2], Float32Array.of(0.1, 0.9, 0.5, 0.7)))],
      more: () => ({ probabilities: true }),
      code: 'data-invalid',
      says: /example 1.*1\.2.*softmax/s,
    },
    'models on other examples': {
      files: () => [good(), put(folder, 'less.npy', npy([N - 1, K], VALUES.subarray(K)))],
      code: 'shape-mismatch',
      says: /less\.npy.*6 examples of 3.*5 examples/s,
    },
    'models with other classes': {
      files: () => [good(), put(folder, 'wide.npy', npy([N, 2], VALUES.subarray(0, 2 * N)))],
      code: 'shape-mismatch',
      says: /wide\.npy.*3 classes.*2 classes/s,
    },
    'too few labels': {
      files: () => [good()],
      more: () => withLabels('few.npy', npy([N - 1], LABELS.subarray(1))),
      code: 'shape-mismatch',
      says: /few\.npy.*6 labels.*found +5/s,
    },
    'labels from 1': {
      files: () => [good()],
      more: () => withLabels('from1.npy', labels(LABELS.map((l) => l + 1))),
      code: 'data-invalid',
      says: /from1\.npy at example 2.*labels - 1/s,
    },
    'a label that is no class': {
      files: () => [good()],
      more: () => withLabels('beyond.npy', labels(LABELS.map((l, i) => (i === 4 ? 9 : l)))),
      code: 'data-invalid',
      says: /example 4.*0 to 2.*found +9/s,
    },
    'a label of -1': {
      files: () => [good()],
      more: () => withLabels('minus.npy', labels(LABELS.map((l) => l - 1))),
      code: 'data-invalid',
      says: /minus\.npy at example 0/,
    },
    'labels with a fraction': {
      files: () => [good()],
      more: () => withLabels('half.npy', labels(Float32Array.from(LABELS, (l) => l + 0.5))),
      code: 'data-invalid',
      says: /half\.npy at example 0.*0\.5/s,
    },
    'one-hot labels': {
      files: () => [good()],
      more: () => withLabels('hot.npy', npy([N, K], new Uint8Array(N * K))),
      code: 'data-invalid',
      says: /argmax/,
    },
    'class names as labels': {
      files: () => [good()],
      more: () => withLabels('names.csv', 'label\ncat\ndog\ncat\ndog\ncat\ndog\n'),
      code: 'file-malformed',
      says: /names\.csv at line 2.*cat.*numbers from 0/s,
    },
    'an unknown column': {
      files: () => [good()],
      more: () => ({ labels: `${put(folder, 'cols.csv', 'id,label\n1,2\n')}:lable` }),
      code: 'data-invalid',
      says: /no column "lable".*id, label/s,
    },
  };

  it.each(Object.entries(cases))('%s', async (_, { files, more, code, says }) => {
    const error = await errorOf(openPredictions(spec(files(), more?.())));
    expect([error.code, error.explain()]).toEqual([code, expect.stringMatching(says)]);
    expect(error.details.file).toBeDefined();
    expect(error.details.hint ?? error.details.expected).toBeDefined();
  });
});
