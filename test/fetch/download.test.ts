import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { download } from '../../src/fetch/download.js';
import { Http, type Patience } from '../../src/fetch/http.js';
import type { RemoteFile } from '../../src/pull/named-set.js';
import { bytes, errorOf } from '../data/files.js';
import { folder } from '../e2e/assay.js';
import { files, served, status } from './server.js';

const CONTENT = bytes(200_000, 3);
const NAME = 'set.tar';
const HASTE: Patience = { stall: 20_000, backoff: 1, attempts: 3 };

const remote = (urls: string[], content = CONTENT): RemoteFile => ({
  name: NAME,
  urls,
  size: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
});

/** Fetches into a folder. */
async function fetched(
  file: RemoteFile,
  at: string,
  { signal = new AbortController().signal, ...patience }: Partial<Patience> & { signal?: AbortSignal } = {},
) {
  const target = join(at, NAME);
  await download(file, target, {
    http: new Http({ ...HASTE, ...patience }, signal),
    signal,
    progress: () => undefined,
  });
  return readFileSync(target);
}

const part = (at: string) => join(at, `${NAME}.part`);
const whole = (found: Uint8Array) => Buffer.compare(found, CONTENT) === 0;

describe('a download', () => {
  it('brings the file, and leaves nothing else', async () => {
    const at = folder();
    const { url, asked } = await served(files({ [NAME]: CONTENT }));
    expect(whole(await fetched(remote([`${url}/${NAME}`]), at))).toBe(true);
    expect([existsSync(part(at)), existsSync(`${part(at)}.version`)]).toEqual([false, false]);
    expect(asked[0]!.headers).toMatchObject({ 'accept-encoding': 'identity' });
  });

  it('goes on where the connection broke, as often as it brings something', async () => {
    const content = bytes(3_000_000, 2);
    const { url, asked } = await served(
      files({ [NAME]: content }, { etag: '"one"', breaks: Array(5).fill(500_000) }),
    );
    expect(Buffer.compare(await fetched(remote([`${url}/${NAME}`], content), folder()), content)).toBe(0);
    // More often than it may bring nothing; what was on its way when the connection broke is asked for again.
    expect(asked).toHaveLength(6);
    const starts = asked.map(({ headers }) =>
      Number(/^bytes=(\d+)-$/.exec(headers.range ?? 'bytes=0-')?.[1]),
    );
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(starts[1]).toBeGreaterThan(100_000);
    expect(asked.slice(1).map(({ headers }) => headers['if-range'])).toEqual(Array(5).fill('"one"'));
  });

  it('begins again when the file at the server is another one', async () => {
    const at = folder();
    writeFileSync(part(at), bytes(50_000, 9));
    writeFileSync(`${part(at)}.version`, '"old"');
    const { url, asked } = await served(files({ [NAME]: CONTENT }, { etag: '"new"' }));
    expect(whole(await fetched(remote([`${url}/${NAME}`]), at))).toBe(true);
    expect(asked.map(({ headers }) => [headers.range, headers['if-range']])).toEqual([
      ['bytes=50000-', '"old"'],
    ]);
  });

  it.each([
    ['of another file, of which nothing is known', bytes(50_000, 9)],
    ['longer than the file', bytes(300_000)],
    ['as long as the file, with another content', bytes(CONTENT.length, 8)],
  ])('begins again where what is there is %s', async (_, left) => {
    const at = folder();
    writeFileSync(part(at), left);
    const { url } = await served(files({ [NAME]: CONTENT }));
    expect(whole(await fetched(remote([`${url}/${NAME}`]), at))).toBe(true);
  });

  it('asks nobody when all of it is there', async () => {
    const at = folder();
    writeFileSync(part(at), CONTENT);
    const { url, asked } = await served(files({}));
    expect(whole(await fetched(remote([`${url}/${NAME}`]), at))).toBe(true);
    expect(asked).toEqual([]);
  });

  it('takes all of it from a server that knows no ranges', async () => {
    const at = folder();
    writeFileSync(part(at), CONTENT.subarray(0, 70_000));
    const { url, asked } = await served((_, response) => response.end(CONTENT));
    expect(whole(await fetched(remote([`${url}/${NAME}`]), at))).toBe(true);
    expect(asked[0]!.headers.range).toBe('bytes=70000-');
  });

  it('is kept to its beginning when it is interrupted', async () => {
    const at = folder();
    const controller = new AbortController();
    const { url } = await served((_, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 60_000));
    });
    const attempt = fetched(remote([`${url}/${NAME}`]), at, { signal: controller.signal });
    const told = expect(attempt).rejects.toMatchObject({ code: 'interrupted' });
    await vi.waitUntil(() => existsSync(part(at)) && statSync(part(at)).size === 60_000, { timeout: 20_000 });
    controller.abort();
    await told;
    expect(readFileSync(part(at))).toEqual(Buffer.from(CONTENT.subarray(0, 60_000)));
  });

  it('follows redirects to other servers, and gives them no password', async () => {
    const other = await served(files({ [NAME]: CONTENT }));
    const { url, asked } = await served((_, response) =>
      status(response, 302, { location: `${other.url}/there/${NAME}` }),
    );
    const own = url.replace('//', '//me:s%40fe@');
    expect(whole(await fetched(remote([`${own}/${NAME}`]), folder()))).toBe(true);
    expect(asked[0]!.headers.authorization).toBe(`Basic ${Buffer.from('me:s@fe').toString('base64')}`);
    expect(other.asked[0]!.headers.authorization).toBeUndefined();
  });

  it('tries the next address where one does not have it', async () => {
    const { url } = await served(files({ [NAME]: CONTENT }));
    expect(whole(await fetched(remote([`${url}/gone`, `${url}/${NAME}`]), folder()))).toBe(true);
  });

  it('tries again when a server is busy, and gives up after some times', async () => {
    let busy = 2;
    const good = files({ [NAME]: CONTENT });
    const { url, asked } = await served((request, response) =>
      busy-- > 0 ? status(response, 503) : good(request, response),
    );
    expect(whole(await fetched(remote([`${url}/${NAME}`]), folder()))).toBe(true);
    expect(asked).toHaveLength(3);
    busy = 100;
    expect((await errorOf(fetched(remote([`${url}/${NAME}`]), folder()))).details.found).toMatch(
      /status 503/,
    );
    expect(asked).toHaveLength(6);
  });
});

describe('what is refused', () => {
  const refused: Record<
    string,
    { listener: RequestListener; found: RegExp; hint?: RegExp; kept?: number; stall?: number }
  > = {
    'a missing file': { listener: files({}), found: /status 404/ },
    'a page that asks for a password': {
      listener: (_, r) => status(r, 401),
      found: /status 401/,
      hint: /NAME:PASSWORD@HOST/,
    },
    'another content of the same size': {
      listener: files({ [NAME]: bytes(CONTENT.length, 5) }),
      found: /another content: sha256 [0-9a-f]{64}, not [0-9a-f]{64}/,
      kept: 0,
    },
    'a shorter file': {
      listener: files({ [NAME]: CONTENT.subarray(1) }),
      found: /199999 bytes, not 200000/,
      kept: 0,
    },
    'a longer file, without a length': {
      listener: (_, r) => {
        r.write(CONTENT);
        r.end(bytes(10));
      },
      found: /more than 200000 bytes/,
      kept: 0,
    },
    'a file that is cut off every time': {
      listener: (_, r) => {
        r.write(CONTENT.subarray(0, 1000));
        r.end();
      },
      found: /ended after 1000 of 200000 bytes/,
      kept: 1000,
    },
    'a server that stalls': {
      listener: (_, r) => {
        r.writeHead(200, { 'content-length': CONTENT.length });
        r.write(CONTENT.subarray(0, 500));
      },
      found: /sent nothing for 0\.3 s/,
      hint: /run the same command again/,
      stall: 300,
    },
    'a server that does not answer': {
      listener: () => undefined,
      found: /sent nothing for 0\.3 s/,
      stall: 300,
    },
    'redirects without end': {
      listener: (q, r) => status(r, 302, { location: `${q.url}x` }),
      found: /redirects more than 10 times/,
    },
    'a redirect to a file of this machine': {
      listener: (_, r) => status(r, 302, { location: 'file:///etc/passwd' }),
      found: /redirects to file:\/\/\/etc\/passwd, which is no http address/,
    },
    'another part than was asked for': {
      listener: (_, r) => {
        r.writeHead(206, { 'content-range': `bytes 5-199999/200000` });
        r.end(CONTENT.subarray(5));
      },
      found: /another part/,
    },
  };

  it.each(Object.entries(refused))('%s', async (_, { listener, found, hint, kept, stall }) => {
    const at = folder();
    const { url } = await served(listener);
    const error = await errorOf(fetched(remote([`${url}/${NAME}`]), at, stall ? { stall } : {}));
    expect(error.code).toBe('download-failed');
    expect(error.details.found).toMatch(found);
    if (hint) expect(error.details.hint).toMatch(hint);
    expect(existsSync(join(at, NAME))).toBe(false);
    if (kept === 0) expect(existsSync(part(at))).toBe(false);
    if (kept) expect(readFileSync(part(at))).toHaveLength(kept);
  });

  it('a machine without a network: what to do is said, and what every address said', async () => {
    const error = await errorOf(fetched(remote(['http://127.0.0.1:9/a', 'http://127.0.0.1:9/b']), folder()));
    expect(error.details.found).toMatch(/127\.0\.0\.1:9\/a: .*ECONNREFUSED/);
    expect(error.details.hint).toMatch(/HTTPS_PROXY.*--mirror/s);
    expect(error.details.also).toEqual([expect.stringMatching(/127\.0\.0\.1:9\/b/)]);
  });
});
