import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DatasetSpec } from '../../src/data/spec.js';
import { claimFetch } from '../../src/fetch/fetch-claim.js';
import type { NamedSet } from '../../src/pull/named-set.js';
import { type PullOptions, pull } from '../../src/pull/pull.js';
import { namedSets } from '../../src/pull/registry.js';
import { errorOf, readAll } from '../data/files.js';
import { folder } from '../e2e/assay.js';
import { claimedElsewhere } from '../fetch/claimed-elsewhere.js';
import { files, served } from '../fetch/server.js';
import { pax, tarOf } from '../tar.js';
import { cifar10Files, ofStandIns, standIns, svhnPixel } from './archives.js';

const jpeg = (level: number) =>
  sharp(new Uint8Array(64).fill(level), { raw: { width: 8, height: 8, channels: 1 } })
    .toColourspace('b-w')
    .jpeg({ quality: 100 })
    .toBuffer();

let contents: Record<string, Readonly<Record<string, Uint8Array>>>;
beforeAll(async () => {
  contents = await standIns(jpeg);
});

const options = (out: string, more: Partial<PullOptions> = {}): PullOptions => ({
  out,
  signal: new AbortController().signal,
  tell: () => undefined,
  patience: { stall: 20_000, backoff: 1, attempts: 2 },
  ...more,
});

/** Pulls a stand-in from a server. */
async function pulled(name: string, out: string, more: Partial<PullOptions> = {}) {
  const { url, asked } = await served(files(contents[name]!));
  const set = ofStandIns(namedSets.named(name), contents[name]!, url);
  return { set, asked, ...(await pull(set, options(out, more))) };
}

/** Reads every data set that the row speaks of, as a run file would. */
async function entriesOf(set: NamedSet, out: string) {
  const read = set.entries.map(async ({ name, path, more }) => {
    const spec = { path: join(set.name, path ?? ''), ...more } as DatasetSpec;
    return [name, await readAll(out, spec)] as const;
  });
  return new Map(await Promise.all(read));
}

const labels = (all: Map<string, { labels?: Int32Array }>) =>
  Object.fromEntries([...all].map(([name, one]) => [name, [...(one.labels ?? [])]]));

describe('the sets', () => {
  it('have sizes and checksums of every file, and say where from, how they may be used and how to cite them', () => {
    for (const set of namedSets) {
      expect(set.files.length, set.name).toBeGreaterThan(0);
      for (const file of set.files) {
        expect(file.sha256, file.name).toMatch(/^[0-9a-f]{64}$/);
        expect(file.size, file.name).toBeGreaterThan(1000);
        for (const url of file.urls) expect(new URL(url).protocol, url).toMatch(/^https?:$/);
      }
      for (const text of [set.checksums, set.licence, set.citation, set.home])
        expect(text, set.name).toMatch(/\w{3}/);
    }
    const sums = [...namedSets].flatMap((set) => set.files.map(({ sha256 }) => sha256));
    expect(new Set(sums).size).toBe(sums.length);
  });

  const expected: Record<string, Record<string, number[]>> = {
    cifar10: { test: [3, 9], train: [1, 2, 3, 4, 5] },
    cifar100: { test: [99], train: [11] },
    svhn: { test: [0, 1, 9], train: [2] },
    mnist: { test: [7, 0], train: [1, 2, 3] },
    'fashion-mnist': { test: [7, 0], train: [1, 2, 3] },
    'cifar10-c': { 'fog-3': [4] },
    'cifar10-1': { 'cifar10-1': [1, 8], 'cifar10-1-v4': [0, 5, 9] },
    textures: { textures: [0, 0, 1, 1], test: [0, 1], validation: [0], train: [0] },
  };

  it('are all pulled here', () => {
    expect(Object.keys(expected)).toEqual([...namedSets.names]);
  });

  it.each(Object.entries(expected))(
    '%s is read as the row says, from what was fetched',
    async (name, wanted) => {
      const out = folder();
      const { set, folder: at } = await pulled(name, out);
      expect(at).toBe(join(out, name));
      const all = await entriesOf(set, out);
      expect(labels(all)).toEqual(wanted);
      expect(readdirSync(out)).toEqual([name]);
      const licence = readFileSync(join(at, 'LICENCE.txt'), 'utf8');
      for (const part of [set.licence, set.citation, set.checksums, set.files[0]!.sha256])
        expect(licence).toContain(part);
    },
  );

  it('svhn: every pixel is where it was', async () => {
    const out = folder();
    const { set } = await pulled('svhn', out);
    const test = (await entriesOf(set, out)).get('test');
    const found = Array.from(test?.pixels ?? [], (value) => Math.round(255 * value));
    const wanted = [0, 1, 2].flatMap((i) =>
      [0, 1, 2].flatMap((c) =>
        Array.from({ length: 1024 }, (_, p) => svhnPixel(i, Math.floor(p / 32), p % 32, c)),
      ),
    );
    expect(found).toEqual(wanted);
  });
});

describe('a set that is there', () => {
  it('is checked, and nothing is asked for', async () => {
    const out = folder();
    const { set, asked, bytes } = await pulled('mnist', out);
    expect(asked).toHaveLength(4);
    expect(await pull(set, options(out))).toEqual({ folder: join(out, 'mnist'), already: true, bytes });
    expect(await pull(set, options(out, { verify: true }))).toMatchObject({ already: true });
    expect(asked).toHaveLength(4);
  });

  it.each<[string, boolean, (at: string) => void, RegExp]>([
    [
      'a missing file',
      false,
      (at) => rmSync(join(at, 't10k-labels-idx1-ubyte')),
      /t10k-labels-idx1-ubyte is missing/,
    ],
    [
      'a shorter file',
      false,
      (at) => writeFileSync(join(at, 't10k-labels-idx1-ubyte'), 'x'),
      /has 1 bytes, not 10/,
    ],
    [
      'another content, with --verify',
      true,
      (at) => writeFileSync(join(at, 't10k-labels-idx1-ubyte'), '0123456789'),
      /another content/,
    ],
    [
      'a record that is none',
      false,
      (at) => writeFileSync(join(at, 'pulled.json'), '{"files":[{"path":"../x"}]}'),
      /no record/,
    ],
  ])('%s is told', async (_, verify, change, found) => {
    const out = folder();
    const { set, folder: at } = await pulled('mnist', out);
    change(at);
    const error = await errorOf(pull(set, options(out, { verify })));
    expect([error.code, error.details.found]).toEqual(['data-invalid', expect.stringMatching(found)]);
  });

  it('is nothing that lies there for other reasons', async () => {
    const out = folder();
    mkdirSync(join(out, 'mnist'));
    writeFileSync(join(out, 'mnist', 'own.txt'), 'mine');
    const error = await errorOf(pulled('mnist', out));
    expect([error.code, error.details.found]).toEqual(['output-unwritable', 'own.txt']);
    expect(readdirSync(out)).toEqual(['mnist']);
  });
});

describe('files that lie elsewhere', () => {
  it('what --keep-archive leaves is a mirror, as a folder and behind an address', async () => {
    const [first, second, third] = [folder(), folder(), folder()];
    const { set } = await pulled('mnist', first, { keepArchive: true });
    expect(readdirSync(join(first, 'mnist', 'archives')).sort()).toEqual(Object.keys(contents.mnist!).sort());
    const offline = { ...set, files: set.files.map((file) => ({ ...file, urls: ['http://127.0.0.1:9/'] })) };
    expect(await pull(offline, options(second, { mirror: first }))).toMatchObject({ already: false });
    expect(existsSync(join(first, 'mnist', 'archives'))).toBe(true);
    const { url, asked } = await served(files(contents.mnist!));
    await pull(offline, options(third, { mirror: `${url}/data/` }));
    expect(asked[0]!.url).toBe('/data/mnist/archives/t10k-images-idx3-ubyte.gz');
  });

  it.each<[string, string | undefined, string]>([
    ['a file that is not there', undefined, 'file-unreadable'],
    ['another file of that name', 'something else', 'data-invalid'],
  ])('%s is refused', async (_, content, code) => {
    const [mirror, out] = [folder(), folder()];
    const name = 't10k-images-idx3-ubyte.gz';
    mkdirSync(join(mirror, 'mnist', 'archives'), { recursive: true });
    if (content !== undefined) writeFileSync(join(mirror, 'mnist', 'archives', name), content);
    const error = await errorOf(pull(namedSets.named('mnist'), options(out, { mirror })));
    expect([error.code, error.details.file]).toEqual([code, join(mirror, 'mnist', 'archives', name)]);
    expect(error.details.hint).toContain('copy the folder');
  });

  it('another file on the server of a mirror has a remedy that is not to name a mirror', async () => {
    const { url } = await served((_, response) => response.end('something else'));
    const error = await errorOf(pull(namedSets.named('mnist'), options(folder(), { mirror: url })));
    expect([error.code, error.details.hint]).toEqual([
      'download-failed',
      expect.stringMatching(/put a copy .* on the mirror, or leave --mirror .* out/),
    ]);
    expect(error.details.hint).not.toContain('name a copy');
  });

  it('an address that is none is refused', async () => {
    const attempt = pull(namedSets.named('mnist'), options(folder(), { mirror: 'ftp://example.org/' }));
    expect((await errorOf(attempt)).details).toMatchObject({ path: '--mirror', found: 'ftp://example.org/' });
  });

  it('two processes do not fetch the same at once; one that is gone is no hindrance', async () => {
    const out = folder();
    const work = join(out, 'mnist.part');
    claimedElsewhere(work);
    expect((await errorOf(pulled('mnist', out))).message).toBe('another process fetches this data set');
    claimedElsewhere(work, { silent: 400 });
    await pulled('mnist', out);
    expect(existsSync(work)).toBe(false);
  });

  it.each([false, true])(
    'nobody else gets the folder before it is cleared (--keep-archive: %s)',
    async (keepArchive) => {
      const out = folder();
      const work = join(out, 'mnist.part');
      mkdirSync(work);
      // What an earlier pull left: enough for clearing to take a while.
      for (let i = 0; i < 2000; i++) writeFileSync(join(work, `left-${i}`), '');
      let done = false;
      const first = pulled('mnist', out, { keepArchive }).finally(() => {
        done = true;
      });
      const seen: string[][] = [];
      while (!done) {
        await delay(1);
        if (!existsSync(join(out, 'mnist', 'pulled.json')) || !existsSync(work)) continue;
        const release = await claimFetch(work).catch(() => undefined);
        if (!release) continue;
        seen.push(readdirSync(work).filter((name) => name !== 'claims'));
        await release();
      }
      await first;
      expect(seen.flat()).toEqual([]);
    },
  );

  it('what another process has made since it was looked for is not made again', async () => {
    const out = folder();
    const { set, asked } = await pulled('mnist', out);
    const [made, was] = [join(out, 'mnist'), join(out, 'as-it-was')];
    renameSync(made, was);
    const work = join(out, 'mnist.part');
    const before = asked.length;
    const again = await pull(set, {
      ...options(out),
      // Asked for at every look: the other process is done once this one has its claim.
      get verify() {
        if (existsSync(join(work, 'claims'))) renameSync(was, made);
        return false;
      },
    });
    expect([again.already, asked.length, existsSync(work)]).toEqual([true, before, false]);
  });
});

describe('an archive with another content than the data set', () => {
  const hostile: Record<
    string,
    { archive: Uint8Array | (() => Uint8Array); message: RegExp; room?: number }
  > = {
    'a path upwards': {
      archive: tarOf([...cifar10Files(), { name: '../../evil.bin', content: 'x' }]),
      message: /it leads upwards/,
    },
    'an absolute path': { archive: tarOf([{ name: '/etc/evil', content: 'x' }]), message: /it is absolute/ },
    'a path of Windows': { archive: tarOf([{ name: 'C:\\evil', content: 'x' }]), message: /backslash/ },
    'a long path upwards': {
      archive: tarOf([
        pax({ path: `a/../../${'x'.repeat(200)}/test_batch.bin` }),
        { name: 'short', content: 'x' },
      ]),
      message: /it leads upwards/,
    },
    'a symbolic link': {
      archive: tarOf([{ name: 'a/test_batch.bin', type: '2', link: '/etc/passwd' }]),
      message: /a link/,
    },
    'a hard link': {
      archive: tarOf([{ name: 'a/test_batch.bin', type: '1', link: '../x' }]),
      message: /a link/,
    },
    'a device': { archive: tarOf([{ name: 'a/test_batch.bin', type: '3' }]), message: /a device/ },
    'a sparse file': {
      archive: tarOf([pax({ 'GNU.sparse.major': '1' }), { name: 'a/test_batch.bin', content: 'x' }]),
      message: /a sparse file/,
    },
    'the same file twice': {
      archive: tarOf([...cifar10Files(), ...cifar10Files('other')]),
      message: /two files of one name/,
    },
    'a file less': { archive: tarOf(cifar10Files().slice(0, -1)), message: /lacks a file.*test_batch\.bin/s },
    'more bytes than it takes': {
      archive: tarOf(cifar10Files()),
      room: 10_000,
      message: /holds more than the data set/,
    },
    'a bomb': {
      archive: gzipSync(Buffer.alloc(400_000)),
      room: 100_000,
      message: /too long.*100000 bytes when inflated/s,
    },
    'a bomb in zip': {
      archive: zipSync({ 'a/test_batch.bin': Buffer.alloc(400_000) }),
      room: 100_000,
      message: /holds more than the data set/,
    },
    'a link in zip': {
      archive: zipSync({
        'a/test_batch.bin': [Buffer.from('/etc/passwd'), { os: 3, attrs: 0o120777 << 16 }],
      }),
      message: /a link/,
    },
    'a path upwards in zip': {
      archive: zipSync({ 'a/../../evil': Buffer.from('x') }),
      message: /invalid relative path|leads upwards/,
    },
    'no archive at all': {
      archive: Buffer.from('<html>blocked</html>'.padEnd(600)),
      message: /not a tar archive/,
    },
    'a cut-off archive': { archive: tarOf(cifar10Files()).subarray(0, -1024), message: /cut off/ },
    'a damaged header': {
      archive: () => tarOf(cifar10Files()).fill(0xff, 512 + 1024, 512 + 1500),
      message: /damaged/,
    },
  };

  it.each(Object.entries(hostile))(
    '%s: refused, and nothing of it is left',
    async (_, { archive, message, room }) => {
      const out = folder();
      const content = { 'cifar-10-binary.tar.gz': typeof archive === 'function' ? archive() : archive };
      const { url } = await served(files(content));
      const row = namedSets.named('cifar10');
      const set = ofStandIns({ ...row, room: room ?? row.room }, content, url);
      const error = await errorOf(pull(set, options(out)));
      expect(error.explain()).toMatch(message);
      expect(error.code).toBe('file-malformed');
      // The archive is what its checksum says; it stays for whoever wants to look.
      expect(readdirSync(out)).toEqual(['cifar10.part']);
      expect(readdirSync(join(out, 'cifar10.part'))).toEqual(['cifar-10-binary.tar.gz']);
    },
  );

  it('a zip archive is unpacked like the others', async () => {
    const out = folder();
    const members = cifar10Files().filter(({ type }) => type !== '5');
    const zip = zipSync(
      Object.fromEntries(members.map(({ name, content }) => [name, Buffer.from(content as string)])),
    );
    const content = { 'cifar-10-binary.tar.gz': zip };
    const { url } = await served(files(content));
    const set = ofStandIns(namedSets.named('cifar10'), content, url);
    await pull(set, options(out));
    expect(labels(await entriesOf(set, out))).toEqual({ test: [3, 9], train: [1, 2, 3, 4, 5] });
  });
});

it('too little room is told before anything is fetched', async () => {
  const { url, asked } = await served(files(contents.mnist!));
  const set = { ...ofStandIns(namedSets.named('mnist'), contents.mnist!, url), room: 2 ** 52 };
  const error = await errorOf(pull(set, options(folder())));
  expect([error.code, error.message]).toEqual([
    'output-unwritable',
    'there is not enough room for the data set',
  ]);
  expect(asked).toEqual([]);
});
