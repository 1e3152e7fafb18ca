import { describe, expect, it } from 'vitest';
import { builtinCatalogue } from '../../src/suites/catalogue.js';
import { chosenScores } from '../../src/suites/chosen-scores.js';
import { fittedOn, fittedOnText, fittedWarnings } from '../../src/suites/fitted-on.js';
import { lackOf } from '../../src/suites/score-support.js';
import { linearSystem } from './helpers/linear-system.js';
import { memoryDataset } from './helpers/memory-dataset.js';

const set = (role: 'train' | 'validation', labelled = true) =>
  memoryDataset({
    images: [[0], [1], [0.5], [0.25]],
    name: role,
    role,
    ...(labelled && { labels: [0, 1, 0, 1] }),
  }).info;
const [train, validation] = [set('train'), set('validation')];
const score = (entry: Parameters<typeof chosenScores>[0][number]) =>
  chosenScores([entry], builtinCatalogue)[0]!;

describe('what a score is fitted to', () => {
  it.each([
    ['typicality', [train, validation], 'validation (4 images)'],
    ['typicality', [train], 'train (4 images)'],
    ['react', [validation, train], 'train (4 images)'],
    ['react', [validation], 'validation (4 images)'],
    ['knn', [validation, train], 'train (4 images)'],
    [{ knn: { images: 3 } }, [train], 'train (3 of 4 images)'],
    [{ knn: { images: 9 } }, [train], 'train (4 images)'],
    ['knn', [validation], undefined],
    ['max-logit', [train], undefined],
    // Labels are needed for a temperature, and for nothing else.
    ['temp-scaled-msp', [set('validation', false), train], 'train (4 images)'],
    ['typicality', [set('validation', false), train], 'validation (4 images)'],
  ])('%j of %# is %s', (entry, datasets, wanted) => {
    const chosen = score(entry);
    const on = fittedOn(chosen, chosen.settings, datasets);
    expect(on && fittedOnText(on)).toBe(wanted);
  });

  it('training images in place of held-out ones are told, and so is a part', () => {
    const scores = chosenScores(['typicality', 'gen', 'react', { knn: { images: 2 } }], builtinCatalogue);
    const told = fittedWarnings('ood', scores, [train]).map(({ code, message }) => [code, message]);
    expect(told).toEqual([
      ['fitted-to-training-images', expect.stringContaining('typicality is fitted to the training images')],
      ['fitted-to-a-part', expect.stringContaining('kNN (images = 2) compares with 2 of the 4 images')],
    ]);
    expect(fittedWarnings('ood', scores.slice(0, 3), [train, validation])).toEqual([]);
  });
});

describe('scores of a list', () => {
  const chosen = (...entries: Parameters<typeof chosenScores>[0]) =>
    chosenScores(entries, builtinCatalogue).map(({ id }) => id);
  it('variants stand side by side, and each once', () => {
    expect(chosen('knn', { knn: { k: 10 } }, { knn: { k: 50 } }, { gen: { top: 5, gamma: 0.5 } })).toEqual([
      'knn',
      'knn(k=10)',
      'gen(gamma=0.5,top=5)',
    ]);
  });
  it('a set of scores is all of them', () => {
    expect(chosen('all', 'knn')).toEqual([...builtinCatalogue.scores.names]);
    expect(chosen('all-of-logits')).toEqual([
      'log-px',
      'max-logit',
      'max-softmax',
      'energy',
      'entropy',
      'margin',
      'gen',
    ]);
    expect(chosen('openood')).toHaveLength(25);
    expect(chosen('openood')).toEqual(
      builtinCatalogue.scores.names.filter((id) => chosen('openood').includes(id)),
    );
  });
  it.each([
    [{ knn: { kk: 1 } }, /unknown key "kk"/],
    [{ knn: { k: 0 } }, /not valid/],
    [{ knn: { k: 2.5 } }, /not valid/],
    [{ energy: { temperature: 0 } }, /not valid/],
    ['knnn', /no OOD score|nothing|unknown/i],
  ])('%j is refused', (entry, message) => {
    expect(() => score(entry)).toThrow(message);
  });
  it('what a model or a run lacks is a reason, never an error', () => {
    const { info } = linearSystem({ weights: [[1], [2]] });
    for (const one of chosenScores(['all'], builtinCatalogue)) {
      const lack = lackOf(info, one, []);
      if (one.fit || one.needs.includes('features') || one.needs.includes('lastLayer'))
        expect(lack?.reason, one.id).toMatch(/needs|is fitted/);
    }
  });
});
