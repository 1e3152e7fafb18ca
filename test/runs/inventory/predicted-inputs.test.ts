import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openPredicted, type PredictedInputs } from '../../../src/runs/inventory/predicted-inputs.js';
import { errorOf, npy, put, temporaryFolder } from '../../data/files.js';

const folder = temporaryFolder();
const file = (name: string, rows: number[][]) =>
  put(folder, `${name}.npy`, npy([rows.length, rows[0]!.length], Float32Array.from(rows.flat())));
const LABELS = put(folder, 'y.npy', npy([3], Int32Array.of(0, 1, 0)));

const first = file('first', [
  [2, -1],
  [0, 3],
  [1, 0],
]);
const second = file('second', [
  [1, -1],
  [0, 2],
  [4, 0],
]);
const sigmoid = file('sigmoid', [
  [0.9, 0.3],
  [0.2, 0.6],
  [0.1, 0.1],
]);
const certain = file('certain', [
  [1, 0],
  [0, 1],
  [0.5, 0.5],
]);
const LIKELY = [
  [0.25, 0.75],
  [0.5, 0.5],
];
const logs = file('logs', [
  [Math.log(0.25), Math.log(0.75)],
  [Math.log(0.5), Math.log(0.5)],
  [Math.log(0.9), Math.log(0.1)],
]);

const inputs = (files: string[], more: Partial<PredictedInputs> = {}): PredictedInputs => ({
  models: files.map((_, i) => `m${i}`),
  sets: [{ name: 'test', role: 'test', files, labels: LABELS }],
  probabilities: false,
  directory: folder,
  seed: 0,
  ...more,
});

async function opened(files: string[], more: Partial<PredictedInputs> = {}) {
  const { evaluation, warnings, close } = await openPredicted(inputs(files, more));
  await close();
  return { evaluation, codes: warnings.map(({ code }) => code) };
}

const float = fc.float({ min: -80, max: 80, noNaN: true });
const someRows = fc.array(fc.array(float, { minLength: 3, maxLength: 3 }), { minLength: 4, maxLength: 4 });

/** Rows of `clean` of examples 1 to 4 of every model. */
async function cleanRows(files: string[], more: Partial<PredictedInputs> = {}) {
  const sets = [{ name: 'test', role: 'test' as const, files }];
  const { evaluation, close } = await openPredicted(inputs(files, { sets, ...more }));
  try {
    const entries = [...evaluation.systems.values()];
    return await Promise.all(entries.map((entry) => entry.recorded?.('test', 1, 4)));
  } finally {
    await close();
  }
}

describe('recorded rows of `clean`', () => {
  it('are the logits of each model, and their logsumexp', async () => {
    await fc.assert(
      fc.asyncProperty(someRows, someRows, async (a, b) => {
        const both = [a, b].map((all) => all.map((row) => row.map((v, k) => Math.fround(v + 100 * k + 2))));
        const rows = await cleanRows(both.map((all, i) => file(`recorded-${i}`, all)));
        rows.forEach((row, m) => {
          const expected = both[m]!.slice(1);
          expect(Array.from(row?.logits ?? [])).toEqual(expected.flat());
          expected.forEach((logits, i) => {
            const top = Math.max(...logits);
            const sum = logits.reduce((total, v) => total + Math.exp(v - top), 0);
            expect(row?.logPx?.[i]).toBe(Math.fround(top + Math.log(sum)));
          });
        });
      }),
      { numRuns: 20 },
    );
  });

  it('neither overflow nor round away, and have no log p(x) of probabilities', async () => {
    const large = file('large', [
      [0, 1, 2],
      [1000, 1000, 1000],
      [-1000, -1000, -2000],
      [0, 0, 0],
    ]);
    const [row] = await cleanRows([large]);
    expect(row?.logPx).toEqual(Float32Array.of(1000 + Math.log(3), -1000 + Math.log(2), Math.log(3)));
    const likely = file('likely', [...LIKELY, ...LIKELY]);
    const [log] = await cleanRows([likely], { probabilities: true });
    expect(log).toEqual({ logits: Float32Array.from([...LIKELY, ...LIKELY].slice(1).flat(), Math.log) });
  });

  it('are all that can be had: the system answers nothing, and has no images to answer about', async () => {
    const { evaluation } = await opened([first]);
    const entry = evaluation.systems.get('m0');
    expect(entry?.info).toMatchObject({ recorded: ['clean'], shape: [0, 0, 0] });
    const system = await entry?.open();
    const batch = { n: 1, pixels: new Float32Array(2) };
    for (const asked of [
      system?.forward(batch),
      system?.evaluate(batch, ['logits']),
      system?.gradient(batch, 'cross-entropy'),
    ])
      await expect(asked).rejects.toMatchObject({ code: 'op-unsupported' });
  });
});

describe('opened predictions', () => {
  it('make a system of every model, in order, without warnings where nothing is odd', async () => {
    const { evaluation, codes } = await opened([first, second], { classes: ['cat', 'dog'] });
    expect([...evaluation.systems.keys()]).toEqual(['m0', 'm1']);
    expect([...evaluation.systems.values()].map(({ info }) => info.classes)).toEqual([
      ['cat', 'dog'],
      ['cat', 'dog'],
    ]);
    expect(codes).toEqual([]);
  });

  it('know log-probabilities only when every set has them', async () => {
    const offers = async (ood: string) => {
      const sets = [...inputs([logs]).sets, { name: 'far', role: 'ood' as const, files: [ood] }];
      const { evaluation } = await opened([logs], { sets });
      return evaluation.systems.get('m0')?.info.offers;
    };
    expect(await offers(logs)).toEqual(['logits']);
    expect(await offers(first)).toEqual(['logits', 'logPx']);
  });

  const ood = (file: string) => [
    ...inputs([first]).sets,
    { name: 'far', role: 'ood' as const, files: [file] },
  ];
  it.each<[string, string[], Partial<PredictedInputs>, string]>([
    ['sigmoid outputs', [sigmoid], {}, 'logits-in-unit-interval'],
    ['probabilities of 0', [certain], { probabilities: true }, 'probabilities-vanish'],
    ['a file given for two models', [first, first], {}, 'same-predictions'],
    ['a file given for two sets', [first], { sets: ood(first) }, 'predictions-in-two-roles'],
  ])('warn of %s', async (_, files, more, code) => {
    expect((await opened(files, more)).codes).toEqual([code]);
  });

  it('refuse another number of classes, and of class names', async () => {
    const wide = file('wide', [[1, 2, 3]]);
    const sets = await errorOf(openPredicted(inputs([first], { sets: ood(wide) })));
    expect([sets.code, sets.details.file]).toEqual(['shape-mismatch', wide]);
    const names = await errorOf(openPredicted(inputs([first], { classes: ['cat', 'dog', 'owl'] })));
    expect(names).toMatchObject({ code: 'shape-mismatch', details: { path: '--classes' } });
  });
});
