/**
 * What a unit costs beyond being measured when it goes through a queue: 1,000 units of one example each, with a server of its own
 * (redis-server, which writes every command down) and one worker. Prints what the units took in all, what they say that measuring
 * took, and the difference a unit.
 *
 *     npm run bench:queue [-- UNITS]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { writeOnnx } from '../../src/graph/write.js';
import { run } from '../../src/runs/run.js';
import { card, images, network, npz } from '../e2e/project.js';
import { redisServer } from '../runs/bullmq/redis-server.js';

/** A suite with units of one example that compute next to nothing. */
const PLUGIN = `
import { defineMeasurement, defineSuite, float32, request, Type } from 'assay';
const tiny = defineMeasurement({ name: 'tiny', version: 1, needs: ['logits'], unitSize: 1, columns: () => ({ p: float32() }),
  measure: async ({ examples }) => ({ p: new Float32Array(examples.n) }) });
export const suite = defineSuite({ name: 'tiny', title: 'Tiny', description: 'Nothing.', options: Type.Object({}), needs: [],
  plan: ({ systems, datasets }) => systems.flatMap(({ name: system }) => datasets.map(({ name: dataset }) =>
    request({ measurement: tiny, system, dataset, params: {} }))),
  summarise: () => ({ measures: [] }) });
`;

const count = Number(process.argv[2] ?? 1000);
const folder = mkdtempSync(join(tmpdir(), 'assay-bench-queue-'));
const server = await redisServer();
const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const args = [
  'worker',
  folder,
  '--queue',
  server.url,
  '--cache',
  join(folder, 'cache'),
  '--sessions',
  '1',
  '-q',
];
const worker = spawn(process.execPath, [main, ...args], { stdio: 'inherit' });
try {
  writeFileSync(join(folder, 'one.onnx'), writeOnnx(network()));
  writeFileSync(join(folder, 'test.npz'), npz(images(count, 'bench')));
  writeFileSync(
    join(folder, 'tiny.mjs'),
    PLUGIN.replaceAll("'assay'", `'${new URL('../../src/index.js', import.meta.url)}'`),
  );
  const file = join(folder, 'bench.run.yaml');
  const config = {
    models: [card('one')],
    datasets: { test: { path: './test.npz' } },
    plugins: ['./tiny.mjs'],
  };
  writeFileSync(file, stringify({ ...config, suites: ['tiny'] }));
  const times: number[] = [];
  const { failures } = await run(file, {
    out: join(folder, 'out'),
    queue: { url: server.url },
    notify: ({ kind }) => {
      if (kind === 'unit-finished') times.push(performance.now());
    },
  });
  // The suite has no measures, which is a failure too.
  if (times.length < count) throw failures[0];
  // The first waits for the worker to plan the run.
  const each = (times[times.length - 1]! - times[0]!) / (times.length - 1);
  console.log(`${times.length} units of next to nothing, ${each.toFixed(2)} ms each through the queue`);
} finally {
  worker.kill('SIGTERM');
  await new Promise((resolve) => worker.once('exit', resolve));
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
