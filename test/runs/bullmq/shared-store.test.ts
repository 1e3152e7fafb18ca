import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import {
  openShared,
  refuseOtherStore,
  serverOfPlace,
  waysOf,
} from '../../../src/runs/bullmq/shared-store.js';
import { type S3Server, s3Server } from '../s3/s3-server.js';

let servers: S3Server[];
const told: string[] = [];
const options = { signal: () => undefined, tell: (line: string) => void told.push(line) };

beforeAll(async () => {
  servers = await Promise.all([s3Server(), s3Server()]);
  for (const [name, value] of Object.entries(servers[0]!.env)) vi.stubEnv(name, value);
});
afterEach(() => {
  for (const { objects } of servers) objects.clear();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all(servers.map((server) => server.down()));
});

const placeOn = (server: S3Server) => ({ store: `s3://${server.bucket}/team`, endpoint: server.url });

/** What a run announces whose store is on a server. */
async function runOn(server: S3Server) {
  const place = placeOn(server);
  const store = await openShared(place, options);
  const run = {
    id: '0123456789abcdef',
    title: 'mine',
    rows: waysOf(place),
    server: await serverOfPlace(place),
  };
  await store.mark?.(run.id, run.server as string);
  store.close?.();
  return run;
}

it('a worker works for a run whose bucket is its own, and not where only the name is the same', async () => {
  const [one, other] = servers as [S3Server, S3Server];
  const run = await runOn(one);
  await refuseOtherStore(run, placeOn(one), options);
  await expect(refuseOtherStore(run, placeOn(other), options)).rejects.toMatchObject({
    code: 'queue-failed',
    message: 'the store of "mine" is on another server than that of this worker',
    details: {
      expected: `s3://${one.bucket}/team on ${one.url}, as the run has it`,
      found: `s3://${one.bucket}/team on ${other.url}, where the run has left no word`,
      hint: expect.stringContaining('--endpoint'),
    },
  });
  expect(told).toEqual([]);
});

it('what the run left on a server that it has no more is no word of it', async () => {
  const [one, other] = servers as [S3Server, S3Server];
  await runOn(one);
  const run = await runOn(other);
  await expect(refuseOtherStore(run, placeOn(one), options)).rejects.toThrow('on another server');
  await refuseOtherStore(run, placeOn(other), options);
});

it('of folders and queues nothing is asked: the server of the environment counts as one that is given', async () => {
  await refuseOtherStore({ id: '0', title: 'mine', rows: 'queue' }, undefined, options);
  await refuseOtherStore({ id: '0', title: 'mine', rows: 'folder' }, { store: '/nowhere' }, options);
  expect(await serverOfPlace({ store: '/nowhere' })).toBeUndefined();
  const bucket = { store: 's3://units-of-runs' };
  expect(await serverOfPlace(bucket)).toContain("Amazon's");
  vi.stubEnv('AWS_ENDPOINT_URL_S3', servers[0]!.url);
  expect(await serverOfPlace(bucket)).toBe(servers[0]!.url);
});
