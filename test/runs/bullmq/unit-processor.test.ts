import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { folder } from '../../e2e/assay.js';
import { project } from '../../e2e/project.js';
import { redisServer, withoutRedis } from './redis-server.js';

const PROCESSOR = new URL('../../../dist/src/runs/bullmq/unit-processor.js', import.meta.url).href;

/** The process of a unit, as BullMQ starts it, with the call that BullMQ makes. */
const CALL = `
  const { default: measureUnit } = await import(${JSON.stringify(PROCESSOR)});
  const job = { data: { key: 'f'.repeat(64) }, updateProgress: async () => {}, moveToWait: async () => { console.log('given back'); } };
  const ending = new AbortController();
  process.on('SIGTERM', () => ending.abort());
  console.log('opens');
  await measureUnit(job, '0', ending.signal).catch((error) => console.log(error.message));
  process.exit(0);`;

it.skipIf(withoutRedis())('a unit waits for a server that is away when its process first opens', async () => {
  const server = await redisServer();
  onTestFinished(() => server.stop());
  await server.kill();
  const at = folder();
  project(at, { suites: ['accuracy'] });
  const run = {
    ...{ id: '0'.repeat(16), title: 'small', file: join(at, 'small.run.yaml'), options: { engine: 'ort' } },
    ...{ unitTimeout: null, rows: 'queue', by: 'somebody', status: {} },
  };
  const identity = { assay: '', program: '', engine: '', run: '' };
  const order = {
    address: server.url,
    run: { ...run, identity },
    file: run.file,
    out: join(at, 'out'),
    sessions: 1,
    processes: 1,
  };
  const started = () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', CALL], {
      cwd: at,
      env: { ...process.env, ASSAY_UNIT_PROCESSOR: JSON.stringify(order) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stdout.on('data', (part: Buffer) => {
      said += part;
    });
    const ended = new Promise<string>((resolve) => child.once('exit', () => resolve(said)));
    return { child, ended, said: () => said };
  };
  const [waiting, stopped] = [started(), started()];
  for (const one of [waiting, stopped]) while (!one.said().includes('opens')) await sleep(20);
  // Long enough for the first attempts, which nothing answers.
  await sleep(1500);
  expect([waiting.said(), stopped.said()]).toEqual(['opens\n', 'opens\n']);
  stopped.child.kill('SIGTERM');
  expect(await stopped.ended).toBe('opens\ngiven back\ngiven back\n');
  await server.restart();
  // It has planned the run, and says of this key what it should.
  expect(await waiting.ended).toMatch(/does not have the unit/);
});
