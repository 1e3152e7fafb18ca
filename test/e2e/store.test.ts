// @module-tag slow
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queueAddress } from '../../src/runs/bullmq/address.js';
import { connectQueue, type QueueLink } from '../../src/runs/bullmq/connection.js';
import { type RedisServer, redisServer, withoutRedis } from '../runs/bullmq/redis-server.js';
import { type S3Server, s3Server } from '../runs/s3/s3-server.js';
import { assay, obeyed, type Started, start } from './assay.js';
import { ATTACK, project, savedResults, unitFiles } from './project.js';

const LONG = process.env.ASSAY_LONG !== undefined;
const NO_TIME = { status: 503, code: 'SlowDown' };

describe.skipIf(withoutRedis())('a queue whose rows go through a store that speaks S3', () => {
  const home = mkdtempSync(join(tmpdir(), 'assay-store-'));
  const workers: Started[] = [];
  let redis: RedisServer;
  let link: QueueLink;
  let store: S3Server;
  let place: string[];
  let text = '';

  const startWorker = (name: string, lease = 60): Started => {
    const args = ['worker', home, '--queue', redis.url, ...place, '--name', name, '--lease', `${lease}`];
    const started = start([...args, '--cache', join(home, name), '--sessions', '1'], home, store.env);
    started.child.stderr?.on('data', (part: string) => {
      text += part;
    });
    workers.push(started);
    return started;
  };
  const queued = () => ['run', 'small.run.yaml', '--out', 'queued', '--queue', redis.url, ...place];
  const same = (at: string) => {
    expect(savedResults(join(at, 'queued'))).toEqual(savedResults(join(at, 'out')));
    const names = unitFiles(join(at, 'out'));
    expect(unitFiles(join(at, 'queued'))).toEqual(names);
    const kept = [...store.objects.keys()].map((name) => name.replace('team/units/', ''));
    expect(kept).toEqual(expect.arrayContaining(names));
  };

  beforeAll(async () => {
    [redis, store] = await Promise.all([redisServer(), s3Server()]);
    link = await connectQueue(queueAddress(redis.url));
    place = ['--store', `s3://${store.bucket}/team`, '--endpoint', store.url];
  });
  afterAll(async () => {
    for (const { child } of workers) child.kill('SIGTERM');
    for (const { ended } of workers) await ended;
    link.client.disconnect();
    await Promise.all([redis.stop(), store.down()]);
    rmSync(home, { recursive: true, force: true });
    expect(text).not.toContain('hush-hush');
    if (LONG) expect(text).toMatch(/is away: waiting[\s\S]*the store is back/);
  });

  it('gives the numbers of one process, though the store has no time at first', async () => {
    const at = join(home, 'small');
    project(at, { suites: ['accuracy', { attack: ATTACK }] });
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
    startWorker('first');
    // Each plans the run, which takes seconds.
    if (LONG) startWorker('second');
    let busy = 4;
    store.fault = (asked) => (/^PUT team\/units/.test(asked) && busy-- > 0 ? NO_TIME : undefined);
    const { code, stderr } = await assay(queued(), at, store.env);
    expect([code, stderr]).toEqual([0, expect.stringContaining('units go to the workers')]);
    expect(busy).toBeLessThan(0);
    same(at);
    expect(await link.client.keys('assay:unit:*')).toEqual([]);
    expect(stderr).not.toContain('hush-hush');
    // The word by which workers tell the store from another of that name.
    const marks = [...store.objects].filter(([name]) => name.startsWith('team/runs/'));
    expect(marks.map(([, bytes]) => bytes.toString())).toEqual([store.url]);

    const cache = ['--cache', `s3://${store.bucket}/team`, '--endpoint', store.url];
    const again = await assay(['run', 'small.run.yaml', '--out', 'again', ...cache], at, store.env);
    expect([again.code, again.stderr, again.stdout]).toEqual([
      0,
      expect.stringContaining(`units taken from s3://${store.bucket}/team`),
      expect.stringContaining('Nothing was measured anew'),
    ]);
    expect(savedResults(join(at, 'again'))).toEqual(savedResults(join(at, 'out')));
  });

  it('ends with what to do where the store does not let it in, and tells who works another way', async () => {
    const at = join(home, 'refused');
    project(at);
    const env = { ...store.env, AWS_SECRET_ACCESS_KEY: 'loud' };
    const run = await assay(queued(), at, env);
    expect([run.code, run.stderr]).toEqual([2, expect.stringMatching(/fix +correct AWS_SECRET_ACCESS_KEY/)]);
    const worker = await assay(['worker', home, '--queue', redis.url, ...place], home, env);
    expect([worker.code, worker.stderr]).toEqual([2, expect.stringContaining('this secret key')]);
    const alone = await obeyed(['run', 'small.run.yaml', ...place], at);
    expect([alone.code, alone.stderr]).toEqual([
      2,
      expect.stringContaining('--queue redis://HOST beside it'),
    ]);
  });

  it.runIf(LONG)(
    'loses nothing where a worker is killed while it sends, and the store goes away',
    { tags: 'long' },
    async () => {
      const at = join(home, 'troubled');
      project(at, { suites: ['accuracy', { attack: { ...ATTACK, steps: 200 } }] }, 600);
      expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
      for (const { child } of workers.splice(0)) child.kill('SIGTERM');
      const doomed = startWorker('doomed', 10);
      let sending: (name: string) => void;
      const held = new Promise<string>((resolve) => {
        sending = resolve;
      });
      store.fault = (asked) => {
        if (!/^PUT team\/units/.test(asked)) return undefined;
        sending(asked.replace('PUT ', ''));
        return 'hold';
      };
      const run = start(queued(), at, store.env);
      const name = await held;
      doomed.child.kill('SIGKILL');
      await once(doomed.child, 'exit');
      expect(store.objects.has(name)).toBe(false);
      store.fault = () => undefined;
      startWorker('next', 10);
      startWorker('last', 10);
      while (!store.objects.has(name)) await sleep(50);
      await store.down();
      // Long enough for the run to notice; a worker does when it has measured the unit that it is at.
      await sleep(15_000);
      while (!text.includes('is away: waiting')) await sleep(50);
      await store.up();
      const { code, stderr } = await run.ended;
      expect([code, stderr]).toEqual([0, expect.stringMatching(/is away: waiting[\s\S]*the store is back/)]);
      same(at);
    },
  );
});
