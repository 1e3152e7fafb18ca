// @module-tag slow
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Queue, QueueEvents } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { queueAddress } from '../../src/runs/bullmq/address.js';
import {
  type Announcement,
  announcements,
  type Presence,
  presences,
  queueOf,
  renewing,
} from '../../src/runs/bullmq/announcements.js';
import { connectQueue, type QueueLink } from '../../src/runs/bullmq/connection.js';
import { openPerformer } from '../../src/runs/opening/performer.js';
import { type RedisServer, redisServer, withoutRedis } from '../runs/bullmq/redis-server.js';
import { assay, folder, MAIN, obeyed, type Started, start } from './assay.js';
import { ATTACK, project, savedResults, unitFiles } from './project.js';

const SECRET = 'hush-hush';
const LONG = process.env.ASSAY_LONG !== undefined;

describe.skipIf(withoutRedis())('a queue', () => {
  const home = mkdtempSync(join(tmpdir(), 'assay-queue-'));
  const alone = join(home, 'alone');
  let server: RedisServer;
  let link: QueueLink;
  let worker: Started;
  let text = '';

  /** A worker whose output is kept; the password is in the environment. */
  const startWorker = (name: string, more: readonly string[] = []): Started => {
    const { port } = server;
    const args = ['worker', home, '--queue', `redis://127.0.0.1:${port}`, '--name', name];
    const started = start([...args, '--cache', join(home, name), '--sessions', '1', ...more], home, {
      ASSAY_QUEUE_PASSWORD: SECRET,
    });
    started.child.stderr?.on('data', (part: string) => {
      text += part;
    });
    return started;
  };
  const until = async (met: () => boolean | Promise<boolean>) => {
    while (!(await met())) await sleep(50);
  };

  beforeAll(async () => {
    server = await redisServer({ password: SECRET });
    link = await connectQueue(queueAddress(server.url));
    // That the server is killed, a test says.
    link.client.on('error', () => undefined);
    // A worker that has to wait for the processor is not silent.
    worker = startWorker('first', ['--lease', LONG ? '10' : '60']);
    project(alone, { suites: ['accuracy', { ood: { resamples: 100 } }, { attack: ATTACK }] });
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], alone)).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    worker.child.kill('SIGTERM');
    const { code } = await worker.ended;
    link.client.disconnect();
    await server.stop();
    rmSync(home, { recursive: true, force: true });
    expect(code).toBe(0);
    expect(text).not.toContain(SECRET);
  });

  it('gives the numbers of one process, in the same units, and keeps nothing', async () => {
    // The compiled program, as the worker is.
    const { code, stdout, stderr } = await assay(
      ['run', 'small.run.yaml', '--out', 'queued', '--queue', server.url],
      alone,
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining(`redis://127.0.0.1:${server.port}/0`)]);
    expect(stderr + stdout + JSON.stringify(savedResults(join(alone, 'queued')))).not.toContain(SECRET);
    expect(savedResults(join(alone, 'queued'))).toEqual(savedResults(join(alone, 'out')));
    expect(unitFiles(join(alone, 'queued'))).toEqual(unitFiles(join(alone, 'out')));
    expect(await link.client.keys('assay:unit:*')).toEqual([]);
    // Asked again, it needs no queue.
    const again = ['run', 'small.run.yaml', '--out', 'queued', '--queue', 'redis://127.0.0.1:1'];
    expect(await assay(again, alone)).toMatchObject({ code: 0 });
  });

  it('says that no worker is there, and waits', async () => {
    const elsewhere = `${server.url}/1`;
    const run = start(['run', 'small.run.yaml', '--out', 'waiting', '--queue', elsewhere], alone);
    let told = '';
    run.child.stderr?.on('data', (part: string) => {
      told += part;
    });
    onTestFinished(() => void run.child.kill('SIGKILL'));
    const line = `no worker is at redis://127.0.0.1:${server.port}/1`;
    await vi.waitFor(() => expect(told).toContain(line), { timeout: 120_000, interval: 50 });
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(told.match(/no worker is at/g)).toHaveLength(1);
  });

  it('ends units of a run that was stopped, and measures for it at once when it goes on', async () => {
    const at = join(home, 'stopped');
    project(at, { suites: [{ attack: { ...ATTACK, steps: 50_000, checks: false } }] });
    const words = ['run', 'small.run.yaml', '--out', 'out', '--queue', server.url];
    const first = async () => (await presences(link.client).list())[0];
    for (let round = 0; round < 2; round++) {
      const run = start(words, at);
      let id: string | undefined;
      await until(async () => {
        id = (await announcements(link.client).list())[0]?.id;
        return id !== undefined;
      });
      const told = new QueueEvents(queueOf(id!), { connection: link.options });
      // Of a unit that takes longer than a second.
      await new Promise((heard) => told.once('progress', heard));
      await told.close();
      if (round === 0) await until(async () => (await first())?.units.length === 1);
      run.child.kill('SIGINT');
      expect((await run.ended).code).toBe(130);
      if (round === 0) await until(async () => (await first())?.units.length === 0);
      // It has not given up the run yet, which may be back: then all would be ended.
      if (round === 0) expect((await first())?.run).toBe(id);
    }
    expect(text).not.toContain('failed');
  });

  it('has what other programs put into it refused: other runs, other files, what is no key of the plan', async () => {
    const outside = folder();
    project(outside);
    const file = join(alone, 'small.run.yaml');
    const performer = await openPerformer({ file, options: { engine: 'ort' }, out: join(home, 'mine') });
    await performer.close();
    // That of the compiled program, which the worker is.
    const { codeIdentity } = await import(new URL('../runs/folder/program.js', pathToFileURL(MAIN)).href);
    const status = { units: 1, done: 0, failed: 0, measured: 0, seconds: 0, secondsLeft: null };
    const announcement: Announcement = {
      id: '0'.repeat(16),
      title: 'small',
      file,
      options: { engine: 'ort' },
      unitTimeout: null,
      identity: { ...performer.identity, program: codeIdentity() },
      rows: 'queue',
      by: 'somebody',
      status,
    };
    const other = { ...announcement.identity, assay: '0.0.1', run: 'f'.repeat(64) };
    const board = announcements(link.client);
    const refused: Record<string, [RegExp, Partial<Announcement>]> = {
      a: [/the version of Assay is not the same here.*0\.0\.1/, { identity: other }],
      b: [/a run file outside of the folder of this worker/, { file: join(outside, 'small.run.yaml') }],
      c: [/not on this machine/, { file: join(home, 'none.run.yaml') }],
      d: [/takes its rows another way/, { rows: 'folder' }],
      e: [/the plan of the run is not the same here/, { options: { engine: 'ort', limit: 5 } }],
    };
    // A worker plans what it can find, which takes seconds.
    if (!LONG) delete refused.a;
    const post = async () => {
      for (const [letter, [, more]] of Object.entries(refused)) {
        const id = letter.repeat(16);
        await board.post(id, { ...announcement, ...more, id });
      }
    };
    await post();
    onTestFinished(renewing(post));
    // What is no announcement is not looked at: it is too long, or says more than one does.
    await link.client.zadd('assay:runs', '0', '1'.repeat(16), '0', '2'.repeat(16));
    await link.client.set(`assay:run:${'1'.repeat(16)}`, 'x'.repeat(2 ** 17));
    const hostile = { ...announcement, id: '2'.repeat(16), options: { plugins: ['./evil.js'] } };
    await link.client.set(`assay:run:${'2'.repeat(16)}`, JSON.stringify(hostile));

    const queue = new Queue(queueOf(announcement.id), { connection: link.options });
    const events = new QueueEvents(queueOf(announcement.id), { connection: link.options });
    onTestFinished(async () => {
      await events.close();
      await queue.close();
    });
    await events.waitUntilReady();
    const reasons = new Map<string, string>();
    events.on('failed', ({ jobId, failedReason }) => reasons.set(jobId, failedReason));
    await board.post(announcement.id, announcement);
    const messages: Record<string, unknown> = {
      unknown: { key: 'f'.repeat(64) },
      path: { key: '../../etc/passwd' },
      more: { key: 'f'.repeat(64), file: '/etc/passwd' },
      huge: { key: 'f'.repeat(2 ** 22) },
      none: [],
    };
    for (const [jobId, data] of Object.entries(messages)) await queue.add('unit', data, { jobId });
    await until(() => reasons.size === 5);
    expect(reasons.get('unknown')).toContain('does not have the unit');
    for (const name of ['path', 'more', 'huge', 'none'])
      expect(reasons.get(name)).toContain('a message in the queue is not the key of a unit');
    let self: Presence | undefined;
    await until(async () => {
      [self] = await presences(link.client).list();
      return Object.keys(self?.refused ?? {}).length === Object.keys(refused).length;
    });
    for (const [letter, [reason]] of Object.entries(refused))
      expect(self?.refused[letter.repeat(16)]).toMatch(reason);
    expect(self).toMatchObject({ name: 'first', host: hostname(), concurrency: 1 });
  });

  it.runIf(LONG)(
    'gives the same numbers where a worker and the server are killed on the way',
    { tags: 'long' },
    async () => {
      const at = join(home, 'troubled');
      const suites = ['accuracy', { ood: { resamples: 100 } }, { attack: { ...ATTACK, steps: 400 } }];
      project(at, { suites }, 600);
      expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
      const doomed = startWorker('doomed', ['--lease', '10']);
      const args = ['run', 'small.run.yaml', '--out', 'queued', '--queue', server.url];
      const run = start(args, at);
      const measuring = async (name: string) =>
        (await presences(link.client).list()).some((one) => one.name === name && one.units.length > 0);
      await until(() => measuring('doomed'));
      doomed.child.kill('SIGKILL');
      await once(doomed.child, 'exit');
      await until(() => measuring('first'));
      await server.kill();
      await sleep(1500);
      await server.restart();
      const { code, stderr } = await run.ended;
      expect([code, stderr]).toEqual([0, expect.stringMatching(/is away: waiting[\s\S]*the queue is back/)]);
      expect(stderr).not.toContain(SECRET);
      expect(savedResults(join(at, 'queued'))).toEqual(savedResults(join(at, 'out')));
    },
  );

  it.runIf(LONG)('lets a run and a worker end where it is away', { tags: 'long' }, async () => {
    const other = await redisServer();
    onTestFinished(() => other.stop());
    const at = join(home, 'lonely');
    project(at, { suites: [{ attack: { ...ATTACK, steps: 50_000, checks: false } }] });
    const queue = ['--queue', other.url];
    const cache = ['--cache', join(home, 'lonely-worker'), '--sessions', '1'];
    const started = [
      start(['run', 'small.run.yaml', '--out', 'queued', ...queue], at),
      start(['worker', home, ...queue, ...cache], home),
    ];
    onTestFinished(() => {
      for (const { child } of started) child.kill('SIGKILL');
    });
    const told = started.map(() => '');
    for (const [i, { child }] of started.entries())
      child.stderr?.on('data', (part: string) => {
        told[i] += part;
      });
    const { client } = await connectQueue(queueAddress(other.url));
    client.on('error', () => undefined);
    onTestFinished(() => client.disconnect());
    await until(async () => (await presences(client).list()).some(({ units }) => units.length > 0));
    await other.kill();
    await until(() => told.every((text) => text.includes('is away: waiting')));
    for (const { child } of started) child.kill('SIGINT');
    const ended = await Promise.all(started.map((one) => one.ended));
    expect(ended.map(({ code }) => code)).toEqual([130, 0]);
    expect(told[1]).toContain('stopped without an answer of the queue');
  });
});

it('a queue that is not there ends a run before models are opened, and says so', async () => {
  const at = folder();
  project(at);
  writeFileSync(join(at, 'sharp.onnx'), 'no model');
  const args = ['run', 'small.run.yaml', '--queue', `redis://:${SECRET}@127.0.0.1:1`];
  const { code, stderr } = await obeyed(args, at);
  expect([code, stderr]).toEqual([2, expect.stringContaining('no server is listening')]);
  expect(stderr).not.toContain(SECRET);
});
