import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/bytes/limits.js';
import { openRegularSync, readHead, readText, readWhole } from '../../src/bytes/regular-file.js';
import { readCheckpoint, readWeights } from '../../src/checkpoints/registry.js';
import { readClassNames } from '../../src/cli/options/score-options.js';
import { openArrayFile } from '../../src/data/arrays/array-file.js';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import { openDataset } from '../../src/data/open.js';
import { readRules } from '../../src/gate/rule-file.js';
import { readCard } from '../../src/models/card/read-card.js';
import { loadPlugins } from '../../src/runs/asked/plugin-modules.js';
import { readRunFile } from '../../src/runs/asked/run-file.js';
import { readSuiteFile } from '../../src/runs/asked/suite-file.js';
import { readResults } from '../../src/runs/folder/read-results.js';
import { errorOf } from '../data/files.js';

const at = mkdtempSync(join(tmpdir(), 'assay-irregular-'));
afterAll(() => rmSync(at, { recursive: true, force: true }));
const server = createServer();
afterAll(() => server.close());

/** Makes something that is no regular file at a path, and what it is called. */
const kinds: Record<string, { make: (path: string) => unknown; found: string }> = {
  fifo: { make: (path) => execFileSync('mkfifo', [path]), found: 'a pipe (FIFO)' },
  'fifo-link': {
    make: (path) => {
      execFileSync('mkfifo', [`${path}.pipe`]);
      symlinkSync(`${path}.pipe`, path);
    },
    found: 'a pipe (FIFO)',
  },
  zero: { make: (path) => symlinkSync('/dev/zero', path), found: 'a device' },
  socket: { make: (path) => new Promise<void>((done) => server.listen(path, done)), found: 'a socket' },
};

/** A reader of everything that a user can name, given the path of one that is no regular file. */
const readers: Record<string, { name: string; read: (path: string, folder: string) => Promise<unknown> }> = {
  'a checkpoint': { name: 'model.onnx', read: (path) => readCheckpoint(path) },
  'a checkpoint of a stated format': { name: 'model.keras', read: (path) => readCheckpoint(path, 'keras') },
  'a file of weights': { name: 'model.safetensors', read: (path) => readWeights(path) },
  'a card': { name: 'm.model.yaml', read: (path) => readCard(path) },
  'a run file': { name: 'm.run.yaml', read: (path) => readRunFile(path) },
  'a gates file': { name: 'gates.yaml', read: (path) => readRules(path) },
  'a file of suites': { name: 'suites.yaml', read: (path) => readSuiteFile(path) },
  'class names': { name: 'classes.txt', read: (path) => readClassNames(path) },
  'logits or labels': { name: 'logits.npy', read: (path, folder) => openArrayFile(path, 'logits', folder) },
  'an npz': { name: 'set.npz', read: (path, folder) => openDataset('set', { path }, { directory: folder }) },
  'a file of labels': {
    name: 'labels.npy',
    read(path, folder) {
      writeFileSync(join(folder, 'x.npy'), encodeNpy({ shape: [1, 1, 1, 1], data: Uint8Array.of(1) }));
      const spec = { path: join(folder, 'x.npy'), labels: path, format: 'npy' as const };
      return openDataset('set', spec, { directory: folder });
    },
  },
  'an image': {
    name: 'images/x.png',
    read: (_, folder) =>
      openDataset('set', { path: join(folder, 'images'), followLinks: true }, { directory: folder }),
  },
  results: { name: 'results.json', read: (_, folder) => readResults(folder) },
  'a plugin': {
    name: 'plugin.mjs',
    read: (path, folder) => loadPlugins({ plugins: [path], directory: folder, file: 'run.yaml' }),
  },
  'what a parser waits for': { name: 'weights.bin', read: async (path) => openRegularSync(path) },
};

describe.skipIf(process.platform === 'win32')('what is no regular file is refused, never waited for', () => {
  const folders = new Map<string, string>();
  beforeAll(async () => {
    for (const [kind, { make }] of Object.entries(kinds)) {
      const folder = join(at, kind);
      mkdirSync(folder);
      await make(join(folder, 'it'));
      folders.set(kind, folder);
    }
  });

  for (const [kind, { found }] of Object.entries(kinds))
    it.each(Object.entries(readers))(`${kind} as %s`, async (what, { name, read }) => {
      const folder = join(at, `${kind}-${what.replaceAll(' ', '-')}`);
      const path = join(folder, name);
      mkdirSync(join(path, '..'), { recursive: true });
      symlinkSync(join(folders.get(kind) ?? '', 'it'), path);
      const error = await errorOf(read(path, folder));
      expect(error.code).toBe('file-unreadable');
      expect(error.details).toMatchObject({ file: path, found });
      expect(error.details.hint).toBeTruthy();
    });
});

describe('reading whole', () => {
  it('gives the bytes, the text and the head of a file', async () => {
    const file = join(at, 'text');
    writeFileSync(file, 'größer');
    expect((await readWhole(file, 'configuration')).toString('latin1')).toHaveLength(8);
    expect(await readText(file, 'configuration')).toBe('größer');
    expect(await readHead(file, 3)).toEqual({ start: Uint8Array.of(0x67, 0x72, 0xc3), size: 8 });
  });

  it('refuses what is longer than its kind, before anything is read', async () => {
    const file = join(at, 'sparse');
    writeFileSync(file, '');
    truncateSync(file, limits.image.value + 1);
    expect(await errorOf(readWhole(file, 'image'))).toMatchObject({
      code: 'file-malformed',
      details: { file, found: `${limits.image.value + 1} bytes`, hint: limits.image.instead },
    });
  });

  it('says when links lead in a circle', async () => {
    symlinkSync(join(at, 'b'), join(at, 'a'));
    symlinkSync(join(at, 'a'), join(at, 'b'));
    expect((await errorOf(readHead(join(at, 'a'), 1))).details.hint).toMatch(/circle/);
  });
});
