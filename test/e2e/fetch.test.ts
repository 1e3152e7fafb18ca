// @module-tag slow
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { stringify } from 'yaml';
import { examplePictures } from '../../src/across/pictures.js';
import { openRunFolder } from '../../src/across/run-folder.js';
import { files, served } from '../fetch/server.js';
import { redisServer, withoutRedis } from '../runs/bullmq/redis-server.js';
import { tarOf } from '../tar.js';
import { assay, folder, obeyed, start } from './assay.js';
import { card, project, runFile, savedResults, unitFiles } from './project.js';

const sumOf = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

/** A run whose files are at a server, beside the same run whose files are here. */
async function twice(more: object = {}) {
  const here = folder();
  project(here, { suites: ['accuracy', { ood: { resamples: 100 } }], ...more });
  const at = (name: string) => readFileSync(join(here, name));
  const contents: Record<string, Uint8Array> = {
    'sharp.onnx': at('sharp.onnx'),
    'flat.tar.gz': gzipSync(tarOf([{ name: 'flat/net.onnx', content: at('flat.onnx') }])),
    'test.npz': at('test.npz'),
    'noise.tar': tarOf([{ name: 'noise.npz', content: at('noise.npz') }]),
  };
  const { url, asked } = await served(files(contents));
  const remote = (name: string) => ({
    url: `${url}/${name}`,
    sha256: sumOf(contents[name] ?? new Uint8Array()),
  });
  const there = folder();
  const run = {
    ...runFile({ suites: ['accuracy', { ood: { resamples: 100 } }], ...more }),
    models: [
      card('sharp', { checkpoint: remote('sharp.onnx') }),
      card('flat', { checkpoint: { ...remote('flat.tar.gz'), path: 'flat/net.onnx' } }),
    ],
    datasets: {
      test: remote('test.npz'),
      noise: { ...remote('noise.tar'), path: 'noise.npz', role: 'ood', distance: 'far' },
    },
  };
  const file = join(there, 'small.run.yaml');
  const write = (changed: object = {}) => writeFileSync(file, stringify({ ...run, ...changed }));
  write();
  return { here, there, asked, remote, run, write };
}

/** What was measured, without where files lay. */
function measured(out: string) {
  const { systems, datasets, measures } = savedResults(out) as unknown as Record<string, object[]>;
  return JSON.parse(JSON.stringify({ systems, datasets, measures }), (key, value) =>
    ['path', 'checkpoint', 'directory'].includes(key) ? undefined : value,
  );
}

function downloads(): string {
  const at = folder();
  vi.stubEnv('ASSAY_DOWNLOADS', at);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  return at;
}

describe('a run whose models and data are named by their addresses', () => {
  it('measures what it measures of the same files here, in the same units', async () => {
    downloads();
    const { here, there, asked } = await twice();
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], here)).toMatchObject({ code: 0 });
    const told = await obeyed(['run', 'small.run.yaml', '--out', 'out'], there);
    expect([told.code, told.stderr]).toEqual([0, expect.any(String)]);
    expect(unitFiles(join(there, 'out'))).toEqual(unitFiles(join(here, 'out')));
    expect(measured(join(there, 'out'))).toEqual(measured(join(here, 'out')));
    expect(asked).toHaveLength(4);
    // And again, from what is kept.
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'anew'], there)).toMatchObject({ code: 0 });
    expect(asked).toHaveLength(4);
    expect(measured(join(there, 'anew'))).toEqual(measured(join(here, 'out')));
    // Whoever is given the results is not made to fetch what they name.
    const given = await openRunFolder(join(there, 'out'), {
      partial: false,
      edited: false,
      options: { partial: '--allow-partial' },
    });
    expect((await examplePictures(given, 'test', [0])).images.size).toBe(1);
    downloads();
    expect(await examplePictures(given, 'test', [0])).toEqual({
      images: new Map(),
      missing: expect.stringMatching(/not kept/),
    });
    expect(asked).toHaveLength(4);
  });

  it('has its models looked at', async () => {
    downloads();
    const { there, remote, asked } = await twice();
    writeFileSync(
      join(there, 'a.model.yaml'),
      stringify(card('sharp', { checkpoint: remote('sharp.onnx') })),
    );
    const told = await obeyed(['inspect', 'a.model.yaml'], there);
    expect([told.code, told.stdout]).toEqual([0, expect.stringMatching(/sharp\.onnx/)]);
    expect(asked).toHaveLength(1);
  });

  it('is refused without a hash, and with a wrong one, by name', async () => {
    downloads();
    const { there, remote, write, run } = await twice();
    const { url } = remote('test.npz');
    write({ datasets: { test: { url } } });
    const without = await obeyed(['run', 'small.run.yaml', '--out', 'out'], there);
    expect([without.code, without.stderr]).toEqual([
      2,
      expect.stringMatching(/datasets\.test\.sha256[\s\S]*sha256sum/),
    ]);
    write({ datasets: { test: { url, sha256: '0'.repeat(64) } } });
    const wrong = await obeyed(['run', 'small.run.yaml', '--out', 'out'], there);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/small\.run\.yaml[\s\S]*datasets\.test/),
    ]);
    write({ models: [card('sharp', { checkpoint: { url } })], datasets: run.datasets });
    const model = await obeyed(['run', 'small.run.yaml', '--out', 'out'], there);
    expect([model.code, model.stderr]).toEqual([2, expect.stringMatching(/checkpoint[\s\S]*sha256/)]);
    write({ datasets: { test: {} } });
    const neither = await obeyed(['run', 'small.run.yaml', '--out', 'out'], there);
    expect([neither.code, neither.stderr]).toEqual([2, expect.stringMatching(/datasets\.test\.path/)]);
  });

  it('is not fetched for with --confine', async () => {
    downloads();
    const { there, asked } = await twice();
    const told = await obeyed(['run', 'small.run.yaml', '--out', 'out', '--confine', '.'], there);
    expect([told.code, told.stderr]).toEqual([2, expect.stringMatching(/nothing is fetched/)]);
    expect(asked).toEqual([]);
    expect(await obeyed(['run', 'small.run.yaml', '--plan-only'], there)).toMatchObject({ code: 0 });
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out', '--confine', '.'], there)).toMatchObject({
      code: 0,
    });
  });

  it('is fetched for once by two processes that start together', async () => {
    const ASSAY_DOWNLOADS = folder();
    const { there, asked } = await twice({ suites: ['accuracy'] });
    const ended = await Promise.all(
      ['a', 'b'].map((out) => assay(['run', 'small.run.yaml', '--out', out], there, { ASSAY_DOWNLOADS })),
    );
    expect(ended.map(({ code, stderr }) => [code, code === 0 ? '' : stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect(asked).toHaveLength(4);
  });

  it.skipIf(withoutRedis())('is measured by a worker that has none of its files', async () => {
    const { here, there } = await twice();
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], here)).toMatchObject({ code: 0 });
    const server = await redisServer({ password: 'hush-hush' });
    onTestFinished(() => server.stop());
    const own = folder();
    mkdirSync(join(own, 'downloads'));
    const args = ['worker', there, '--queue', server.url, '--cache', join(own, 'cache'), '--sessions', '1'];
    const worker = start(args, own, { ASSAY_DOWNLOADS: join(own, 'downloads') });
    const asking = ['run', 'small.run.yaml', '--out', 'out', '--queue', server.url];
    const { code, stderr } = await assay(asking, there, { ASSAY_DOWNLOADS: folder() });
    worker.child.kill('SIGTERM');
    expect([code, code === 0 ? '' : stderr, (await worker.ended).code]).toEqual([0, '', 0]);
    expect(unitFiles(join(there, 'out'))).toEqual(unitFiles(join(here, 'out')));
    expect(measured(join(there, 'out'))).toEqual(measured(join(here, 'out')));
  });
});
