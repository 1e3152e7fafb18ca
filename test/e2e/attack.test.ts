// @module-tag slow
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { folder, obeyed } from './assay.js';
import { project, savedResults } from './project.js';

const CUSTOM = {
  method: 'autoattack',
  attacks: ['fgsm', { method: 'apgd-ce', steps: 10 }, { method: 'square', queries: 30 }],
  epsilons: ['16/255', '48/255'],
};

describe('attacks, as a user runs them', () => {
  it('a custom list: what was measured can be recomputed from what was stored, and measured again', async () => {
    const directory = folder();
    const gates = [{ measure: 'validity-flag', where: { model: 'sharp', flag: 'zero-gradient' }, max: 0 }];
    const file = project(directory, { suites: [{ attack: CUSTOM }], gates });
    const out = join(directory, 'out');
    const { stderr } = await obeyed(['run', file, '--out', out, '--quiet'], directory);
    const results = savedResults(out);
    expect(results.status, stderr).toBe('complete');
    const robust = (model: string, epsilon: string) =>
      results.measures.find(
        (m) => m.measure === 'robust-accuracy' && m.model === model && m.params.epsilon === epsilon,
      )?.value;

    const sheets = readFileSync(join(out, 'examples', `${sheetName(out)}.csv`), 'utf8');
    const [header, ...lines] = sheets
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    const rows = lines.map((cells) => Object.fromEntries(header!.map((key, i) => [key, cells[i]])));
    for (const model of ['sharp', 'flat']) {
      const own = rows.filter((row) => row.model === model);
      for (const epsilon of CUSTOM.epsilons) {
        const safe = own.filter(
          (row) => row.clean_prediction === row.label && row[`broken_at_${epsilon}`] === 'false',
        );
        expect(robust(model, epsilon)).toBe(safe.length / own.length);
      }
      expect(new Set(own.map((row) => row.broken_by)).size).toBeGreaterThan(1);
    }

    // The stored images are a data set: whoever broke is misclassified, whoever did not is not.
    const stored = (name: string) => join(out, 'examples', `${sheetName(out)}-test-${name}.npy`);
    const again = {
      models: ['./sharp.model.yaml'],
      datasets: { attacked: { path: stored('sharp'), labels: stored('labels') } },
      suites: ['accuracy'],
    };
    writeFileSync(join(directory, 'again.run.yaml'), stringify(again));
    const second = await obeyed(['run', 'again.run.yaml', '--out', 'second', '--quiet'], directory);
    expect(second.code, second.stderr).toBe(0);
    const accuracy = savedResults(join(directory, 'second')).measures.find((m) => m.measure === 'accuracy');
    expect(accuracy?.value).toBe(robust('sharp', '48/255'));
  });

  it.each([
    [{ method: 'autoattack', steps: 3 }, /autoattack has no option "steps"/],
    [{ method: 'autoattack', version: 'standart' }, /standard/],
    [{ method: 'ddn', norm: 'Linf' }, /not defined in Linf/],
    [{ method: 'square', loss: 'cross-entropy' }, /cannot climb/],
    [{ method: 'autoattack', attacks: ['apgd-ce', { method: 'fab-t', queries: 3 }] }, /no option "queries"/],
  ])('%o: exit 2 and what to do', async (options, message) => {
    const directory = folder();
    const file = project(directory, { suites: [{ attack: options }] }, 12);
    const { code, stderr } = await obeyed(['run', file, '--out', 'out', '--quiet'], directory);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/small\.run\.yaml/);
  });
});

function sheetName(out: string): string {
  const { suites } = savedResults(out);
  const table = suites[0]!.tables[0]!;
  return table.id.replace(/-test$/, '');
}
