import { expect, it } from 'vitest';
import { columnsIn } from '../src/comparison/groups.js';
import { outputOf } from '../src/engines/outputs.js';
import { mapTuple } from '../src/map-tuple.js';
import { probedOf, statisticsOf } from '../src/scores/score.js';

const column = Float64Array.of(1, 2);

it('rows without the column of a role are refused, with the columns that they have', () => {
  const group = { indices: [0, 1], columns: { value: column } };
  expect(columnsIn(group, ['value'])).toEqual({ value: column });
  expect(() => columnsIn(group, ['value', 'outcome'])).toThrow(
    expect.objectContaining({
      code: 'file-malformed',
      message: 'the rows of a measure have no column for its outcome',
      details: expect.objectContaining({ expected: 'value, outcome', found: 'value' }),
    }),
  );
});

it('an output that an engine did not give is named, with those that it gave', () => {
  const found = { logits: { type: 'float32', dims: [2], data: Float32Array.of(1, 2) } } as const;
  expect(outputOf(found, 'logits')).toBe(found.logits);
  expect(() => outputOf(found, 'features')).toThrow(
    expect.objectContaining({
      code: 'engine-failed',
      message: 'the engine gave no "features"',
      details: expect.objectContaining({ found: 'logits' }),
    }),
  );
});

it('what a score was fitted to, or its probe found, is asked for by names', () => {
  const inputs = { n: 2, statistics: { mean: column }, probed: { logits: column } };
  expect(statisticsOf(inputs, 'mean')).toEqual({ mean: column });
  expect(probedOf(inputs, 'logits')).toEqual({ logits: column });
  expect(() => statisticsOf(inputs, 'mean', 'centres')).toThrow('without its statistics: centres');
  expect(() => statisticsOf({ n: 2 }, 'mean')).toThrow('without its statistics');
  expect(() => probedOf(inputs, 'logPx')).toThrow('without its probed numbers: logPx');
});

it('a list of known length keeps its length', () => {
  const [first, second]: [number, number] = mapTuple(['a', 'bc'], ({ length }, at) => length + 10 * at);
  expect([first, second]).toEqual([1, 12]);
});
