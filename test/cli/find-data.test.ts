import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findData } from '../../src/cli/presets/find-data.js';
import { jem } from '../../src/cli/presets/jem.js';
import { namedSets } from '../../src/pull/registry.js';
import { errorOf } from '../data/files.js';
import { folder } from '../e2e/assay.js';

/** A folder as `assay data pull` leaves it. */
function pulled(at: string, name: string, entries: unknown = namedSets.named(name).entries): void {
  mkdirSync(join(at, name));
  writeFileSync(
    join(at, name, 'pulled.json'),
    JSON.stringify({ set: name, sources: [], entries, files: [] }),
  );
}

describe('data sets that were pulled', () => {
  it('are found by a preset, and their test sets in them', async () => {
    const at = folder();
    for (const name of ['cifar10', 'cifar100', 'svhn']) pulled(at, name);
    const { found } = await findData(at, jem, (path) => path.slice(at.length));
    expect(found.map(({ name, entry }) => [name, entry.path])).toEqual([
      ['test', '/cifar10'],
      ['svhn', '/svhn/x_test.npy'],
      ['cifar100', '/cifar100'],
    ]);
  });

  it('are not looked for elsewhere, whatever a record says', async () => {
    const at = folder();
    pulled(at, 'svhn', [{ name: 'test', path: '../../etc/passwd' }]);
    expect((await errorOf(findData(at, jem, (path) => path))).explain()).toMatch(/leads upwards/);
  });
});
