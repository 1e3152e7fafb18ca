import { describe, expect, it } from 'vitest';
import { headlineTable } from '../../../src/cli/terminal/headline.js';
import { sampleResults } from '../../report/sample.js';

describe('the headline table of a terminal', () => {
  it('marks the best of each measure, whichever way the table is turned', () => {
    const table = headlineTable(sampleResults());
    const [marked] = table.split('\n').filter((line) => line.startsWith('*'));
    expect(marked).toBe('* best of its measure, _ second best; intervals are 95 %');
    // Turned: a row is a measure, and holds one best.
    const accuracy = table.split('\n').find((line) => line.startsWith('Accuracy'));
    expect(accuracy?.match(/\*/g)).toHaveLength(1);
  });

  it('says nothing of marks where there is one system', () => {
    const results = sampleResults();
    const { name } = results.systems[0]!;
    results.systems = results.systems.slice(0, 1);
    results.measures = results.measures.filter(({ model }) => model === name);
    delete results.comparisons;
    const table = headlineTable(results);
    expect(table).not.toMatch(/\*|second best/);
    expect(table).toMatch(/^intervals are 95 %$/m);
  });
});
