import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { queueAddress } from '../../../src/runs/bullmq/address.js';
import { connectQueue } from '../../../src/runs/bullmq/connection.js';
import { queued } from '../../../src/runs/bullmq/queued.js';
import type { LiveUnit } from '../../../src/runs/measuring/live-unit.js';
import type { Job } from '../../../src/runs/plan/plan.js';
import type { UnitStore } from '../../../src/runs/units/store.js';
import { type RedisServer, redisServer, withoutRedis } from './redis-server.js';

const LONG = process.env.ASSAY_LONG !== undefined;

const unit = { key: 'a'.repeat(64), start: 0, end: 1 };
const job = {
  ...{ key: 'b', units: [unit], inputs: [], reference: [], columns: new Map() },
  request: { measurement: { name: 'clean' }, system: 'net', dataset: 'test' },
} as unknown as Job;

const nothing: UnitStore = {
  head: async () => undefined,
  read: async () => undefined,
  write: async () => undefined,
};

/** What submits units, to a server of its own. */
async function submitting() {
  const server = await redisServer();
  onTestFinished(() => server.stop());
  const link = await connectQueue(queueAddress(server.url, {}));
  onTestFinished(() => link.client.disconnect());
  const executor = await queued({
    ...{ link, jobs: [job], store: nothing, tell: () => undefined },
    run: {
      ...{ id: '0'.repeat(16), title: 'small', file: '/small.run.yaml', options: {}, unitTimeout: null },
      ...{ rows: 'queue', by: 'somebody', identity: { assay: '', program: '', engine: '', run: '' } },
    },
    status: () => ({ units: 1, done: 0, failed: 0, seconds: 0, measured: 0, secondsLeft: null }),
  });
  const ending = new AbortController();
  const measure = () => executor.measure({ job, unit }, {} as LiveUnit, ending.signal);
  return { server, client: link.client, executor, ending, measure };
}

describe.skipIf(withoutRedis())('what submits units to a queue', () => {
  const silences: [string, (server: RedisServer, client: Redis) => unknown][] = [
    ['is away', (server, client) => Promise.all([once(client, 'close'), server.kill()])],
  ];
  if (LONG) silences.push(['does not answer', (server) => server.freeze()]);
  it.each(silences)('ends where its server %s', { tags: ['long'] }, async (_, silence) => {
    const { server, client, executor, ending, measure } = await submitting();
    await silence(server, client);
    const waiting = measure();
    ending.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
    await executor.close();
  });

  it('leaves nothing there, in the middle of submitting', async () => {
    const { client, executor, ending, measure } = await submitting();
    const waiting = measure();
    while ((await client.keys('bull:*:prioritized')).length === 0);
    ending.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
    const names = client.duplicate();
    await executor.close();
    expect(await names.keys('*')).toEqual([]);
    names.disconnect();
  });
});
