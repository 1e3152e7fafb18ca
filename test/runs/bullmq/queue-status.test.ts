import { Queue, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { queueAddress } from '../../../src/runs/bullmq/address.js';
import {
  type Announcement,
  announcements,
  type Presence,
  presences,
  queueOf,
} from '../../../src/runs/bullmq/announcements.js';
import { connectQueue, type QueueLink } from '../../../src/runs/bullmq/connection.js';
import { StatusKeeper } from '../../../src/runs/bullmq/submission.js';
import { RunProgress } from '../../../src/runs/measuring/run-progress.js';
import type { Job } from '../../../src/runs/plan/plan.js';
import type { PlanCost } from '../../../src/runs/plan/plan-cost.js';
import { folder, obeyed } from '../../e2e/assay.js';
import { type RedisServer, redisServer, withoutRedis } from './redis-server.js';

const run: Announcement = {
  id: 'a'.repeat(16),
  title: 'large',
  file: '/shared/large.run.yaml',
  options: {},
  unitTimeout: null,
  identity: { assay: '0.1.0', program: 'p', engine: 'e', run: 'r' },
  rows: 'queue',
  by: 'ann@desk, process 7',
  status: { units: 40, done: 10, failed: 2, seconds: 20, measured: 8, secondsLeft: 65 },
};
const worker: Presence = {
  ...{ id: 'w1', name: 'fast', host: 'node-1', pid: 12, concurrency: 2, assay: '0.1.0', run: run.id },
  ...{ units: ['u0'], done: 8, failed: 1, seconds: 90, refused: {} },
};
const other: Presence = {
  ...{ ...worker, id: 'w2', name: 'old', host: 'node-2', run: null, units: [], done: 0, failed: 0 },
  refused: { [run.id]: 'the version of Assay is not the same here' },
};

const ended = 'b'.repeat(16);
const late: Presence = { ...worker, id: 'w3', name: 'late', run: ended, failed: 0 };
const free: Presence = { ...late, id: 'w4', name: 'free', units: [] };

describe.skipIf(withoutRedis())('assay status --queue', () => {
  let server: RedisServer;
  let link: QueueLink;
  const status = (...words: string[]) => obeyed(['status', '--queue', server.url, ...words], folder());

  beforeAll(async () => {
    server = await redisServer({ password: 'hush' });
    link = await connectQueue(queueAddress(server.url));
  });
  afterAll(async () => {
    link.client.disconnect();
    await server.stop();
  });

  it('says that nothing is there, and that nobody measures', async () => {
    expect(await status()).toMatchObject({
      code: 0,
      stdout: `redis://127.0.0.1:${server.port}/0: 0 runs, 0 workers\n`,
    });
    await announcements(link.client).post(run.id, run);
    onTestFinished(() => announcements(link.client).remove(run.id));
    expect((await status()).stdout).toContain('nobody measures: `assay worker --queue URL`');
  });

  it('tells of every run how far and how fast it is, and of every worker what it does or why not', async () => {
    await announcements(link.client).post(run.id, run);
    for (const one of [worker, other, late, free]) await presences(link.client).post(one.id, one);
    const queue = new Queue(queueOf(run.id), { connection: link.options });
    for (const key of ['u0', 'u1', 'u2']) await queue.add('unit', {}, { jobId: key, priority: 1 });
    // One that takes a unit and does nothing.
    const taking = new Worker(queueOf(run.id), null, { connection: link.options });
    onTestFinished(async () => {
      await taking.close();
      await queue.close();
    });
    expect(await taking.getNextJob('token')).toBeDefined();
    const { code, stdout } = await status();
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      `redis://127.0.0.1:${server.port}/0: 1 run, 4 workers`,
      'large (ann@desk, process 7): 10 of 40 units done, 1 measured now, 29 waiting, 2 failed',
      '  24.0 units a minute, about 1 min 05 s left',
      'worker fast (node-1, process 12): 1 of 2 busy with large, 8 done, 1 failed in 1 min 30 s',
      'worker old (node-2, process 12): idle, 0 done in 1 min 30 s',
      '  not large: the version of Assay is not the same here',
      'worker late (node-1, process 12): 1 of 2 busy with a run that has ended, 8 done in 1 min 30 s',
      'worker free (node-1, process 12): idle, 8 done in 1 min 30 s',
    ]);
    const told = JSON.parse((await status('--json')).stdout);
    expect(told).toEqual({
      queue: `redis://127.0.0.1:${server.port}/0`,
      runs: [
        {
          ...{ id: run.id, title: run.title, by: run.by },
          ...{ ...run.status, running: 1, waiting: 29, rate: 0.4 },
        },
      ],
      workers: [worker, other, late, free],
    });
  });

  it('has all units that are to be measured waiting, also after others were given up', async () => {
    const keeper = new StatusKeeper();
    const job = (name: string) =>
      ({
        ...{
          key: name,
          size: 3,
          units: [0, 1, 2].map((start) => ({ key: `${name}${start}`, start, end: start + 1 })),
        },
        request: { measurement: { name }, system: 'net', dataset: 'test' },
      }) as unknown as Job;
    const [broken, sound] = [job('broken'), job('sound')];
    const progress = new RunProgress([broken, sound], { infoOf: () => undefined, notify: keeper.listen });
    progress.planned({} as PlanCost);
    const begun = (of: Job, i: number) => {
      const task = { job: of, unit: of.units[i]! };
      progress.started(task);
      return task;
    };
    progress.finished(begun(broken, 0));
    progress.failed(begun(broken, 1), [broken], 'it broke');
    progress.finished(begun(sound, 0));
    progress.end();
    const id = 'c'.repeat(16);
    await announcements(link.client).post(id, { ...run, id, status: keeper.now() });
    onTestFinished(() => announcements(link.client).remove(id));
    const { runs } = JSON.parse((await status('--json')).stdout);
    const found = runs.find((one: { id: string }) => one.id === id);
    expect(found).toMatchObject({ units: 6, running: 0, waiting: 2, failed: 3 });
  });

  it.each([
    [[], 'neither'],
    [['out', '--queue', 'redis://127.0.0.1:1'], 'both'],
  ])('is asked of one thing: %j', async (words, found) => {
    const { code, stderr } = await obeyed(['status', ...words], folder());
    expect([code, stderr]).toEqual([2, expect.stringMatching(new RegExp(`found +${found}`))]);
  });

  it('ends with 2 where no server is, or where it does not let us in, and tells no password', async () => {
    vi.stubEnv('ASSAY_QUEUE_PASSWORD', 'wrong-word');
    onTestFinished(() => void vi.unstubAllEnvs());
    const urls = ['redis://127.0.0.1:1', `redis://127.0.0.1:${server.port}`, 'http://127.0.0.1'];
    const expected = [
      'no server is listening',
      'does not accept this name and password',
      'no address of a queue',
    ];
    for (const [i, url] of urls.entries()) {
      const { code, stderr } = await obeyed(['status', '--queue', url], folder());
      expect([code, stderr]).toEqual([2, expect.stringContaining(expected[i]!)]);
      expect(stderr).not.toContain('wrong-word');
    }
  });
});
