import { describe, expect, it } from 'vitest';
import { openPredicted, type PredictedInputs } from '../../src/runs/predicted-inputs.js';
import { errorOf, npy, put, temporaryFolder } from '../data/files.js';

const folder = temporaryFolder();
const file = (name: string, rows: number[][]) =>
  put(folder, `${name}.npy`, npy([rows.length, rows[0].length], Float32Array.from(rows.flat())));
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
