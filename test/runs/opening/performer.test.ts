import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { stringify } from 'yaml';
import { LiveUnit } from '../../../src/runs/measuring/live-unit.js';
import { PassMeter } from '../../../src/runs/measuring/pass-meter.js';
import type { Listener } from '../../../src/runs/measuring/progress.js';
import { SharedClock } from '../../../src/runs/measuring/shared-clock.js';
import { openPerformer, type Performer } from '../../../src/runs/opening/performer.js';
import { UnitLost } from '../../../src/runs/rows/collect.js';
import { run } from '../../../src/runs/run.js';
import { FolderStore } from '../../../src/runs/units/store.js';
import type { UnitHead } from '../../../src/runs/units/unit-file.js';
import { card, project, unitFiles } from '../../e2e/project.js';
import { files, served } from '../../fetch/server.js';
import { folder } from '../small-run.js';

const clock = new SharedClock();
const live = () => new LiveUnit(new PassMeter(), clock.start(), clock.start());
const perform = (performer: Performer, key: string): Promise<UnitHead> =>
  performer.perform(key, live(), new AbortController().signal);

/** What a unit holds, but for the time it took. */
const contents = async (store: FolderStore, key: string) => ({ ...(await store.read(key)), seconds: 0 });

// What a card expects is checked by passes that no suite asks for.
const models = ['./sharp.model.yaml', card('flat', { expect: { accuracy: 1, tolerance: 1 } })];

describe('a performer', () => {
  it('tells what it fetches to plan the run', async () => {
    const at = folder();
    const file = project(at, { models: ['./sharp.model.yaml'], suites: ['accuracy'] }, 6);
    const onnx = readFileSync(join(at, 'sharp.onnx'));
    const { url } = await served(files({ 'sharp.onnx': onnx }));
    const sha256 = createHash('sha256').update(onnx).digest('hex');
    writeFileSync(
      join(at, 'sharp.model.yaml'),
      stringify({ ...card('sharp'), checkpoint: { url: `${url}/sharp.onnx`, sha256 } }),
    );
    vi.stubEnv('ASSAY_DOWNLOADS', join(at, 'downloads'));
    onTestFinished(() => void vi.unstubAllEnvs());
    const told: string[] = [];
    const notify: Listener = (event) => void ('text' in event && told.push(event.text));
    await (await openPerformer({ file, options: {}, out: join(at, 'apart'), notify })).close();
    expect(told).toEqual(expect.arrayContaining(['fetching sharp.onnx', 'fetching sharp.onnx, MB']));
  });

  it('plans the same units as the run and measures the same rows, told nothing but keys', async () => {
    const at = folder();
    const file = project(
      at,
      { models, suites: [{ attack: { norm: 'Linf', method: 'pgd', steps: 2, epsilons: [0.1] } }] },
      20,
    );
    await run(file, { out: join(at, 'whole'), seed: 3 });
    const keys = unitFiles(join(at, 'whole')).map((name) => name.replace('.unit', ''));
    const performer = await openPerformer({ file, options: { seed: 3 }, out: join(at, 'apart') });
    const waiting = [...keys];
    while (waiting.length > 0) {
      const key = waiting.shift() as string;
      // Those whose rows it reads come later in this order.
      await perform(performer, key).catch((error) => {
        if (!(error instanceof UnitLost)) throw error;
        waiting.push(key);
      });
    }
    await performer.close();
    const [whole, apart] = [
      await FolderStore.open(join(at, 'whole')),
      await FolderStore.open(join(at, 'apart')),
    ];
    for (const key of keys) expect(await contents(apart, key)).toEqual(await contents(whole, key));
    const other = await openPerformer({
      file,
      options: { seed: 4 },
      out: join(at, 'apart'),
      sender: performer.identity,
    });
    await expect(perform(other, keys[0]!)).rejects.toMatchObject({
      code: 'not-planned',
      details: {
        expected: expect.stringContaining(`run ${performer.identity.run.slice(0, 12)}`),
        found: expect.stringContaining(`run ${other.identity.run.slice(0, 12)}`),
        hint: expect.stringContaining('--seed'),
      },
    });
    await other.close();
  });
});
