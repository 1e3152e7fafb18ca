import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Job } from '../../../src/runs/plan/plan.js';
import { stockOf } from '../../../src/runs/rows/stored-units.js';
import { CachedStore, withCaches } from '../../../src/runs/units/cached-units.js';
import { FolderStore } from '../../../src/runs/units/store.js';
import { encodeUnit } from '../../../src/runs/units/unit-file.js';
import { folder } from '../small-run.js';
import { type S3Server, s3Server } from './s3-server.js';

let server: S3Server;
beforeAll(async () => {
  server = await s3Server();
  for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.down();
});

/** Units of two examples each, and the job that they are of. */
function measured(count: number): Job {
  const units = Array.from({ length: count }, (_, i) => ({ key: `k${i}`, start: 2 * i, end: 2 * i + 2 }));
  for (const { key, start } of units) {
    const mean = { shape: [2], data: Float64Array.of(start, start + 1) };
    const unit = { key, rows: { mean }, indices: Int32Array.of(start, start + 1), seconds: 0 };
    const bytes = encodeUnit({ ...unit, passes: { forward: 0, gradient: 0 } });
    server.objects.set(`units/${key}.unit`, Buffer.from(bytes));
  }
  return { units, columns: new Map([['mean', { type: 'float64', shape: [] }]]) } as unknown as Job;
}

it('units of a bucket are fetched side by side, as many at once as is said, and all of them', async () => {
  const job = measured(40);
  const [out, told] = [folder(), [] as string[]];
  const own = await FolderStore.open(out);
  let [now, most] = [0, 0];
  let go: () => void = () => undefined;
  const several = new Promise<void>((resolve) => (go = resolve));
  await withCaches([`s3://${server.bucket}`], out, { endpoint: server.url }, async (caches) => {
    // No answer comes before sixteen are asked for: who asks for one after the other waits for ever.
    server.before = async () => {
      now++;
      most = Math.max(most, now);
      if (now === 16) go();
      await several;
      now--;
    };
    const store = new CachedStore(own, caches, (text) => told.push(text));
    const { stored, missing } = await stockOf([job], store);
    expect([...(stored.get(job)?.keys() ?? [])]).toEqual(job.units);
    expect([missing.size, most, told]).toEqual([0, 16, []]);
    expect(store.news()).toEqual([`40 units taken from s3://${server.bucket}`]);
  });
  expect(readdirSync(join(out, 'units'))).toHaveLength(40);
});
