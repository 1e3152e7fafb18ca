import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exampleFile } from '../../../src/report/example-file.js';
import { refuseSharedFiles } from '../../../src/runs/asked/shared-files.js';
import { placeSheets, writeArrays } from '../../../src/runs/concluding/example-sheets.js';

const check = (systems: string[], datasets: string[]) => refuseSharedFiles(systems, datasets, 'run.yaml');

describe('names that become names of files', () => {
  it.each([
    ['other signs', ['a b', 'a-b'], ['test']],
    ['case', ['ResNet', 'resnet'], ['test']],
    ['the images themselves', ['clean'], ['test']],
    ['their labels', ['Labels'], ['test']],
    ['where one name ends and the next begins', ['a-b', 'b'], ['test', 'test-a']],
    ['letters that are written in two ways', ['model'], ['caf\u00e9', 'cafe\u0301']],
    ['of data sets', ['model'], ['x.1', 'x-1']],
  ])('are refused where two are one: %s', (_, systems, datasets) => {
    expect(() => check(systems, datasets)).toThrow(
      expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining('same files') }),
    );
  });

  it('are taken where they are not', () => {
    check(['resnet', 'resnet-purified', 'cleaned', 'a.b'], ['test', 'svhn', 'test-c']);
    check([], []);
    check(['model'], ['猫', '犬', 'कि', 'की', 'тест']);
  });

  it('that are taken have a file each', () => {
    const names = fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'B', '-', ' ', '.', '1') }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(names, names, (systems, datasets) => {
        const files = datasets.flatMap((dataset) =>
          [...systems, 'clean', 'labels'].map((of) => exampleFile(`attack-${dataset}-${of}`).toLowerCase()),
        );
        const isShared = new Set(files).size < files.length;
        if (isShared) expect(() => check(systems, datasets)).toThrow(/same files/);
        else check(systems, datasets);
      }),
    );
  });

  it('of arrays and sheets of plug-ins get a number, which no other has', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-arrays-'));
    const array = { shape: [1], data: Float32Array.of(1) };
    const names = ['a b', 'a-b', 'a-b-2', 'A b', 'a.b'];
    await writeArrays(
      folder,
      names.map((name) => ({ name, array })),
      () => {},
    );
    const written = readdirSync(join(folder, 'examples')).sort();
    expect(written).toEqual(['A-b-3.npy', 'a-b-2-2.npy', 'a-b-2.npy', 'a-b-4.npy', 'a-b.npy']);
    const place = placeSheets();
    const sheets = names.flatMap(
      (name) => place({ measures: [], examples: [{ name, columns: [], rows: [] }] }).sheets,
    );
    expect(new Set(sheets.map(({ file }) => file.toLowerCase())).size).toBe(5);
  });
});
