import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { gunzipSync } from 'node:zlib';
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

/** What a part has of each sheet. */
function rowsOf(part: unknown): [sheet: number, text: string][] {
  const bytes = gunzipSync(Buffer.from(String(part), 'base64'));
  let at = bytes.indexOf('\n') + 1;
  return (JSON.parse(bytes.toString('utf8', 0, at)) as [number, number][]).map(([sheet, length]) => [
    sheet,
    bytes.toString('utf8', at, (at += length)),
  ]);
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
        predictions: [
          { model: 'a', classes: [0, 1, 1] },
          { model: 'b', classes: [0, 0, 1] },
        ],
        // Of purification an example has several rows: none speaks for it.
        facts: [
          { sheet: 'accuracy', column: 'correct', model: 'a', values: '110' },
          { sheet: 'accuracy', column: 'correct', model: 'b', values: '100' },
          { sheet: 'attack-pgd', column: 'adversarial', model: 'a', values: '10-' },
        ],
        // Of each sheet and model the examples that it has rows on, where these are not all.
        extents: [
          { sheet: 'accuracy', model: 'a', values: '' },
          { sheet: 'accuracy', model: 'b', values: '' },
          { sheet: 'attack-pgd', model: 'a', values: '11-' },
          { sheet: 'purification', model: 'a', values: '1--' },
        ],
        differs: '010',
      });
      const sheet = (name: string) => readFileSync(path.join(directory, 'examples', name), 'utf8');
      const written = ['accuracy', 'attack-pgd', 'purification'].map((name) => sheet(`${name}.csv`));
      const afterHeader = (text: string) => text.slice(text.indexOf('\n') + 1);
      expect(rowsOf(found['test-rows-0'])).toEqual(
        written.map((text, at) => [at, afterHeader(text)] as const),
      );
    }));

  test('has what models say whatever they are called: parts are scripts, in which __proto__ is no key', () =>
    withFolder(async (directory) => {
      exampleFolder(directory, ['__proto__', 'constructor']);
      const files = await all(renderExamples(sampleResults(), directory));
      const facts = files.find((file) => file.path === 'viewer/test-facts.js');
      const given: unknown[] = [];
      runInNewContext(facts!.content, { assayPart: (_: string, value: unknown) => given.push(value) });
      expect(JSON.parse(JSON.stringify(given))).toMatchObject([
        {
          predictions: [
            { model: '__proto__', classes: [0, 1, 1] },
            { model: 'constructor', classes: [0, 0, 1] },
          ],
          differs: '010',
        },
      ]);
    }));

  test('names sheets by the suites that their measures are of', () =>
    withFolder(async (directory) => {
      exampleFolder(directory);
      const results = sampleResults();
      const [first] = results.measures;
      const rows = { sheet: 'examples/accuracy.csv', where: {}, statistic: 'share', columns: {} };
      const files = await all(renderExamples({ ...results, measures: [{ ...first!, rows }] }, directory));
      const html = files.at(-1)!.content.replaceAll('&quot;', '"');
      const title = results.suites.find(({ suite }) => suite === first!.suite)!.title;
      expect(html).toContain(`{"name":"accuracy","title":${JSON.stringify(title)}`);
      expect(html).toContain('{"name":"purification","title":"purification"');
    }));

  test('leaves out rows of no data set, such as those of samples', () =>
    withFolder(async (directory) => {
      exampleFolder(directory);
      writeFileSync(
        path.join(directory, 'examples', 'samples.csv'),
        'model,samples,dataset,index,note\na,drawn,,0,x\na,reference,test,7,y\n',
      );
      const { datasets } = await readExamples(directory);
      expect(datasets.map(({ name, indices }) => [name, indices])).toEqual([['test', [0, 1, 7]]]);
      const found = parts(await all(renderExamples(sampleResults(), directory)));
      expect(rowsOf(found['test-rows-0']).at(-1)).toEqual([3, 'a,reference,test,7,y\n']);
    }));

  test('has rows in parts, whatever order they stand in', () =>
    withFolder(async (directory) => {
      exampleFolder(directory);
      const row = (index: number, note: string) => `a,two,${index},${note}`;
      // In the order of their numbers, then again backwards; the last line is not ended.
      const first = Array.from({ length: 450 }, (_, i) => row(i, 'x'));
      const second = Array.from({ length: 450 }, (_, i) => row(449 - i, `"é, ${449 - i}"`));
      writeFileSync(
        path.join(directory, 'examples', 'more.csv'),
        `\ufeffmodel,dataset,index,note\n${[...first, ...second].join('\n')}`,
      );
      const found = parts(await all(renderExamples(sampleResults(), directory)));
      for (const [k, start, end] of [
        [0, 0, 200],
        [1, 200, 400],
        [2, 400, 450],
      ] as const) {
        const own = [...first.slice(start, end), ...second.slice(450 - end, 450 - start)];
        const [[sheet, text]] = rowsOf(found[`two-rows-${k}`]) as [[number, string]];
        expect(sheet).toBe(2);
        expect(text.replace(/\n$/, '').split('\n')).toEqual(own);
      }
      expect(found).not.toHaveProperty('two-rows-3');
    }));

  test.each(['a,two,1', 'a,two,1,"x', 'a,two,1,x,y', 'a,two,1,x"y'])('refuses the row %s', (row) =>
    withFolder(async (directory) => {
      exampleFolder(directory);
      writeFileSync(
        path.join(directory, 'examples', 'more.csv'),
        `model,dataset,index,note\na,two,0,x\n${row}\n`,
      );
      await expect(all(renderExamples(sampleResults(), directory))).rejects.toMatchObject({
        code: 'file-malformed',
        details: { path: 'record 2' },
      });
    }),
  );

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
      expect([...datasets[0]!.places.keys()]).toEqual([0]);
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
