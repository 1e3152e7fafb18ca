// @module-tag slow
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { AssayError } from '../../../src/errors.js';
import { s3Address } from '../../../src/runs/s3/address.js';
import { s3Cache } from '../../../src/runs/s3/cache.js';
import { S3Store, type S3StoreOptions } from '../../../src/runs/s3/store.js';
import { encodeUnit, headOf, type UnitRecord } from '../../../src/runs/units/unit-file.js';
import { ENVIRONMENT, type Fault, type S3Server, s3Server } from './s3-server.js';

/** Of more bytes than a head is looked for in. */
const unit: UnitRecord = {
  key: 'k1',
  rows: { logits: { shape: [2000, 2], data: Float32Array.from({ length: 4000 }, (_, i) => i / 3) } },
  indices: Int32Array.from({ length: 2000 }, (_, i) => 3 * i),
  labels: new Int32Array(2000),
  passes: { forward: 2000, gradient: 0 },
  seconds: 0.25,
};

/** One whose header alone is longer than what is read of it first. */
const wide: UnitRecord = {
  ...unit,
  key: 'k2',
  indices: new Int32Array(3),
  labels: new Int32Array(3),
  rows: Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`${i}`.repeat(200), { shape: [3], data: new Uint8Array(3) }]),
  ),
};

/** Milliseconds after which what is waited for does not come: a machine that others use takes seconds for what follows at once. */
const PATIENCE = 30_000;

let server: S3Server;
const told: string[] = [];

beforeAll(async () => {
  server = await s3Server();
});
afterAll(() => server.down());
beforeEach(() => {
  for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.fault = () => undefined;
  server.objects.clear();
  server.asked.length = 0;
  told.length = 0;
});

const address = (prefix = 'runs/today') => s3Address(`s3://${server.bucket}/${prefix}`, server.url);

async function opened(more: Partial<S3StoreOptions> = {}, at = address()): Promise<S3Store> {
  const store = await S3Store.open(at, {
    signal: () => undefined,
    tell: (line) => told.push(line),
    waits: { first: 20, most: 100 },
    ...more,
  });
  onTestFinished(() => store.close());
  return store;
}

const codeOf = (fault: Fault | undefined, asked: string) => (at: string) =>
  at === asked ? fault : undefined;

describe('a store that speaks S3', () => {
  it('gives back every bit, under the names of a run folder, and heads without rows', async () => {
    const store = await opened();
    for (const one of [unit, wide]) {
      expect([await store.head(one.key), await store.read(one.key)]).toEqual([undefined, undefined]);
      await store.write(one);
      await store.write(one);
      expect(await store.read(one.key)).toEqual(one);
      expect(await store.head(one.key)).toEqual(headOf(one));
    }
    expect([...server.objects.keys()].sort()).toEqual([
      'runs/today/assay-store.txt',
      'runs/today/units/k1.unit',
      'runs/today/units/k2.unit',
    ]);
    expect(server.objects.get('runs/today/units/k1.unit')).toEqual(Buffer.from(encodeUnit(unit)));
    expect(told).toEqual([]);
  });

  it('takes its place from the environment, and names with every character', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_S3', server.url);
    vi.stubEnv('AWS_REGION', undefined);
    const prefix = "ann's runs/Größe 100%+/a&b=c";
    const store = await opened({}, s3Address(`s3://${server.bucket}/${prefix}/`));
    await store.write(unit);
    expect(await store.read('k1')).toEqual(unit);
    expect(server.objects.has(`${prefix}/units/k1.unit`)).toBe(true);
  });

  it.each([
    ['cut', (bytes: Buffer) => bytes.subarray(0, 500)],
    ['changed', (bytes: Buffer) => Buffer.from(bytes).fill(7, 9000, 9001)],
    ['empty', () => Buffer.alloc(0)],
    ['of another unit', () => Buffer.from(encodeUnit({ ...unit, key: 'k9' }))],
  ])('takes a unit that is %s for missing, tells once, and replaces it', async (_, damage) => {
    const store = await opened();
    const name = 'runs/today/units/k1.unit';
    server.objects.set(name, damage(Buffer.from(encodeUnit(unit))));
    expect(await store.read('k1')).toBeUndefined();
    expect(await store.read('k1')).toBeUndefined();
    expect(told).toEqual([
      `a damaged unit in s3://${server.bucket}/runs/today is measured again, and so are others: units/k1.unit`,
    ]);
    await store.write(unit);
    expect(await store.read('k1')).toEqual(unit);
  });

  it.each<[string, Fault]>([
    ['has no time', { status: 503, code: 'SlowDown' }],
    ['has an error of its own', { status: 500, code: 'InternalError' }],
    ['takes what came for damaged', { status: 400, code: 'BadDigest' }],
    ['hangs up', 'hang up'],
  ])('is asked again where it %s', async (_, fault) => {
    const store = await opened();
    let left = 4;
    server.fault = () => (left-- > 0 ? fault : undefined);
    await store.write(unit);
    left = 4;
    expect(await store.read('k1')).toEqual(unit);
    expect(left).toBeLessThan(0);
  });

  it('reads what comes without a size, and of what never ends no more than a unit may have', async () => {
    const store = await opened({ largest: 100_000 });
    for (const one of [unit, wide]) await store.write(one);
    server.fault = () => 'unmeasured';
    for (const one of [unit, wide]) {
      expect(await store.read(one.key)).toEqual(one);
      expect(await store.head(one.key)).toEqual(headOf(one));
    }
    server.fault = () => 'endless';
    for (const asking of [() => store.read('k1'), () => store.head('k1')])
      await expect(asking()).rejects.toMatchObject({
        code: 'store-failed',
        details: { expected: 'at most 100000 bytes', found: expect.stringContaining('does not say') },
      });
    // What is in flight when the connection is closed: the buffers of two sockets.
    expect(server.poured).toBeLessThan(2 ** 25);
    server.fault = () => undefined;
    server.objects.set('runs/today/units/k3.unit', Buffer.alloc(100_001));
    await expect(store.read('k3')).rejects.toMatchObject({ details: { found: '100001' } });
    expect(told).toEqual([]);
  });

  it('lists its units page by page, and nothing else', async () => {
    const store = await opened({}, address("ann's runs/a&b"));
    expect(await store.units()).toEqual(new Map());
    const keys = ['k1', 'k2', 'k3', 'k4', 'k5'];
    for (const key of keys) await store.write({ ...wide, key });
    server.objects.set("ann's runs/a&b/units/deeper/k6.unit", Buffer.alloc(1));
    server.objects.set('units/k7.unit', Buffer.alloc(1));
    const size = encodeUnit({ ...wide, key: 'k1' }).length;
    expect(await store.units()).toEqual(new Map(keys.map((key) => [`${key}.unit`, size])));
  });

  it('that is only read from has nothing written into it', async () => {
    server.objects.set('runs/today/units/k1.unit', Buffer.from(encodeUnit(unit)));
    const cache = await s3Cache(address(), { signal: () => undefined, tell: (line) => told.push(line) });
    onTestFinished(() => cache.close?.());
    const file = `${address().shown}/units/k1.unit`;
    expect(cache).toMatchObject({
      ...{ folder: address().shown, files: new Map([['k1', file]]) },
      sizes: new Map([['k1', encodeUnit(unit).length]]),
    });
    expect(await cache.read(file, 'k1')).toEqual(unit);
    expect(server.asked.filter((asked) => asked.startsWith('PUT'))).toEqual([]);
    server.objects.set('runs/today/units/k1.unit', Buffer.alloc(9));
    expect(await cache.read(file, 'k1')).toBeUndefined();
    expect(told).toEqual([expect.stringContaining('a damaged unit in')]);
    await expect(
      s3Cache(s3Address('s3://another-one', server.url), { signal: () => undefined, tell: () => undefined }),
    ).rejects.toThrow('no such bucket');
  });

  it('tells a store of the same name on another server from itself', async () => {
    const store = await opened();
    expect(await store.hasMark('0123', server.url)).toBe(false);
    await store.mark('0123', server.url);
    expect(await store.hasMark('0123', server.url)).toBe(true);
    expect(await store.hasMark('0123', 'http://another:9000')).toBe(false);
    expect(await store.hasMark('4567', server.url)).toBe(false);
  });

  describe('with keys that a service gives', () => {
    /** A program that gives keys of a moment, so that every request asks for new ones, while `keys` is there. */
    function keyService() {
      const at = mkdtempSync(join(tmpdir(), 'assay-keys-'));
      onTestFinished(() => rmSync(at, { recursive: true, force: true }));
      const file = (name: string) => join(at, name);
      const keys = {
        Version: 1,
        AccessKeyId: server.env.AWS_ACCESS_KEY_ID,
        SecretAccessKey: server.env.AWS_SECRET_ACCESS_KEY,
        // Far off: in the last five minutes of its keys the client asks for new ones besides, unwaited.
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      };
      const give = () => writeFileSync(file('keys'), JSON.stringify(keys));
      give();
      writeFileSync(file('asked'), '');
      writeFileSync(file('give.sh'), `echo >> ${file('asked')}\ncat ${file('keys')}\n`);
      writeFileSync(file('config'), `[default]\ncredential_process = /bin/sh ${file('give.sh')}\n`);
      vi.stubEnv('AWS_CONFIG_FILE', file('config'));
      for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined);
      return {
        give,
        fail: () => rmSync(file('keys')),
        asked: () => readFileSync(file('asked')).length,
      };
    }

    /** A store that was opened, whose keys have run out while the service is away; `before` counts what it was asked. */
    async function withoutKeys() {
      const service = keyService();
      const store = await opened();
      vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 7_200_000);
      onTestFinished(() => void vi.restoreAllMocks());
      service.fail();
      return { service, store, before: service.asked() };
    }

    it('waits for a service that is away for a moment', async () => {
      const { service, store, before } = await withoutKeys();
      const written = store.write(unit);
      await vi.waitFor(() => expect(service.asked()).toBeGreaterThan(before + 2), PATIENCE);
      vi.restoreAllMocks();
      service.give();
      await written;
      expect(await store.read('k1')).toEqual(unit);
    });

    it('gives up where it stays away, and at once where there never were keys', async () => {
      const { service, store, before } = await withoutKeys();
      await expect(store.write(unit)).rejects.toThrow('there are no keys for the store here');
      const tries = service.asked() - before;
      await expect(opened({ patient: true })).rejects.toThrow('there are no keys for the store here');
      const atOnce = service.asked() - before - tries;
      expect([atOnce > 0, tries / atOnce]).toEqual([true, 6]);
    });
  });

  it('that stumbles once after a quiet minute is not called away', async () => {
    const store = await opened();
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
    onTestFinished(() => void vi.restoreAllMocks());
    let left = 4;
    server.fault = () => (left-- > 0 ? 'hang up' : undefined);
    await store.write(unit);
    expect([left < 0, told]).toEqual([true, []]);
  });

  it('that is away is waited for, which is told, until that is ended', async () => {
    const ending = new AbortController();
    const store = await opened({ signal: () => ending.signal });
    let now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 3000));
    onTestFinished(() => void vi.restoreAllMocks());
    await server.down();
    const written = store.write(unit);
    await vi.waitFor(() => expect(told).toHaveLength(1), PATIENCE);
    const opening = opened({ patient: true, tell: () => undefined });
    await server.up();
    const another = await opening;
    await written;
    expect(await another.read('k1')).toEqual(unit);
    expect(told).toEqual([
      expect.stringMatching(
        /^the store at s3:\/\/\S+ is away: waiting until it is back \(no server is listening.*ECONNREFUSED/,
      ),
      'the store is back',
    ]);
    server.fault = () => ({ status: 503, code: 'SlowDown' });
    const reading = store.read('k1');
    const reason = new AssayError('interrupted', 'enough');
    ending.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });

  it.each<[string, (store: S3Store) => Promise<unknown>]>([
    ['reads', (store) => store.read('k1')],
    ['writes', (store) => store.write(unit)],
  ])('that takes requests and never answers holds up nobody who ends: %s', async (_, asking) => {
    const ending = new AbortController();
    const store = await opened({ signal: () => ending.signal, grace: 50 });
    server.fault = () => 'hold';
    const before = server.asked.length;
    const asked = Promise.allSettled(Array.from({ length: 20 }, () => asking(store)));
    await vi.waitFor(() => expect(server.asked.length).toBe(before + 20), PATIENCE);
    const reason = new AssayError('interrupted', 'enough');
    ending.abort(reason);
    expect(await asked).toEqual(Array(20).fill({ status: 'rejected', reason }));
  });

  it('lets a write arrive that is under way when everything ends', async () => {
    const ending = new AbortController();
    const store = await opened({ signal: () => ending.signal });
    server.fault = () => {
      ending.abort();
      return undefined;
    };
    await store.write(unit);
    expect(server.objects.has('runs/today/units/k1.unit')).toBe(true);
  });

  it('has the server of the environment looked at: nothing is none, and what is no address is told', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_S3', '');
    vi.stubEnv('AWS_ENDPOINT_URL', server.url);
    await opened({}, s3Address(`s3://${server.bucket}`));
    vi.stubEnv('AWS_ENDPOINT_URL_S3', 'localhost');
    await expect(opened({}, s3Address(`s3://${server.bucket}`))).rejects.toMatchObject({
      code: 'config-invalid',
      details: { path: 'AWS_ENDPOINT_URL_S3', found: 'localhost' },
    });
  });

  it.each<[string, RegExp, { env?: Record<string, string | undefined>; fault?: Fault; url?: string }]>([
    ['no keys', /no keys for the store.*AWS_ACCESS_KEY_ID/, { env: { AWS_ACCESS_KEY_ID: undefined } }],
    ['a key that it does not know', /does not know this access key/, { env: { AWS_ACCESS_KEY_ID: 'AKIA' } }],
    ['a wrong secret', /does not accept this secret/, { env: { AWS_SECRET_ACCESS_KEY: 'loud' } }],
    ['keys of yesterday', /valid no more.*aws sso login/, { fault: { status: 400, code: 'ExpiredToken' } }],
    ['keys that may not', /s3:ListBucket/, { fault: { status: 403, code: 'AccessDenied' } }],
    ['another region', /AWS_REGION/, { fault: { status: 400, code: 'AuthorizationHeaderMalformed' } }],
    ['another time', /clock of this machine/, { fault: { status: 403, code: 'RequestTimeTooSkewed' } }],
    ['no room', /takes no more/, { fault: { status: 507, code: 'XMinioStorageFull' } }],
    ['no time', /has no time for this now/, { fault: { status: 503, code: 'SlowDown' } }],
    ['nobody there', /no server is listening.*--endpoint/, { url: 'http://127.0.0.1:1' }],
  ])(
    'that cannot be used ends with what to do: %s',
    async (_, said, { env = {}, fault, url = server.url }) => {
      for (const [name, value] of Object.entries({ ...ENVIRONMENT, ...env })) vi.stubEnv(name, value);
      server.fault = () => fault;
      const error = await opened({}, s3Address(`s3://${server.bucket}`, url)).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(AssayError);
      expect(error.code).toBe('store-failed');
      expect(error.explain().replaceAll('\n', ' ')).toMatch(said);
      expect(error.explain()).not.toContain('hush-hush');
    },
  );

  it('that has no such bucket, or hides what is missing, is refused before anything is measured', async () => {
    await expect(opened({}, s3Address('s3://another-one', server.url))).rejects.toMatchObject({
      details: { path: `s3://another-one (${server.url})`, hint: expect.stringContaining('aws s3 mb') },
    });
    server.fault = codeOf({ status: 403, code: 'AccessDenied' }, 'GET runs/today/units/none.unit');
    await expect(opened()).rejects.toThrow(/may not do in the bucket what is needed/);
  });

  it('goes on failing where what is wrong does not pass by itself', async () => {
    const store = await opened();
    server.fault = () => ({ status: 403, code: 'AccessDenied' });
    await expect(store.write(unit)).rejects.toMatchObject({ code: 'store-failed' });
  });

  it.runIf(process.env.ASSAY_S3)('works with a server that is at hand', { timeout: 60_000 }, async () => {
    vi.unstubAllEnvs();
    const endpoint = process.env.ASSAY_S3!;
    const bucket = `assay-${process.pid}`;
    const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1' });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    const store = await opened({}, s3Address(`s3://${bucket}/Größe 100%/a+b`, endpoint));
    for (const one of [unit, wide]) {
      expect([await store.head(one.key), await store.read(one.key)]).toEqual([undefined, undefined]);
      await store.write(one);
      expect(await store.read(one.key)).toEqual(one);
      expect(await store.head(one.key)).toEqual(headOf(one));
    }
    await expect(opened({}, s3Address('s3://assay-has-none', endpoint))).rejects.toThrow('no such bucket');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'loud');
    await expect(opened({}, s3Address(`s3://${bucket}`, endpoint))).rejects.toThrow('this secret key');
  });
});

describe('the address of a store', () => {
  it.each([
    ['s3://', 'no bucket'],
    ['s3://Bucket', 'a bucket called Bucket'],
    ['s3://key:hush@bucket', 'something before an @'],
    ['s3://bucket/a/../b', 'the prefix a/../b'],
    ['s3://bucket/a//b', 'the prefix a//b'],
    [`s3://bucket/${'ü'.repeat(300)}`, `the prefix ${'ü'.repeat(100)}`],
  ])('%s is none', (text, found) => {
    const error = (() => {
      try {
        return s3Address(text);
      } catch (thrown) {
        return thrown as AssayError;
      }
    })() as AssayError;
    expect([error.code, error.details.found]).toEqual(['config-invalid', found]);
  });

  it.each(['minio:9000', 'ftp://minio', 'https://ann:hush@minio', 'https://minio/?a'])(
    'and %s no server',
    (endpoint) => {
      expect(() => s3Address('s3://bucket', endpoint)).toThrow(/no address of a server/);
    },
  );

  it('reads as it is shown', () => {
    expect(s3Address('s3://bucket/').shown).toBe('s3://bucket');
    expect(s3Address('s3://bucket/a/b/')).toMatchObject({ prefix: 'a/b/', shown: 's3://bucket/a/b' });
  });
});
