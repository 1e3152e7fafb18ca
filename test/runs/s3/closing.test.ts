import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { costOfRun } from '../../../src/runs/cost-of-run.js';
import { run } from '../../../src/runs/run.js';
import { openCaches } from '../../../src/runs/units/cached-units.js';
import type { Suite } from '../../../src/suites/contract.js';
import { folder, meanSuite, noisyLogits } from '../small-run.js';
import { type S3Server, s3Server } from './s3-server.js';

let server: S3Server;
beforeAll(async () => {
  server = await s3Server();
});
afterAll(() => server.down());
beforeEach(() => {
  for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
});
afterEach(() => vi.unstubAllEnvs());

/** A run file whose model is not there. */
function runFile(): string {
  const file = join(folder(), 'small.run.json');
  const models = [
    { name: 'net', checkpoint: './missing.onnx', input: { shape: [1, 2, 2] }, classes: ['a', 'b'] },
  ];
  const datasets = { test: { path: './missing.npz' } };
  writeFileSync(file, JSON.stringify({ models, datasets, suites: ['accuracy'] }));
  return file;
}

const suites: Suite[] = [meanSuite(noisyLogits({ measured: [] }))];

it.each<[string, string, (cache: string[], endpoint: string) => Promise<unknown>]>([
  [
    'of them another cannot be opened',
    'this folder of units cannot be read',
    (cache, endpoint) => openCaches([...cache, join(folder(), 'missing')], folder(), { endpoint }),
  ],
  [
    'a run has an engine that is none',
    'nope',
    (cache, endpoint) => run(runFile(), { out: folder(), cache, endpoint, engine: 'nope' }),
  ],
  [
    'workers lack suites',
    'worker processes do not have suites',
    (cache, endpoint) => run(runFile(), { out: folder(), cache, endpoint, workers: 1, suites }),
  ],
  [
    'a model is missing',
    'there is no such file',
    (cache, endpoint) => run(runFile(), { out: folder(), cache, endpoint }),
  ],
  [
    'the cost of a run is asked of an engine that is none',
    'nope',
    (cache, endpoint) => costOfRun(runFile(), { out: folder(), cache, endpoint, engine: 'nope' }),
  ],
])('caches are closed where %s', async (_, said, ending) => {
  const before = server.asked.length;
  await expect(ending([`s3://${server.bucket}`], server.url)).rejects.toThrow(said);
  expect(server.asked.length).toBeGreaterThan(before);
  await vi.waitFor(async () => expect(await server.connections()).toBe(0), 5000);
});
