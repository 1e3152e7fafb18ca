import { describe, expect, test } from 'vitest';
import { renderExamples } from '../../src/report/examples/render.js';
import { readExamples } from '../../src/report/examples/rows.js';
import { imagesOf } from '../../src/report/examples/sprites.js';
import { exampleFolder } from './example-folder.js';
import { withFolder } from './run-folder.js';
import { sampleResults } from './sample.js';

/** What the files of the viewer hand over, by name. */
function parts(files: readonly { path: string; content: string }[]): Record<string, unknown> {
  return Object.fromEntries(
    files.slice(0, -1).map((file) => {
      const [, name, json] = file.content.match(/^assayPart\("([\w-]+)", (.*)\);\n$/s) ?? [];
      expect(file.path).toBe(`viewer/${name}.js`);
      return [name, JSON.parse(json!)];
    }),
  );
}

async function all<T>(series: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of series) found.push(one);
  return found;
}

describe('examples.html', () => {
  test('has every row of every sheet, by example, and what examples can be filtered by', () =>
    withFolder(async (directory) => {
      exampleFolder(directory);
      const files = await all(renderExamples(sampleResults(), directory));
      expect(files.at(-1)?.path).toBe('examples.html');
      const found = parts(files);
      expect(found['test-facts']).toEqual({
        indices: [0, 1, 7],
        labels: [0, 1, 2],
        predictions: { a: [0, 1, 1], b: [0, 0, 1] },
        // Of purification an example has several rows: none speaks for it.
        facts: [
          { sheet: 'accuracy', column: 'correct', model: 'a', values: '110' },
          { sheet: 'accuracy', column: 'correct', model: 'b', values: '100' },
          { sheet: 'attack-pgd', column: 'adversarial', model: 'a', values: '10-' },
        ],
        differs: '010',
      });
      const [rows] = [found['test-rows-0'] as [number, string[]][][]];
      expect(rows.map((of) => of.length)).toEqual([5, 3, 2]);
      expect(rows[0]).toContainEqual([1, ['a', '0', 'true', '12']]);
    }));

  test('has the images beside a sheet in sprites, by example', () =>
    withFolder(async (directory) => {
      exampleFolder(directory);
      const found = parts(await all(renderExamples(sampleResults(), directory)));
      expect(found['test-pictures-0']).toMatchObject([
        { of: 'clean', sheet: 'attack-pgd', indices: [0, 1], width: 2, height: 2 },
        { of: 'a', sheet: 'attack-pgd', indices: [0, 1] },
      ]);
      expect(JSON.stringify(found['test-pictures-0'])).toContain('data:image/png;base64,iVBOR');
    }));

  test('shows the first examples of many, and knows which rows of images they are', () =>
    withFolder(async (directory) => {
      exampleFolder(directory);
      const { sheets, datasets } = await readExamples(directory, 1);
      expect([...datasets[0]!.examples.keys()]).toEqual([0]);
      expect(datasets[0]!.cut).toBe(true);
      const { images, close } = await imagesOf(directory, datasets[0]!, sheets);
      expect(images.map(({ of, order }) => [of, order])).toEqual([
        ['clean', [0]],
        ['a', [0]],
      ]);
      await close();
    }));

  test('is not written where there are no sheets', () =>
    withFolder(async (directory) => {
      expect(await all(renderExamples(sampleResults(), directory))).toEqual([]);
    }));
});
