import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Changes, changesText } from '../../src/bytes/changes.js';
import { gatherEvidence, lookAgain } from '../../src/bytes/evidence.js';
import {
  type Evidence,
  emptyLog,
  logReads,
  noteAbsent,
  noteFolder,
  notePart,
} from '../../src/bytes/read-log.js';
import { readText } from '../../src/bytes/regular-file.js';

const holds = async (evidence: Evidence) => 'evidence' in (await lookAgain(evidence));

/** Which files are not as they were, by their names in a folder. */
async function changesOf(evidence: Evidence, at: string): Promise<Changes | undefined> {
  const found = await lookAgain(evidence);
  if (!('changes' in found)) return undefined;
  const named = (paths: readonly string[]) => paths.map((path) => relative(at, path)).sort();
  const { changed, added, removed } = found.changes;
  return { changed: named(changed), added: named(added), removed: named(removed) };
}

const LONG_AGO = new Date('2020-01-01T00:00:00Z');

/** A folder of which work reads a file, lists the names, and misses another file. */
async function gathered() {
  const at = mkdtempSync(join(tmpdir(), 'assay-evidence-'));
  onTestFinished(() => rmSync(at, { recursive: true, force: true }));
  const file = join(at, 'weights');
  writeFileSync(file, 'abcd');
  mkdirSync(join(at, 'images'));
  await sleep(50);
  const log = emptyLog();
  const made = await logReads(log, async () => {
    noteFolder(join(at, 'images'));
    noteAbsent(join(at, 'labels'));
    return readText(file, 'configuration');
  });
  expect(made).toBe('abcd');
  return { at, file, evidence: (await gatherEvidence(log)) as Evidence };
}

describe('evidence of what was read', () => {
  it.each<[string, boolean, (at: string, file: string) => void]>([
    ['nothing', true, () => undefined],
    ['the same content, written anew', true, (_, file) => writeFileSync(file, 'abcd')],
    ['other times', true, (_, file) => utimesSync(file, LONG_AGO, LONG_AGO)],
    ['a file beside it', true, (at) => writeFileSync(join(at, 'beside'), '')],
    ['other content', false, (_, file) => writeFileSync(file, 'abcde')],
    ['other content of the same length', false, (_, file) => writeFileSync(file, 'abce')],
    [
      'other content of the same length, with times set back',
      false,
      (_, file) => {
        writeFileSync(file, 'abce');
        utimesSync(file, LONG_AGO, LONG_AGO);
      },
    ],
    ['no file', false, (_, file) => rmSync(file)],
    ['what was missing', false, (at) => writeFileSync(join(at, 'labels'), '')],
    ['another name in the folder', false, (at) => writeFileSync(join(at, 'images', 'a.png'), '')],
    ['no folder', false, (at) => rmSync(join(at, 'images'), { recursive: true })],
    [
      'a link to other content',
      false,
      (at, file) => {
        rmSync(file);
        writeFileSync(join(at, 'other'), 'abce');
        symlinkSync(join(at, 'other'), file);
      },
    ],
  ])('after %s holds: %s', async (_, expected, change) => {
    const { at, file, evidence } = await gathered();
    change(at, file);
    expect(await holds(evidence)).toBe(expected);
    // As if it had been gathered long after the file was written: then `stat` alone tells.
    const settled = { ...evidence, at: evidence.at + 3_600_000 };
    expect(await holds(settled)).toBe(expected);
    // As a part of other work, which read nothing else.
    const log = emptyLog();
    await logReads(log, async () => notePart(settled));
    expect(await holds((await gatherEvidence(log)) as Evidence)).toBe(expected);
  });

  it('is not there for a file that changed after it was read', async () => {
    const { file } = await gathered();
    const log = emptyLog();
    await logReads(log, () => readText(file, 'configuration'));
    writeFileSync(file, 'abce');
    expect(await gatherEvidence(log)).toBeUndefined();
  });

  it('is not there for a folder that got another file after it was listed', async () => {
    const { at } = await gathered();
    const log = emptyLog();
    await logReads(log, async () => noteFolder(join(at, 'images')));
    expect(await gatherEvidence(log)).toBeDefined();
    writeFileSync(join(at, 'images', 'late.png'), '');
    expect(await gatherEvidence(log)).toBeUndefined();
  });

  it('is not there for work of which a part is not known', async () => {
    const log = emptyLog();
    await logReads(log, async () => notePart(undefined));
    expect(await gatherEvidence(log)).toBeUndefined();
  });
});

describe('evidence of many files of a folder', () => {
  /** A folder of images, all of which work reads. @param unread files beside them in a folder whose names are listed */
  async function manyGathered(count: number, unread: readonly string[] = []) {
    const at = mkdtempSync(join(tmpdir(), 'assay-evidence-'));
    onTestFinished(() => rmSync(at, { recursive: true, force: true }));
    const files = Array.from({ length: count }, (_, i) => join(at, `n01440764_${10_000 + 7 * i}.JPEG`));
    for (const [i, file] of files.entries()) writeFileSync(file, `image ${i}`);
    for (const name of unread) writeFileSync(join(at, name), '');
    await sleep(50);
    const log = emptyLog();
    await logReads(log, async () => {
      if (unread.length > 0) noteFolder(at);
      for (const file of files) await readText(file, 'configuration');
    });
    return { at, files, log, evidence: (await gatherEvidence(log)) as Evidence };
  }

  it.each<[string, boolean, (files: string[], at: string) => void]>([
    ['nothing', true, () => undefined],
    ['the same content, written anew', true, ([file]) => writeFileSync(file!, 'image 0')],
    ['other times', true, (files) => utimesSync(files[70]!, LONG_AGO, LONG_AGO)],
    ['a file beside them that was not read', true, (_, at) => writeFileSync(join(at, 'beside'), '')],
    ['other content of the same length', false, (files) => writeFileSync(files[99]!, 'image 98')],
    [
      'other content of the same length, with times set back',
      false,
      (files) => {
        writeFileSync(files[50]!, 'image 51');
        utimesSync(files[50]!, LONG_AGO, LONG_AGO);
      },
    ],
    [
      'two files that changed places',
      false,
      ([a, b]) => {
        writeFileSync(a!, 'image 1');
        writeFileSync(b!, 'image 0');
      },
    ],
    ['one file less', false, (files) => rmSync(files[3]!)],
    [
      'a file under another name',
      false,
      (files, at) => {
        rmSync(files[3]!);
        writeFileSync(join(at, 'renamed.JPEG'), 'image 3');
      },
    ],
  ])('after %s holds: %s', async (_, expected, change) => {
    const { at, files, evidence } = await manyGathered(100);
    expect(evidence).toMatchObject({ files: [], packs: [{ folder: at }] });
    change(files, at);
    expect(await holds(evidence)).toBe(expected);
    expect(await holds({ ...evidence, at: evidence.at + 3_600_000 })).toBe(expected);
  });

  it('is fresher after a look that found the same content: the next look reads nothing', async () => {
    const { at, files, evidence } = await manyGathered(40);
    const long = (one: Evidence) => ({ ...one, at: one.at + 3_600_000 });
    /** Only who reads the files finds that this is not their content. */
    const unread = (one: Evidence) => ({
      ...long(one),
      packs: one.packs.map((pack) => ({ ...pack, contents: 'another' })),
    });
    expect(await lookAgain(long(evidence))).toEqual({ evidence: long(evidence) });
    utimesSync(files[7]!, LONG_AGO, LONG_AGO);
    await sleep(50);
    expect(await holds(unread(evidence))).toBe(false);
    // Alone, and as a part of other work.
    for (const known of [
      long(evidence),
      { ...evidence, files: [], packs: [], folders: [], parts: [long(evidence)] },
    ]) {
      const found = await lookAgain(known);
      const own = 'evidence' in found ? found.evidence : undefined;
      const fresh = own?.parts[0] ?? own;
      expect(fresh?.packs[0]).toMatchObject({ folder: at, contents: evidence.packs[0]!.contents });
      expect(await holds(unread(fresh as Evidence))).toBe(true);
    }
    writeFileSync(files[7]!, 'image 8');
    expect(await holds(evidence)).toBe(false);
  });

  it.each<[string, Partial<Changes>, (files: string[], at: string) => void]>([
    [
      'two files of other content, one of them of the same length',
      { changed: ['n01440764_10014.JPEG', 'n01440764_10070.JPEG'] },
      (files) => {
        writeFileSync(files[2]!, 'longer than before');
        writeFileSync(files[10]!, 'image 19');
      },
    ],
    [
      'new names',
      { added: ['.hidden', 'late.png', 'more'] },
      (_, at) => {
        writeFileSync(join(at, 'late.png'), '');
        writeFileSync(join(at, '.hidden'), '');
        mkdirSync(join(at, 'more'));
      },
    ],
    [
      'a file under another name',
      { added: ['renamed.JPEG'], removed: ['n01440764_10021.JPEG'] },
      (files, at) => renameSync(files[3]!, join(at, 'renamed.JPEG')),
    ],
    ['a name that was not read', { removed: ['list.txt'] }, (_, at) => rmSync(join(at, 'list.txt'))],
  ])('tells by name: %s', async (_, expected, change) => {
    const { at, files, log } = await manyGathered(40, ['list.txt']);
    const evidence = (await gatherEvidence(log)) as Evidence;
    change(files, at);
    const none = { changed: [], added: [], removed: [] };
    expect(await changesOf(evidence, at)).toEqual({ ...none, ...expected });
    expect(await changesOf({ ...evidence, at: evidence.at + 3_600_000 }, at)).toEqual({
      ...none,
      ...expected,
    });
  });

  it('reads a folder that changed once, whoever looks at it, and again where it changes again', async () => {
    const { at, files, evidence } = await manyGathered(40);
    const handle = await open(files[0]!);
    const reading = vi.spyOn(Object.getPrototypeOf(handle), 'read');
    await handle.close();
    // An hour later: files were written so long ago that their times tell whether they are written again.
    const later = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
    onTestFinished(() => {
      reading.mockRestore();
      later.mockRestore();
    });
    /** How often a file is read for what is done. */
    const readsOf = async (work: () => Promise<unknown>) => {
      reading.mockClear();
      await work();
      return reading.mock.calls.length;
    };
    for (const i of [7, 8]) {
      writeFileSync(files[i]!, 'changed');
      const look = () => lookAgain(evidence);
      expect(await readsOf(look)).toBeGreaterThanOrEqual(files.length);
      expect((await changesOf(evidence, at))?.changed).toHaveLength(i - 6);
      const log = emptyLog();
      await logReads(log, async () => {
        for (const file of files) await readText(file, 'configuration');
      });
      expect(await readsOf(async () => [await look(), await look(), await gatherEvidence(log)])).toBe(0);
      const fresh = (await gatherEvidence(log)) as Evidence;
      expect(fresh.packs[0]?.contents).not.toBe(evidence.packs[0]?.contents);
      expect(await holds(fresh)).toBe(true);
    }
  });

  it('is not there where one of them changed after it was read', async () => {
    const { files, log } = await manyGathered(100);
    writeFileSync(files[42]!, 'image 4x');
    expect(await gatherEvidence(log)).toBeUndefined();
  });

  it('refuses names that unfold to more than names take, as in a folder that others wrote', async () => {
    const { evidence } = await manyGathered(20);
    const names = deflateRawSync(Buffer.alloc(2 ** 28 + 1)).toString('base64');
    const forged = { ...evidence, packs: evidence.packs.map((pack) => ({ ...pack, names })) };
    await expect(holds(forged)).rejects.toMatchObject({ code: 'ERR_BUFFER_TOO_LARGE' });
  });

  it('takes few bytes a file', async () => {
    const { evidence } = await manyGathered(2000);
    expect(JSON.stringify(evidence).length / 2000).toBeLessThan(8);
  });
});

it('what changed in words: a few names, then their number', () => {
  const at = (...names: string[]) => names.map((name) => join('/data', name));
  const changes = { changed: at('a/1.png'), added: at('b', 'c'), removed: at('d', 'e', 'f', 'g\u001b[2J') };
  expect(changesText(changes, '/data/a')).toBe(
    '1 file changed (1.png), 2 are new (../b, ../c), 4 are gone (../d, ../e, ../f and 1 more)',
  );
  expect(changesText({ changed: [], added: at('\u001b[2J'), removed: [] }, '/data')).toBe(
    '1 is new (\\u001b[2J)',
  );
  expect(changesText({ changed: [], added: [], removed: [] }, '/data')).toBe('files changed');
});
