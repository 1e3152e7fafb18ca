import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { confineTo } from '../../src/bytes/confine.js';
import type { Remote } from '../../src/fetch/remote.js';
import { localFile } from '../../src/fetch/remote-file.js';
import { bytes, errorOf } from '../data/files.js';
import { folder } from '../e2e/assay.js';
import { tarOf } from '../tar.js';
import { claimedElsewhere } from './claimed-elsewhere.js';
import { files, served, status } from './server.js';

const CONTENT = bytes(200_000, 3);
const sumOf = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
const SUM = sumOf(CONTENT);
const namedBy = { file: 'a.model.yaml', path: 'checkpoint' };
const patience = { stall: 20_000, backoff: 1, attempts: 2 };

/** A folder of downloads of its own. */
function downloads(): string {
  const at = folder();
  vi.stubEnv('ASSAY_DOWNLOADS', at);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    delete process.env.ASSAY_CONFINE;
  });
  return at;
}

const fetched = (remote: Remote) => localFile(remote, { namedBy, patience });
const refused = (remote: Remote) => errorOf(fetched(remote));

async function server(content: Uint8Array = CONTENT, name = 'net.onnx', listener?: RequestListener) {
  const { url, asked } = await served(listener ?? files({ [name]: content }));
  return { remote: { url: `${url}/${name}`, sha256: sumOf(content) }, asked };
}

describe('a file that is named by its address', () => {
  it('is fetched once, whoever asks at the same time and later', async () => {
    const at = downloads();
    const { remote, asked } = await server();
    const local = await Promise.all(Array.from({ length: 4 }, () => fetched(remote)));
    expect(new Set(local.map(({ path }) => path))).toEqual(new Set([join(at, SUM, 'net.onnx')]));
    expect(sumOf(readFileSync(join(at, SUM, 'net.onnx')))).toBe(SUM);
    await fetched({ ...remote, sha256: SUM.toUpperCase() });
    expect(asked).toHaveLength(1);
    expect(readdirSync(join(at, SUM)).sort()).toEqual(['net.onnx', 'net.onnx.checked']);
  });

  it('is not fetched again under another address and name', async () => {
    const at = downloads();
    await fetched((await server()).remote);
    const other = await server(CONTENT, 'copy.pt');
    expect((await fetched(other.remote)).path).toBe(join(at, SUM, 'copy.pt'));
    expect(other.asked).toEqual([]);
  });

  it('is fetched again when what was kept has another content', async () => {
    const at = downloads();
    const { remote, asked } = await server();
    const { path } = await fetched(remote);
    writeFileSync(path, bytes(200_000, 4));
    await fetched(remote);
    expect(sumOf(readFileSync(path))).toBe(SUM);
    expect(asked).toHaveLength(2);
    expect(path.startsWith(at)).toBe(true);
  });

  it('goes on where a connection broke, and where an earlier process was killed', async () => {
    const at = downloads();
    const { remote, asked } = await server(
      CONTENT,
      'net.onnx',
      files({ 'net.onnx': CONTENT }, { etag: '"a"', breaks: [90_000] }),
    );
    await fetched(remote);
    expect(asked.map(({ headers }) => headers.range !== undefined)).toEqual([false, true]);
    const second = await server(bytes(100_000, 5), 'net.onnx');
    const place = join(at, second.remote.sha256);
    mkdirSync(place);
    writeFileSync(join(place, 'net.onnx.part'), bytes(100_000, 5).subarray(0, 60_000));
    // By a process that is gone.
    claimedElsewhere(place, { silent: 400 });
    await fetched(second.remote);
    expect(second.asked.map(({ headers }) => headers.range)).toEqual(['bytes=60000-']);
  });

  it('is never read with another hash than was given, also when the server has it cut off', async () => {
    const at = downloads();
    const cut = await server(CONTENT.subarray(0, 150_000));
    const error = await refused({ ...cut.remote, sha256: SUM });
    expect(error).toMatchObject({ code: 'download-failed', details: namedBy });
    expect(error.details.found).toContain(`sha256 ${cut.remote.sha256}, not ${SUM}`);
    expect(error.details.hint).toMatch(/name the address of a copy/);
    expect(readdirSync(join(at, SUM))).toEqual([]);
  });

  it('is refused when something else wrote into what was fetched', async () => {
    const at = downloads();
    const part = join(at, SUM, 'net.onnx.part');
    const { remote } = await server(CONTENT, 'net.onnx', (_, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 1000));
      const look = setInterval(() => {
        if (!existsSync(part) || statSync(part).size < 1000) return;
        clearInterval(look);
        appendFileSync(part, 'of another');
        response.end(CONTENT.subarray(1000));
      }, 5);
    });
    const error = await refused(remote);
    expect(error).toMatchObject({ code: 'download-failed', details: namedBy });
    expect(existsSync(join(at, SUM, 'net.onnx'))).toBe(false);
  });

  it.each([
    ['that is not there', (_: unknown, response: never) => status(response, 404), /status 404/],
    [
      'beyond what is taken',
      (
        _: unknown,
        response: { writeHead(code: number, headers: object): void; write(text: string): void },
      ) => {
        response.writeHead(200, { 'content-length': 2 ** 40 });
        response.write('x');
      },
      /too large: 1099511627776 bytes, where at most 68719476736/,
    ],
  ])('is refused by name: one %s', async (_, listener, found) => {
    const at = downloads();
    const { remote } = await server(CONTENT, 'net.onnx', listener as RequestListener);
    const error = await refused(remote);
    expect(error).toMatchObject({ code: 'download-failed', details: namedBy });
    expect(error.details.found).toMatch(found);
    expect(existsSync(join(at, SUM, 'net.onnx'))).toBe(false);
  });

  it('has an address without passwords', async () => {
    downloads();
    const error = await refused({ url: 'https://ann:secret@example.org/a.onnx', sha256: SUM });
    expect(error).toMatchObject({ code: 'config-invalid', details: namedBy });
    expect(JSON.stringify([error.message, error.details])).not.toContain('secret');
    expect(await refused({ url: 'https://', sha256: SUM })).toMatchObject({ code: 'config-invalid' });
  });

  it('is not fetched with --confine, and read where it is there already', async () => {
    downloads();
    const { remote, asked } = await server();
    const other = await server(bytes(100, 9));
    const { path } = await fetched(remote);
    confineTo(folder());
    expect((await fetched(remote)).path).toBe(path);
    const error = await refused(other.remote);
    expect(error).toMatchObject({
      code: 'file-unreadable',
      details: { ...namedBy, found: other.remote.url },
    });
    expect(error.details.hint).toMatch(/--plan-only/);
    expect([asked.length, other.asked.length]).toEqual([1, 0]);
  });
});

describe('an archive that is named by its address', () => {
  const tar = gzipSync(
    tarOf([
      { name: 'set/a.txt', content: 'one' },
      { name: 'set/b/c.txt', content: 'two' },
    ]),
  );

  it.each([
    ['tar.gz', tar],
    ['zip', zipSync({ 'set/a.txt': Buffer.from('one'), 'set/b/c.txt': Buffer.from('two') })],
  ])('is unpacked once: %s', async (ending, content) => {
    downloads();
    const { remote, asked } = await server(content, `set.${ending}`);
    const all = await Promise.all(['set/a.txt', 'set', '.'].map((path) => fetched({ ...remote, path })));
    expect(readFileSync(all[0]?.path ?? '', 'utf8')).toBe('one');
    expect(readFileSync(join(all[1]?.path ?? '', 'b/c.txt'), 'utf8')).toBe('two');
    expect(all[2]?.path).toBe(all[0]?.root);
    expect(asked).toHaveLength(1);
  });

  it('is unpacked again when files are missing', async () => {
    downloads();
    const { remote, asked } = await server(tar, 'set.tar.gz');
    const { path } = await fetched({ ...remote, path: 'set/a.txt' });
    writeFileSync(path, 'longer than it was');
    await fetched({ ...remote, path: 'set/b' });
    expect([readFileSync(path, 'utf8'), asked.length]).toEqual(['one', 2]);
  });

  it('tells what it holds instead of what is asked for', async () => {
    downloads();
    const { remote } = await server(tar, 'set.tar.gz');
    const error = await refused({ ...remote, path: 'sett/a.txt' });
    expect(error).toMatchObject({
      code: 'file-unreadable',
      details: { ...namedBy, found: 'sett/a.txt, beside set' },
    });
    for (const path of ['../other', '/etc/passwd', 'set/../..'])
      expect(await refused({ ...remote, path })).toMatchObject({ code: 'config-invalid' });
  });

  it('is refused whole where it holds what leads elsewhere, and where it is none', async () => {
    const at = downloads();
    const hostile = await server(
      tarOf([
        { name: 'set/a', content: 'x' },
        { name: 'away', type: '2', link: '/etc' },
      ]),
      'set.tar',
    );
    expect(await refused({ ...hostile.remote, path: '.' })).toMatchObject({ code: 'file-malformed' });
    expect(existsSync(join(at, hostile.remote.sha256, 'unpacked'))).toBe(false);
    const none = await server(CONTENT, 'set.tar');
    expect(await refused({ ...none.remote, path: '.' })).toMatchObject({ code: 'file-malformed' });
  });
});
